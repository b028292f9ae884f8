"""A transport without a socket, and a dialer that hands out connections over it."""

import asyncio
from collections.abc import Callable

from nexhina.errors import UpstreamFailure
from nexhina.ports import Origin
from nexhina.upstream.connection import Connection
from nexhina.upstream.dial import Dialer


class FakeTransport(asyncio.Transport):
    """Keeps what is written; `clog_above` bytes make it call pause_writing, as asyncio does."""

    def __init__(self, protocol: Connection, clog_above: int | None = None) -> None:
        super().__init__()
        self.protocol = protocol
        self.writes: list[bytes] = []
        self.reading = True
        self.aborted = False
        self._clog_above = clog_above
        self._waiting = 0

    @property
    def sent(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        self._waiting += len(data)
        if self._clog_above is not None and self._waiting > self._clog_above:
            self.protocol.pause_writing()

    def drain(self) -> None:
        """The vendor has taken everything."""
        self._waiting = 0
        self.protocol.resume_writing()

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class FakeDialer(Dialer):
    """Connects at once, or when `gate` is set; fails with `failure` if there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.transports: list[FakeTransport] = []
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.failure: UpstreamFailure | None = None
        self.clog_above: int | None = None

    async def connect(self, origin: Origin, make: Callable[[], Connection]) -> Connection:  # type: ignore[override]
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        connection = make()
        transport = FakeTransport(connection, self.clog_above)
        self.transports.append(transport)
        connection.connection_made(transport)
        return connection
