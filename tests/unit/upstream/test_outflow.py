"""Large bodies on their way to a vendor: in pieces, in order, again when they must, never cut."""

import asyncio

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Limits, Segments, Slice
from nexhina.upstream.outflow import PIECE, Outflow, read_segments
from nexhina.upstream.pool import Pool
from support.form import MemorySpool
from support.transport import FakeDialer
from support.wire import ManualClock, make_target, take, take_failure

DATA = bytes(range(256)) * (PIECE * 3 // 256)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TARGET = make_target(1)


def make_body(spool: MemorySpool) -> Segments:
    size = spool.size
    return Segments((b"head", Slice(spool, 0, size - 7), b"", b"new", Slice(spool, size - 7, 7)))


WHOLE = b"head" + DATA[:-7] + b"new" + DATA[-7:]


class Bench:
    """A pool whose vendor is the test."""

    def __init__(self) -> None:
        self.pool = Pool(ManualClock())
        self.dialer = self.pool.dialer = FakeDialer()
        self.pool.closed = False

    def feed(self, data: bytes, number: int = -1) -> None:
        protocol = self.dialer.transports[number].protocol
        protocol.data_received(data)
        protocol.take_in()


def test_pieces_are_bounded_and_together_the_body():
    spool = MemorySpool(DATA)
    outflow = Outflow(make_body(spool))
    pieces: list[bytes] = []
    while outflow.left:
        pieces.append(bytes(outflow.take()))
    assert b"".join(pieces) == WHOLE
    assert max(map(len, pieces)) == PIECE
    assert max(spool.reads) == PIECE
    assert read_segments(make_body(spool)) == WHOLE


def test_bytes_are_sliced_not_copied():
    outflow = Outflow(DATA)
    first = outflow.take()
    assert isinstance(first, memoryview)
    assert first.obj is DATA
    assert outflow.left == len(DATA) - PIECE


def test_a_spool_that_became_shorter_is_an_error():
    spool = MemorySpool(DATA)
    outflow = Outflow(Segments((Slice(spool, 0, spool.size + 1),)))
    for _ in range(3):
        outflow.take()
    with pytest.raises(OSError, match="shorter"):
        outflow.take()


async def test_an_upload_leaves_with_its_length_and_only_as_fast_as_it_is_taken():
    bench = Bench()
    spool = MemorySpool(DATA)
    bench.dialer.clog_above = PIECE - 1
    exchange = bench.pool.send(TARGET, make_body(spool), Limits(), b"Content-Type: a/b\r\n")
    await take_turn()
    transport = bench.dialer.transports[0]
    head, _, rest = transport.sent.partition(b"\r\n\r\n")
    assert head.endswith(b"Content-Type: a/b\r\nContent-Length: %d" % len(WHOLE))
    assert sum(spool.reads) <= PIECE  # what was not taken was not read
    while len(rest) < len(WHOLE):
        transport.drain()
        rest = transport.sent.partition(b"\r\n\r\n")[2]
    assert rest == WHOLE
    bench.feed(OK)
    assert (await take(exchange.reply)).whole == b"ok"


async def test_a_dead_connection_costs_an_upload_nothing():
    bench = Bench()
    spool = MemorySpool(DATA)
    exchange = bench.pool.send(TARGET, b"{}", Limits())
    await take_turn()
    bench.feed(OK)
    await take(exchange.reply)
    exchange = bench.pool.send(TARGET, make_body(spool), Limits())
    bench.dialer.transports[0].protocol.connection_lost(ConnectionResetError())
    await take_turn()
    transport = bench.dialer.transports[1]
    assert transport.sent.partition(b"\r\n\r\n")[2] == WHOLE
    bench.feed(OK)
    assert (await take(exchange.reply)).status == 200


async def test_an_early_answer_is_read_and_ends_the_upload():
    bench = Bench()
    spool = MemorySpool(DATA)
    bench.dialer.clog_above = PIECE - 1
    exchange = bench.pool.send(TARGET, make_body(spool), Limits())
    await take_turn()
    bench.feed(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
    reply = await take(exchange.reply)
    assert (reply.status, reply.whole) == (413, b"big")
    read = sum(spool.reads)
    bench.dialer.transports[0].drain()
    assert sum(spool.reads) == read
    assert bench.dialer.transports[0].aborted  # half a request must not be followed by another
    assert bench.pool.in_flight == 0


async def test_an_upload_that_can_not_be_read_back_fails_and_is_not_ended():
    bench = Bench()
    spool = MemorySpool(DATA)
    exchange = bench.pool.send(TARGET, Segments((Slice(spool, 0, spool.size + 9),)), Limits())
    await take_turn()
    failure = await take_failure(exchange.reply)
    assert isinstance(failure, UpstreamFailure)
    assert failure.kind == "closed"
    assert bench.dialer.transports[0].aborted
    assert bench.pool.in_flight == 0


async def test_giving_up_stops_the_reading():
    bench = Bench()
    spool = MemorySpool(DATA)
    bench.dialer.clog_above = PIECE - 1
    exchange = bench.pool.send(TARGET, make_body(spool), Limits())
    await take_turn()
    exchange.cancel()
    read = sum(spool.reads)
    bench.dialer.transports[0].drain()
    assert sum(spool.reads) == read


async def take_turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)
