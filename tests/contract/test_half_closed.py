"""A caller who shuts only their sending side gets their answer; one who is gone is noticed."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nexhina.errors import ClientGone
from nexhina.ports import Client, Inbound
from nexhina.tasks import Wait
from support.edge import handler, on_both_loops, serving, split_answers

POST = b"POST /v1/run HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
PATIENCE = 5.0


class Vendor:
    """A handler whose answer the test gives piece by piece."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.left = asyncio.Event()
        self.client: Client | None = None
        self.calls = 0

    async def run(self, inbound: Inbound, client: Client) -> None:
        self.calls += 1
        self.client = client
        self.begun.set()
        try:
            await Wait[None]()
        except ClientGone:
            self.left.set()
            raise

    def answer(self, body: bytes) -> None:
        assert self.client is not None
        self.begun.clear()
        self.client.answer(200, [(b"content-type", b"text/plain")], body)

    async def begin_stream(self) -> Client:
        """The caller's side, once it has the head and the first event of a stream."""
        await self.begun.wait()
        assert self.client is not None
        self.client.start(200, [(b"content-type", b"text/event-stream")])
        self.client.write(b"one")
        return self.client


async def echo(inbound: Inbound, client: Client) -> None:
    client.answer(200, [], inbound.body)


class Caller:
    """A plain socket, as the client has it."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)

    async def send(self, data: bytes, *, shut: bool = True) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)
        if shut:
            self.sock.shutdown(socket.SHUT_WR)

    async def read(self, size: int = 65536) -> bytes:
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recv(self.sock, size), PATIENCE)

    async def read_all(self) -> bytes:
        data = b""
        while piece := await self.read():
            data += piece
        return data


@asynccontextmanager
async def calling() -> AsyncGenerator[tuple[Vendor, Caller]]:
    vendor = Vendor()
    routes = {("/v1/run", "POST"): handler(vendor.run), ("/v1/echo", "POST"): handler(echo)}
    async with serving(routes) as (_, port):
        caller = Caller(port)
        try:
            yield vendor, caller
        finally:
            caller.sock.close()


@on_both_loops
async def test_an_answer_that_takes_its_time_reaches_who_shut_their_sending_side() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST)
        assert await caller.read(1) == b"H"  # by now the end was seen, and asked about
        assert not vendor.left.is_set()
        vendor.answer(b"here it is")
        answers = split_answers(b"H" + await caller.read_all())
        assert [(status, body) for status, _, body in answers] == [(200, b"here it is")]


@on_both_loops
async def test_a_large_answer_reaches_who_shut_their_sending_side() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST)
        start = await caller.read(1)
        vendor.answer(b"x" * 300_000)
        ((status, _, body),) = split_answers(start + await caller.read_all())
        assert (status, len(body)) == (200, 300_000)


@on_both_loops
async def test_a_stream_reaches_who_shut_their_sending_side() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST, shut=False)
        client = await vendor.begin_stream()
        data = await caller.read()
        caller.sock.shutdown(socket.SHUT_WR)
        assert await caller.read(1) == b"0"  # of the next size
        client.write(b"two")
        client.end(b"three")
        data += b"0" + await caller.read_all()
        assert data.endswith(b"\r\n\r\n3\r\none\r\n03\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n")


@on_both_loops
async def test_requests_that_were_sent_ahead_are_all_answered() -> None:
    async with calling() as (vendor, caller):
        quick = POST.replace(b"run", b"echo")
        await caller.send(POST + quick + quick + POST)
        start = await caller.read(1)
        vendor.answer(b"first")
        await vendor.begun.wait()
        vendor.answer(b"last")
        answers = split_answers(start + await caller.read_all())
        assert [body for _, _, body in answers] == [b"first", b"hi", b"hi", b"last"]
        assert vendor.calls == 2


@on_both_loops
async def test_half_a_request_behind_an_answered_one_is_refused() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST + POST[:-1])
        start = await caller.read(1)
        vendor.answer(b"first")
        answers = split_answers(start + await caller.read_all())
        assert [status for status, _, _ in answers] == [200, 400]
        assert vendor.calls == 1


@on_both_loops
async def test_a_caller_who_is_gone_before_the_answer_is_noticed_at_once() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST, shut=False)
        await vendor.begun.wait()
        caller.sock.close()
        await asyncio.wait_for(vendor.left.wait(), 0.5)  # the next sweep would take a second


@on_both_loops
async def test_a_caller_who_is_gone_amid_a_silent_stream_is_noticed_at_once() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST, shut=False)
        await vendor.begin_stream()
        await caller.read()
        caller.sock.close()
        await asyncio.wait_for(vendor.left.wait(), 0.5)


@on_both_loops
async def test_a_caller_who_first_shuts_and_then_leaves_is_noticed_by_a_sweep() -> None:
    async with calling() as (vendor, caller):
        await caller.send(POST)
        await caller.read(1)
        caller.sock.close()  # no packet tells it
        await asyncio.wait_for(vendor.left.wait(), PATIENCE)


@on_both_loops
async def test_half_a_request_is_answered_with_400() -> None:
    for size in (1, 20, len(POST) - 1):
        async with calling() as (vendor, caller):
            await caller.send(POST[:size])
            ((status, _, body),) = split_answers(await caller.read_all())
            assert status == 400
            assert b"closed before the request's end" in body
            assert vendor.calls == 0


@on_both_loops
async def test_who_says_nothing_gets_nothing() -> None:
    async with calling() as (_, caller):
        await caller.send(b"")
        assert await caller.read_all() == b""
