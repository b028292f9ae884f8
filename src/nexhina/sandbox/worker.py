"""The child process that draws and looks: `python -P -m nexhina.sandbox.worker`, until its pipes close.

Every message is four bytes of length (big-endian) and msgpack. It takes an Order (a picture to draw,
or files of a message to look at) and answers a Drawn. Pillow is loaded here and nowhere else; the
parent never sees pixels, only files.
"""

import struct
import sys
from base64 import b64decode
from typing import BinaryIO

import msgspec

from nexhina.sandbox.hearing import read_seconds
from nexhina.sandbox.inspection import Attached, Found, Order

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
    """Draws one picture, or looks at files; never raises for a request that can't be met."""
    try:
        asked = msgspec.msgpack.decode(packed, type=Order)
        if asked.files is not None:
            return _examine(asked.files)
        from nexhina.sandbox.drawing.painter import paint
    except ImportError as error:
        return Drawn(error=str(error), missing=True)
    try:
        return Drawn(data=paint(asked.picture) if asked.picture else b"")
    except (ValueError, OSError, MemoryError, ArithmeticError, LookupError) as error:
        return Drawn(error=f"{type(error).__name__}: {error}")


def _examine(files: Attached) -> Drawn:
    found = Found([], [])
    kind = "picture"
    try:
        if files.pictures:
            from nexhina.sandbox.drawing.viewer import look

            for picture in files.pictures:
                found.pictures.append(look(b64decode(picture, validate=True)))
        kind = "sound"
        for form, sound in files.sounds:
            found.sounds.append(read_seconds(form, b64decode(sound, validate=True)))
    except ValueError as error:  # of broken base64 too
        place = len(found.pictures if kind == "picture" else found.sounds)
        found.bad = (kind, place)
        found.error = f"This {kind} can't be read: {error}."
    return Drawn(data=msgspec.msgpack.encode(found))


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answers messages one after the other until the source ends."""
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        packed = source.read(LENGTH.unpack(head)[0])
        target.write(write_message(draw(packed)))
        target.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
