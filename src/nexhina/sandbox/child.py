"""Keeps the drawing child: started at the first picture, stopped when idle, restarted when it died.

One picture at a time goes through its pipes; the others wait in a bounded queue. The parent's loop
only moves bytes. A child that takes too long is killed, so that one bad picture costs one answer.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

import msgspec

from nexhina.errors import (
    InternalError,
    NexhinaError,
    NotBuiltError,
    OverloadedError,
    RateLimitedError,
)
from nexhina.sandbox.inspection import Attached, Found, Order
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.worker import LENGTH, MAX_MESSAGE, Drawn, write_message
from nexhina.tasks import Wait, spawn

COMMAND = (sys.executable, "-P", "-m", "nexhina.sandbox.worker")
INSTALL = "pip install 'nexhina[sandbox]'"


class _Job:
    """One picture asked for; `failed` counts children that died under it."""

    __slots__ = ("failed", "message", "wait")

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.wait: Wait[bytes] = Wait()
        self.failed = 0


class Child:
    """Draws pictures in a process of its own. Lives on one event loop; `close` ends it."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        *,
        queue: int = 64,
        timeout_s: float = 60.0,
        idle_s: float = 60.0,
    ) -> None:
        self._command = command
        self._limit = queue
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._jobs: deque[_Job] = deque()
        self._current: _Job | None = None
        self._process: _Process | None = None
        self._living: set[_Process] = set()  # also those that were killed and not yet taken away
        self._starting = False
        self._starter: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is no child."""
        return None if self._process is None else self._process.pid

    async def draw(self, picture: Picture) -> bytes:
        """The encoded file of the picture.

        Raises NotBuiltError without Pillow, RateLimitedError when too many wait, InternalError
        when it could not be drawn. Giving up the wait takes the picture out of the queue.
        """
        return await self._ask(write_message(Order(picture=picture)), self._limit)

    async def examine(self, files: Attached) -> Found:
        """What the files are. Raises as `draw` does; looking is quick, so that more may wait."""
        packed = await self._ask(write_message(Order(files=files)), 8 * self._limit)
        try:
            return msgspec.msgpack.decode(packed, type=Found)
        except msgspec.DecodeError as error:
            raise InternalError("The answer of the sandbox's child can't be read.") from error

    async def _ask(self, message: bytes, limit: int) -> bytes:
        if self._closed:
            raise OverloadedError("The sandbox is shutting down; try again.")
        if len(self._jobs) >= limit:
            raise RateLimitedError(
                f"{limit} pictures wait for the sandbox already; try again in a moment.",
                headers=[(b"retry-after", b"2")],
            )
        job = _Job(message)
        self._jobs.append(job)
        self._advance()
        try:
            return await job.wait
        finally:
            if not job.wait.done and job in self._jobs:
                self._jobs.remove(job)

    def close(self) -> None:
        """Ends the child; pictures that wait fail."""
        self._closed = True
        self._stop()
        for job in (self._current, *self._jobs):
            if job is not None:
                job.wait.fail(OverloadedError("The sandbox is shutting down; try again."))
        self._jobs.clear()
        self._current = None

    async def wait_closed(self) -> None:
        """Closes, and returns once the last child is gone, or after five seconds."""
        self.close()
        if self._starter is not None:  # a start that is cancelled half-way can hang the loop's end
            await asyncio.wait([self._starter], timeout=5.0)
        exits = [process.exited for process in self._living]
        if exits:
            await asyncio.wait(exits, timeout=5.0)

    def _advance(self) -> None:
        """Hands the next picture to the child, starting one if there is none."""
        if self._current is not None or self._starting or self._closed:
            return
        if not self._jobs:
            self._set_timer(self._idle_s, self._stop)
            return
        if self._process is None:
            self._starting = True
            self._cancel_timer()
            self._starter = spawn(self._start(), "sandbox child start")
            return
        job = self._current = self._jobs.popleft()
        self._process.send(job.message)
        self._set_timer(self._timeout_s, self._too_slow)

    async def _start(self) -> None:
        """Starts the child; the one place with a task, since starting a process waits."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NEXHINA_")
        }  # the child needs no secret of ours
        try:
            transport, protocol = await asyncio.get_running_loop().subprocess_exec(
                lambda: _Process(self),
                *self._command,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is the parent's business
            )
        except OSError as error:
            self._starting = False
            self._fail_all(InternalError(f"The sandbox's drawing process can't start: {error}"))
            return
        self._starting = False
        self._living.add(protocol)
        protocol.exited.add_done_callback(lambda _: self._living.discard(protocol))
        if self._closed:
            transport.close()
            return
        self._process = protocol
        if protocol.gone:
            self.lost(protocol)
            return
        self._advance()

    def drawn(self, packed: bytes | bytearray) -> None:
        """The child's answer to the current picture."""
        job, self._current = self._current, None
        try:
            drawn = msgspec.msgpack.decode(packed, type=Drawn)
        except msgspec.DecodeError:
            drawn = Drawn(error="the child's answer can't be read")
        self._advance()
        if job is None:
            return
        if drawn.missing:
            job.wait.fail(
                NotBuiltError(
                    f"The sandbox draws and looks with Pillow. Install it with: {INSTALL}"
                )
            )
        elif drawn.error:
            job.wait.fail(InternalError(f"The sandbox could not draw this picture: {drawn.error}"))
        else:
            job.wait.resolve(drawn.data)

    def lost(self, process: "_Process") -> None:
        """The child died: its picture is tried once more, then given up."""
        if process is not self._process:
            return
        self._process = None
        self._cancel_timer()
        job, self._current = self._current, None
        if job is not None:
            job.failed += 1
            if job.failed < 2:
                self._jobs.appendleft(job)
            else:
                job.wait.fail(InternalError("The sandbox's drawing process died."))
        elif self._jobs:  # it never took a picture: starting another one would end the same way
            self._fail_all(InternalError("The sandbox's drawing process ends at its start."))
        if self._jobs:
            self._advance()

    def _too_slow(self) -> None:
        job, self._current = self._current, None
        self._stop()
        if job is not None:
            job.wait.fail(
                InternalError(f"The sandbox did not draw this within {self._timeout_s:g} seconds.")
            )
        self._advance()

    def _fail_all(self, error: NexhinaError) -> None:
        jobs = tuple(self._jobs)
        self._jobs.clear()
        for job in jobs:
            job.wait.fail(error)

    def _stop(self) -> None:
        self._cancel_timer()
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _set_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._cancel_timer()
        if self._process is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Process(asyncio.SubprocessProtocol):
    """The pipes of one child: cuts its output into messages."""

    def __init__(self, owner: Child) -> None:
        self._owner = owner
        self._buffer = bytearray()
        self._transport: asyncio.SubprocessTransport | None = None
        self.pid = 0
        self.gone = False
        self.exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def send(self, message: bytes) -> None:
        """Writes one message to the child's standard input."""
        if self._transport is not None and not self.gone:
            pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
            pipe.write(message)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002  (asyncio's signature)
        buffer = self._buffer
        buffer += data
        while len(buffer) >= LENGTH.size:
            length = LENGTH.unpack_from(buffer)[0]
            if length > MAX_MESSAGE:
                self._end()
                return
            if len(buffer) < LENGTH.size + length:
                return
            packed = bytes(memoryview(buffer)[LENGTH.size : LENGTH.size + length])
            del buffer[: LENGTH.size + length]
            self._owner.drawn(packed)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """A closed pipe means a dead child, also while its process still lingers."""
        self._end()

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)
        self._end()

    def _end(self) -> None:
        if not self.gone:
            self.gone = True
            self.kill()
            self._owner.lost(self)

    def kill(self) -> None:
        """Ends the child at once and closes its pipes."""
        self.gone = True
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.close()  # kills a child that still runs
