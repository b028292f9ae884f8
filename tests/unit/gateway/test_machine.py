"""The server machine: bytes in, requests out."""

import pytest

from nexhina.errors import BodyTooLargeError, NexhinaError, NotFoundError
from nexhina.gateway.machine import Phase, ServerMachine
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.request import Request

GOOD = {
    "get": b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    "query": b"GET /a?b=c%20d&e HTTP/1.1\r\nHost: h:8000\r\n\r\n",
    "body": b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "chunked": (
        b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nX-Trailer: t\r\n\r\n"
    ),
    "blank values": b"GET /a HTTP/1.1\r\nHost: h\r\nEmpty:\r\nPadded: \t v \t\r\nAfter: x\r\n\r\n",
    "repeated": b"GET /a HTTP/1.1\r\nHost: h\r\nA: 1\r\na: 2\r\nCookie: x\r\nCookie: y\r\n\r\n",
    "old": b"GET /a HTTP/1.0\r\n\r\n",
    "later minor version": b"POST /a HTTP/1.2\r\nHost: h\r\nContent-Length: 2\r\n\r\nok",
    "last minor version": b"GET /a HTTP/1.9\r\nHost: h\r\n\r\n",
    "old kept": b"POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    "absolute": b"GET http://other:81/a?q HTTP/1.1\r\nHost: h\r\n\r\n",
    "closing": b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n",
    "h2c offer": (
        b"POST /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABk\r\nContent-Length: 4\r\n\r\nbody"
    ),
    "h2c offer, chunked": (
        b"POST /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    ),
    "for a proxy": (
        b"POST /a HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\nContent-Length: 2\r\n\r\nok"
    ),
    "blank line before": b"\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    "options": b"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
}


def machine(cap: int = 1000, **limits: int) -> ServerMachine:
    return ServerMachine(lambda _: cap, ServerOptions(**limits))  # type: ignore[arg-type]


def facts(request: Request) -> tuple[object, ...]:
    return (
        request.verb, request.target, request.query, request.headers, bytes(request.body),
        request.http11, request.keep_alive,
    )  # fmt: skip


def read_whole(data: bytes) -> Request:
    server = machine()
    server.feed(data)
    assert server.failure is None
    assert server.phase is Phase.WHOLE
    return server.request


def failure_of(data: bytes, **limits: int) -> NexhinaError:
    server = machine(**limits)
    server.feed(data)
    assert server.phase is Phase.FAILED
    assert server.failure is not None
    return server.failure


@pytest.mark.parametrize("name", GOOD)
def test_every_split_of_the_input_gives_the_same_request(name: str) -> None:
    data = GOOD[name]
    whole = facts(read_whole(data))
    for cut in range(1, len(data)):
        server = machine()
        server.feed(data[:cut])
        server.feed(data[cut:])
        assert server.phase is Phase.WHOLE, cut
        assert facts(server.request) == whole, cut


@pytest.mark.parametrize("name", GOOD)
def test_single_bytes_give_the_same_request(name: str) -> None:
    server = machine()
    for byte in GOOD[name]:
        server.feed(bytes([byte]))
    assert facts(server.request) == facts(read_whole(GOOD[name]))


def test_a_request_is_read_with_all_its_parts() -> None:
    request = read_whole(GOOD["repeated"])
    assert request.headers == {b"host": b"h", b"a": b"1, 2", b"cookie": b"x; y"}
    request = read_whole(GOOD["query"])
    assert (request.verb, request.target, request.query) == (b"GET", b"/a", b"b=c%20d&e")
    assert read_whole(GOOD["body"]).body == b"hello"
    assert read_whole(GOOD["chunked"]).body == b"hello"
    assert read_whole(GOOD["h2c offer"]).body == b"body"
    assert read_whole(GOOD["h2c offer, chunked"]).body == b"body"
    assert read_whole(GOOD["blank values"]).headers == {
        b"host": b"h", b"empty": b"", b"padded": b"v", b"after": b"x"
    }  # fmt: skip


def test_a_trailer_never_becomes_a_header() -> None:
    assert b"x-trailer" not in read_whole(GOOD["chunked"]).headers
    server = machine()
    server.feed(GOOD["chunked"] + GOOD["get"])
    server.next()
    assert server.request.headers == {b"host": b"h"}


def test_the_authority_of_an_absolute_target_replaces_the_host() -> None:
    request = read_whole(GOOD["absolute"])
    assert request.target == b"/a"
    assert request.query == b"q"
    assert request.headers[b"host"] == b"other:81"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("get", True),
        ("old", False),
        ("old kept", True),
        ("closing", False),
        ("h2c offer", True),
        ("for a proxy", True),
    ],
)
def test_keep_alive_follows_version_and_connection(name: str, kept: bool) -> None:
    assert read_whole(GOOD[name]).keep_alive is kept


def test_pipelined_requests_come_one_at_a_time_and_whole() -> None:
    names = [name for name in GOOD if name not in {"old", "closing"}]
    server = machine()
    server.feed(b"".join(GOOD[name] for name in names))
    for name in names:
        assert server.phase is Phase.WHOLE
        assert facts(server.request) == facts(read_whole(GOOD[name])), name
        server.next()
    assert server.at_start


def test_bytes_behind_a_request_are_not_looked_at_before_its_answer() -> None:
    server = machine()
    server.feed(GOOD["get"] + b"\x00garbage\r\n\r\n")
    assert server.phase is Phase.WHOLE
    assert server.failure is None
    server.next()
    assert server.phase is Phase.FAILED


def test_a_large_body_takes_no_memory_before_its_bytes_come() -> None:
    server = ServerMachine(lambda _: 1 << 40, ServerOptions())
    server.feed(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nx")
    assert server.phase is Phase.BODY
    server.feed(b"y" * 1000)
    assert server.phase is Phase.BODY
    assert server._pieces == [b"x", b"y" * 1000]


def test_a_body_over_the_cap_is_refused_at_its_announcement() -> None:
    server = machine(cap=10)
    server.feed(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n")
    assert isinstance(server.failure, BodyTooLargeError)


def test_a_chunked_body_over_the_cap_is_refused_when_it_passes_it() -> None:
    server = machine(cap=10)
    head = b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.feed(head + b"8\r\n12345678\r\n")
    assert server.failure is None
    server.feed(b"3\r\n")
    assert isinstance(server.failure, BodyTooLargeError)


def test_100_continue_is_wished_for_only_while_the_body_is_missing() -> None:
    head = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
    server = machine()
    server.feed(head)
    assert server.interim
    server = machine()
    server.feed(head + b"ok")
    assert not server.interim
    server = machine()
    server.feed(head.replace(b"1.1", b"1.0"))
    assert not server.interim


def test_what_admit_refuses_without_a_body_leaves_the_connection_usable() -> None:
    def admit(_: Request) -> int:
        raise NotFoundError

    server = ServerMachine(admit, ServerOptions())
    server.feed(GOOD["get"])
    assert server.phase is Phase.WHOLE
    assert isinstance(server.request.failure, NotFoundError)
    server.next()
    server.feed(GOOD["body"])
    assert server.phase is Phase.FAILED
    assert isinstance(server.failure, NotFoundError)


def test_a_refusal_keeps_no_frames_for_they_keep_what_was_read() -> None:
    def admit(_: Request) -> int:
        raise NotFoundError

    server = ServerMachine(admit, ServerOptions())
    server.feed(GOOD["get"])
    assert server.request.failure is not None
    assert server.request.failure.__traceback__ is None
    server.next()
    server.feed(GOOD["body"])
    assert server.failure is not None
    assert server.failure.__traceback__ is None
    for name in ("two hosts", "chunk too long"):
        assert failure_of(BAD[name][0]).__traceback__ is None


H = b"Host: h\r\n"
BAD: dict[str, tuple[bytes, int]] = {
    "CL.TE": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "TE.CL": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400),
    "two equal lengths": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "length list": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 4, 4\r\n\r\nabcd", 400),
    "length sign": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: +4\r\n\r\nabcd", 400),
    "length negative": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: -4\r\n\r\nabcd", 400),
    "length empty": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length:\r\n\r\nabcd", 400),
    "length hexadecimal": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 0x4\r\n\r\nabcd", 400),
    "length overflow": (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 18446744073709551620\r\n\r\nabcd", 400),
    "coding unknown": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "coding list": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "coding twice": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
    "coding chunked twice": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding quoted": (b"POST / HTTP/1.1\r\n" + H + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 501),
    "coding with vertical tab": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "coding folded": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    "coding xchunked": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "coding in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "space before colon": (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    "space before name": (b"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    "obs-fold": (b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n c\r\n\r\n", 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: h\n\n", 400),
    "bare LF in a head": (b"GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", 400),
    "bare CR": (b"GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n", 400),
    "NUL": (b"GET / HTTP/1.1\r\n" + H + b"A: b\x00c\r\n\r\n", 400),
    "control character": (b"GET / HTTP/1.1\r\n" + H + b"A: b\x01\r\n\r\n", 400),
    "empty name": (b"GET / HTTP/1.1\r\n" + H + b": b\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\n" + H + b"nonsense\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two versions": (b"GET / HTTP/1.1 HTTP/1.2\r\nHost: h\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "empty host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "host with path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "host of dots": (b"GET / HTTP/1.1\r\nHost: ..\r\n\r\n", 400),
    "host with an empty label": (b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400),
    "host with user": (b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    "authority with user": (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    "HTTP/3.0": (b"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505),
    "HTTP/0.9 in the line": (b"GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400),
    "HTTP/1.2 without a host": (b"GET / HTTP/1.2\r\n\r\n", 400),
    "RTSP": (b"GET / RTSP/1.0\r\nHost: h\r\n\r\n", 400),
    "lower-case protocol": (b"GET / http/1.1\r\nHost: h\r\n\r\n", 400),
    "space behind version": (b"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
    "unknown method": (b"FOO / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "relative target": (b"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "star": (b"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "other scheme": (b"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "bytes in the target": (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "only blank lines": (b"\r\n" * 10, 400),
    "chunk size negative": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
    "chunk size overflow": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 17 + b"\r\n", 400),
    "chunk size prefixed": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", 400),
    "chunk size with space": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n", 400),
    "chunk too long": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
    "chunk with bare LF": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", 400),
    "chunk larger than the cap": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", 413),
    "endless extension": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 9000, 400),
    "broken trailer": (b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n", 400),
    "5,000 headers": (b"GET / HTTP/1.1\r\n" + H + b"".join(b"a%d: b\r\n" % i for i in range(5000)) + b"\r\n", 431),
    "101 equal headers": (b"GET / HTTP/1.1\r\n" + H + b"a: b\r\n" * 100 + b"\r\n", 431),
    "long header": (b"GET / HTTP/1.1\r\n" + H + b"A: " + b"b" * 100_000 + b"\r\n\r\n", 431),
    "long URL": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_hostile_input_is_refused_with_its_status(name: str) -> None:
    data, status = BAD[name]
    assert failure_of(data).status == status


@pytest.mark.parametrize("name", BAD)
def test_hostile_input_is_refused_at_every_split(name: str) -> None:
    data, status = BAD[name]
    for cut in range(1, min(len(data), 400)):
        server = machine()
        server.feed(data[:cut])
        server.feed(data[cut:])
        assert server.failure is not None, cut
        assert server.failure.status == status, cut


def test_a_head_of_the_full_allowance_passes() -> None:
    head = (
        b"GET / HTTP/1.1\r\nHost: h\r\n" + b"".join(b"h%d: x\r\n" % i for i in range(99)) + b"\r\n"
    )
    assert len(read_whole(head).headers) == 100


def test_a_head_that_never_ends_is_cut_at_the_limit() -> None:
    server = machine()
    server.feed(b"GET / HTTP/1.1\r\nHost: h\r\nA: ")
    for _ in range(70):
        server.feed(b"x" * 1000)
    assert server.failure is not None
    assert server.failure.status == 431


def test_after_a_failure_nothing_is_read_any_more() -> None:
    server = machine()
    server.feed(b"\x00")
    error = server.failure
    server.feed(GOOD["get"])
    assert server.failure is error
    assert server.backlog == b""
