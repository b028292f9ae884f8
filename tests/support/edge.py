"""What the tests of the HTTP edge share: handlers, a clock, a transport in memory, raw sockets."""

import asyncio
import inspect
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from nexhina.gateway.answer import write_plain_error
from nexhina.gateway.edge import Edge
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.protocol import Connection
from nexhina.gateway.router import Router
from nexhina.gateway.server import GatewayServer
from nexhina.ports import Client, Handler, Inbound
from nexhina.tasks import Gathered, Gathering

Run = Callable[[Inbound, Client], Coroutine[Any, Any, None]]
Routes = Mapping[tuple[str, str], Handler]


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


class LoopClock:
    """Real time, for tests over sockets."""

    def now(self) -> float:
        return 1_700_000_000.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def handler(run: Run, max_body: int = 1024 * 1024) -> Handler:
    return Handler(run=run, write_error=write_plain_error, max_body=max_body)


async def echo(inbound: Inbound, client: Client) -> None:
    """Answers with method, path, query and body."""
    text = f"{inbound.method} {inbound.path}?{inbound.query.decode()} ".encode()
    client.answer(200, [(b"content-type", b"text/plain")], text + inbound.body)


def echo_routes(max_body: int = 1024 * 1024) -> Routes:
    serve = handler(echo, max_body)
    return {
        ("/v1/echo", "POST"): serve,
        ("/v1/echo", "GET"): serve,
        ("/v1/models", "GET"): serve,
        ("/v1/models/{model}", "GET"): serve,
    }


class MemoryTransport(asyncio.Transport):
    """Keeps what is written; closes when told."""

    def __init__(self, peer: str = "192.0.2.7", *, tls: bool = False) -> None:
        super().__init__({"peername": (peer, 4711), "ssl_object": object() if tls else None})
        self.written = bytearray()
        self.writes = 0
        self.closed = False
        self.aborted = False
        self.ended = False
        self.reading = True
        self.unsent = 0

    def write(self, data: Any) -> None:
        self.writes += 1
        self.written += data

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def take(self) -> bytes:
        taken = bytes(self.written)
        self.written.clear()
        return taken


class NoGathering(Gathering):
    """Where no loop runs: `send` does the work itself."""

    def call(self) -> None:
        self.waiting = _Nobody()


class _Nobody(list[Gathered]):
    def append(self, one: Gathered, /) -> None:
        pass


class MemoryConnection:
    """A connection without a socket: bytes go in by `send`, answers are taken by `take`."""

    def __init__(
        self,
        routes: Routes,
        options: ServerOptions | None = None,
        *,
        fallback: Handler | None = None,
        peer: str = "192.0.2.7",
        tls: bool = False,
    ) -> None:
        self.clock = FakeClock()
        self.edge = Edge(Router(routes, fallback), self.clock, options or ServerOptions(), seed=7)
        self.edge.gathering = NoGathering()
        self.transport = MemoryTransport(peer, tls=tls)
        self.connection = Connection(self.edge)
        self.connection.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)
        self.connection.take_in()  # what the turn's end does

    def take(self) -> bytes:
        return self.transport.take()

    def pass_seconds(self, seconds: float) -> None:
        """Lets time pass and the server look at its deadlines."""
        self.clock.seconds += seconds
        self.edge.tick = self.clock.seconds
        if self.connection in self.edge.connections:
            self.connection.check(self.edge.tick)


@asynccontextmanager
async def serving(
    routes: Routes, options: ServerOptions | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[tuple[GatewayServer, int]]:
    """A started server and its port."""
    server = GatewayServer(Router(routes), LoopClock(), options or ServerOptions(), seed=7)
    _, port = await server.start("127.0.0.1", 0, tls=tls)
    try:
        yield server, port
    finally:
        await server.drain(0)


async def talk(port: int, data: bytes, seconds: float = 5.0) -> bytes:
    """Sends bytes and returns all that comes until the server closes or falls silent for long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), seconds)
        except ConnectionResetError:
            return b""
    finally:
        writer.close()


def split_answers(data: bytes) -> list[tuple[int, dict[bytes, bytes], bytes]]:
    """Answers with Content-Length, one behind the other: (status, headers, body)."""
    answers: list[tuple[int, dict[bytes, bytes], bytes]] = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        headers = {name: value for name, _, value in (f.partition(b": ") for f in fields)}
        size = int(headers.get(b"content-length", b"0"))
        answers.append((int(line.split()[1]), headers, rest[:size]))
        data = rest[size:]
    return answers


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test, run on asyncio's own loop and on uvloop."""
    parameters = list(inspect.signature(test).parameters.values())
    loop_parameter = inspect.Parameter("new_loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)

    def run(new_loop: Callable[[], asyncio.AbstractEventLoop], **arguments: Any) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(test(**arguments))

    run.__name__ = test.__name__
    run.__module__ = test.__module__
    run.__signature__ = inspect.Signature([loop_parameter, *parameters])
    loops = [asyncio.new_event_loop, uvloop.new_event_loop]
    return pytest.mark.parametrize("new_loop", loops, ids=["asyncio", "uvloop"])(run)
