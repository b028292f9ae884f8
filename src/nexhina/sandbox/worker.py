"""A child process: `python -P -m nexhina.sandbox.worker`, until its pipes close. See `order`.

Every child can do all trades, and each library is loaded by the first order that needs it: drawing
never loads the recogniser. The parent sees files, never pixels or samples.
"""

import os
import sys
from collections.abc import Generator, Iterator
from typing import BinaryIO

import msgspec

from nexhina.sandbox.hearing import read_seconds
from nexhina.sandbox.inspection import Attached, Found, read_base64
from nexhina.sandbox.order import BLOCK, DATA, END, FAIL, FRAME, LENGTH, Failure, Heard, Order
from nexhina.sandbox.unreadable import UnreadableFile

_MEMORY = 4 << 30  # bytes of addresses; the recogniser's libraries reserve more than they use
_FILE = 1 << 29  # bytes of a file that is written

Frame = tuple[int, bytes]


def answer(order: Order, files: list[bytes]) -> Iterator[Frame]:
    """The frames of an answer; never raises for an order that can't be met."""
    try:
        yield from _work(order, files)
    except ImportError as error:
        yield FAIL, msgspec.msgpack.encode(Failure(str(error), missing=error.name or "a library"))
    except UnreadableFile as error:
        yield FAIL, msgspec.msgpack.encode(Failure(str(error), code=error.code, place=error.place))
    except (ValueError, OSError, MemoryError, ArithmeticError, LookupError, RuntimeError) as error:
        yield FAIL, msgspec.msgpack.encode(Failure(f"{type(error).__name__}: {error}"))


def _work(order: Order, files: list[bytes]) -> Iterator[Frame]:
    tail = b""
    if order.files is not None:
        yield DATA, msgspec.msgpack.encode(_examine(order.files))
    elif order.picture is not None or order.retouch is not None:
        yield from _draw(order, files)
    elif order.say is not None or order.hear is not None:
        tail = yield from _sound(order, files)
    elif order.read is not None:
        from nexhina.sandbox.sense.reader import read

        yield from _cut(read(order.read))
    elif order.film is not None:
        from nexhina.sandbox.film.maker import make

        for percent in make(order.film, files):
            yield DATA, bytes((percent,))
    yield END, tail


def _draw(order: Order, files: list[bytes]) -> Iterator[Frame]:
    """Pictures, an empty frame behind each; those of a retouch behind their size."""
    if order.retouch is not None:
        from nexhina.sandbox.drawing.retoucher import retouch

        steps = retouch(order.retouch, files, order.coarse)
        yield DATA, next(steps)
    else:
        from nexhina.sandbox.drawing.painter import paint_steps

        assert order.picture is not None
        steps = paint_steps(order.picture, order.coarse)
    for drawn in steps:
        yield from _cut(drawn)
        yield DATA, b""


def _sound(order: Order, files: list[bytes]) -> Generator[Frame, None, bytes]:
    """Sound or what was heard; returns the last word."""
    tail = b""
    if order.say is not None:
        from nexhina.sandbox.sound.speaker import speak

        for sound in speak(order.say):
            if isinstance(sound, (float, int)):
                tail = msgspec.msgpack.encode(sound)
            else:
                yield from _cut(sound)
        return tail
    from nexhina.sandbox.sound.listener import listen

    for heard in listen(files[0]):
        packed = msgspec.msgpack.encode(heard)
        if isinstance(heard, Heard):
            tail = packed
        else:
            yield DATA, packed
    return tail


def _cut(data: bytes) -> Iterator[Frame]:
    for start in range(0, len(data), BLOCK):
        yield DATA, data[start : start + BLOCK]


def _examine(files: Attached) -> Found:
    found = Found([], [])
    kind = "picture"
    try:
        if files.pictures:
            from nexhina.sandbox.drawing.viewer import look

            for picture in files.pictures:
                found.pictures.append(look(read_base64(picture)))
        kind = "sound"
        for form, sound in files.sounds:
            found.sounds.append(read_seconds(form, read_base64(sound)))
    except ValueError as error:  # of broken base64 too
        place = len(found.pictures if kind == "picture" else found.sounds)
        found.bad = (kind, place)
        found.error = f"This {kind} can't be read: {error}."
    return found


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answers orders one after the other until the source ends."""
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        order = msgspec.msgpack.decode(source.read(LENGTH.unpack(head)[0]), type=Order)
        files = [source.read(size) for size in order.sizes]
        for tag, body in answer(order, files):
            target.write(FRAME.pack(tag, len(body)) + body)
            target.flush()


def set_limits() -> None:
    """Bounds what a hostile file can make this process take; as far as the system has such limits."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(limit, (wanted, hard))
        except (OSError, ValueError):  # macOS refuses RLIMIT_AS
            continue
    os.nice(5)  # the gateway's own work comes first


def main() -> None:
    """Serves the pipes. What libraries print goes to standard error, not among the frames."""
    set_limits()
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, pipe)


if __name__ == "__main__":
    main()
