"""A remembered head is read exactly as llhttp reads it, whatever follows it."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexhina.errors import NotFoundError
from nexhina.gateway.machine import Phase, ServerMachine
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.request import Request

CAP = 5000
HONEST = st.integers(0, 300).map(lambda size: b"%d" % size)
HOSTILE = st.sampled_from(
    [
        b"+5", b"-5", b"1_0", b" 5", b"5 ", b"\t5", b"5\t", b"", b"0", b"00", b"005", b"5,5", b"5, 5",
        b"00000005", b"000000005", b"99999999", b"123456789", b"18446744073709551620", b"0x5", b"5.0",
        b"1e1", b"\xb2", b"\xd9\xa5", b"5\n", b"5\r", b"5\r\n", b"5\x00", b"5001", b"5;a",
        b"5\r\nContent-Length: 5", b"5\r\nContent-Length: 6", b"5\r\ncontent-length:5",
        b"5\r\nTransfer-Encoding: chunked", b"5\r\n Folded: 1", b"5\r\nConnection: close",
        b"5\r\nExpect: 100-continue", b"5\r\nHost: other", b"5\r\n\r\n",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [b"Content-Length: ", b"content-length: ", b"Content-length: ", b"CONTENT-LENGTH: ",
     b"Content-Length:", b"Content-Length:  ", b"X-Content-Length: "]
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        b"Accept: */*\r\n", b"Connection: keep-alive\r\n", b"Connection: Keep-Alive\r\n",
        b"Connection: keep-alive, x\r\n", b"Proxy-Connection: close\r\n", b"Upgrade: h2c\r\n",
        b"X-Length: Content-Length: 5\r\n", b"Cookie: a\r\n", b"Padded: \t 5 \t\r\n", b"Expect: x\r\n",
        b"Connection: Upgrade\r\n", b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Host: h\r\n", b"5\r\n",
    ]
)  # fmt: skip
TARGETS = st.sampled_from([b"/a", b"/a?b=c", b"http://o/a", b"*", b"/refused"])


@st.composite
def shapes(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A head before and behind the digits of its length."""
    method = draw(st.sampled_from([b"POST", b"POST", b"GET", b"HEAD"]))
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    before = b"%b %b HTTP/%b\r\nHost: h\r\n" % (method, draw(TARGETS), version)
    before += b"".join(draw(st.lists(FIELDS, max_size=2)))
    behind = b"\r\n" + b"".join(draw(st.lists(FIELDS, max_size=1))) + b"\r\n"
    if draw(st.booleans()):
        return before + draw(NAMES), behind
    return before + b"X-N: ", behind


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Requests of one or two shapes, most of them honest."""
    known = draw(st.lists(shapes(), min_size=1, max_size=2))
    data = b""
    for _ in range(draw(st.integers(2, 6))):
        before, behind = draw(st.sampled_from(known))
        digits = draw(st.one_of(HONEST, HONEST, HOSTILE))
        size = int(digits) if digits.isdigit() and int(digits) < CAP else 5
        body = draw(st.sampled_from([b"y" * size, b"y" * size, b"", b"y" * (size // 2)]))
        gap = draw(st.sampled_from([b"", b"", b"", b"\r\n"]))
        data += gap + before + digits + behind + body
    return data


def admit(request: Request) -> int:
    if request.target == b"/refused":
        raise NotFoundError
    return CAP


def read(pieces: list[bytes], *, forget: bool) -> tuple[list[object], int]:
    """All that the machine tells, and how many heads it knew; with `forget` it can't know any."""
    machine = ServerMachine(admit, ServerOptions())
    told: list[object] = []
    knew = 0
    for piece in pieces:
        if forget:
            machine._memo = None
        machine.feed(piece)
        told.append((machine.phase, machine.interim, machine.at_start, len(machine.backlog)))
        while machine.phase is Phase.WHOLE:
            request = machine.request
            knew += not machine._begun
            told.append(
                (
                    request.verb, request.target, request.query, list(request.headers.items()),
                    bytes(request.body), request.length, request.http11, request.keep_alive,
                    request.is_plain, request.upgrade, request.expect, request.repeats,
                    request.failure and request.failure.status,
                )
            )  # fmt: skip
            request.headers[b"x-mark"] = b"of this request"  # a handler may write to its own
            if forget:
                machine._memo = None
            machine.next()
    if machine.failure is not None:
        told.append((str(machine.failure), machine.failure.status, machine.request.keep_alive))
    return told, knew


GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
CLOSING = b"GET /refused HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: "


@given(streams(), st.lists(st.integers(0), max_size=6))
@example(POST + b"5\r\n\r\nhello\r\n" + POST + b"2\r\n\r\nhi", [56])
@example(POST + b"5\r\n\r\nhello" + POST + b"2\r\nContent-Length: 3\r\n\r\nhi", [])
@example(GET + CLOSING + GET, [])  # llhttp reads nothing behind a close
@settings(max_examples=600)
def test_a_machine_that_remembers_reads_what_one_reads_that_does_not(
    data: bytes, places: list[int]
) -> None:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    remembered, _ = read(pieces, forget=False)
    parsed, knew = read(pieces, forget=True)
    assert remembered == parsed
    assert knew == 0


@given(st.lists(st.binary(max_size=400), min_size=2, max_size=5))
def test_honest_repetition_is_known_whatever_the_bodies(bodies: list[bytes]) -> None:
    pieces = [POST + b"%d\r\nA: b\r\n\r\n" % len(body) + body for body in bodies]
    told, knew = read(pieces, forget=False)
    assert knew == len(bodies) - 1
    assert [request[4] for request in told if len(request) > 4] == bodies  # type: ignore[index, arg-type]


@given(st.integers(0), st.integers(0, 255), st.integers(0, 60))
@settings(max_examples=500)
def test_one_changed_byte_is_judged_as_if_nothing_was_known(
    place: int, byte: int, size: int
) -> None:
    good = POST + b"%d\r\nA: b\r\n\r\n" % size + b"x" * size
    bad = bytearray(good)
    bad[place % len(bad)] = byte
    pieces = [good, bytes(bad), good]
    assert read(pieces, forget=False)[0] == read(pieces, forget=True)[0]
