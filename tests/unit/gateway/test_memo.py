"""Heads that are known: which are remembered, and what is not done again for them."""

import pytest

from nexhina.errors import BodyTooLargeError
from nexhina.gateway.machine import Phase, ServerMachine
from nexhina.gateway.memo import LARGEST
from nexhina.gateway.options import ServerOptions
from support.edge import MemoryConnection, echo_routes, split_answers

POST = b"POST /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nA: b\r\n\r\n"
GET = b"GET /v1/echo?q HTTP/1.1\r\nHost: h\r\n\r\n"


def machine(first: bytes, cap: int = 1000, **limits: int) -> ServerMachine:
    """A machine that has read and passed on its first request."""
    server = ServerMachine(lambda _: cap, ServerOptions(**limits))  # type: ignore[arg-type]
    server.feed(first)
    assert server.phase is Phase.WHOLE
    server.next()
    return server


def is_known(server: ServerMachine, data: bytes) -> bool:
    """Whether the request is taken without llhttp."""
    server.feed(data)
    assert server.phase is Phase.WHOLE
    return not server._begun


def test_the_same_head_with_another_length_is_known() -> None:
    server = machine(POST % 2 + b"hi")
    assert is_known(server, POST % 11 + b"hello there")
    request = server.request
    assert request.body == b"hello there"
    assert request.length == 11
    assert request.headers == {b"host": b"h", b"content-length": b"11", b"a": b"b"}


def test_the_same_head_without_a_body_is_known() -> None:
    server = machine(GET)
    assert is_known(server, GET)
    assert (server.request.target, server.request.query) == (b"/v1/echo", b"q")


@pytest.mark.parametrize(
    "field",
    [
        b"Connection: close", b"Connection: keep-alive, x", b"Expect: 100-continue", b"Upgrade: h2c",
        b"Proxy-Connection: close", b"A: " + b"b" * LARGEST,
    ],
)  # fmt: skip
def test_heads_of_another_kind_are_not_remembered(field: bytes) -> None:
    head = GET[:-2] + field + b"\r\n\r\n"
    server = ServerMachine(lambda _: 1000, ServerOptions())
    server.feed(head)
    assert server.phase is Phase.WHOLE
    assert server._memo is None


def test_a_chunked_head_is_not_remembered() -> None:
    head = b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert machine(head)._memo is None


@pytest.mark.parametrize(
    "other",
    [
        GET.replace(b"?q", b"?r"),
        GET.replace(b"Host: h", b"Host: i"),
        GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer x\r\n\r\n"),
        GET.lower().replace(b"get", b"GET").replace(b"http", b"HTTP"),
    ],
)
def test_a_head_that_differs_in_anything_else_is_read_anew(other: bytes) -> None:
    assert not is_known(machine(GET), other)


@pytest.mark.parametrize(
    "digits", [b"+2", b" 2", b"2 ", b"", b"1_0", b"\xb2", b"2\r\nContent-Length: 2"]
)
def test_only_digits_may_stand_in_for_the_length(digits: bytes) -> None:
    server = machine(POST % 2 + b"hi")
    server.feed((POST % 2).replace(b" 2", b" " + digits) + b"hi")
    assert server._begun


def test_a_known_head_does_not_raise_the_cap() -> None:
    server = machine(POST % 2 + b"hi", cap=10)
    server.feed(POST % 11 + b"hello there")
    assert isinstance(server.failure, BodyTooLargeError)
    assert not server.request.keep_alive


def test_a_known_head_does_not_raise_the_limit_of_heads() -> None:
    head = POST % 2
    server = machine(head + b"hi", max_head=len(head))
    server.feed(POST % 1000)
    assert server.failure is not None
    assert server.failure.status == 431


def test_a_body_may_follow_a_known_head_later_and_in_parts() -> None:
    server = machine(POST % 2 + b"hi")
    server.feed(POST % 6)
    assert server.phase is Phase.BODY
    server.feed(b"abc")
    server.feed(b"def" + GET)
    assert (server.request.body, server.backlog) == (b"abcdef", GET)
    server.next()
    assert server.request.query == b"q"


def test_pipelined_requests_are_known_too() -> None:
    server = ServerMachine(lambda _: 1000, ServerOptions())
    server.feed((POST % 2 + b"hi") * 3)
    server.next()
    assert (server._begun, server.request.body, server.backlog) == (
        False, b"hi", POST % 2 + b"hi",
    )  # fmt: skip


def test_what_a_handler_does_to_its_headers_is_not_remembered() -> None:
    server = machine(GET)
    server.feed(GET)
    server.request.headers.clear()
    server.next()
    assert is_known(server, GET)
    assert server.request.headers == {b"host": b"h"}


def test_each_call_with_a_known_head_has_an_id_of_its_own_and_the_same_caller() -> None:
    memory = MemoryConnection(echo_routes())
    for _ in range(3):
        memory.send(POST % 2 + b"hi")
    answers = split_answers(memory.take())
    assert len({headers[b"x-nexhina-id"] for _, headers, _ in answers}) == 3
    assert {body for _, _, body in answers} == {b"POST /v1/echo? hi"}


def test_what_a_stranger_says_of_the_caller_is_removed_again_and_again() -> None:
    seen: list[tuple[str, bytes | None]] = []
    memory = MemoryConnection(echo_routes())
    serve = memory.edge.router.find(b"GET", b"/v1/echo").handler
    inner = serve.run

    async def run(inbound, client):
        seen.append((inbound.peer, inbound.headers.get(b"x-forwarded-for")))
        await inner(inbound, client)

    serve.run = run
    for _ in range(2):
        memory.send(GET[:-2] + b"X-Forwarded-For: 203.0.113.9\r\n\r\n")
    assert seen == [("192.0.2.7", None)] * 2
