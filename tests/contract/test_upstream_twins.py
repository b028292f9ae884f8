"""What the pipeline may rely on, asked of the real pool and of the scripted fake alike."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Limits, Target, Upstream
from nexhina.tasks import Steps
from nexhina.upstream.fake import FakeUpstream
from nexhina.upstream.pool import Pool
from support.scripted_upstream import (
    CHUNKED_END,
    Cut,
    ScriptedUpstream,
    Stall,
    Step,
    answer,
    chunk,
    chunked_head,
)
from support.wire import Collector, SystemClock, make_target, take, take_failure, until

HEADERS = {b"content-type": b"text/event-stream"}


class Vendor(Protocol):
    """One side of the twins: an upstream, and how to make its vendor act."""

    target: Target

    @property
    def upstream(self) -> Upstream: ...

    def answer(self, status: int, body: bytes) -> None:
        """The next request gets this whole answer."""
        ...

    def stream(self, pieces: Sequence[bytes], end: str) -> None:
        """The next request gets the head and these pieces, then an `end`, a `cut` or nothing."""
        ...

    def refuse(self) -> None:
        """The next request can't connect."""
        ...

    def bodies(self) -> list[bytes]: ...

    async def is_cancelled(self, number: int) -> bool: ...


class RealVendor:
    def __init__(self, pool: Pool, server: ScriptedUpstream) -> None:
        self.pool = pool
        self.server = server
        self.target = make_target(server.port)

    @property
    def upstream(self) -> Upstream:
        return self.pool

    def answer(self, status: int, body: bytes) -> None:
        self.server.play(answer(status, body))

    def stream(self, pieces: Sequence[bytes], end: str) -> None:
        ends: dict[str, list[Step]] = {"end": [CHUNKED_END], "cut": [Cut()], "": [Stall()]}
        steps: list[Step] = [chunked_head("text/event-stream")]
        steps += [chunk(piece) for piece in pieces]
        self.server.play(*steps, *ends[end])

    def refuse(self) -> None:
        self.target = make_target(1, proxy="ftp://127.0.0.1")

    def bodies(self) -> list[bytes]:
        return [request.body for request in self.server.received]

    async def is_cancelled(self, number: int) -> bool:
        return await asyncio.to_thread(self.server.connections[number].closed.wait, 5)


class FakeVendor:
    def __init__(self, fake: FakeUpstream) -> None:
        self.fake = fake
        self.target = make_target(1)

    @property
    def upstream(self) -> Upstream:
        return self.fake

    def answer(self, status: int, body: bytes) -> None:
        self.fake.answer(status, HEADERS, body)

    def stream(self, pieces: Sequence[bytes], end: str) -> None:
        def moves(play) -> None:
            play.head(200, HEADERS)
            for piece in pieces:
                play.piece(piece)
            if end:
                getattr(play, end)()

        self.fake.script(moves)

    def refuse(self) -> None:
        self.fake.fail("connect")

    def bodies(self) -> list[bytes]:
        return [play.body for play in self.fake.plays]

    async def is_cancelled(self, number: int) -> bool:
        return self.fake.plays[number].cancelled


@asynccontextmanager
async def start_vendor(kind: str) -> AsyncGenerator[Vendor]:
    if kind == "fake":
        yield FakeVendor(FakeUpstream())
        return
    with ScriptedUpstream() as server:
        pool = Pool(SystemClock())
        pool.open()
        yield RealVendor(pool, server)
        await pool.close()
        assert pool.in_flight == 0


both = pytest.mark.parametrize("kind", ["pool", "fake"])


@both
async def test_a_whole_answer_is_read_without_suspension(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.answer(201, b"whole")
        reply = await take(vendor.upstream.send(vendor.target, b"question", Limits()).reply)
        wait = reply.read()
        assert wait.done
        assert (reply.status, await take(wait)) == (201, b"whole")
        assert await take(reply.read()) == b"whole"
        assert vendor.bodies() == [b"question"]


@both
async def test_an_empty_answer_is_read_as_empty_bytes(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.answer(200, b"")
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        assert await take(reply.read()) == b""


@both
async def test_the_pipeline_runs_on_inside_the_call_that_brings_the_head(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.answer(200, b"whole")
        vendor.answer(200, b"second")
        seen: list[bytes] = []

        async def pipeline() -> None:
            for _ in range(2):  # the next request is sent while the first one's read is handled
                reply = await vendor.upstream.send(vendor.target, b"", Limits()).reply
                seen.append(await reply.read())

        Steps(pipeline(), lambda error: seen.append(repr(error).encode())).advance()
        await until(lambda: len(seen) == 3)
        assert seen == [b"whole", b"second", b"None"]


@both
async def test_a_sink_gets_the_pieces_then_the_end(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.stream([b"one", b"two", b"three"], "end")
        sink = Collector()
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        reply.attach(sink)
        await sink.done.wait()
        assert (sink.body, sink.whole, sink.failure) == (b"onetwothree", True, None)
        assert b"" not in sink.pieces
        assert reply.headers[b"content-type"] == b"text/event-stream"


@both
async def test_a_sink_that_comes_late_gets_everything_before_attach_returns(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.answer(200, b"whole")
        sink = Collector()
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        reply.attach(sink)
        assert (sink.pieces, sink.whole) == ([b"whole"], True)


@both
async def test_a_cut_stream_fails_its_sink_and_its_reader(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.stream([b"one"], "cut")
        sink = Collector()
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        reply.attach(sink)
        await sink.done.wait()
        assert isinstance(sink.failure, UpstreamFailure)
        assert (sink.body, sink.failure.kind, sink.failure.sent) == (b"one", "closed", True)

        vendor.stream([b"one"], "cut")
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        assert (await take_failure(reply.read())).kind == "closed"


@both
async def test_a_failed_connection_was_not_sent(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.refuse()
        failure = await take_failure(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        assert (failure.kind, failure.sent) == ("connect", False)


@both
async def test_an_answer_over_the_cap_fails_the_reader_but_not_a_sink(kind: str):
    limits = Limits(max_body=1000)
    async with start_vendor(kind) as vendor:
        vendor.answer(200, b"x" * 1001)
        reply = await take(vendor.upstream.send(vendor.target, b"", limits).reply)
        assert (await take_failure(reply.read())).kind == "protocol"

        vendor.answer(200, b"x" * 1000)
        reply = await take(vendor.upstream.send(vendor.target, b"", limits).reply)
        assert len(await take(reply.read())) == 1000

        vendor.stream([b"x" * 600, b"x" * 600], "end")
        sink = Collector()
        reply = await take(vendor.upstream.send(vendor.target, b"", limits).reply)
        reply.attach(sink)
        await sink.done.wait()
        assert len(sink.body) == 1200


@both
async def test_after_a_cancel_nothing_arrives(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.stream([b"one"], "")
        sink = Collector()
        exchange = vendor.upstream.send(vendor.target, b"", Limits())
        reply = await take(exchange.reply)
        reply.attach(sink)
        await sink.changed.wait()
        reply.cancel()
        exchange.cancel()
        assert await vendor.is_cancelled(0)
        assert (sink.pieces, sink.done.is_set()) == ([b"one"], False)


@both
async def test_a_sink_may_cancel_while_it_takes_a_piece(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.stream([b"one", b"two"], "end")
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        sink = Collector(lambda _: reply.cancel())
        reply.attach(sink)
        await sink.changed.wait()
        assert len(sink.pieces) == 1
        assert not sink.done.is_set()


@both
async def test_cancelling_a_whole_answer_is_harmless(kind: str):
    async with start_vendor(kind) as vendor:
        vendor.answer(200, b"whole")
        reply = await take(vendor.upstream.send(vendor.target, b"", Limits()).reply)
        reply.cancel()
        if isinstance(vendor, RealVendor):
            assert vendor.pool.idle == 1
