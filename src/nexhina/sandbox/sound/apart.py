"""Runs a piece of work in a fork of this process, so that nothing of it stays: a library that keeps
state from call to call begins each time where it began the first time.
"""

import os
import signal
import struct
from collections.abc import Generator, Iterator
from typing import BinaryIO

_LENGTH = struct.Struct(">I")
_END = 0xFFFFFFFF
_MOST_S = 30  # of one block: a fork whose parent was killed does not hang for ever

CAN_FORK = hasattr(os, "fork")


def run_apart(blocks: Iterator[bytes]) -> Generator[bytes]:
    """The blocks, which a fork makes; it ends with the reading. Where no process can be forked
    (Windows) they are made here.

    Raises RuntimeError when the fork does not come to its end.
    """
    if not CAN_FORK:
        yield from blocks
        return
    mine, its = os.pipe()
    pid = os.fork()
    if not pid:
        _write(blocks, its)
    os.close(its)
    try:
        with os.fdopen(mine, "rb") as pipe:
            while (length := _read_length(pipe)) != _END:
                block = pipe.read(length)
                if len(block) < length:
                    raise RuntimeError("the sound broke off")
                yield block
    finally:
        os.kill(pid, signal.SIGKILL)  # it has ended already, or nobody wants the rest
        os.waitpid(pid, 0)


def _read_length(pipe: BinaryIO) -> int:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise RuntimeError("the voice failed")
    return _LENGTH.unpack(head)[0]


def _write(blocks: Iterator[bytes], file: int) -> None:
    """The fork's life. It gives up every pipe but its own, or the parent's would outlive it."""
    try:
        os.closerange(0, file)
        os.closerange(file + 1, 1024)
        with os.fdopen(file, "wb") as pipe:
            signal.alarm(_MOST_S)
            for block in blocks:
                signal.alarm(0)  # a slow reader may take his time
                pipe.write(_LENGTH.pack(len(block)) + block)
                pipe.flush()
                signal.alarm(_MOST_S)
            pipe.write(_LENGTH.pack(_END))
    finally:
        os._exit(0)  # whatever went wrong, the parent's code is not run on; it misses the end
