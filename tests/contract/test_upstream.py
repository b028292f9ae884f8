"""The pool against a vendor on a real port, on both event loops: requests, answers, streams."""

import asyncio
import gzip
import hashlib
import threading

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.heartbeat import longest_turn
from support.scripted_upstream import (
    CHUNKED_END,
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
    html_answer,
    json_answer,
    rate_limited,
    sse_head,
)
from support.wire import (
    Collector,
    Wire,
    call,
    make_target,
    take,
    until,
    until_still,
)

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


@pytest.mark.parametrize("framing", ["length", "end"])
def test_an_answer_that_unfolds_to_very_much_never_holds_the_loop(
    wire: Wire, vendor: ScriptedUpstream, framing: str
):
    text = b"some text, again and again. " * 600_000
    packed = gzip.compress(text, 1)
    head = {"content-encoding": "gzip"}
    for _ in range(3):
        if framing == "length":
            vendor.play(answer(200, packed, headers=head))
        else:
            vendor.play(
                b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n",
                packed,
                Cut(),
            )
    bodies: list[bytes] = []

    async def steps(pool: Pool) -> None:
        async def work() -> None:
            bodies.append((await call(pool, make_target(vendor.port)))[1])

        assert await longest_turn(work, 0.1) < 0.1

    wire.run(steps)
    assert {body == text for body in bodies} == {True}


def test_a_packed_stream_waits_for_a_sink_that_is_full(wire: Wire, vendor: ScriptedUpstream):
    packed = gzip.compress(bytes(8_000_000), 1)
    vendor.play(answer(200, packed, headers={"content-encoding": "gzip"}))

    async def steps(pool: Pool) -> None:
        reply = await take(pool.send(make_target(vendor.port), b"", Limits()).reply)
        sink = Collector(lambda _: reply.pause())
        reply.attach(sink)
        await asyncio.sleep(0.05)
        assert 0 < len(sink.body) < 4_000_000
        while not sink.done.is_set():
            reply.resume()
            await asyncio.sleep(0)
        assert sink.body == bytes(8_000_000)

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
        assert await until_still(connection) < total // 2
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
        assert await until_still(connection) < total // 2
        sink = Collector()
        reply.attach(sink)
        await sink.done.wait()
        assert len(sink.body) == total

    wire.run(steps)
