"""A connection and its exchanges, without a socket: what goes in, what comes out, who is told."""

import gzip
from ipaddress import ip_network

import pytest

from nexhina.errors import NexhinaError, OverloadedError
from nexhina.gateway.options import ServerOptions
from nexhina.ports import Client, Inbound
from support.edge import MemoryConnection, echo, echo_routes, handler
from support.held import GET, POST, Held, answer_of, code_of, failing


def test_a_whole_answer_is_one_write_with_the_gateways_headers() -> None:
    memory = MemoryConnection(echo_routes())
    memory.send(b"POST /v1/echo?q HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
    assert memory.transport.writes == 1
    status, headers, body = answer_of(memory.take())
    assert (status, body) == (200, b"POST /v1/echo?q hi")
    assert headers[b"x-request-id"] == headers[b"x-nexhina-id"]
    assert headers[b"date"] == b"Tue, 14 Nov 2023 22:13:20 GMT"
    assert headers[b"access-control-allow-origin"] == b"*"
    exposed = headers[b"access-control-expose-headers"].split(b", ")
    assert {b"x-request-id", b"x-nexhina-cost", b"idempotency-replayed", b"retry-after"} <= {
        *exposed
    }
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


def test_a_header_with_a_line_break_is_answered_with_500(caplog: pytest.LogCaptureFixture) -> None:
    async def run(inbound: Inbound, client: Client) -> None:
        client.answer(200, [(b"x", b"a\r\nset-cookie: b")], b"")

    memory = MemoryConnection({("/v1/run", "POST"): handler(run)})
    memory.send(POST)
    data = memory.take()
    assert answer_of(data)[0] == 500
    assert b"set-cookie" not in data


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


async def test_a_path_outside_the_api_goes_to_the_fallback_without_cors() -> None:
    memory = MemoryConnection({}, fallback=handler(echo))
    memory.send(b"GET /console HTTP/1.1\r\nHost: h\r\n\r\n")
    status, headers, body = answer_of(memory.take())
    assert (status, body) == (200, b"GET /console? ")
    assert b"access-control-allow-origin" not in headers
