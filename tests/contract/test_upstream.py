"""The pool against a vendor on a real port, on both event loops; and its twin, the fake."""

import asyncio
import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from nexhina.errors import UpstreamFailure
from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.certificate import make_server_context
from support.proxy import HttpProxy, SocksProxy
from support.scripted_upstream import (
    CHUNKED_END,
    GARBAGE,
    Cut,
    Flood,
    Hold,
    Reset,
    ScriptedUpstream,
    Slow,
    Stall,
    answer,
    chat_stream,
    chunk,
    chunked_head,
    html_answer,
    json_answer,
    rate_limited,
    sse_head,
)
from support.wire import (
    Collector,
    ManualClock,
    Wire,
    call,
    make_target,
    take,
    take_failure,
    until,
)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def wire(request: pytest.FixtureRequest) -> Wire:
    make_loop: Callable[[], asyncio.AbstractEventLoop] = request.param
    return Wire(make_loop)


@pytest.fixture
def vendor() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as started:
        yield started


def find_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# --- requests and answers -------------------------------------------------------------------------


def test_a_request_arrives_as_it_was_prepared(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port, path="/v1/chat/completions?x=1")
        exchange = pool.send(target, b'{"a":1}', Limits(), extra=b"X-Extra: yes\r\n")
        await take(exchange.reply)
        (request,) = vendor.received
        assert (request.method, request.path) == ("POST", "/v1/chat/completions?x=1")
        assert request.json() == {"a": 1}
        assert request.headers["content-length"] == "7"
        assert request.headers["x-extra"] == "yes"
        assert request.headers["authorization"] == "Bearer sk-vendor-secret"
        assert request.raw_head.lower().count(b"content-length") == 1

    wire.run(steps)


def test_a_get_has_no_length_and_an_empty_post_has(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        await call(pool, make_target(vendor.port, method="GET", path="/v1/models"), b"")
        await call(pool, make_target(vendor.port), b"")
        assert "content-length" not in vendor.received[0].headers
        assert vendor.received[1].headers["content-length"] == "0"

    wire.run(steps)


def test_the_body_of_a_small_answer_is_there_with_its_head(wire: Wire, vendor: ScriptedUpstream):
    vendor.play(json_answer({"ok": True}, headers={"X-Seen": "1"}))

    async def steps(pool: Pool) -> None:
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        assert (reply.status, reply.headers[b"x-seen"]) == (200, b"1")
        wait = reply.read()
        assert wait.done
        assert await take(wait) == b'{"ok":true}'

    wire.run(steps)


def test_refusals_of_a_vendor_are_answers_not_failures(wire: Wire, vendor: ScriptedUpstream):
    vendor.play(rate_limited("7"))
    vendor.play(html_answer())

    async def steps(pool: Pool) -> None:
        reply, _ = await call(pool, make_target(vendor.port))
        assert (reply.status, reply.headers[b"retry-after"]) == (429, b"7")
        reply, body = await call(pool, make_target(vendor.port))
        assert (reply.status, reply.headers[b"content-type"]) == (200, b"text/html")
        assert b"Welcome" in body

    wire.run(steps)


def test_an_answer_that_drips_in_is_read_whole(wire: Wire, vendor: ScriptedUpstream):
    vendor.play(Slow(json_answer({"slow": True}), every=0.0005))

    async def steps(pool: Pool) -> None:
        _, body = await call(pool, make_target(vendor.port))
        assert body == b'{"slow":true}'

    wire.run(steps)


def test_a_large_body_arrives_whole_in_both_directions(wire: Wire, vendor: ScriptedUpstream):
    question = hashlib.shake_128(b"q").digest(1 << 20) * 24
    picture = hashlib.shake_128(b"a").digest(1 << 20) * 24
    vendor.play(answer(200, picture))

    async def steps(pool: Pool) -> None:
        _, body = await call(pool, make_target(vendor.port), question)
        assert hashlib.sha256(body).digest() == hashlib.sha256(picture).digest()
        assert vendor.received[0].body == question
        await call(pool, make_target(vendor.port))
        assert (vendor.accepted, pool.opened) == (1, 1)

    wire.run(steps)


def test_a_body_as_bytearray_is_sent(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        for size in (10, 500_000):
            exchange = pool.send(make_target(vendor.port), bytearray(b"b" * size), Limits())
            await take((await take(exchange.reply)).read())
        assert [len(request.body) for request in vendor.received] == [10, 500_000]

    wire.run(steps)


def test_an_encoded_answer_arrives_decoded(wire: Wire, vendor: ScriptedUpstream):
    packed = gzip.compress(b'{"packed":true}')
    vendor.play(answer(200, packed, headers={"content-encoding": "gzip"}))

    async def steps(pool: Pool) -> None:
        reply, body = await call(pool, make_target(vendor.port))
        assert body == b'{"packed":true}'
        assert b"content-encoding" not in reply.headers

    wire.run(steps)


# --- streams --------------------------------------------------------------------------------------


def test_a_stream_reaches_its_sink_piece_by_piece(wire: Wire, vendor: ScriptedUpstream):
    gates = [threading.Event(), threading.Event()]
    vendor.play(
        sse_head(), chunk(b"one"), Hold(gates[0]), chunk(b"tw") + chunk(b"o"), Hold(gates[1]),
        CHUNKED_END,
    )  # fmt: skip

    async def steps(pool: Pool) -> None:
        sink = Collector()
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        reply.attach(sink)
        await until(lambda: sink.pieces == [b"one"])
        gates[0].set()
        await until(lambda: sink.pieces == [b"one", b"two"])
        assert not sink.done.is_set()
        gates[1].set()
        await sink.done.wait()
        assert sink.whole
        assert pool.idle == 1

    wire.run(steps)


def test_a_chat_stream_arrives_whole(wire: Wire, vendor: ScriptedUpstream):
    vendor.play(*chat_stream(20, usage={"prompt_tokens": 3, "completion_tokens": 20}))

    async def steps(pool: Pool) -> None:
        sink = Collector()
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        assert reply.headers[b"content-type"] == b"text/event-stream"
        reply.attach(sink)
        await sink.done.wait()
        assert sink.body.count(b"data: ") == 20 + 3
        assert sink.body.endswith(b"data: [DONE]\n\n")

    wire.run(steps)


@pytest.mark.parametrize(
    ("last", "kind"),
    [(Cut(), "closed"), (Reset(), "closed"), (b"zz\r\n", "protocol")],
    ids=["cut", "reset", "garbage"],
)
def test_a_stream_that_breaks_tells_its_sink_after_the_last_piece(
    wire: Wire, vendor: ScriptedUpstream, last: Cut | Reset | bytes, kind: str
):
    gate = threading.Event()
    vendor.play(sse_head(), chunk(b"one"), Hold(gate), last, Stall())

    async def steps(pool: Pool) -> None:
        sink = Collector()
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        reply.attach(sink)
        await sink.changed.wait()
        gate.set()
        await sink.done.wait()
        assert isinstance(sink.failure, UpstreamFailure)
        assert (sink.body, sink.failure.kind, sink.failure.sent) == (b"one", kind, True)
        assert pool.standing == 0

    wire.run(steps)


def test_a_paused_stream_stops_the_vendor(wire: Wire, vendor: ScriptedUpstream):
    total = 96 << 20
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n".encode()
    vendor.play(head, Flood(total))

    async def steps(pool: Pool) -> None:
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        sink = Collector()
        reply.attach(sink)
        await sink.changed.wait()
        reply.pause()
        got = len(sink.body)
        (connection,) = vendor.connections
        before = -1
        while connection.sent != before:  # until the sockets' buffers are full
            before = connection.sent
            await asyncio.sleep(0.1)
        assert connection.sent < total // 2
        assert len(sink.body) <= got + (1 << 20)  # what a loop had in its hands already
        reply.resume()
        await sink.done.wait()
        assert len(sink.body) == total

    wire.run(steps)


def test_a_body_that_nobody_wants_yet_stops_the_vendor(wire: Wire, vendor: ScriptedUpstream):
    total = 96 << 20
    vendor.play(f"HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n".encode(), Flood(total))

    async def steps(pool: Pool) -> None:
        reply = await take(pool.send(make_target(vendor.port), b"{}", Limits()).reply)
        (connection,) = vendor.connections
        before = -1
        while connection.sent != before:
            before = connection.sent
            await asyncio.sleep(0.1)
        assert connection.sent < total // 2
        sink = Collector()
        reply.attach(sink)
        await sink.done.wait()
        assert len(sink.body) == total

    wire.run(steps)


# --- connections ----------------------------------------------------------------------------------


def test_connections_opened_equal_the_size_of_the_pool(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        for _ in range(20):
            await call(pool, target)
        assert (vendor.accepted, pool.opened, pool.idle) == (1, 1, 1)
        for _ in range(5):
            await asyncio.gather(*[call(pool, target) for _ in range(8)])
        assert vendor.accepted == pool.opened == pool.standing == pool.idle == 8
        assert len(vendor.received) == 60

    wire.run(steps)


def test_a_pooled_connection_that_died_is_replaced_once(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        await call(pool, target)
        vendor.close_idle()
        # No await in between: the loop can't have noticed.
        exchange = pool.send(target, b'{"again":1}', Limits())
        reply = await take(exchange.reply)
        assert reply.status == 200
        assert (vendor.accepted, pool.opened) == (2, 2)
        assert vendor.received[-1].json() == {"again": 1}

    wire.run(steps)


def test_a_vendor_that_closes_fresh_connections_is_not_asked_again(
    wire: Wire, vendor: ScriptedUpstream
):
    vendor.play(json_answer({}))
    vendor.otherwise = [Cut()]

    async def steps(pool: Pool) -> None:
        failure = await take_failure(pool.send(make_target(vendor.port), b"", Limits()).reply)
        assert failure.kind == "closed"

    async def first(pool: Pool) -> None:
        await call(pool, make_target(vendor.port))
        await steps(pool)  # dead when reused: one fresh connection, which closes as well
        assert vendor.accepted == 2
        await steps(pool)
        assert (vendor.accepted, len(vendor.received)) == (3, 4)

    wire.run(first)


def test_a_reused_connection_that_began_to_answer_is_not_retried(
    wire: Wire, vendor: ScriptedUpstream
):
    vendor.play(json_answer({}))
    vendor.play(b"HTTP/1.1 2", Cut())

    async def steps(pool: Pool) -> None:
        await call(pool, make_target(vendor.port))
        failure = await take_failure(pool.send(make_target(vendor.port), b"", Limits()).reply)
        assert (failure.kind, failure.sent, vendor.accepted) == ("closed", True, 1)

    wire.run(steps)


@pytest.mark.parametrize("apart", [False, True], ids=["in one write", "later"])
def test_a_second_answer_is_never_delivered(wire: Wire, vendor: ScriptedUpstream, apart: bool):
    evil = json_answer({"evil": True})
    gate = threading.Event()
    if apart:
        vendor.play(json_answer({"good": 1}), Hold(gate), evil, Stall())
    else:
        vendor.play(json_answer({"good": 1}) + evil, Stall())

    async def steps(pool: Pool) -> None:
        _, body = await call(pool, make_target(vendor.port))
        assert body == b'{"good":1}'
        gate.set()
        await until(lambda: pool.standing == 0)
        _, body = await call(pool, make_target(vendor.port))
        assert body == b"{}"
        assert vendor.accepted == 2

    wire.run(steps)


def test_an_answer_before_the_question_is_not_taken_for_one(wire: Wire):
    with ScriptedUpstream(greeting=GARBAGE) as vendor:

        async def steps(pool: Pool) -> None:
            failure = await take_failure(pool.send(make_target(vendor.port), b"", Limits()).reply)
            assert failure.kind in {"protocol", "connect"}
            assert pool.standing == 0

        wire.run(steps)


@pytest.mark.parametrize("streaming", [False, True], ids=["before the head", "in mid-stream"])
def test_cancelling_closes_the_vendors_connection_at_once(
    wire: Wire, vendor: ScriptedUpstream, streaming: bool
):
    vendor.play(*([sse_head(), chunk(b"one")] if streaming else []), Stall())

    async def steps(pool: Pool) -> None:
        exchange = pool.send(make_target(vendor.port), b"{}", Limits())
        if streaming:
            sink = Collector()
            reply = await take(exchange.reply)
            reply.attach(sink)
            await sink.changed.wait()
            reply.cancel()
        else:
            await asyncio.to_thread(vendor.wait_for_requests, 1)
            exchange.cancel()
        assert pool.in_flight == 0
        begun = time.monotonic()
        assert await asyncio.to_thread(vendor.connections[0].closed.wait, 5)
        assert vendor.connections[0].closed_at - begun < 0.5

    wire.run(steps)


def test_cancelling_while_connecting_leaves_nothing_behind(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        exchange = pool.send(make_target(vendor.port), b"{}", Limits())
        exchange.cancel()
        assert pool.in_flight == 0
        await call(pool, make_target(vendor.port))
        assert (len(vendor.received), pool.idle) == (1, 1)

    wire.run(steps)


@pytest.mark.parametrize("limit", [1, 2])
def test_at_the_limit_calls_wait_their_turn(wire: Wire, vendor: ScriptedUpstream, limit: int):
    wire.max_per_origin = limit

    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        await asyncio.gather(*[call(pool, target, b"%d" % number) for number in range(10)])
        assert (vendor.accepted, pool.opened) == (limit, limit)
        for connection in vendor.connections:
            bodies = [int(each.body) for each in vendor.received if each.connection is connection]
            assert bodies == sorted(bodies)
        assert sorted(int(each.body) for each in vendor.received) == list(range(10))

    wire.run(steps)


def test_a_call_that_waits_gets_the_place_of_one_that_failed(wire: Wire, vendor: ScriptedUpstream):
    wire.max_per_origin = 1
    vendor.play(GARBAGE)

    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        bad, good = (pool.send(target, b"", Limits()) for _ in range(2))
        assert (await take_failure(bad.reply)).kind == "protocol"
        assert (await take(good.reply)).status == 200

    wire.run(steps)


def test_closing_the_pool_fails_what_still_runs(wire: Wire, vendor: ScriptedUpstream):
    vendor.play(Stall())

    async def steps(pool: Pool) -> None:
        waiting = pool.send(make_target(vendor.port), b"", Limits())
        await asyncio.to_thread(vendor.wait_for_requests, 1)
        dialing = pool.send(make_target(vendor.port), b"", Limits())
        await pool.close()
        assert (await take_failure(waiting.reply)).kind == "closed"
        assert (await take_failure(dialing.reply)).kind == "connect"
        late = await take_failure(pool.send(make_target(vendor.port), b"", Limits()).reply)
        assert (late.kind, late.sent) == ("connect", False)

    wire.run(steps)


# --- failures -------------------------------------------------------------------------------------


def test_a_port_that_nobody_listens_on_is_a_failure_to_connect(wire: Wire):
    async def steps(pool: Pool) -> None:
        port = find_closed_port()
        failure = await take_failure(pool.send(make_target(port), b"", Limits()).reply)
        assert (failure.kind, failure.sent) == ("connect", False)
        assert f"127.0.0.1:{port}" in failure.detail

    wire.run(steps)


def test_a_name_that_does_not_exist_is_a_failure_to_connect(wire: Wire):
    async def steps(pool: Pool) -> None:
        for host in ("no-such-host.invalid", "a" * 70 + ".invalid"):
            failure = await take_failure(pool.send(make_target(1, host=host), b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)

    wire.run(steps)


@pytest.mark.parametrize(
    "script",
    [
        [Cut()],
        [Reset()],
        [b"HTTP/1.1 200 OK\r\nContent-", Cut()],
        [answer(200, b"{}", length=10), Cut()],
        [chunked_head(), chunk(b"{"), Cut()],
    ],
    ids=["at once", "reset", "in the head", "wrong length", "no last chunk"],
)
def test_an_answer_that_is_cut_is_a_failure(wire: Wire, vendor: ScriptedUpstream, script: list):
    vendor.play(*script)

    async def steps(pool: Pool) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await call(pool, make_target(vendor.port))
        assert (caught.value.kind, caught.value.sent) == ("closed", True)

    wire.run(steps)


@pytest.mark.parametrize(
    "wrong",
    [
        GARBAGE,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=["garbage", "two lengths", "length and chunks", "upgrade", "coding"],
)
def test_an_answer_that_is_not_http_is_a_failure(
    wire: Wire, vendor: ScriptedUpstream, wrong: bytes
):
    vendor.play(wrong, Stall())

    async def steps(pool: Pool) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await call(pool, make_target(vendor.port))
        assert (caught.value.kind, caught.value.sent) == ("protocol", True)
        assert await asyncio.to_thread(vendor.connections[0].closed.wait, 5)

    wire.run(steps)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "found out"])
def test_an_answer_over_the_cap_is_given_up(wire: Wire, vendor: ScriptedUpstream, declared: bool):
    body = b"x" * 1_000_000
    if declared:
        vendor.play(answer(200, body))
    else:
        vendor.play(chunked_head(), *[chunk(body[:10_000])] * 100, CHUNKED_END)

    async def steps(pool: Pool) -> None:
        with pytest.raises(UpstreamFailure) as caught:
            await call(pool, make_target(vendor.port), limits=Limits(max_body=400_000))
        assert caught.value.kind == "protocol"
        assert "400000" in caught.value.detail
        assert pool.in_flight == 0

    wire.run(steps)


def test_each_limit_has_its_failure(wire: Wire, vendor: ScriptedUpstream):
    clock = wire.clock = ManualClock()
    limits = Limits(connect=5, first_byte=10, idle=20, total=100)
    vendor.play(Stall())
    vendor.play(sse_head(), chunk(b"x"), Stall())
    gates = [threading.Event() for _ in range(8)]
    vendor.play(sse_head(), *[step for gate in gates for step in (chunk(b"x"), Hold(gate))])

    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        silent = pool.send(target, b"", limits)
        await asyncio.to_thread(vendor.wait_for_requests, 1)
        pool.sweep()
        clock.seconds += 9
        pool.sweep()
        assert not silent.reply.done
        clock.seconds += 2
        pool.sweep()
        failure = await take_failure(silent.reply)
        assert (failure.kind, failure.sent) == ("first_byte_timeout", True)
        assert await asyncio.to_thread(vendor.connections[0].closed.wait, 5)

        idle = Collector()
        (await take(pool.send(target, b"", limits).reply)).attach(idle)
        await idle.changed.wait()
        pool.sweep()
        clock.seconds += 21
        pool.sweep()
        assert isinstance(idle.failure, UpstreamFailure)
        assert idle.failure.kind == "idle_timeout"

        endless = Collector()
        (await take(pool.send(target, b"", limits).reply)).attach(endless)
        for number, gate in enumerate(gates):
            await until(lambda count=number: len(endless.body) > count)
            pool.sweep()
            if endless.failure:
                break
            clock.seconds += 15
            gate.set()
        assert isinstance(endless.failure, UpstreamFailure)
        assert endless.failure.kind == "total_timeout"

    wire.run(steps)


def test_a_handshake_that_never_ends_is_a_connect_timeout(wire: Wire):
    clock = wire.clock = ManualClock()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def steps(pool: Pool) -> None:
            target = make_target(listener.getsockname()[1], scheme="https")
            exchange = pool.send(target, b"", Limits(connect=5))
            accepted, _ = await asyncio.to_thread(listener.accept)
            pool.sweep()
            clock.seconds += 6
            pool.sweep()
            failure = await take_failure(exchange.reply)
            assert (failure.kind, failure.sent) == ("connect_timeout", False)
            accepted.settimeout(5)
            while await asyncio.to_thread(accepted.recv, 4096):
                pass
            accepted.close()

        wire.run(steps)


def test_the_limits_are_enforced_without_anybody_calling_the_sweep(
    wire: Wire, vendor: ScriptedUpstream
):
    vendor.play(Stall())

    async def steps(pool: Pool) -> None:
        begun = time.monotonic()
        exchange = pool.send(make_target(vendor.port), b"", Limits(first_byte=0.3))
        assert (await take_failure(exchange.reply)).kind == "first_byte_timeout"
        assert 0.3 <= time.monotonic() - begun < 3

    wire.run(steps)


def test_idle_connections_are_closed_in_time(wire: Wire, vendor: ScriptedUpstream):
    clock = wire.clock = ManualClock()

    async def steps(pool: Pool) -> None:
        await call(pool, make_target(vendor.port))
        pool.sweep()
        clock.seconds += 59
        pool.sweep()
        assert pool.idle == 1
        clock.seconds += 2
        pool.sweep()
        assert (pool.idle, pool.standing) == (0, 0)
        assert await asyncio.to_thread(vendor.connections[0].closed.wait, 5)

    wire.run(steps)


# --- TLS and proxies ------------------------------------------------------------------------------


def test_tls_with_the_file_of_a_private_authority(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    body = b"b" * 3_000_000
    with ScriptedUpstream(tls=context) as vendor:
        vendor.play(answer(200, body))

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https", ca_file=ca_file)
            _, got = await call(pool, target, body)
            assert got == body
            assert vendor.received[0].body == body
            await call(pool, target)
            assert (vendor.accepted, pool.opened) == (1, 1)

        wire.run(steps)


def test_a_paused_stream_over_tls_stops_the_vendor(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    total = 64 << 20
    with ScriptedUpstream(tls=context) as vendor:
        vendor.play(f"HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n".encode(), Flood(total))

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https", ca_file=ca_file)
            reply = await take(pool.send(target, b"{}", Limits()).reply)
            sink = Collector()
            reply.attach(sink)
            await sink.changed.wait()
            reply.pause()
            (connection,) = vendor.connections
            before = -1
            while connection.sent != before:
                before = connection.sent
                await asyncio.sleep(0.1)
            assert connection.sent < total // 2
            begun = time.monotonic()
            reply.cancel()
            assert await asyncio.to_thread(connection.closed.wait, 5)
            assert connection.closed_at - begun < 0.5

        wire.run(steps)


def test_tls_of_an_unknown_authority_is_refused(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    with ScriptedUpstream(tls=context) as vendor:

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https")
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert "certificate is not trusted" in failure.detail

            target = make_target(vendor.port, scheme="https", host="127.0.0.2", ca_file=ca_file)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert failure.kind == "connect"

            for name in ("missing.pem", "empty.pem"):
                (tmp_path / "empty.pem").write_text("")
                target = make_target(vendor.port, scheme="https", ca_file=str(tmp_path / name))
                failure = await take_failure(pool.send(target, b"", Limits()).reply)
                assert "CA file" in failure.detail
            assert vendor.received == []

        wire.run(steps)


def test_tls_to_a_server_that_speaks_none_is_a_failure(wire: Wire):
    with ScriptedUpstream(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as vendor:

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https")
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert "TLS failed" in failure.detail

        wire.run(steps)


def test_an_http_proxy_tunnels_tls_and_forwards_plain_requests(
    wire: Wire, vendor: ScriptedUpstream, tmp_path: Path
):
    context, ca_file = make_server_context(tmp_path)
    with HttpProxy("me", "p@ss") as proxy, ScriptedUpstream(tls=context) as secure:
        url = f"http://me:p%40ss@127.0.0.1:{proxy.port}"

        async def steps(pool: Pool) -> None:
            target = make_target(secure.port, scheme="https", proxy=url, ca_file=ca_file)
            await call(pool, target)
            await call(pool, target)
            assert proxy.asked == [f"127.0.0.1:{secure.port}"]
            assert "proxy-authorization" not in secure.received[0].headers
            assert secure.received[0].path == "/v1/chat/completions"

            target = make_target(vendor.port, proxy=url)
            await call(pool, target)
            request = vendor.received[0]
            assert request.path == f"http://127.0.0.1:{vendor.port}/v1/chat/completions"

        wire.run(steps)


def test_a_plain_request_that_the_proxy_refuses_never_reached_the_vendor(
    wire: Wire, vendor: ScriptedUpstream
):
    with HttpProxy("me", "right") as proxy:

        async def steps(pool: Pool) -> None:
            url = f"http://me:wrong@127.0.0.1:{proxy.port}"
            target = make_target(vendor.port, proxy=url)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert vendor.accepted == 0

        wire.run(steps)


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nearly",
        b"SSH-2.0-server\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 20_000,
    ],
    ids=["refused", "early bytes", "not HTTP", "endless"],
)
def test_a_proxy_that_misbehaves_is_a_failure_to_connect(wire: Wire, told: bytes):
    with HttpProxy() as proxy:
        proxy.answer = told

        async def steps(pool: Pool) -> None:
            url = f"http://127.0.0.1:{proxy.port}"
            target = make_target(9, scheme="https", proxy=url)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert failure.detail.startswith(f"proxy 127.0.0.1:{proxy.port}: ")

        wire.run(steps)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_carries_requests(wire: Wire, vendor: ScriptedUpstream, scheme: str):
    with SocksProxy("me", "secret") as proxy:
        url = f"{scheme}://me:secret@127.0.0.1:{proxy.port}"

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, host="localhost", proxy=url)
            await call(pool, target)
            await call(pool, target)
            resolved_here = scheme == "socks5"
            host = "127.0.0.1" if resolved_here else "localhost"
            assert proxy.asked == [f"{host}:{vendor.port}"]

        wire.run(steps)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h", "socks4", "ftp"])
def test_no_failure_tells_a_credential(wire: Wire, scheme: str):
    secrets = ("hunter2", "s3cret-user", "sk-vendor-secret")
    with HttpProxy("other", "pw") as http, SocksProxy("other", "pw") as socks:
        ports = [http.port if scheme == "http" else socks.port, find_closed_port(), 0, "no-number"]

        async def steps(pool: Pool) -> None:
            for port in ports:
                url = f"{scheme}://{secrets[1]}:{secrets[0]}@127.0.0.1:{port}"
                target = make_target(find_closed_port(), scheme="https", proxy=url)
                failure = await take_failure(pool.send(target, b"", Limits()).reply)
                assert (failure.kind, failure.sent) == ("connect", False)
                text = f"{failure} {failure!r} {failure.detail} {failure.__cause__!r}"
                assert not any(secret in text for secret in secrets)

        wire.run(steps)
