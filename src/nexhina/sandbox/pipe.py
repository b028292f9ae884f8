"""The pipes of one child process: files go in and frames come out, both only as fast as they are taken."""

import asyncio
from collections.abc import Iterator
from typing import Protocol, cast

from nexhina.ports import Spool
from nexhina.sandbox.order import FRAME, MOST_FRAME

_BLOCK = 256 * 1024


class Owner(Protocol):
    """Who is told of what the child says."""

    def framed(self, process: "ChildProcess", tag: int, body: bytes) -> None:
        """One frame has come."""
        ...

    def lost(self, process: "ChildProcess") -> None:
        """The child is dead, or talks nonsense."""
        ...


class ChildProcess(asyncio.SubprocessProtocol):
    """One child. Its output is cut into frames; nothing is kept but the frame that is under way."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._buffer = bytearray()
        self._transport: asyncio.SubprocessTransport | None = None
        self._blocks: Iterator[bytes] = iter(())
        self._full = False
        self._waiting = False
        self.pid = 0
        self.gone = False
        self.exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The child runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    # --- to the child -----------------------------------------------------------------------------

    def send(self, message: bytes, files: tuple[Spool, ...]) -> None:
        """Writes an order and its files to the child's standard input, in blocks."""
        self._blocks = _cut(message, files)
        self._feed()

    def pause_writing(self) -> None:
        """The child takes no more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """It takes more."""
        self._full = False
        self._feed()

    def _feed(self) -> None:
        """One block a turn of the loop, while the pipe takes them."""
        self._waiting = False
        if self._transport is None or self.gone or self._full:
            return
        block = next(self._blocks, None)
        if block is None:
            return
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        pipe.write(block)
        if not self._full and not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_soon(self._feed)

    # --- from the child ---------------------------------------------------------------------------

    def hold(self) -> None:
        """Reads no more until `release`."""
        if (pipe := self._output()) is not None:
            pipe.pause_reading()

    def release(self) -> None:
        """Reads on."""
        if (pipe := self._output()) is not None:
            pipe.resume_reading()

    def _output(self) -> asyncio.ReadTransport | None:
        if self._transport is None or self.gone:
            return None
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1))

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002  (asyncio's signature)
        """Cuts frames off what has come."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= FRAME.size and not self.gone:
            tag, length = FRAME.unpack_from(buffer)
            if length > MOST_FRAME:
                self._end()
                return
            end = FRAME.size + length
            if len(buffer) < end:
                return
            body = bytes(memoryview(buffer)[FRAME.size : end])
            del buffer[:end]
            self._owner.framed(self, tag, body)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """A closed pipe means a dead child, also while its process still lingers."""
        self._end()

    def process_exited(self) -> None:
        """The system has taken the child away."""
        if not self.exited.done():
            self.exited.set_result(None)
        self._end()

    def _end(self) -> None:
        if not self.gone:
            self.kill()
            self._owner.lost(self)

    def kill(self) -> None:
        """Ends the child at once and closes its pipes."""
        self.gone = True
        self._blocks = iter(())
        self._buffer.clear()
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.close()  # kills a child that still runs


def _cut(message: bytes, files: tuple[Spool, ...]) -> Iterator[bytes]:
    if len(message) > _BLOCK:  # a chat's pictures in base64
        for start in range(0, len(message), _BLOCK):
            yield message[start : start + _BLOCK]
    else:
        yield message
    for file in files:
        for start in range(0, file.size, _BLOCK):
            yield file.read(start, min(_BLOCK, file.size - start))
