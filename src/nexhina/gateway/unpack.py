"""Unpacks compressed request bodies under a cap.

The first part is unpacked at once, which ends most of them; what is left of a larger one goes on in
a thread, since a small body may unpack to very much.
"""

import asyncio
import zlib

from nexhina.errors import BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError

_AT_ONCE = 256 * 1024
_STEP = 1024 * 1024
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


async def unpack(coding: bytes, body: bytes | bytearray, cap: int) -> bytes | bytearray:
    """The body without its Content-Encoding.

    Raises UnsupportedMediaTypeError for other codings than gzip and deflate, BodyTooLargeError,
    and InvalidRequestError when the body is not what its coding says.
    """
    name = coding.lower()
    if name == b"identity" or not name:
        return body
    if name not in {b"gzip", b"x-gzip", b"deflate"}:
        shown = coding[:64].decode("latin-1")
        raise UnsupportedMediaTypeError(
            f"Content-Encoding {shown!r} is not understood; send gzip, deflate or the plain body.",
            headers=[(b"accept-encoding", b"gzip, deflate")],
        )
    if not body:
        return body
    unpacking = Unpacking(body, cap, _window_bits(name, body))
    if not unpacking.go_on(_AT_ONCE):
        await asyncio.get_running_loop().run_in_executor(None, unpacking.finish)
    return unpacking.out


def _window_bits(name: bytes, body: bytes | bytearray) -> int:
    """The mode of zlib: "deflate" should be zlib's format, but some clients send it bare."""
    if name != b"deflate":
        return _GZIP
    is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


class Unpacking:
    """One body being unpacked, in steps."""

    def __init__(self, body: bytes | bytearray, cap: int, window_bits: int) -> None:
        self.out = bytearray()
        self._body = memoryview(body)
        self._at = 0
        self._piece: bytes | memoryview = b""  # taken from the body, not yet from the decoder
        self._cap = cap
        self._window_bits = window_bits
        self._decoder = zlib.decompressobj(window_bits)

    def finish(self) -> None:
        """Unpacks all that is left."""
        while not self.go_on(_STEP):
            pass

    def go_on(self, step: int) -> bool:
        """Unpacks at most `step` bytes more; whether that was all."""
        until = min(len(self.out) + step, self._cap + 1)
        while len(self.out) < until:
            if self._decoder.eof and self._has_ended():
                return True
            piece = self._piece or self._take()
            try:
                got = self._decoder.decompress(piece, until - len(self.out))
            except zlib.error as error:
                raise InvalidRequestError(
                    f"The body is not what its Content-Encoding says: {error}."
                ) from None
            if not got and not piece and not self._decoder.eof:
                raise InvalidRequestError("The compressed body ends too early.")
            self._piece = self._decoder.unconsumed_tail
            self.out += got
        if len(self.out) > self._cap:
            raise BodyTooLargeError(
                f"The unpacked body is larger than the {self._cap} bytes this route takes."
            )
        return False

    def _take(self) -> memoryview:
        piece = self._body[self._at : self._at + _PIECE]
        self._at += len(piece)
        return piece

    def _has_ended(self) -> bool:
        """Whether nothing follows what was unpacked; a further gzip member is begun (RFC 1952 2.2)."""
        rest: bytes | memoryview = self._decoder.unused_data or self._take()
        if not rest:
            return True
        if self._window_bits != _GZIP:
            raise InvalidRequestError("There are bytes behind the compressed body.")
        self._decoder = zlib.decompressobj(_GZIP)
        self._piece = rest
        return False
