"""Content codings of answers, undone under a cap.

We ask for `identity`; a vendor (or a proxy before it) that compresses all the same is understood,
but never beyond the largest answer we take, and not all in one turn of the loop: a few KiB of zeros
may unfold to gigabytes.
"""

import zlib
from typing import Protocol

_GZIP = {b"gzip", b"x-gzip"}
_GZIP_MAGIC = 0x1F
STEP = 1024 * 1024
"""Bytes that come out at once; they take a few milliseconds."""
_MOST_MEMBERS = 64  # empty ones would cost time and never reach the cap


class _Inflater(Protocol):
    """What `zlib.decompressobj()` returns; the class itself has no public name."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Decoder:
    """Undoes one gzip or deflate coding, piece by piece; at most `limit` bytes come out.

    `pending`: there is more to be had without more to put in: call `decode(b"")`.
    """

    __slots__ = ("_coding", "_inflater", "_members", "_rest", "_room", "pending")

    def __init__(self, coding: bytes, limit: int) -> None:
        """Raises ValueError for a coding that is not one of gzip, x-gzip and deflate."""
        if coding not in _GZIP and coding != b"deflate":
            raise ValueError("the answer has a content coding that we did not ask for")
        self._coding = coding
        self._room = limit
        self._members = 0
        self._rest: bytes = b""  # what was put in and is not used yet
        self._inflater: _Inflater | None = None
        self.pending = False

    def decode(self, data: bytes) -> bytes:
        """The next decoded bytes, STEP at most; raises ValueError for broken data or beyond the cap."""
        rest = self._rest + data if self._rest else data
        pieces: list[bytes] = []
        left, more = STEP, self.pending
        while left and (rest or more):
            inflater = self._choose_inflater(rest[0] if rest else 0)
            wanted = min(left, self._room + 1)
            try:
                piece = inflater.decompress(rest, wanted)
            except zlib.error:
                raise ValueError("the compressed answer is broken") from None
            pieces.append(piece)
            left -= len(piece)
            self._room -= len(piece)
            if self._room < 0:
                raise ValueError("the answer unfolds to more than the largest one taken")
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            more = not inflater.eof and len(piece) == wanted  # zlib may hold some back
        self._rest = rest
        self.pending = bool(rest) or more
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> None:
        """Raises ValueError when the compressed stream has begun and not reached its own end."""
        if self._inflater is not None and not self._inflater.eof:
            raise ValueError("the compressed answer ends too early")

    def _choose_inflater(self, first: int) -> _Inflater:
        """What unfolds the next bytes; a gzip answer may have several members (RFC 1952 2.2)."""
        inflater = self._inflater
        if inflater is not None and not inflater.eof:
            return inflater
        if inflater is not None and (
            first != _GZIP_MAGIC or self._coding not in _GZIP or self._members == _MOST_MEMBERS
        ):
            raise ValueError("the compressed answer goes on after its end")
        self._members += 1
        inflater = self._inflater = zlib.decompressobj(self._choose_window(first))
        return inflater

    def _choose_window(self, first: int) -> int:
        """The name that zlib gives to the wrapping.

        "deflate" means zlib's own (RFC 9110 section 8.4.1.2), but servers exist that send the bare
        stream. The wrapping's first byte ends in 8; a bare stream's does not.
        """
        if self._coding in _GZIP:
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
