"""Without a key nobody fills the server's memory."""

import gzip

import msgspec
import pytest

from nexhina.errors import InvalidApiKeyError
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.stranger import SLOWEST, SMALL
from nexhina.ports import Inbound
from support.edge import MemoryConnection, echo, handler, split_answers

ROOM = 100_000
LARGE = 60_000


def knows(inbound: Inbound) -> bool:
    """Whether memory knows the caller; of "nobody" it knows that they are none."""
    key = inbound.headers.get(b"authorization")
    if key in (None, b"nobody"):
        raise InvalidApiKeyError
    return key == b"known"


def connect(other: MemoryConnection | None = None) -> MemoryConnection:
    """A connection; the second and further ones to the server of the first."""
    route = handler(echo)
    route.knows = knows
    route.max_body = 4 * 1024 * 1024
    memory = MemoryConnection({("/v1/run", "POST"): route}, ServerOptions(max_strangers=ROOM))
    if other is not None:
        memory.edge = other.edge
        memory.connection = type(other.connection)(other.edge)
        memory.connection.connection_made(memory.transport)
    return memory


def head(key: bytes | None, size: int = LARGE, fields: bytes = b"") -> bytes:
    said = b"" if key is None else b"Authorization: %b\r\n" % key
    return b"POST /v1/run HTTP/1.1\r\nHost: h\r\n%b%bContent-Length: %d\r\n\r\n" % (
        said,
        fields,
        size,
    )


def status_of(memory: MemoryConnection) -> int:
    ((status, _, _),) = split_answers(memory.take())
    return status


@pytest.mark.parametrize("key", [None, b"nobody"])
def test_a_large_body_that_nobody_sends_is_refused_before_it_is_read(key: bytes | None) -> None:
    memory = connect()
    memory.send(head(key))
    assert status_of(memory) == 401
    memory = connect()
    memory.send(head(key, SMALL) + b"x")
    assert memory.take() == b""  # it is read, and refused by whom it is for


def test_unknown_callers_share_a_room() -> None:
    first = connect()
    first.send(head(b"new"))
    first.send(b"x" * (LARGE - 1))
    second = connect(first)
    second.send(head(b"new"))
    second.send(b"x" * (ROOM - LARGE))
    assert (first.edge.strangers.used, second.take()) == (ROOM - 1, b"")
    second.send(b"xx")
    ((status, headers, body),) = split_answers(second.take())
    assert (status, headers[b"retry-after"]) == (503, b"5")
    assert msgspec.json.decode(body)["error"]["code"] == "overloaded"
    first.send(b"x")
    assert status_of(first) == 200
    assert first.edge.strangers.used == 0


def test_a_lone_unknown_caller_may_send_more_than_the_room() -> None:
    memory = connect()
    memory.send(head(b"new", 3 * ROOM))
    memory.send(b"x" * (2 * ROOM))
    memory.send(b"x" * ROOM)
    ((status, _, body),) = split_answers(memory.take())
    assert (status, body.count(b"x")) == (200, 3 * ROOM)


def test_known_callers_need_no_room() -> None:
    first = connect()
    first.send(head(b"new"))
    first.send(b"x" * (LARGE - 1))
    known = connect(first)
    known.send(head(b"known", ROOM))
    known.send(b"x" * ROOM)
    assert status_of(known) == 200


def test_a_body_in_chunks_takes_room_too() -> None:
    memory = connect()
    start = head(b"new").replace(b"Content-Length: 60000", b"Transfer-Encoding: chunked")
    memory.send(start + b"5\r\nhello")
    assert memory.edge.strangers.used == 5
    memory.send(b"\r\n0\r\n\r\n")
    ((status, _, body),) = split_answers(memory.take())
    assert (status, body[-5:]) == (200, b"hello")
    assert memory.edge.strangers.used == 0


@pytest.mark.parametrize("end", ["lost", "left", "timeout", "broken"])
def test_room_comes_back_when_the_sender_does_not_finish(end: str) -> None:
    memory = connect()
    if end == "broken":
        start = head(b"new").replace(b"Content-Length: 60000", b"Transfer-Encoding: chunked")
        memory.send(start + b"5\r\nhello\r\n")
        memory.send(b"nonsense\r\n")
    else:
        memory.send(head(b"new"))
        memory.send(b"hello")
        assert memory.edge.strangers.used == 5
    if end == "lost":
        memory.connection.connection_lost(None)
    elif end == "left":
        memory.connection.eof_received()
    elif end == "timeout":
        memory.pass_seconds(61)
    assert memory.edge.strangers.used == 0


def test_who_brings_a_byte_at_a_time_does_not_keep_the_room() -> None:
    memory = connect()
    memory.send(head(b"new"))
    for _ in range(4):
        memory.send(b"x")
        memory.pass_seconds(20)
    assert status_of(memory) == 408
    assert memory.edge.strangers.used == 0


def test_who_brings_enough_has_all_the_time_it_takes() -> None:
    memory = connect()
    memory.send(head(b"new", 100 * SLOWEST))
    for _ in range(100):
        memory.send(b"x" * SLOWEST)
        memory.pass_seconds(1)
    assert status_of(memory) == 200


def test_what_strangers_unpack_takes_room_too() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    first = connect()
    first.send(head(b"new"))
    first.send(b"x" * (LARGE - 1))
    second = connect(first)
    second.send(head(b"new", len(packed), b"Content-Encoding: gzip\r\n") + packed)
    assert status_of(second) == 503
    assert first.edge.strangers.used == LARGE - 1


def test_nothing_is_unpacked_for_nobody() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    memory = connect()
    memory.send(head(b"nobody", len(packed), b"Content-Encoding: gzip\r\n") + packed)
    assert status_of(memory) == 401
