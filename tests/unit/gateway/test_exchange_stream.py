"""Answers in pieces over a connection in memory: their head, their length, their end or its want."""

import asyncio

import pytest

from nexhina.errors import OverloadedError
from nexhina.ports import Client, Inbound
from support.edge import MemoryConnection, echo_routes, handler
from support.held import GET, POST, Held, answer_of

SIZED = (b"content-length", b"6")


async def test_a_streams_head_travels_with_its_first_piece() -> None:
    memory, client = Held().begin()
    client.start(200, [(b"content-type", b"text/event-stream")])
    assert memory.transport.writes == 0
    client.write(b"one")
    assert memory.transport.writes == 1
    client.write(b"")
    client.end(b"two")
    assert memory.transport.writes == 2
    head, _, body = memory.take().partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    await asyncio.sleep(0)
    assert memory.take() == b""
    memory.send(GET)
    assert answer_of(memory.take())[0] == 200


async def test_a_streams_head_goes_alone_when_no_piece_comes_in_its_turn() -> None:
    memory, client = Held().begin()
    client.start(200, [])
    await asyncio.sleep(0)
    assert memory.take().endswith(b"\r\n\r\n")
    client.end()
    assert memory.take() == b"0\r\n\r\n"


async def test_an_old_client_gets_a_stream_that_ends_with_the_connection() -> None:
    memory, client = Held().begin(POST.replace(b"1.1", b"1.0"))
    client.start(200, [])
    client.write(b"one")
    client.end(b"two")
    head, _, body = memory.take().partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"connection: close" in head
    assert body == b"onetwo"
    assert memory.transport.closed


def test_an_old_client_that_asks_is_kept() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(b"GET /v1/echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answer_of(memory.take())[1][b"connection"] == b"keep-alive"
    assert not memory.transport.closed


async def test_a_head_request_to_a_stream_gets_no_body() -> None:
    memory, client = Held().begin(b"HEAD /v1/run HTTP/1.1\r\nHost: h\r\n\r\n")
    client.start(200, [])
    client.write(b"one")
    client.end(b"two")
    assert memory.take().endswith(b"\r\n\r\n")


async def test_a_stream_of_a_known_length_is_not_chunked_and_leaves_the_connection_open() -> None:
    memory, client = Held().begin()
    client.start(200, [SIZED])
    client.write(b"one")
    client.end(b"two")
    status, headers, body = answer_of(memory.take())
    assert (status, headers[b"content-length"], body) == (200, b"6", b"onetwo")
    assert b"transfer-encoding" not in headers
    await asyncio.sleep(0)
    memory.send(GET)
    assert answer_of(memory.take())[0] == 200


async def test_an_old_client_is_kept_behind_a_stream_of_a_known_length() -> None:
    old = POST.replace(b"1.1", b"1.0").replace(b"Host: h", b"Connection: keep-alive")
    memory, client = Held().begin(old)
    client.start(200, [SIZED])
    client.end(b"onetwo")
    assert answer_of(memory.take())[1][b"connection"] == b"keep-alive"
    assert not memory.transport.closed


async def test_a_head_request_to_a_stream_is_told_its_length() -> None:
    memory, client = Held().begin(b"HEAD /v1/run HTTP/1.1\r\nHost: h\r\n\r\n")
    client.start(200, [SIZED])
    client.end()
    head = memory.take()
    assert b"content-length: 6\r\n" in head
    assert b"transfer-encoding" not in head
    assert not memory.transport.closed


def test_a_head_request_may_be_told_the_length_of_a_body_that_was_not_made() -> None:
    memory, client = Held().begin(b"HEAD /v1/run HTTP/1.1\r\nHost: h\r\n\r\n")
    client.answer(200, [SIZED], b"")
    assert b"content-length: 6\r\n" in memory.take()


@pytest.mark.parametrize("pieces", [[b"one", b"two!"], [b"onetwo", b"!"], [b"one", b"tw"], [b""]])
async def test_a_stream_that_breaks_its_own_word_on_the_length_is_cut(
    pieces: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    memory, client = Held().begin()
    client.start(200, [SIZED])
    for piece in pieces[:-1]:
        client.write(piece)
    client.end(pieces[-1])
    _, _, body = memory.take().partition(b"\r\n\r\n")
    assert b"onetwo".startswith(body)
    assert memory.transport.closed
    assert "not as long" in caplog.text


async def test_an_aborted_stream_has_no_end() -> None:
    memory, client = Held().begin()
    client.start(200, [])
    client.write(b"one")
    client.abort()
    assert memory.take().endswith(b"3\r\none\r\n")
    assert memory.transport.closed
    assert not memory.transport.aborted


async def test_an_aborted_stream_to_an_old_client_is_reset() -> None:
    memory, client = Held().begin(POST.replace(b"1.1", b"1.0"))
    client.start(200, [])
    client.write(b"one")
    client.abort()
    assert memory.transport.aborted


async def test_a_failure_within_a_stream_cuts_it(caplog: pytest.LogCaptureFixture) -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        client.start(200, [])
        client.write(b"one")
        raise OverloadedError

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    assert memory.take().endswith(b"3\r\none\r\n")
    assert memory.transport.closed
