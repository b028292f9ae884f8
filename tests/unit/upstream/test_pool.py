"""The pool, its sites and connections over a transport without sockets, with a clock by hand."""

import asyncio
import gc
import gzip
import sys
from types import FrameType

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Exchange, Limits
from nexhina.upstream.connection import JOINED_BODY
from nexhina.upstream.outflow import PIECE
from nexhina.upstream.pool import Pool
from support.transport import FakeDialer, FakeTransport
from support.wire import Collector, ManualClock, make_target, take, take_failure

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TARGET = make_target(1)


class Bench:
    """A pool whose vendor is the test."""

    def __init__(self, **settings: float) -> None:
        self.clock = ManualClock()
        self.pool = Pool(self.clock, **settings)  # type: ignore[arg-type]
        self.dialer = self.pool.dialer = FakeDialer()
        self.pool.closed = False  # open() would start the real timer

    async def start(self, body: bytes = b"{}", limits: Limits | None = None) -> Exchange:
        exchange = self.pool.send(TARGET, body, limits or Limits())
        await asyncio.sleep(0)
        return exchange

    def feed(self, data: bytes, number: int = -1) -> None:
        protocol = self.dialer.transports[number].protocol
        protocol.data_received(data)
        protocol.take_in()  # what the turn's end does

    def transport(self, number: int = -1) -> FakeTransport:
        return self.dialer.transports[number]

    def pass_time(self, seconds: float) -> None:
        self.pool.sweep()
        self.clock.seconds += seconds
        self.pool.sweep()


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- the request ----------------------------------------------------------------------------------


async def test_head_and_small_body_leave_in_one_write(bench: Bench):
    await bench.start(b"x" * JOINED_BODY)
    (write,) = bench.transport().writes
    head, _, body = write.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:1\r\n")
    assert head.endswith(b"Content-Length: %d" % JOINED_BODY)
    assert len(body) == JOINED_BODY


async def test_a_large_body_waits_while_the_transport_has_enough(bench: Bench):
    bench.dialer.clog_above = PIECE - 1
    body = bytes(range(256)) * (PIECE // 256) * 3 + b"end"
    await bench.start(body)
    transport = bench.transport()
    sizes = [len(body), *[PIECE] * 3]
    for number in range(1, 4):
        assert len(transport.writes) == 1 + number
        assert len(transport.writes[-1]) == sizes[number]
        transport.drain()
    assert transport.sent.endswith(b"\r\n\r\n" + body)
    transport.drain()
    assert len(transport.writes) == 5


async def test_an_answer_that_comes_before_the_whole_body_was_sent_costs_the_connection(
    bench: Bench,
):
    bench.dialer.clog_above = PIECE - 1
    exchange = await bench.start(b"x" * PIECE * 3)
    bench.feed(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    assert (await take(exchange.reply)).status == 413
    assert bench.transport().aborted
    writes = len(bench.transport().writes)
    bench.transport().drain()
    assert len(bench.transport().writes) == writes
    assert (bench.pool.standing, bench.pool.in_flight) == (0, 0)


async def test_a_slow_upload_is_no_first_byte_timeout(bench: Bench):
    bench.dialer.clog_above = PIECE - 1
    exchange = await bench.start(b"x" * PIECE * 3, Limits(first_byte=10))
    for _ in range(3):
        bench.pass_time(9)
        bench.transport().drain()
    assert not exchange.reply.done
    bench.pass_time(11)
    assert (await take_failure(exchange.reply)).kind == "first_byte_timeout"


@pytest.mark.parametrize("path", ["v1", "/a b", "/a\r\nX-Evil: 1", "/ä", "/a\x00"], ids=repr)
async def test_a_path_that_http_can_not_carry_is_a_failure_and_nothing_is_sent(
    bench: Bench, path: str
):
    exchange = bench.pool.send(make_target(1, path=path), b"", Limits())
    failure = await take_failure(exchange.reply)
    assert (failure.kind, failure.sent) == ("connect", False)
    assert (bench.dialer.asked, bench.pool.in_flight) == (0, 0)


async def test_a_method_that_is_none_is_a_failure(bench: Bench):
    exchange = bench.pool.send(make_target(1, method="GET /x"), b"", Limits())
    assert not (await take_failure(exchange.reply)).sent


async def test_an_answer_to_head_has_no_body(bench: Bench):
    exchange = bench.pool.send(make_target(1, method="HEAD"), b"", Limits())
    await asyncio.sleep(0)
    assert b"Content-Length" not in bench.transport().sent
    bench.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    reply = await take(exchange.reply)
    assert await take(reply.read()) == b""


async def test_many_targets_do_not_fill_the_memory(bench: Bench):
    bench.dialer.gate = asyncio.Event()
    for number in range(1500):
        bench.pool.send(make_target(1, path=f"/{number}"), b"", Limits()).cancel()
    assert len(bench.pool._sites) == 1
    assert len(bench.pool._routes) <= 512


# --- connections ----------------------------------------------------------------------------------


async def test_the_newest_idle_connection_is_taken_first(bench: Bench):
    for _ in range(3):
        await bench.start()
    for number in (1, 0, 2):
        bench.feed(OK, number)
    await bench.start()
    assert [len(transport.writes) for transport in bench.dialer.transports] == [1, 1, 2]
    assert (bench.pool.opened, bench.pool.standing, bench.pool.idle) == (3, 3, 2)


async def test_bytes_on_an_idle_connection_close_it(bench: Bench):
    await bench.start()
    bench.feed(OK)
    bench.feed(b"\r\n")
    assert not bench.transport().aborted
    bench.feed(OK)
    assert bench.transport().aborted
    assert (bench.pool.standing, bench.pool.idle) == (0, 0)


async def test_a_vendor_that_closes_an_idle_connection_is_noticed(bench: Bench):
    await bench.start()
    bench.feed(OK)
    bench.transport().protocol.eof_received()
    assert (bench.pool.standing, bench.pool.idle) == (0, 0)
    bench.transport().protocol.connection_lost(None)
    bench.feed(OK)
    assert bench.pool.standing == 0


async def test_a_dead_pooled_connection_is_replaced_by_a_fresh_one_not_by_another_pooled(
    bench: Bench,
):
    for _ in range(2):
        await bench.start()
    bench.feed(OK, 0)
    bench.feed(OK, 1)
    exchange = await bench.start(b"again")
    bench.transport(1).protocol.connection_lost(ConnectionResetError())
    await asyncio.sleep(0)
    assert bench.pool.opened == 3
    assert bench.transport(2).sent.endswith(b"again")
    bench.transport(2).protocol.connection_lost(None)
    failure = await take_failure(exchange.reply)
    assert (failure.kind, bench.pool.opened, bench.pool.in_flight) == ("closed", 3, 0)


@pytest.mark.parametrize(
    ("reused", "bytes_seen"), [(False, b""), (True, b"HTTP/1.1 2")], ids=["fresh", "answering"]
)
async def test_a_connection_that_was_fresh_or_had_begun_to_answer_is_not_replaced(
    bench: Bench, reused: bool, bytes_seen: bytes
):
    if reused:
        await bench.start()
        bench.feed(OK)
    exchange = await bench.start()
    if bytes_seen:
        bench.feed(bytes_seen)
    bench.transport().protocol.eof_received()
    failure = await take_failure(exchange.reply)
    assert (failure.kind, failure.sent, bench.dialer.asked) == ("closed", True, 1)


async def test_a_retried_call_that_can_not_connect_may_have_been_sent_before(bench: Bench):
    await bench.start()
    bench.feed(OK)
    exchange = await bench.start(b"", Limits(connect=5))
    bench.dialer.gate = asyncio.Event()
    bench.transport().protocol.eof_received()
    await asyncio.sleep(0)
    bench.pass_time(6)
    failure = await take_failure(exchange.reply)
    assert (failure.kind, failure.sent) == ("connect_timeout", True)


async def test_a_reset_in_a_body_without_length_is_not_its_end(bench: Bench):
    exchange = await bench.start()
    bench.feed(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    reply = await take(exchange.reply)
    wait = reply.read()
    bench.transport().protocol.connection_lost(ConnectionResetError())
    assert (await take_failure(wait)).kind == "closed"


async def test_a_sink_that_raises_is_told_of_the_end_when_asyncio_closes_the_connection(
    bench: Bench,
):
    exchange = await bench.start()
    bench.feed(STREAM)
    sink = Collector(lambda piece: [][len(piece)])
    (await take(exchange.reply)).attach(sink)
    with pytest.raises(IndexError) as caught:
        bench.feed(b"1\r\na\r\n")
    bench.transport().protocol.connection_lost(caught.value)
    assert isinstance(sink.failure, UpstreamFailure)
    assert (sink.failure.kind, bench.pool.in_flight, bench.pool.standing) == ("closed", 0, 0)


async def test_the_orderly_end_of_a_body_without_length_is_its_end(bench: Bench):
    exchange = await bench.start()
    bench.feed(b"HTTP/1.1 200 OK\r\n\r\nwh")
    wait = (await take(exchange.reply)).read()
    bench.feed(b"ole")
    bench.transport().protocol.eof_received()
    assert await take(wait) == b"whole"
    assert bench.pool.standing == 0


@pytest.mark.parametrize("ends", ["in good order", "with a reset"])
async def test_a_connection_that_closes_while_its_answer_unfolds_is_not_used_again(
    bench: Bench, ends: str
):
    packed = gzip.compress(bytes(8_000_000), 1)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    exchange = await bench.start()
    bench.feed(head % len(packed) + packed)
    protocol = bench.transport().protocol
    if ends == "in good order":
        protocol.eof_received()
        protocol.connection_lost(None)
    else:
        protocol.connection_lost(ConnectionResetError())
    assert await take((await take(exchange.reply)).read()) == bytes(8_000_000)
    assert (bench.pool.idle, bench.pool.standing) == (0, 0)
    second = await bench.start()
    bench.feed(OK)
    assert (await take(second.reply)).status == 200


async def test_a_connection_paused_at_the_end_reads_again_when_it_is_reused(bench: Bench):
    exchange = await bench.start()
    bench.feed(STREAM)
    reply = await take(exchange.reply)
    sink = Collector()
    reply.attach(sink)
    reply.pause()
    assert not bench.transport().reading
    bench.feed(b"1\r\na\r\n0\r\n\r\n")  # was read already
    assert sink.whole
    assert bench.transport().reading
    reply.resume()
    reply.pause()
    assert bench.transport().reading


# --- limits and queues ----------------------------------------------------------------------------


async def test_a_paused_reply_is_not_idle_but_not_endless_either(bench: Bench):
    exchange = await bench.start(limits=Limits(idle=10, total=100))
    bench.feed(STREAM)
    reply = await take(exchange.reply)
    sink = Collector()
    reply.attach(sink)
    reply.pause()
    bench.pass_time(50)
    reply.resume()
    bench.pass_time(9)
    assert sink.failure is None
    reply.pause()
    bench.pass_time(50)
    assert isinstance(sink.failure, UpstreamFailure)
    assert sink.failure.kind == "total_timeout"


async def test_a_dripping_head_does_not_move_the_first_byte_limit(bench: Bench):
    exchange = await bench.start(limits=Limits(first_byte=10))
    for _ in range(4):
        bench.feed(b"HTTP/1.1 100 Continue\r\n\r\n")
        bench.pass_time(3)
    assert (await take_failure(exchange.reply)).kind == "first_byte_timeout"


async def test_waiting_for_a_free_connection_counts_as_connecting():
    bench = Bench(max_per_origin=1)
    await bench.start()
    waiting = await bench.start(limits=Limits(connect=5))
    given_up = await bench.start()
    given_up.cancel()
    assert bench.pool.in_flight == 2
    bench.pass_time(6)
    failure = await take_failure(waiting.reply)
    assert (failure.kind, failure.sent) == ("connect_timeout", False)
    assert (bench.dialer.asked, bench.pool.in_flight) == (1, 1)


async def test_giving_up_a_dialling_call_makes_room_for_the_next():
    bench = Bench(max_per_origin=1)
    bench.dialer.gate = asyncio.Event()
    first = await bench.start(b"first")
    await bench.start(b"second")
    assert bench.dialer.asked == 1
    first.cancel()
    await asyncio.sleep(0)
    bench.dialer.gate.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bench.transport().sent.endswith(b"second")


async def test_one_failed_dial_does_not_fail_those_who_wait():
    bench = Bench(max_per_origin=1)
    bench.dialer.gate = asyncio.Event()
    bench.dialer.failure = UpstreamFailure("connect", "refused", sent=False)
    first, second = await bench.start(), await bench.start()
    bench.dialer.gate.set()
    assert (await take_failure(first.reply)).kind == "connect"
    assert (await take_failure(second.reply)).kind == "connect"
    assert (bench.dialer.asked, bench.pool.in_flight) == (2, 0)


async def test_a_connection_that_closes_while_it_is_handed_over_is_a_failure(bench: Bench):
    class Closing(FakeDialer):
        async def connect(self, origin, make):
            connection = await super().connect(origin, make)
            connection.connection_lost(None)
            return connection

    bench.pool.dialer = Closing()
    exchange = await bench.start()
    failure = await take_failure(exchange.reply)
    assert (failure.kind, failure.sent, bench.pool.standing) == ("connect", False, 0)


async def test_an_origin_that_is_not_used_any_more_is_forgotten(bench: Bench):
    await bench.start()
    bench.feed(OK)
    bench.pass_time(61)
    assert bench.transport().aborted
    assert bench.pool._sites == {}
    exchange = await bench.start()
    bench.feed(OK)
    assert (await take(exchange.reply)).status == 200


async def test_after_a_stalled_loop_the_sweep_lets_the_unread_bytes_in_first(bench: Bench):
    exchange = await bench.start(limits=Limits(first_byte=5))
    bench.pool._tick()
    bench.pool.sweep()
    bench.clock.seconds += 60
    bench.pool._tick()
    assert not exchange.reply.done
    bench.clock.seconds += 0.25
    bench.pool._tick()
    assert exchange.reply.done
    await bench.pool.close()


# --- costs ----------------------------------------------------------------------------------------


async def test_a_steady_request_makes_no_task_and_no_timer_and_reads_no_clock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    await bench.start()
    bench.feed(OK)
    loop = asyncio.get_running_loop()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a steady request must not do this")

    for name in ("create_task", "call_later", "call_at", "call_soon"):
        monkeypatch.setattr(loop, name, refuse)
    monkeypatch.setattr(bench.clock, "monotonic", refuse)
    monkeypatch.setattr(bench.clock, "now", refuse)
    exchange = bench.pool.send(TARGET, b"{}", Limits())
    bench.feed(OK)
    monkeypatch.undo()
    assert exchange.reply.done
    assert bench.pool.opened == 1


async def test_a_steady_request_makes_few_python_calls(bench: Bench):
    await bench.start()
    bench.feed(OK)
    calls: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    protocol = bench.transport().protocol
    sys.setprofile(count)
    try:
        reply = bench.pool.send(TARGET, b"{}", Limits())
        protocol.data_received(OK)
        protocol.take_in()
    finally:
        sys.setprofile(None)
    assert reply.reply.done
    ours = [name for name in calls if not name.startswith("FakeTransport")]
    assert len(ours) <= 12, ours


@pytest.mark.parametrize("wire", [OK, STREAM + b"2\r\nok\r\n0\r\n\r\n"])
async def test_an_answer_is_freed_without_the_cycle_collector(bench: Bench, wire: bytes):
    exchange = await bench.start()
    bench.feed(wire)
    reply = exchange.reply.value
    assert reply is not None
    wait = reply.read()
    assert wait.value == b"ok"
    headers = reply.headers
    held = sys.getrefcount(headers)
    gc.disable()
    try:
        del exchange, reply, wait
        assert sys.getrefcount(headers) == held - 1
    finally:
        gc.enable()


async def test_one_read_of_many_chunks_is_one_call_of_the_sink(bench: Bench):
    exchange = await bench.start()
    bench.feed(STREAM)
    sink = Collector()
    (await take(exchange.reply)).attach(sink)
    bench.feed(b"1\r\na\r\n" * 50)
    assert sink.pieces == [b"a" * 50]


async def test_an_unclaimed_body_pauses_and_a_reader_or_sink_resumes(bench: Bench):
    for claim in ("read", "attach"):
        exchange = await bench.start()
        bench.feed(STREAM)
        reply = await take(exchange.reply)
        bench.feed(b"50000\r\n" + b"x" * 0x50000 + b"\r\n")
        assert not bench.transport().reading
        reply.pause()
        reply.resume()
        assert not bench.transport().reading
        bench.pass_time(1000)  # not idle: we do not want to read
        if claim == "read":
            wait = reply.read()
            assert bench.transport().reading
            bench.feed(b"0\r\n\r\n")
            assert len(await take(wait)) == 0x50000
        else:
            sink = Collector()
            reply.attach(sink)
            assert bench.transport().reading
            assert len(sink.body) == 0x50000
            bench.feed(b"0\r\n\r\n")
            assert sink.whole
