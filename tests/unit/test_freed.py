"""A call that an error ended is freed at once, with all it has read, not by the cycle collector.

The collector comes by after tens of thousands of new objects: calls of megabytes would pile up.
"""

import asyncio
import gc
import weakref
from collections.abc import Generator

import pytest

from nexhina.errors import (
    ClientGone,
    InvalidRequestError,
    PermissionDeniedError,
    UpstreamFailure,
    forget_frames,
)
from nexhina.ports import Client, Inbound, Limits
from nexhina.tasks import Steps, Wait
from nexhina.upstream.dial import Dialer
from nexhina.upstream.pool import Pool
from support.edge import MemoryConnection, handler
from support.wire import ManualClock, make_target

POST = b"POST /v1/run HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"


class Large:
    """Stands for what a call has read."""


@pytest.fixture(autouse=True)
def no_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Calls:
    """A handler that keeps something large in its frame while it fails."""

    def __init__(self) -> None:
        self.held: list[weakref.ref[Large]] = []
        self.wait: Wait[None] = Wait()
        self.memory = MemoryConnection({("/v1/run", "POST"): handler(self.run)})

    async def run(self, inbound: Inbound, client: Client) -> None:
        large = Large()
        self.held.append(weakref.ref(large))
        wait, self.wait = self.wait, Wait()
        try:
            await wait
        except UpstreamFailure as failure:
            refusal = InvalidRequestError(str(failure))
            raise refusal from failure
        raise RuntimeError

    def is_freed(self) -> bool:
        return self.held.pop()() is None


def test_a_call_that_was_refused_is_freed() -> None:
    calls = Calls()
    wait = calls.wait
    calls.memory.send(POST)
    wait.fail(PermissionDeniedError())
    assert b"403" in calls.memory.take()
    del wait
    assert calls.is_freed()


def test_a_call_whose_error_came_of_another_is_freed() -> None:
    calls = Calls()
    wait = calls.wait
    calls.memory.send(POST)
    wait.fail(UpstreamFailure("closed", "for a test"))
    assert b"400" in calls.memory.take()
    del wait
    assert calls.is_freed()


def test_a_call_that_failed_for_a_fault_of_ours_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "nexhina.gateway.exchange._log.disabled", True
    )  # pytest keeps what is logged
    calls = Calls()
    calls.wait.resolve(None)
    calls.memory.send(POST)
    assert b"500" in calls.memory.take()
    assert calls.is_freed()


def test_a_call_whose_caller_left_is_freed() -> None:
    calls = Calls()
    calls.memory.send(POST)
    calls.memory.connection.connection_lost(None)
    assert calls.is_freed()


async def test_an_attempt_that_found_no_connection_is_freed() -> None:
    async def no_address(host: str, port: int):
        raise OSError("the name is not known")

    pool = Pool(ManualClock(), dialer=Dialer(resolve=no_address))
    pool.closed = False
    held: list[weakref.ref[Large]] = []

    async def attempt() -> None:
        large = Large()
        held.append(weakref.ref(large))
        exchange = pool.send(make_target(1), b"{}", Limits())
        try:
            await exchange.reply
        except UpstreamFailure as failure:
            forget_frames(failure)
            assert failure.kind == "connect"

    ended = asyncio.Event()
    steps = Steps(attempt(), lambda _: ended.set())
    steps.advance()
    await ended.wait()
    del steps
    await asyncio.sleep(0)
    assert held[0]() is None


def test_the_frames_of_all_that_led_to_an_error_are_forgotten() -> None:
    try:
        try:
            raise ClientGone
        except ClientGone as first:
            raise ValueError from first
    except ValueError as second:
        error = second
    assert error.__traceback__ is not None
    forget_frames(error)
    assert error.__traceback__ is None
    assert error.__cause__ is not None
    assert error.__cause__.__traceback__ is None
