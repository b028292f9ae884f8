"""A connection and its exchanges, without a socket: what goes in, what comes out, who is told."""

import asyncio
import gc
import gzip
import logging
import sys
import weakref
from collections.abc import Callable
from ipaddress import ip_network
from types import FrameType

import msgspec
import pytest

from nexhina.errors import ClientGone, NexhinaError, OverloadedError
from nexhina.gateway.options import ServerOptions
from nexhina.ports import Client, Inbound
from nexhina.tasks import Wait
from support.edge import MemoryConnection, echo, echo_routes, handler, split_answers

POST = b"POST /v1/run HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
GET = b"GET /v1/echo HTTP/1.1\r\nHost: h\r\n\r\n"


class Held:
    """A handler that waits, so that the test decides how its call goes on."""

    def __init__(self) -> None:
        self.wait: Wait[None] = Wait()
        self.client: Client | None = None
        self.inbound: Inbound | None = None
        self.error: BaseException | None = None

    async def run(self, inbound: Inbound, client: Client) -> None:
        self.inbound = inbound
        self.client = client
        try:
            await self.wait
        except BaseException as error:
            self.error = error
            raise

    def connection(self, options: ServerOptions | None = None) -> MemoryConnection:
        routes = {("/v1/run", "POST"): handler(self.run), ("/v1/run", "GET"): handler(self.run)}
        return MemoryConnection({**echo_routes(), **routes}, options)

    def begin(self, request: bytes = POST) -> tuple[MemoryConnection, Client]:
        memory = self.connection()
        memory.send(request)
        assert self.client is not None
        return memory, self.client


def failing(error: BaseException) -> MemoryConnection:
    async def run(inbound: Inbound, client: Client) -> None:
        raise error

    return MemoryConnection({("/v1/run", "POST"): handler(run)})


def answer_of(data: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    answers = split_answers(data)
    assert len(answers) == 1
    return answers[0]


def code_of(body: bytes) -> str:
    return msgspec.json.decode(body)["error"]["code"]


def test_a_whole_answer_is_one_write_with_the_gateways_headers() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(b"POST /v1/echo?q HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
    assert memory.transport.writes == 1
    status, headers, body = answer_of(memory.take())
    assert (status, body) == (200, b"POST /v1/echo?q hi")
    assert headers[b"x-request-id"] == headers[b"x-nexhina-id"]
    assert headers[b"date"] == b"Tue, 14 Nov 2023 22:13:20 GMT"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"connection" not in headers
    assert not memory.transport.closed


def test_a_large_answer_is_whole_too() -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        client.answer(200, [], bytearray(200_000))

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    assert len(answer_of(memory.take())[2]) == 200_000


def test_the_callers_request_id_comes_back() -> None:
    held = Held()
    memory, client = held.begin(POST.replace(b"Host: h", b"Host: h\r\nX-Request-ID: abc-1"))
    assert held.inbound is not None
    assert held.inbound.request_id == "abc-1"
    client.answer(200, [], b"")
    headers = answer_of(memory.take())[1]
    assert headers[b"x-request-id"] == b"abc-1"
    assert headers[b"x-nexhina-id"].decode() == held.inbound.id != "abc-1"


def test_a_bad_request_id_is_refused_under_an_id_of_ours() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET.replace(b"Host: h", b"Host: h\r\nX-Request-Id: " + b"a" * 129))
    status, headers, body = answer_of(memory.take())
    assert status == 400
    assert headers[b"x-request-id"] == headers[b"x-nexhina-id"]
    assert b"128 visible ASCII" in body


def test_a_head_request_gets_the_head_alone() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET.replace(b"GET", b"HEAD"))
    data = memory.take()
    assert b"content-length: 14\r\n" in data
    assert data.endswith(b"\r\n\r\n")


def test_an_unknown_path_and_a_wrong_method_leave_the_connection_open() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET.replace(b"echo", b"nothing"))
    status, headers, body = answer_of(memory.take())
    assert (status, code_of(body)) == (404, "not_found")
    assert headers[b"access-control-allow-origin"] == b"*"
    memory.send(GET.replace(b"GET", b"DELETE"))
    status, headers, body = answer_of(memory.take())
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD, OPTIONS, POST")
    memory.send(GET)
    assert answer_of(memory.take())[0] == 200


def test_a_refused_body_is_not_waited_for() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(b"PUT /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\n\r\nbeginning")
    status, headers, _ = answer_of(memory.take())
    assert (status, headers[b"connection"]) == (405, b"close")
    assert memory.transport.ended
    assert not memory.transport.closed  # lingers, so that the answer is not lost to a reset
    memory.send(b"x" * 100_000)
    assert memory.take() == b""
    memory.pass_seconds(6)
    assert memory.transport.closed


def test_a_preflight_allows_what_it_asks_for() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(
        b"OPTIONS /v1/echo HTTP/1.1\r\nHost: h\r\nOrigin: http://a\r\n"
        b"Access-Control-Request-Method: POST\r\n"
        b"Access-Control-Request-Headers: authorization, x-stainless-os\r\n\r\n"
    )
    status, headers, body = answer_of(memory.take())
    assert (status, body) == (204, b"")
    assert headers[b"access-control-allow-headers"] == b"authorization, x-stainless-os"
    assert b"POST" in headers[b"access-control-allow-methods"]
    assert headers[b"allow"] == b"GET, HEAD, OPTIONS, POST"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"content-length" not in headers


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


SIZED = (b"content-length", b"6")


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


def test_a_known_error_is_rendered_by_the_route() -> None:
    memory = failing(OverloadedError(headers=[(b"retry-after", b"3")]))
    memory.send(POST)
    status, headers, body = answer_of(memory.take())
    assert (status, headers[b"retry-after"], code_of(body)) == (503, b"3", "overloaded")


def test_an_unexpected_error_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    memory = failing(ZeroDivisionError("secret detail"))
    memory.send(POST)
    status, headers, body = answer_of(memory.take())
    assert (status, code_of(body)) == (500, "internal_error")
    assert b"secret" not in body
    assert headers[b"x-nexhina-id"].decode() in caplog.text
    assert "secret detail" in caplog.text


def test_a_failing_renderer_still_gives_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    def write_error(error: NexhinaError) -> object:
        raise RuntimeError("renderer")

    memory = failing(OverloadedError())
    serve = memory.edge.router.find(b"POST", b"/v1/run").handler
    serve.write_error = write_error  # type: ignore[assignment]
    memory.send(POST)
    assert answer_of(memory.take())[0] == 500
    assert "renderer" in caplog.text


def test_a_handler_without_an_answer_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        pass

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    assert answer_of(memory.take())[0] == 500
    assert "without ending its answer" in caplog.text


async def test_a_failure_within_a_stream_cuts_it(caplog: pytest.LogCaptureFixture) -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        client.start(200, [])
        client.write(b"one")
        raise OverloadedError

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    assert memory.take().endswith(b"3\r\none\r\n")
    assert memory.transport.closed


def test_a_header_with_a_line_break_is_answered_with_500(caplog: pytest.LogCaptureFixture) -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        client.answer(200, [(b"x", b"a\r\nset-cookie: b")], b"")

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    data = memory.take()
    assert answer_of(data)[0] == 500
    assert b"set-cookie" not in data


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


def test_100_continue_is_sent_before_the_body() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(
        b"POST /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    )
    assert memory.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    memory.send(b"ok")
    assert answer_of(memory.take())[2].endswith(b"ok")


def test_a_packed_body_is_unpacked_for_the_handler() -> None:
    memory = MemoryConnection(echo_routes())
    body = gzip.compress(b"hello")
    head = (
        b"POST /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    )
    memory.send(head % len(body) + body)
    assert answer_of(memory.take())[2].endswith(b"hello")
    memory.send(head.replace(b"gzip", b"brrr") % 1 + b"x")
    assert answer_of(memory.take())[0] == 415


def test_a_websocket_is_refused_with_426() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert answer_of(memory.take())[0] == 426


@pytest.mark.parametrize(
    ("more", "status"), [(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", 426), (b"", 405)]
)
def test_where_only_post_answers_a_websocket_gets_426_and_a_get_405(
    more: bytes, status: int
) -> None:
    serve = echo_routes()["/v1/echo", "POST"]
    memory = MemoryConnection({("/v1/echo", "POST"): serve})
    memory.send(GET[:-2] + more + b"\r\n")
    assert answer_of(memory.take())[0] == status


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


def peer_seen(peer: str, fields: bytes, *, tls: bool = False) -> tuple[str, bytes | None]:
    held = Held()
    options = ServerOptions(trusted_proxies=(ip_network("10.0.0.0/8"),))
    routes = {("/v1/run", "POST"): handler(held.run)}
    memory = MemoryConnection(routes, options, peer=peer, tls=tls)
    memory.send(POST.replace(b"Host: h", b"Host: h" + fields))
    assert held.inbound is not None
    return held.inbound.peer, held.inbound.headers.get(b"x-forwarded-proto")


def test_only_a_trusted_proxy_may_name_the_caller() -> None:
    fields = b"\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https"
    assert peer_seen("10.0.0.1", fields) == ("203.0.113.9", b"https")
    assert peer_seen("192.0.2.1", fields) == ("192.0.2.1", None)
    assert peer_seen("192.0.2.1", b"", tls=True) == ("192.0.2.1", b"https")


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


async def test_a_path_outside_the_api_goes_to_the_fallback_without_cors() -> None:
    memory = MemoryConnection({}, fallback=handler(echo))
    memory.send(b"GET /console HTTP/1.1\r\nHost: h\r\n\r\n")
    status, headers, body = answer_of(memory.take())
    assert (status, body) == (200, b"GET /console? ")
    assert b"access-control-allow-origin" not in headers
