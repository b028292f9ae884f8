"""What a call leaves behind and costs: memory that is freed, log lines, Python calls."""

import gc
import logging
import sys
import weakref
from collections.abc import Callable
from types import FrameType

import pytest

from nexhina.ports import Client, Inbound
from support.edge import MemoryConnection, echo_routes, handler, split_answers
from support.held import GET, POST, Held


def test_a_call_is_freed_with_its_body_as_soon_as_it_has_ended() -> None:
    seen: list[weakref.ref[Client]] = []

    async def run(inbound: Inbound, client: Client) -> None:
        seen.append(weakref.ref(client))
        client.answer(200, [], b"")

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    gc.disable()
    try:
        memory.send(POST)
        assert seen[0]() is None
    finally:
        gc.enable()


def test_a_closed_connection_is_freed_without_the_cycle_collector() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET)
    machine = memory.connection._machine
    memory.connection.connection_lost(None)
    del memory.connection
    references = sys.getrefcount(machine)
    assert references == 2  # this function's, and that of the call that counts


def test_a_request_logs_nothing_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    memory = MemoryConnection(echo_routes())
    with caplog.at_level(logging.DEBUG):
        memory.send(GET)
    assert memory.edge.requests == 1
    assert caplog.records == []


def python_calls(work: Callable[[], None]) -> list[str]:
    """The functions of the product that are called, one entry a call."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "nexhina" in frame.f_globals["__name__"]:
            called.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return called


def test_a_steady_request_costs_few_python_calls() -> None:
    # The price of a request is the number of its calls: a new one has to be worth it.
    memory = MemoryConnection(echo_routes())
    request = b"POST /v1/echo HTTP/1.1\r\nHost: h\r\nAccept: a\r\nContent-Length: 2\r\n\r\nhi"
    memory.send(request)
    called = python_calls(lambda: memory.send(request.replace(b"2\r\n\r\nhi", b"3\r\n\r\nyou")))
    assert len(split_answers(memory.take())) == 2
    assert len(called) <= 12, called


async def test_a_piece_of_a_stream_costs_one_python_call() -> None:
    memory, client = Held().begin()
    client.start(200, [])
    client.write(b"one")
    called = python_calls(lambda: client.write(b"two"))
    assert called == ["Exchange.write"]
    assert memory.take().endswith(b"3\r\ntwo\r\n")
