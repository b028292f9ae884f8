"""A started server against hostile and unlucky clients, over real sockets, on both event loops."""

import asyncio
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from nexhina.errors import ClientGone
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.server import GatewayServer, load_tls
from nexhina.ports import Client, Inbound
from nexhina.tasks import Wait
from support.certificate import make_server_context
from support.edge import (
    echo_routes,
    handler,
    on_both_loops,
    serving,
    split_answers,
    talk,
)

HOST = b"Host: h\r\n"
POST = b"POST /v1/echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /v1/echo HTTP/1.1\r\n" + HOST + b"\r\n"
SMUGGLED = b"GET /v1/models HTTP/1.1\r\n" + HOST + b"\r\n"

HOSTILE: dict[str, tuple[bytes, int]] = {
    "CL.TE": (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "TE.CL": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n", 400),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n", 400),
    "coding unknown": (POST + b"Transfer-Encoding: identity\r\n\r\n", 501),
    "coding quoted": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 501),
    "coding folded": (POST + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n", 400),
    "coding with form feed": (POST + b"Transfer-Encoding: \x0cchunked\r\n\r\n0\r\n\r\n", 400),
    "coding before colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "space before colon": (POST + b"Content-Length : 44\r\n\r\n", 400),
    "chunk size overflow": (CHUNKED + b"1" + b"0" * 16 + b"\r\n", 400),
    "chunk size negative": (CHUNKED + b"-1\r\n", 400),
    "chunk size with spaces": (CHUNKED + b" 1\r\na\r\n", 400),
    "chunk with LF": (CHUNKED + b"1\na\n0\n\n", 400),
    "chunk over the cap": (CHUNKED + b"7fffffff\r\n", 413),
    "body over the cap": (POST + b"Content-Length: 2000000\r\n\r\n", 413),
    "bare LF": (GET.replace(b"\r\n", b"\n"), 400),
    "NUL": (b"GET /v1/echo HTTP/1.1\r\nHost: h\x00\r\n\r\n", 400),
    "header of 100 KB": (b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"b" * 100_000 + b"\r\n\r\n", 431),
    "header of 2 MB": (b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"b" * 2_000_000 + b"\r\n\r\n", 431),
    "5,000 headers": (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 5000 + b"\r\n", 431),
    "long URL": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "garbage": (bytes(range(256)), 400),
}


@pytest.mark.parametrize("name", HOSTILE)
@on_both_loops
async def test_hostile_input_gets_one_error_and_the_door(name: str) -> None:
    data, status = HOSTILE[name]
    async with serving(echo_routes()) as (_, port):
        answers = split_answers(await talk(port, data + SMUGGLED))
        assert len(answers) == 1, "what stands behind a refused request must never be served"
        got, headers, body = answers[0]
        assert got == status
        assert headers[b"connection"] == b"close"
        assert headers[b"content-type"] == b"application/json"
        error = msgspec.json.decode(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        assert split_answers(await talk(port, GET[:-2] + b"Connection: close\r\n\r\n"))[0][0] == 200


@on_both_loops
async def test_chunked_continue_and_pipelining_work() -> None:
    async with serving(echo_routes()) as (_, port):
        data = (
            CHUNKED
            + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
            + GET
            + GET[:-2]
            + b"Connection: close\r\n\r\n"
        )
        answers = split_answers(await talk(port, data))
        assert [status for status, _, _ in answers] == [200, 200, 200]
        assert answers[0][2].endswith(b"abc")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.close()


@on_both_loops
async def test_a_body_of_many_megabytes_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    head = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving(echo_routes(max_body=len(body))) as (_, port):
        ((_, _, got),) = split_answers(await talk(port, head + body))
        assert got.endswith(body)


@on_both_loops
async def test_deadlines_close_what_does_not_go_on() -> None:
    options = ServerOptions(
        head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, sweep_seconds=0.05, linger_seconds=0.2
    )
    async with serving(echo_routes(), options) as (server, port):
        silent, head, body, idle = await asyncio.gather(
            talk(port, b""),
            talk(port, b"GET /v1/echo HT"),
            talk(port, POST + b"Content-Length: 9\r\n\r\nx"),
            talk(port, GET),
        )
        assert silent == b""
        assert split_answers(head)[0][0] == 408
        assert split_answers(body)[0][0] == 408
        assert [status for status, _, _ in split_answers(idle)] == [200]
        assert server.requests == 3


@on_both_loops
async def test_a_client_that_sends_on_still_reads_the_refusal() -> None:
    async with serving(echo_routes()) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST + b"Content-Length: 5000000\r\n\r\n")
        for _ in range(50):
            writer.write(b"x" * 100_000)
            await asyncio.sleep(0)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
        writer.close()


class Watched:
    """A handler that streams until it is told to stop, and says what became of it."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.gone = asyncio.Event()
        self.paused = asyncio.Event()
        self.sent = 0
        self.client: Client | None = None

    async def run(self, inbound: Inbound, client: Client) -> None:
        self.client = client
        client.on_pressure(self.paused.set, self.paused.clear)
        client.start(200, [])
        client.write(b"first")
        self.begun.set()
        try:
            await Wait[None]()
        except ClientGone:
            self.gone.set()
            raise


@on_both_loops
async def test_a_client_gone_in_mid_stream_is_felt_within_half_a_second() -> None:
    watched = Watched()
    async with serving({("/v1/echo", "GET"): handler(watched.run)}) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"first")
        writer.close()
        await asyncio.wait_for(watched.gone.wait(), 0.5)
        assert watched.client is not None
        assert watched.client.gone
        await asyncio.sleep(0)
        assert server.connections == 0


@on_both_loops
async def test_a_client_gone_before_the_first_byte_is_felt_too() -> None:
    gone = asyncio.Event()
    begun = asyncio.Event()

    async def run(inbound: Inbound, client: Client) -> None:
        begun.set()
        try:
            await Wait[None]()
        except ClientGone:
            gone.set()
            raise

    async with serving({("/v1/echo", "GET"): handler(run)}) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await asyncio.wait_for(begun.wait(), 5)
        writer.transport.abort()
        await asyncio.wait_for(gone.wait(), 0.5)


@on_both_loops
async def test_a_client_that_stops_reading_pauses_the_producer_and_is_cut_at_last() -> None:
    watched = Watched()
    options = ServerOptions(write_seconds=0.3, sweep_seconds=0.05)
    async with serving({("/v1/echo", "GET"): handler(watched.run)}, options) as (_, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, GET)
        await asyncio.wait_for(watched.begun.wait(), 5)
        assert watched.client is not None
        while not watched.paused.is_set():
            watched.client.write(b"x" * 10_000)
            watched.sent += 10_000
            await asyncio.sleep(0)
        assert watched.sent < 20_000_000  # the kernel's buffers, and no more than 64 KiB of ours
        await asyncio.wait_for(watched.gone.wait(), 5)
        sock.close()


@on_both_loops
async def test_a_slow_client_that_catches_up_resumes_the_producer() -> None:
    watched = Watched()
    async with serving({("/v1/echo", "GET"): handler(watched.run)}) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(GET)
        await asyncio.wait_for(watched.begun.wait(), 5)
        assert watched.client is not None
        while not watched.paused.is_set():
            watched.client.write(b"x" * 100_000)
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while watched.paused.is_set():
                await reader.read(1_000_000)
        assert not watched.gone.is_set()
        writer.close()


@on_both_loops
async def test_drain_lets_running_answers_end_and_turns_new_ones_away() -> None:
    watched = Watched()
    routes = {**echo_routes(), ("/v1/run", "GET"): handler(watched.run)}
    async with serving(routes) as (server, port):
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        idle_writer.write(GET)
        await idle_reader.readuntil(b"GET /v1/echo? ")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"echo", b"run"))
        await reader.readuntil(b"first")
        draining = asyncio.ensure_future(server.drain(10))
        assert await idle_reader.read() == b""
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        assert not draining.done()
        assert watched.client is not None
        watched.client.end(b"last")
        assert (await reader.read()).endswith(b"4\r\nlast\r\n0\r\n\r\n")
        await asyncio.wait_for(draining, 1)
        writer.close()
        idle_writer.close()


@on_both_loops
async def test_drain_aborts_what_is_left_when_time_is_up() -> None:
    watched = Watched()
    async with serving({("/v1/echo", "GET"): handler(watched.run)}) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"first")
        await asyncio.wait_for(server.drain(0.1), 1)
        assert watched.gone.is_set()
        assert server.connections == 0
        writer.close()


@on_both_loops
async def test_tls_serves_and_refuses_like_plain(tmp_path: Path) -> None:
    _, authority = make_server_context(tmp_path)
    pem = str(tmp_path / "server.pem")  # key and certificate in one file
    options = ServerOptions(linger_seconds=0.2, sweep_seconds=0.05)
    async with serving(echo_routes(), options, tls=load_tls(pem, pem)) as (_, port):
        context = ssl.create_default_context(cafile=authority)
        for request, status in ((GET[:-2] + b"Connection: close\r\n\r\n", 200), (b"\x00\r\n", 400)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            writer.write(request)
            assert split_answers(await asyncio.wait_for(reader.read(), 8))[0][0] == status
            writer.close()
        assert await talk(port, GET, 1) == b""  # plain HTTP to a TLS port


@on_both_loops
async def test_a_handshake_that_does_not_end_is_given_up_like_a_head(tmp_path: Path) -> None:
    make_server_context(tmp_path)
    pem = str(tmp_path / "server.pem")
    tls = load_tls(pem, pem)
    async with serving(echo_routes(), ServerOptions(head_seconds=0.2), tls=tls) as (_, port):
        assert await talk(port, b"\x16\x03\x01", seconds=3) == b""


@on_both_loops
async def test_connections_beyond_the_limit_are_closed_and_make_room_when_others_leave() -> None:
    async with serving(echo_routes(), ServerOptions(max_connections=1)) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"GET /v1/echo? ")
        assert await talk(port, b"") == b""
        assert server.refused_connections == 1
        writer.write(GET[:-2] + b"Connection: close\r\n\r\n")
        assert b" 200 " in await reader.read()
        writer.close()
        assert b" 200 " in await talk(port, GET[:-2] + b"Connection: close\r\n\r\n")


@on_both_loops
async def test_a_taken_port_is_an_os_error() -> None:
    async with serving(echo_routes()) as (server, port):
        other = GatewayServer(server._edge.router, server._edge.clock, ServerOptions())
        with pytest.raises(OSError):
            await other.start("127.0.0.1", port)


OUT_OF_FILES = """
import asyncio, resource, socket, sys
sys.path[:0] = sys.argv[2:]
import uvloop
from support.edge import echo_routes, serving, talk
from nexhina.gateway.options import ServerOptions

GET = b"GET /v1/echo HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n"

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    async with serving(echo_routes(), ServerOptions(max_connections=10_000)) as (server, port):
        held = []
        loop = asyncio.get_running_loop()
        try:
            while True:
                sock = socket.socket()
                sock.setblocking(False)
                held.append(sock)
                await loop.sock_connect(sock, ("127.0.0.1", port))
                await asyncio.sleep(0)
        except OSError:
            pass
        for _ in range(50):
            await asyncio.sleep(0.01)
        for sock in held:
            sock.close()
        await asyncio.sleep(1.2)  # asyncio's loop waits a second before it accepts again
        assert (await talk(port, GET)).startswith(b"HTTP/1.1 200"), "the server no longer accepts"

new_loop = uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.new_event_loop
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_without_file_descriptors_left_serves_again_when_there_are(loop: str) -> None:
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_FILES, loop, *paths],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
