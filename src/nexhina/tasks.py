"""Running coroutines: named background tasks, and steps that are driven by hand.

A request's life is a coroutine that its exchange drives itself: no Task, no context switch through
the event loop. It suspends only on a `Wait`, which whoever has the answer resolves (a parser
callback, the journal after its write); the coroutine then goes on at once, in the same call.
asyncio futures may be awaited too (a thread's result), so slow steps need no second style.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")

_log = logging.getLogger("nexhina.tasks")
_running: set[asyncio.Task[Any]] = set()


def spawn(coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """The started task, referenced until it ends; its failure is logged under its name."""
    task = asyncio.create_task(coro, name=name)  # noqa: TID251  (the one place)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s failed", task.get_name(), exc_info=error)


class Wait(msgspec.Struct, Generic[T], eq=False):
    """One suspension: awaited once, resolved or failed once, in either order.

    A *shielded* wait is not broken off by `Steps.throw`; the exception is delivered at the next
    wait that is not shielded. (A Struct, because every call makes several.)
    """

    shielded: bool = False
    done: bool = False
    value: T | None = None  # once it is done
    _error: BaseException | None = None
    driver: "Steps | None" = None  # set by the steps that wait

    def __await__(self) -> Generator["Wait[T]", None, T]:
        if not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self.value  # pyright: ignore[reportReturnType]  (done without an error: it is a T)

    def resolve(self, value: T) -> None:
        """Gives the awaiting coroutine its value and runs it on, before this call returns."""
        if self.done:
            return
        self.done = True
        self.value = value
        driver = self.driver
        if driver is not None:
            self.driver = None
            driver.advance()

    def fail(self, error: BaseException) -> None:
        """Raises `error` inside the awaiting coroutine, before this call returns."""
        if self.done:
            return
        self.done = True
        self._error = error
        driver = self.driver
        if driver is not None:
            self.driver = None
            driver.advance()


class Gathered(Protocol):
    """Who has read something in this turn of the loop."""

    def take_in(self) -> None:
        """Works on what was read."""
        ...

    def give_up(self, error: Exception) -> None:
        """Ends the connection: `take_in` raised."""
        ...


class Gathering:
    """Lets those who read in one turn of the loop work together, when all have read.

    Reading is the kernel's and the loop's code, working is ours: done in turns for each socket,
    they drive each other out of the processor's caches (4 % of a small call).
    """

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Gathered] = []
        """Who joins appends itself here, and calls `call` first where the list is empty."""

    def call(self) -> None:
        """Has the loop call all that wait at the end of this turn."""
        asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            try:
                one.take_in()
            except Exception as error:  # noqa: BLE001  (the edge: others wait behind it)
                _log.exception("what a connection read could not be worked on")
                one.give_up(error)


class Steps(msgspec.Struct, eq=False):
    """Drives one coroutine by hand; calls `finished(error or None)` when it has ended."""

    _coro: Coroutine[Any, Any, None]
    _finished: Callable[[BaseException | None], None]
    _wait: Wait[Any] | None = None
    _pending: BaseException | None = None
    _running: bool = False
    ended: bool = False

    def throw(self, error: BaseException) -> None:
        """Raises `error` where the coroutine stands, or at its next unshielded suspension."""
        if self.ended:
            return
        wait = self._wait
        if self._running or (wait is not None and wait.shielded):
            self._pending = error
            return
        if wait is not None:
            wait.driver = None
        self.advance(error)

    def advance(self, error: BaseException | None = None) -> None:
        """Runs the coroutine to its next suspension; the first call starts it."""
        self._wait = None
        self._running = True
        coro = self._coro
        try:
            while True:
                yielded = coro.send(None) if error is None else coro.throw(error)
                error = None
                if yielded.__class__ is not Wait:
                    self._follow(yielded)
                elif self._pending is not None and not yielded.shielded:
                    error, self._pending = self._pending, None
                    continue
                elif not yielded.done:
                    self._wait = yielded
                    yielded.driver = self
                else:
                    continue
                break
        except StopIteration:  # as in _end, which costs a call
            self.ended = True
            finished = self._finished
            self._finished = _nobody
            finished(None)
        except BaseException as raised:  # noqa: BLE001  (the edge: reported to `finished`)
            self._end(raised)
        self._running = False

    def _follow(self, future: Any) -> None:
        """An asyncio future (a thread's result): shielded, resumed through the loop."""
        if future is None:  # asyncio.sleep(0)
            wait: Wait[None] = Wait(shielded=True)
            asyncio.get_running_loop().call_soon(wait.resolve, None)
        else:
            future._asyncio_future_blocking = False
            wait = Wait(shielded=True)
            future.add_done_callback(partial(_resolve, wait))
        self._wait = wait
        wait.driver = self

    def _end(self, error: BaseException | None) -> None:
        self.ended = True
        finished = self._finished
        self._finished = _nobody  # it leads back to who made these steps
        finished(error)


def _nobody(_: BaseException | None) -> None:
    pass


def _resolve(wait: Wait[None], _future: object) -> None:
    wait.resolve(None)


async def drive(coro: Coroutine[Any, Any, T]) -> T:
    """Runs steps from an ordinary asyncio task and returns their result (tests, services, jobs)."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    result: list[T] = []

    async def run() -> None:
        result.append(await coro)

    def finished(error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result[0])
        else:
            future.set_exception(error)

    steps = Steps(run(), finished)
    steps.advance()
    try:
        return await future
    except asyncio.CancelledError:
        steps.throw(asyncio.CancelledError())
        raise
