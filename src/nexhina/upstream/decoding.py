"""Content codings of answers, undone under a cap.

We ask for `identity`; a vendor (or a proxy before it) that compresses all the same is understood,
but never beyond the largest answer we take: a few KiB of zeros may unfold to gigabytes.
"""

import zlib
from typing import Protocol

_GZIP = {b"gzip", b"x-gzip"}


class _Inflater(Protocol):
    """What `zlib.decompressobj()` returns; the class itself has no public name."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Decoder:
    """Undoes one gzip or deflate coding, piece by piece; at most `limit` bytes come out."""

    __slots__ = ("_coding", "_inflater", "_room")

    def __init__(self, coding: bytes, limit: int) -> None:
        """Raises ValueError for a coding that is not one of gzip, x-gzip and deflate."""
        if coding not in _GZIP and coding != b"deflate":
            raise ValueError("the answer has a content coding that we did not ask for")
        self._coding = coding
        self._room = limit
        self._inflater: _Inflater | None = None

    def decode(self, data: bytes) -> bytes:
        """The next decoded bytes; raises ValueError for broken data or beyond the cap."""
        inflater = self._inflater
        if inflater is None:
            inflater = self._inflater = zlib.decompressobj(self._choose_window(data[0]))
        if inflater.eof:
            raise ValueError("the compressed answer goes on after its end")
        try:
            decoded = inflater.decompress(data, self._room + 1)
        except zlib.error:
            raise ValueError("the compressed answer is broken") from None
        self._room -= len(decoded)
        if self._room < 0:
            raise ValueError("the answer unfolds to more than the largest one taken")
        if inflater.unused_data:
            raise ValueError("the compressed answer goes on after its end")
        return decoded

    def finish(self) -> None:
        """Raises ValueError when the compressed stream has begun and not reached its own end."""
        if self._inflater is not None and not self._inflater.eof:
            raise ValueError("the compressed answer ends too early")

    def _choose_window(self, first: int) -> int:
        """The name that zlib gives to the wrapping.

        "deflate" means zlib's own (RFC 9110 section 8.4.1.2), but servers exist that send the bare
        stream. The wrapping's first byte ends in 8; a bare stream's does not.
        """
        if self._coding in _GZIP:
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
