"""The client's pool on a running loop: run a coroutine with it, await its waits, collect a body."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nexhina.errors import UpstreamFailure
from nexhina.ports import Exchange, Limits, Origin, Reply, Target
from nexhina.tasks import Wait, drive
from nexhina.upstream.pool import Pool
from support.scripted_upstream import Connection

T = TypeVar("T")
PATIENCE = 10.0


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


class Collector:
    """A sink that keeps everything; `done` is set at the end, whichever it is."""

    def __init__(self, on_data: Callable[[bytes], None] | None = None) -> None:
        self.pieces: list[bytes] = []
        self.whole = False
        self.failure: Exception | None = None
        self.done = asyncio.Event()
        self.changed = asyncio.Event()
        self._on_data = on_data

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def data(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.changed.set()
        if self._on_data is not None:
            self._on_data(piece)

    def ended(self) -> None:
        assert not self.done.is_set()
        self.whole = True
        self.done.set()

    def failed(self, failure: Exception) -> None:
        assert not self.done.is_set()
        self.failure = failure
        self.done.set()


def make_target(
    port: int,
    *,
    scheme: str = "http",
    host: str = "127.0.0.1",
    method: str = "POST",
    path: str = "/v1/chat/completions",
    proxy: str | None = None,
    ca_file: str | None = None,
    key: str = "sk-vendor-secret",
) -> Target:
    """A target with the headers that a channel prepares."""
    headers = {
        b"host": f"{host}:{port}".encode(),
        b"authorization": f"Bearer {key}".encode(),
        b"accept-encoding": b"identity",
    }
    head = b"".join(b"%b: %b\r\n" % field for field in headers.items())
    origin = Origin(scheme=scheme, host=host, port=port, proxy=proxy, ca_file=ca_file)
    return Target(origin=origin, method=method, path=path, head=head, headers=headers)


async def take(wait: Wait[T]) -> T:
    """The value of a wait, for tests that are ordinary asyncio tasks."""

    async def step() -> T:
        return await wait

    return await asyncio.wait_for(drive(step()), PATIENCE)


async def take_failure(wait: Wait[T]) -> UpstreamFailure:
    """How the wait failed; it must have."""
    try:
        await take(wait)
    except UpstreamFailure as failure:
        return failure
    raise AssertionError("it did not fail")


async def call(
    pool: Pool, target: Target, body: bytes = b"{}", limits: Limits | None = None
) -> tuple[Reply, bytes]:
    """The reply and its whole body."""
    exchange: Exchange = pool.send(target, body, limits or Limits())
    reply = await take(exchange.reply)
    return reply, await take(reply.read())


async def until(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; it is looked at often, for at most PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (what is waited for sits in threads)
            await asyncio.sleep(0.005)


class Wire:
    """Runs `steps(pool)` on a new loop and checks that the pool's books are in order after it."""

    def __init__(self, make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._make_loop = make_loop
        self.clock: ManualClock | SystemClock = SystemClock()
        self.max_per_origin = 0

    def run(self, steps: Callable[[Pool], Awaitable[None]]) -> None:
        async def main() -> None:
            pool = Pool(self.clock, max_per_origin=self.max_per_origin)
            pool.open()
            try:
                await steps(pool)
            finally:
                await pool.close()
            assert (pool.in_flight, pool.standing, pool.idle) == (0, 0, 0)

        with asyncio.Runner(loop_factory=self._make_loop) as runner:
            runner.run(main())


async def until_still(connection: Connection) -> int:
    """The bytes that the vendor could send before the sockets' buffers were full."""
    before = -1
    while connection.sent != before:
        before = connection.sent
        await asyncio.sleep(0.1)
    return before
