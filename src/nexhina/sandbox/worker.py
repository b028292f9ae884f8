"""The child process that draws: `python -P -m nexhina.sandbox.worker`, on pipes until they close.

Every message is four bytes of length (big-endian) and msgpack. It takes a Picture and answers a
Drawn. Pillow is loaded here and nowhere else; the parent never sees pixels, only files.
"""

import struct
import sys
from typing import BinaryIO

import msgspec

from nexhina.sandbox.picture import Picture

LENGTH = struct.Struct(">I")
MAX_MESSAGE = 256 * 1024 * 1024


class Drawn(msgspec.Struct, array_like=True):
    """A finished file, or why there is none (`missing`: Pillow is not installed)."""

    data: bytes = b""
    error: str = ""
    missing: bool = False


def write_message(value: object) -> bytes:
    """The value as a message with its length in front."""
    packed = msgspec.msgpack.encode(value)
    return LENGTH.pack(len(packed)) + packed


def draw(packed: bytes) -> Drawn:
    """Draws one picture; never raises for a request that can't be drawn."""
    try:
        from nexhina.sandbox.drawing.painter import paint
    except ImportError as error:
        return Drawn(error=str(error), missing=True)
    try:
        return Drawn(data=paint(msgspec.msgpack.decode(packed, type=Picture)))
    except (ValueError, OSError, MemoryError, ArithmeticError, LookupError) as error:
        return Drawn(error=f"{type(error).__name__}: {error}")


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answers messages one after the other until the source ends."""
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        packed = source.read(LENGTH.unpack(head)[0])
        target.write(write_message(draw(packed)))
        target.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
