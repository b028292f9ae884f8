"""Which connection a call gets: kept, opened, waited for, given up; never another's answer."""

import asyncio
import threading
import time

import pytest

from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.scripted_upstream import (
    GARBAGE,
    Cut,
    Hold,
    ScriptedUpstream,
    Stall,
    chunk,
    json_answer,
    sse_head,
)
from support.wire import (
    Collector,
    Wire,
    call,
    make_target,
    take,
    take_failure,
    until,
)


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
