"""One origin's share of the pool: idle connections, newest first, calls that wait, calls that dial."""

import asyncio
from collections import deque
from typing import Protocol

from nexhina.errors import UpstreamFailure
from nexhina.ports import Origin, Target
from nexhina.tasks import Gathering, spawn
from nexhina.upstream.call import Call
from nexhina.upstream.connection import Connection
from nexhina.upstream.dial import Dialer
from nexhina.upstream.proxy import read_proxy, write_authority


class Books(Protocol):
    """The pool's counters, which its sites keep."""

    opened: int
    in_flight: int
    closed: bool
    connections: set[Connection]
    dialer: Dialer
    gathering: Gathering


class Site:
    """Connections to one origin; the home of its connections and the line of calls without one."""

    def __init__(self, origin: Origin, books: Books, maximum: int) -> None:
        self.origin = origin
        self.idle: list[Connection] = []
        self.waiting: deque[Call] = deque()
        self.dialing: dict[Call, asyncio.Task[None]] = {}
        self._books = books
        self.gathering = books.gathering
        self._maximum = maximum  # 0: no limit
        self._standing = 0

    def take(self, call: Call) -> None:
        """Finds a connection for a call that met no idle one: dials, or lets it wait."""
        if self._is_full():
            call.line = self
            self.waiting.append(call)
        else:
            self._dial(call)

    @property
    def is_deserted(self) -> bool:
        """Nothing stands, waits or dials: the pool may forget it."""
        return not (self._standing or self.waiting or self.dialing)

    # --- Line: calls that have no connection yet --------------------------------------------------

    def pause(self) -> None:
        """Nothing is being read yet."""

    def resume(self) -> None:
        """Nothing was stopped."""

    def drop(self, call: Call) -> None:
        """Leaves the queue, or breaks off the dialling."""
        self._books.in_flight -= 1
        task = self.dialing.pop(call, None)
        if task is not None:
            task.cancel()
            self._serve_waiting()
        else:
            self.waiting.remove(call)

    # --- Home: the connections' side --------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """Counts it."""
        self._standing += 1
        self._books.opened += 1
        self._books.connections.add(connection)

    def released(self, connection: Connection, calls: int = 1) -> None:
        """Counts the call less; gives the connection to whoever waits longest, else keeps it."""
        self._books.in_flight -= calls
        if self.waiting:
            connection.start(self.waiting.popleft())
        else:
            connection.idle = True
            self.idle.append(connection)

    def lost(self, connection: Connection, orphan: Call | None) -> None:
        """Forgets it, and dials for the orphan or for whoever waits."""
        books = self._books
        if connection in books.connections:
            books.connections.discard(connection)
            self._standing -= 1
        if connection.idle:
            self.idle.remove(connection)
        if orphan is not None:
            self._dial(orphan)
        self._serve_waiting()

    def settled(self) -> None:
        """Counts a call less."""
        self._books.in_flight -= 1

    # --- dialling ---------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return self._maximum > 0 and self._standing + len(self.dialing) >= self._maximum

    def _serve_waiting(self) -> None:
        while self.waiting and not self._is_full():
            self._dial(self.waiting.popleft())

    def _dial(self, call: Call) -> None:
        if self._books.closed:
            self._books.in_flight -= 1
            call.fail(UpstreamFailure("connect", "the server is about to stop", sent=False))
            return
        call.line = self
        call.stage = "connect"
        self.dialing[call] = spawn(self._connect(call), f"dial {self.origin.host}")

    async def _connect(self, call: Call) -> None:
        failure: UpstreamFailure | None = None
        connection: Connection | None = None
        try:
            connection = await self._books.dialer.connect(self.origin, lambda: Connection(self))
            if connection.closed:
                failure = UpstreamFailure("connect", "it closed at once", sent=False)
        except UpstreamFailure as error:
            failure = error
        wanted = self.dialing.pop(call, None) is not None
        if connection is not None and failure is None:
            if wanted:
                connection.start(call)
            else:
                self.released(connection, calls=0)
        self._serve_waiting()
        if wanted and failure is not None:
            self._books.in_flight -= 1
            call.fail(failure)


def write_head(target: Target) -> bytes:
    """Request line and header lines, ready to send; raises ValueError for what can't stand there."""
    path, method, origin = target.path, target.method, target.origin
    if not (path.startswith("/") and path.isascii() and path.isprintable() and " " not in path):
        raise ValueError("the path is not one that HTTP can carry")
    if not (method.isascii() and method.isalpha()):
        raise ValueError("the method is not one that HTTP knows")
    authorization = b""
    if origin.scheme == "http" and origin.proxy is not None:
        proxy = read_proxy(origin.proxy)
        if proxy.scheme == "http":  # RFC 9112 section 3.2.2: a proxy takes the whole address
            path = f"http://{write_authority(origin.host, origin.port)}{path}"
            authorization = proxy.authorization
    return f"{method} {path} HTTP/1.1\r\n".encode() + target.head + authorization
