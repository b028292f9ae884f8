"""The server machine under any split of any input."""

from itertools import pairwise

import httptools
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.errors import NexhinaError
from nexhina.gateway.chunked import ChunkReader
from nexhina.gateway.machine import Phase, ServerMachine
from nexhina.gateway.options import ServerOptions

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzXYZ0123456789-_", min_size=1, max_size=12)
VALUE = st.text('abc ,;=/\\"{}\t\xe9', max_size=20)
BODY = st.binary(max_size=300)


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    out = b""
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from([b"", b";a", b';a=b;c="d"']))
        out += b"%x%b\r\n%b\r\n" % (size, extension, body[:size])
        body = body[size:]
    return out + b"0\r\n" + draw(st.sampled_from([b"", b"T: v\r\n"])) + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A request's bytes and its body."""
    body = draw(BODY)
    fields = draw(st.dictionaries(TOKEN.map(lambda name: "x-" + name), VALUE, max_size=8))
    head = b"POST /" + draw(TOKEN).encode() + b" HTTP/1.1\r\nHost: h\r\n"
    for name, value in fields.items():
        head += name.encode() + b":" + value.encode("latin-1") + b"\r\n"
    if draw(st.booleans()):
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body, body
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + draw(chunked(body)), body


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def run(pieces: list[bytes]) -> list[tuple[object, ...]]:
    """What the machine gives: requests, then the failure if there is one."""
    machine = ServerMachine(lambda _: 10_000, ServerOptions())
    given_: list[tuple[object, ...]] = []
    for piece in pieces:
        machine.feed(piece)
        while machine.phase is Phase.WHOLE:
            request = machine.request
            given_.append((request.method, request.path, request.headers, bytes(request.body)))
            machine.next()
    if machine.failure is not None:
        given_.append((machine.failure.status,))
    return given_


@given(st.lists(requests(), min_size=1, max_size=4), st.lists(st.integers(0), max_size=12))
def test_any_split_of_pipelined_requests_gives_the_same_requests(
    messages: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    data = b"".join(message for message, _ in messages)
    whole = run([data])
    assert [request[3] for request in whole] == [body for _, body in messages]
    assert run(cut(data, places)) == whole


@given(
    requests(), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=3),
    st.lists(st.integers(0), max_size=6),
)  # fmt: skip
@settings(max_examples=300)
def test_a_damaged_request_is_judged_alike_at_every_split(
    message: tuple[bytes, bytes], damages: list[tuple[int, int]], places: list[int]
) -> None:
    data = bytearray(message[0])
    for place, byte in damages:
        data[place % len(data)] = byte
    assert run(cut(bytes(data), places)) == run([bytes(data)])


@given(st.binary(max_size=400), st.lists(st.integers(0), max_size=6))
def test_garbage_never_raises(data: bytes, places: list[int]) -> None:
    run(cut(data, places))


class Oracle:
    """llhttp's own reading of a chunked body."""

    def __init__(self, data: bytes) -> None:
        self.body = b""
        self.done = False
        self.failed = False
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            self.failed = not self.done

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = True


@given(
    BODY.flatmap(chunked),
    st.lists(st.tuples(st.integers(0), st.sampled_from(b"\r\n ;0aF:\x00x")), max_size=2),
)
@settings(max_examples=300)
def test_no_chunked_body_is_taken_that_llhttp_reads_otherwise(
    framed: bytes, damages: list[tuple[int, int]]
) -> None:
    data = bytearray(framed)
    for place, byte in damages:
        data[place % len(data)] = byte
    reader = ChunkReader(10_000)
    try:
        took = reader.feed(bytes(data))
    except NexhinaError:
        return
    if reader.done:
        oracle = Oracle(bytes(data[:took]))
        assert (oracle.done, oracle.body) == (True, bytes(reader.body))
