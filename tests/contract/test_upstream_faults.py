"""What a vendor breaks, and which limits end it: each is one kind of failure."""

import asyncio
import socket
import threading
import time

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.pooled import find_closed_port
from support.scripted_upstream import (
    CHUNKED_END,
    GARBAGE,
    Cut,
    Hold,
    Reset,
    ScriptedUpstream,
    Stall,
    answer,
    chunk,
    chunked_head,
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


def test_a_port_that_nobody_listens_on_is_a_failure_to_connect(wire: Wire):
    async def steps(pool: Pool) -> None:
        port = find_closed_port()
        failure = await take_failure(pool.send(make_target(port), b"", Limits()).reply)
        assert (failure.kind, failure.sent) == ("connect", False)
        assert failure.detail == f"127.0.0.1:{port}: Connection refused"

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
