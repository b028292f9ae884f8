"""A large request body on its way out, piece by piece: never copied whole, never read ahead."""

from collections import deque

from nexhina.ports import Segments, Slice

PIECE = 256 * 1024
"""Bytes that are read or sliced at once."""


class Outflow:
    """What is left of a body; the body itself stays, so that it may be sent again."""

    __slots__ = ("_at", "_pieces", "left")

    def __init__(self, body: bytes | bytearray | Segments) -> None:
        pieces = body.pieces if isinstance(body, Segments) else (body,)
        self._pieces: deque[memoryview | Slice] = deque(
            each if isinstance(each, Slice) else memoryview(each) for each in pieces
        )
        self._at = 0  # in the first piece
        self.left = body.size if isinstance(body, Segments) else len(body)

    def take(self) -> bytes | memoryview:
        """The next bytes, at most PIECE; raises OSError when the spool can't be read. Not when empty."""
        pieces, at = self._pieces, self._at
        while True:
            first = pieces[0]
            size = first.length if isinstance(first, Slice) else len(first)
            if at < size:
                break
            pieces.popleft()
            at = 0
        count = min(PIECE, size - at)
        if isinstance(first, Slice):
            data = first.spool.read(first.offset + at, count)
            if len(data) != count:
                msg = "an upload's file has become shorter"
                raise OSError(msg)
        else:
            data = first[at : at + count]
        self._at = at + count
        self.left -= count
        return data


def read_segments(body: Segments) -> bytes:
    """The whole body, for those whose size is known to be small; raises OSError."""
    outflow = Outflow(body)
    pieces: list[bytes | memoryview] = []
    while outflow.left:
        pieces.append(outflow.take())
    return b"".join(pieces)
