"""The listening server: accept, one sweep a second over all deadlines, drain."""

import asyncio
import secrets
import ssl
from typing import cast

import msgspec

from nexhina.gateway.edge import Edge
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.protocol import Connection
from nexhina.gateway.router import Router
from nexhina.ports import Clock

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None

_RESERVED_FILES = 128  # database, journal, log, listening sockets


class GatewayServer:
    """Serves a router's handlers over HTTP on one address."""

    def __init__(
        self, router: Router, clock: Clock, options: ServerOptions, seed: int | None = None
    ) -> None:
        """`seed`: of the call ids; by default from the system's chance."""
        self._options = options
        self._edge = Edge(router, clock, options, secrets.randbits(64) if seed is None else seed)
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._edge.connections)

    @property
    def requests(self) -> int:
        """Requests since the start, refused ones included."""
        return self._edge.requests

    @property
    def refused_connections(self) -> int:
        """Connections closed at once because there were too many."""
        return self._edge.refused

    async def start(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        reuse_port: bool = False,
    ) -> tuple[str, int]:
        """Listens; returns the bound address (of port 0: the one that the system chose).

        Raises OSError when the address can't be had.
        """
        loop = self._loop = asyncio.get_running_loop()
        edge = self._edge
        files = raise_file_limit()
        if not edge.options.max_connections and files:
            # Half, since a call that is relayed needs a connection on the other side too.
            limit = max(16, (files - _RESERVED_FILES) // 2)
            edge.options = msgspec.structs.replace(edge.options, max_connections=limit)
        server = self._server = await loop.create_server(
            lambda: Connection(edge),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else self._options.head_seconds,
            ssl_shutdown_timeout=None if tls is None else self._options.linger_seconds,
            backlog=_backlog(loop, self._options.accept_backlog),
            reuse_address=True,
            reuse_port=reuse_port or None,
        )
        self._sweep()
        address = cast("tuple[str, int]", server.sockets[0].getsockname())
        return address[0], address[1]

    def _sweep(self) -> None:
        edge = self._edge
        tick = edge.tick = edge.clock.monotonic()
        for connection in tuple(edge.connections):
            connection.check(tick)
        assert self._loop is not None
        self._sweeping = self._loop.call_later(self._options.sweep_seconds, self._sweep)

    async def drain(self, seconds: float) -> None:
        """Stops accepting, lets running answers end, and returns when the last has; aborts those
        that are still there after `seconds`.
        """
        edge = self._edge
        edge.draining = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(edge.connections):
            connection.drain()
        await edge.emptied(seconds)
        for connection in tuple(edge.connections):
            connection.abort()
        await edge.emptied(1.0)
        if self._sweeping is not None:
            self._sweeping.cancel()


def _backlog(loop: asyncio.AbstractEventLoop, wanted: int) -> int:
    """The accept backlog. asyncio's own loop also tries to accept that many at once, and logs each
    failure while no file descriptor is left.
    """
    return min(wanted, 128) if isinstance(loop, asyncio.BaseEventLoop) else wanted


def raise_file_limit() -> int:
    """Raises the process's soft limit of open files to the hard one; returns it, 0 = unknown."""
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):  # not allowed here: the soft limit stays
            pass
    return 0 if soft == resource.RLIM_INFINITY else soft


def load_tls(cert_file: str, key_file: str) -> ssl.SSLContext:
    """The TLS context of a certificate chain and its key; raises OSError or ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(cert_file, key_file)
    return context
