"""The sandbox as an upstream: heads, streams, pressure, limits, cancelling, fairness."""

import asyncio
import gc
from time import perf_counter
from typing import Any

import msgspec
import pytest

from nexhina.ports import Headers, Limits, Origin, Target
from nexhina.tasks import drive
from nexhina.telemetry.clock import ManualClock
from nexhina.upstream.call import Call
from nexhina.upstream.sandbox_transport import SandboxUpstream, _Play, open_sandbox
from support.sandbox import CHAT, IMAGES, make_chat, read_events
from support.wire import Collector, take, take_failure

ORIGIN = Origin(scheme="sandbox", host="sandbox", port=0)


def make_target(path: str = CHAT, method: str = "POST", headers: Headers | None = None) -> Target:
    return Target(origin=ORIGIN, method=method, path=path, head=b"", headers=headers or {})


@pytest.fixture
async def sandbox():
    upstream = SandboxUpstream(ManualClock(), sweep_s=0.02)
    yield upstream
    await upstream.wait_closed()


def send(upstream: SandboxUpstream, limits: Limits | None = None, extra: bytes = b"", **more: Any):
    body = msgspec.json.encode(make_chat(**more))
    return upstream.send(make_target(), body, limits or Limits(), extra)


async def test_a_whole_answer_is_read(sandbox: SandboxUpstream):
    reply = await take(send(sandbox).reply)
    assert reply.status == 200
    assert reply.headers[b"content-type"] == b"application/json"
    assert msgspec.json.decode(await take(reply.read()))["choices"]


async def test_send_answers_in_a_later_turn_and_never_inside_the_call(sandbox: SandboxUpstream):
    exchange = send(sandbox)
    assert not exchange.reply.done
    await take(exchange.reply)


async def test_a_stream_arrives_in_pieces_and_ends(sandbox: SandboxUpstream):
    exchange = send(sandbox, stream=True)
    sink = Collector()

    async def attach() -> None:
        (await exchange.reply).attach(sink)

    await drive(attach())  # at once, as the pipeline does it
    await sink.done.wait()
    assert sink.whole
    assert len(sink.pieces) > 10
    assert all(sink.pieces)
    assert read_events(sink.body)


async def test_headers_of_the_attempt_reach_the_vendor(sandbox: SandboxUpstream):
    exchange = send(sandbox, extra=b"X-Sandbox: error_rate=1, error_code=429\r\nX-Other: 1\r\n")
    reply = await take(exchange.reply)
    assert (reply.status, reply.headers[b"retry-after"]) == (429, b"1")


async def test_a_cut_stream_fails_as_closed(sandbox: SandboxUpstream):
    reply = await take(send(sandbox, extra=b"x-sandbox: cut_after=3\r\n", stream=True).reply)
    sink = Collector()
    reply.attach(sink)
    await sink.done.wait()
    assert getattr(sink.failure, "kind", None) == "closed"
    assert sink.body.count(b"data: ") == 3


async def test_a_paused_reply_is_silent_until_it_is_resumed(sandbox: SandboxUpstream):
    reply = await take(send(sandbox, stream=True).reply)
    sink = Collector(lambda _: reply.pause())
    reply.attach(sink)
    await sink.changed.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(sink.pieces) == 1
    while not sink.done.is_set():
        reply.resume()
        await asyncio.sleep(0)
    assert sink.whole
    assert read_events(sink.body)


async def test_nothing_is_made_for_a_reply_that_nobody_reads(sandbox: SandboxUpstream):
    reply = await take(
        send(sandbox, extra=b"x-sandbox: chunk_bytes=1000000\r\n", n=128, stream=True).reply
    )
    for _ in range(3000):
        await asyncio.sleep(0)
    sink = Collector()
    reply.attach(sink)
    assert len(sink.body) < 512 * 1024
    await sink.done.wait()
    assert sink.whole


async def test_a_cancelled_stream_says_nothing_more(sandbox: SandboxUpstream):
    reply = await take(send(sandbox, stream=True).reply)
    sink = Collector(lambda _: reply.cancel())
    reply.attach(sink)
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(sink.pieces) == 1
    assert not sink.done.is_set()
    assert not sandbox._plays


async def test_cancelling_before_the_head_stops_the_vendor(sandbox: SandboxUpstream):
    exchange = send(sandbox, extra=b"x-sandbox: latency_ms=60000\r\n")
    await asyncio.sleep(0.01)
    exchange.cancel()
    assert not sandbox._plays
    assert not exchange.reply.done


async def test_cancelling_in_the_turn_of_sending_is_fine(sandbox: SandboxUpstream):
    exchange = send(sandbox)
    exchange.cancel()
    await asyncio.sleep(0.01)
    assert not exchange.reply.done


async def test_a_picture_that_nobody_waits_for_is_not_drawn(sandbox: SandboxUpstream):
    body = msgspec.json.encode({"model": "sandbox-image", "prompt": "sea", "size": "64x64"})
    exchanges = [sandbox.send(make_target(IMAGES), body, Limits()) for _ in range(3)]
    await asyncio.sleep(0.001)
    for exchange in exchanges[1:]:
        exchange.cancel()
    reply = await take(exchanges[0].reply)
    assert reply.status == 200
    assert not sandbox.vendor().studio.drawing._jobs


@pytest.mark.parametrize(
    ("controls", "limits", "kind", "head"),
    [
        ("latency_ms=60000", Limits(first_byte=0.03), "first_byte_timeout", False),
        ("latency_ms=60000", Limits(total=0.03), "total_timeout", False),
        ("chunk_delay_ms=60000", Limits(idle=0.03), "idle_timeout", True),
        ("chunk_delay_ms=20", Limits(total=0.1), "total_timeout", True),
    ],
)
async def test_limits_are_kept(
    sandbox: SandboxUpstream, controls: str, limits: Limits, kind: str, head: bool
):
    exchange = send(sandbox, limits, f"x-sandbox: {controls}\r\n".encode(), stream=True)
    if head:
        sink = Collector()
        (await take(exchange.reply)).attach(sink)
        await sink.done.wait()
        assert getattr(sink.failure, "kind", None) == kind
    else:
        assert (await take_failure(exchange.reply)).kind == kind
    assert not sandbox._plays


async def test_an_answer_over_the_cap_is_refused(sandbox: SandboxUpstream):
    reply = await take(send(sandbox, Limits(max_body=100)).reply)
    assert (await take_failure(reply.read())).kind == "protocol"


async def test_delays_are_kept(sandbox: SandboxUpstream):
    loop = asyncio.get_running_loop()
    began = loop.time()
    reply = await take(
        send(sandbox, extra=b"x-sandbox: chunk_delay_ms=20\r\n", stream=True, max_tokens=1).reply
    )
    sink = Collector()
    reply.attach(sink)
    await sink.done.wait()
    assert sink.whole
    assert loop.time() - began >= 0.019 * len(sink.pieces)


async def test_hundreds_of_streams_do_not_stall_the_loop(sandbox: SandboxUpstream):
    sinks: list[Collector] = []

    async def one() -> None:
        reply = await take(send(sandbox, stream=True, stream_options={"include_usage": True}).reply)
        sinks.append(Collector())
        reply.attach(sinks[-1])
        await sinks[-1].done.wait()

    await one()  # loads and compiles
    streams = asyncio.gather(*(one() for _ in range(300)))
    steps: list[float] = []
    while not streams.done():
        began = perf_counter()
        await asyncio.sleep(0)
        steps.append(perf_counter() - began)
    await streams
    assert all(sink.whole for sink in sinks)
    steps.sort()
    assert (
        steps[int(len(steps) * 0.95)] < 0.02
    )  # seconds, on a busy machine; a few ms when it is calm


async def test_no_task_and_no_timer_is_made_per_call(sandbox: SandboxUpstream):
    loop = asyncio.get_running_loop()
    await take((await take(send(sandbox).reply)).read())
    timers: list[float] = []
    later = loop.call_later

    def counted(delay: float, *rest: Any, **more: Any) -> asyncio.TimerHandle:
        timers.append(delay)
        return later(delay, *rest, **more)

    loop.call_later = counted  # type: ignore[method-assign]
    tasks = len(asyncio.all_tasks())
    sandbox._sweep_s = 60.0
    for _ in range(20):
        reply = await take(send(sandbox).reply)
        assert len(asyncio.all_tasks()) == tasks
        await take(reply.read())
    assert (
        len([delay for delay in timers if delay != 10.0]) <= 1
    )  # the sweep; 10 s is the test's own


async def test_an_answer_is_freed_without_the_cycle_collector(sandbox: SandboxUpstream):
    gc.collect()
    gc.disable()
    try:
        await take((await take(send(sandbox).reply)).read())
        await asyncio.sleep(0.001)
        assert not [each for each in gc.get_objects() if isinstance(each, (_Play, Call))]
    finally:
        gc.enable()


async def test_closing_fails_what_is_under_way_and_what_comes_later():
    upstream = open_sandbox(ManualClock())
    exchange = send(upstream, extra=b"x-sandbox: latency_ms=60000\r\n")
    await asyncio.sleep(0.01)
    upstream.close()
    assert (await take_failure(exchange.reply)).kind == "closed"
    failure = await take_failure(send(upstream).reply)
    assert (failure.kind, failure.sent) == ("connect", False)
