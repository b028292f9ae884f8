"""How long a film is, told from its bytes as they pass: MP4 and QuickTime, whose index says so.

Films in pieces (fragments) and other containers say nothing here.
"""

from collections.abc import Iterator

_MOST_INDEX = 64 * 1024
"""Bytes of the index that are read: its head, which comes first in it, says the length."""

_MOST_BOXES = 1_000
"""Boxes before the index: each costs a step, and films have a handful."""

_LONGEST = 24 * 3_600_000
"""Milliseconds beyond which the index is not believed."""

_BEGIN = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
"""Boxes that such a file may begin with."""


class FilmLength:
    """Looks at the pieces of one film; holds no more of them than the head of its index."""

    def __init__(self) -> None:
        self.ms: int | None = None  # known once the index has passed
        self._head = b""  # of the box that comes next
        self._skip = 0  # bytes up to there
        self._index: bytearray | None = None
        self._begun = self._over = False
        self._boxes = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes of the film, in any pieces."""
        at = 0
        while at < len(piece) and not self._over:
            if self._index is not None:
                at = self._take_index(piece, at)
            elif self._skip:
                step = min(self._skip, len(piece) - at)
                at, self._skip = at + step, self._skip - step
            else:
                at = self._take_head(piece, at)

    def _take_index(self, piece: bytes, at: int) -> int:
        assert self._index is not None
        step = min(self._skip, len(piece) - at)
        self._index += piece[at : at + step]
        self._skip -= step
        if not self._skip:
            self.ms = _read_index(bytes(self._index))
            self._over = True
        return at + step

    def _take_head(self, piece: bytes, at: int) -> int:
        """Reads the name and length of a box; where the piece goes on."""
        wanted = 16 if self._head[:4] == b"\0\0\0\1" else 8
        step = min(wanted - len(self._head), len(piece) - at)
        self._head += piece[at : at + step]
        wide = self._head[:4] == b"\0\0\0\1"
        if len(self._head) < (16 if wide else 8):
            return at + step
        head, self._head = self._head, b""
        name, size = head[4:8], len(head)
        length = int.from_bytes(head[8:16] if wide else head[:4], "big")
        self._boxes += 1
        known = self._begun or name in _BEGIN
        if (
            length < size or not known or self._boxes > _MOST_BOXES
        ):  # no such file, or up to its end
            self._over = True
            return at + step
        self._begun = True
        self._skip = length - size
        if name == b"moov":
            self._skip = min(self._skip, _MOST_INDEX)
            self._index = bytearray()
            self._over = not self._skip
        return at + step


def _read_index(index: bytes) -> int | None:
    """Milliseconds by the index's head; None when it does not say."""
    for name, box in _list_boxes(index):
        if name != b"mvhd":
            continue
        wide = box[:1] == b"\1"
        at = 20 if wide else 12
        scale = int.from_bytes(box[at : at + 4], "big")
        raw = box[at + 4 : at + (12 if wide else 8)]
        length = int.from_bytes(raw, "big")
        known = scale and raw.strip(b"\xff")
        ms = length * 1000 // scale if known else 0
        return ms if 0 < ms <= _LONGEST else None
    return None


def _list_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length
