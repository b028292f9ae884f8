"""A connection over time: requests in their turn, clients that leave or idle, deadlines, draining."""

import asyncio

import pytest

from nexhina.errors import ClientGone
from nexhina.gateway.options import ServerOptions
from support.edge import MemoryConnection, echo_routes, split_answers
from support.held import GET, POST, Held, answer_of


def test_a_client_that_leaves_is_felt_at_once() -> None:
    held = Held()
    memory, client = held.begin()
    memory.connection.eof_received()
    assert isinstance(held.error, ClientGone)
    assert client.gone
    client.answer(200, [], b"late")
    client.start(200, [])
    client.write(b"late")
    client.end()
    assert memory.take() == b""
    memory.connection.connection_lost(None)
    assert not memory.edge.connections


def test_a_client_that_leaves_behind_its_answer_disturbs_nobody() -> None:
    held = Held()
    memory, client = held.begin()
    client.answer(200, [], b"")
    memory.connection.connection_lost(None)
    assert held.error is None


def test_pressure_is_passed_on() -> None:
    told: list[str] = []
    memory, client = Held().begin()
    client.on_pressure(lambda: told.append("pause"), lambda: told.append("resume"))
    memory.connection.pause_writing()
    memory.connection.resume_writing()
    assert told == ["pause", "resume"]
    memory.connection.pause_writing()
    client.on_pressure(lambda: told.append("full already"), lambda: None)
    assert told[-1] == "full already"


async def test_the_next_request_waits_for_the_answer() -> None:
    held = Held()
    memory, client = held.begin(POST + GET)
    assert memory.take() == b""
    client.answer(200, [], b"first")
    assert memory.take().endswith(b"first")
    await asyncio.sleep(0)
    assert memory.take().endswith(b"GET /v1/echo? ")


async def test_input_behind_a_running_request_is_bounded() -> None:
    held = Held()
    memory, client = held.begin(POST)
    sent = 0
    while memory.transport.reading:
        memory.send(GET)
        sent += 1
    assert sent * len(GET) < 70_000
    client.answer(200, [], b"")
    for _ in range(sent + 5):
        await asyncio.sleep(0)
    assert len(split_answers(memory.take())) == sent + 1
    assert memory.transport.reading


async def test_answers_do_not_pile_up_for_a_client_that_does_not_read() -> None:
    memory = MemoryConnection(echo_routes())
    memory.connection.pause_writing()
    memory.send(GET)
    memory.take()
    memory.send(GET)
    await asyncio.sleep(0)
    assert memory.take() == b""
    memory.connection.resume_writing()
    assert answer_of(memory.take())[0] == 200


async def test_a_broken_request_behind_a_good_one_is_answered_in_its_turn() -> None:
    memory, client = Held().begin(POST)
    memory.send(b"\x00\r\n\r\n")
    assert memory.take() == b""
    client.answer(200, [], b"first")
    assert answer_of(memory.take())[2] == b"first"
    await asyncio.sleep(0)
    assert answer_of(memory.take())[0] == 400
    assert memory.transport.ended


@pytest.mark.parametrize(
    ("sent", "seconds", "status"),
    [(b"", 10, None), (b"GET / HT", 10, 408), (POST[:-1], 60, 408)],
)
def test_deadlines(sent: bytes, seconds: float, status: int | None) -> None:
    memory = Held().connection()
    if sent:
        memory.send(sent)
    memory.pass_seconds(seconds)
    assert memory.take() == b""
    assert not memory.transport.closed
    memory.pass_seconds(1)
    data = memory.take()
    if status is None:
        assert (data, memory.transport.closed) == (b"", True)
    else:
        assert answer_of(data)[0] == status
        assert memory.transport.ended


def test_the_heads_deadline_counts_from_its_first_byte() -> None:
    memory = Held().connection()
    for byte in POST[:11]:
        memory.send(bytes([byte]))
        memory.pass_seconds(1)
    assert answer_of(memory.take())[0] == 408


def test_the_bodys_deadline_counts_between_bytes() -> None:
    memory = Held().connection()
    memory.send(POST[:-2].replace(b": 2", b": 200"))
    for _ in range(10):
        memory.pass_seconds(50)
        memory.send(b"x")
    assert memory.take() == b""


def test_an_idle_connection_is_closed() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET)
    memory.pass_seconds(74)
    assert not memory.transport.closed
    memory.pass_seconds(2)
    assert memory.transport.closed


def test_a_running_request_has_no_deadline_here() -> None:
    memory, _ = Held().begin()
    memory.pass_seconds(100_000)
    assert not memory.transport.closed


def test_a_client_that_takes_nothing_is_cut() -> None:
    held = Held()
    memory, _ = held.begin()
    memory.transport.unsent = 100_000
    memory.connection.pause_writing()
    memory.pass_seconds(59)
    memory.transport.unsent = 90_000
    memory.pass_seconds(59)
    assert not memory.transport.closed
    memory.pass_seconds(61)
    assert memory.transport.aborted
    assert isinstance(held.error, ClientGone)


def test_a_slow_reader_of_a_last_answer_gets_it_whole() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET[:-2] + b"Connection: close\r\n\r\n")
    for unsent in range(1000, 0, -100):
        memory.transport.unsent = unsent
        memory.pass_seconds(30)
        assert not memory.transport.aborted


def test_a_draining_server_closes_behind_the_answer() -> None:
    held = Held()
    memory, client = held.begin()
    memory.edge.draining = True
    memory.connection.drain()
    assert not memory.transport.closed
    client.answer(200, [], b"")
    assert answer_of(memory.take())[1][b"connection"] == b"close"
    assert memory.transport.closed


def test_connections_beyond_the_limit_are_turned_away() -> None:
    memory = MemoryConnection(echo_routes(), ServerOptions(max_connections=1))
    second = type(memory.connection)(memory.edge)
    transport = type(memory.transport)()
    second.connection_made(transport)
    assert transport.aborted
    assert memory.edge.refused == 1
    second.connection_lost(None)
    assert len(memory.edge.connections) == 1
