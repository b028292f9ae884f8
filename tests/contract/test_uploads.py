"""Uploads over sockets, on both loops: from a client through the edge, on to a vendor that is slow.

The loop is watched: nothing here may hold it up for long, and an upload is never whole in memory.
"""

import asyncio
import gc
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from nexhina.dialects.multipart import begin_scan, read_form
from nexhina.errors import UpstreamFailure
from nexhina.gateway.answer import write_plain_error
from nexhina.gateway.options import ServerOptions
from nexhina.ports import Client, Handler, Inbound, Limits, Origin, Target
from nexhina.upstream.pool import Pool
from support.edge import LoopClock, on_both_loops, serving, talk
from support.form import BOUNDARY, form_kind, write_form
from support.wire import until

MIB = 1024 * 1024
LONGEST_STEP = 0.25  # seconds; generous: the machine may be busy with other things


class Vendor:
    """Takes each request in small sips and answers with the digest of its body, or early."""

    def __init__(self, *, pause: float = 0.0, refuse_after: int | None = None) -> None:
        self.pause = pause
        self.refuse_after = refuse_after
        self.requests: list[tuple[bytes, int]] = []  # head, size of the body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            digest, got = sha256(), 0
            while got < size:
                piece = await reader.read(64 * 1024)
                if not piece:
                    break
                digest.update(piece)
                got += len(piece)
                if self.refuse_after is not None and got > self.refuse_after:
                    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
                    await writer.drain()
                    break
                if self.pause:
                    await asyncio.sleep(self.pause)
            else:
                body = digest.hexdigest().encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
            self.requests.append((head, got))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def vending(vendor: Vendor) -> AsyncGenerator[Target]:
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    head = b"Host: 127.0.0.1\r\nAccept: */*\r\n"
    target = Target(
        origin=Origin(scheme="http", host="127.0.0.1", port=port),
        method="POST",
        path="/v1/up",
        head=head,
        headers={b"host": b"127.0.0.1"},
    )
    try:
        yield target
    finally:
        server.close()
        await server.wait_closed()


class Gate:
    """A handler that reads the form, changes its model and sends it on."""

    def __init__(self, pool: Pool, target: Target) -> None:
        self.pool = pool
        self.target = target
        self.ended = 0
        self.handler = Handler(
            run=self.run,
            write_error=write_plain_error,
            max_body=MIB,
            spool=True,
            max_upload=256 * MIB,
            scan=begin_scan,
        )

    async def run(self, inbound: Inbound, client: Client) -> None:
        try:
            body, kind = read_form(inbound).write({"model": "vendor-model"})
            extra = b"Content-Type: %b\r\n" % kind
            exchange = self.pool.send(self.target, body, Limits(), extra)
            try:
                reply = await exchange.reply
                client.answer(reply.status, [], await reply.read())
            except UpstreamFailure as failure:
                client.answer(502, [], failure.kind.encode())
            finally:
                exchange.cancel()
        finally:
            self.ended += 1


@asynccontextmanager
async def gate(vendor: Vendor, folder: Path) -> AsyncGenerator[tuple[Gate, int]]:
    """The edge and the pool between a client and the vendor; the port."""
    pool = Pool(LoopClock())
    pool.open()
    try:
        async with vending(vendor) as target:
            passing = Gate(pool, target)
            options = ServerOptions(spool_folder=str(folder), min_free=0)
            async with serving({("/v1/up", "POST"): passing.handler}, options) as (_, port):
                yield passing, port
    finally:
        await pool.close()


def make_body(size: int, model: str = "public-model") -> bytes:
    """A form whose `model` comes behind the file, as some SDKs send it."""
    content = os.urandom(1024) * (size // 1024)
    file = write_form(None, [("file", "film.mp4", "video/mp4", content)])
    return file[: -len(BOUNDARY) - 6] + write_form({"model": model})


def head(size: int) -> bytes:
    return (
        b"POST /v1/up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (form_kind(), size)
    )


def digest_sent(body: bytes) -> bytes:
    return sha256(body.replace(b"public-model", b"vendor-model")).hexdigest().encode()


def spools_open(folder: Path) -> int:
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208  (names, not entries)
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(folder))  # noqa: PTH115
        except FileNotFoundError:  # the one that lists the folder
            continue
    return found


class Watch:
    """The longest time in which the loop did not turn."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._on = True
        self._turn()

    def _turn(self) -> None:
        now = self._loop.time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        if self._on:
            self._loop.call_later(0.001, self._turn)

    def stop(self) -> float:
        self._on = False
        return self.longest


@on_both_loops
async def test_an_upload_arrives_at_the_vendor_changed_in_its_field_only(tmp_path: Path):
    vendor = Vendor()
    body = make_body(5 * MIB)
    async with gate(vendor, tmp_path) as (passing, port):
        answer = await talk(port, head(len(body)) + body, 20)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(digest_sent(body))
        sent, _ = vendor.requests[0]
        assert b"Content-Type: " + form_kind() in sent
        assert passing.ended == 1
    assert spools_open(tmp_path) == 0


@on_both_loops
async def test_an_upload_in_chunks_has_a_length_at_the_vendor(tmp_path: Path):
    vendor = Vendor()
    body = make_body(3 * MIB)
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 50_000]), body[at : at + 50_000])
        for at in range(0, len(body), 50_000)
    )
    lines = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    async with gate(vendor, tmp_path) as (_, port):
        answer = await talk(port, lines + chunks + b"0\r\n\r\n", 20)
        assert answer.endswith(digest_sent(body))
        assert b"Content-Length: %d" % len(body) in vendor.requests[0][0]


@on_both_loops
async def test_a_large_upload_does_not_hold_the_loop_up(tmp_path: Path):
    """The client sends from a thread, so that the loop has only the server's and vendor's work."""
    body = make_body(48 * MIB)
    async with gate(Vendor(), tmp_path) as (_, port):
        loop = asyncio.get_running_loop()
        watch = Watch()
        answer = await loop.run_in_executor(None, _upload, port, body)
        longest = watch.stop()
    assert answer.endswith(digest_sent(body))
    assert longest < LONGEST_STEP


def _upload(port: int, body: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall(head(len(body)))
        sock.sendall(body)
        answer = b""
        while piece := sock.recv(65_536):
            answer += piece
        return answer


@on_both_loops
async def test_a_vendor_that_refuses_early_is_heard(tmp_path: Path):
    vendor = Vendor(refuse_after=MIB)
    body = make_body(16 * MIB)
    async with gate(vendor, tmp_path) as (_, port):
        answer = await talk(port, head(len(body)) + body, 20)
    # The vendor hangs up on what it did not read: the answer may be lost, but nothing hangs.
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 502"))
    assert spools_open(tmp_path) == 0


@on_both_loops
async def test_a_client_that_leaves_while_the_vendor_reads_ends_it_all(tmp_path: Path):
    vendor = Vendor(pause=0.05)
    body = make_body(16 * MIB)
    async with gate(vendor, tmp_path) as (passing, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(len(body)) + body)
        await writer.drain()
        await until(lambda: spools_open(tmp_path) > 0 and passing.pool.in_flight > 0)
        writer.close()
        await until(lambda: passing.ended > 0)
        assert passing.pool.in_flight == 0
        gc.disable()
        try:
            await until(lambda: spools_open(tmp_path) == 0)
        finally:
            gc.enable()


@on_both_loops
async def test_a_client_that_leaves_in_mid_upload_leaves_no_file(tmp_path: Path):
    async with gate(Vendor(), tmp_path) as (passing, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(16 * MIB) + make_body(8 * MIB)[: 6 * MIB])
        await writer.drain()
        await until(lambda: spools_open(tmp_path) > 0)
        writer.close()
        await until(lambda: spools_open(tmp_path) == 0)
        assert passing.ended == 0
