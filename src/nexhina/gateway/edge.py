"""What all connections of a server share: the router, the clock, counts, and prepared bytes."""

import asyncio
from email.utils import formatdate
from ipaddress import ip_address
from typing import TYPE_CHECKING

from nexhina.gateway.call_id import CallIds
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.router import Router
from nexhina.gateway.spool import SpoolFolder
from nexhina.gateway.stranger import Strangers
from nexhina.ports import Clock
from nexhina.tasks import Gathering

if TYPE_CHECKING:
    from nexhina.gateway.protocol import Connection


class Edge:
    """The shared state of a server's connections."""

    __slots__ = (
        "_emptied", "clock", "connections", "date_line", "date_second", "draining", "gathering",
        "monotonic", "new_id", "now", "options", "refused", "requests", "router", "spools",
        "strangers", "tick",
    )  # fmt: skip

    def __init__(self, router: Router, clock: Clock, options: ServerOptions, seed: int) -> None:
        self.router = router
        self.clock = clock
        self.now = clock.now  # bound: asked at every request
        self.monotonic = clock.monotonic
        self.options = options
        self.spools = SpoolFolder(options.spool_folder, options.max_spooled, options.min_free)
        self.strangers = Strangers(options.max_strangers)
        self.new_id = CallIds(seed).new
        self.connections: set[Connection] = set()
        self._emptied: asyncio.Event | None = None  # somebody waits for the last connection's end
        self.requests = 0  # since the start
        self.gathering = Gathering()
        self.refused = 0  # connections beyond the limit
        self.draining = False
        self.tick = clock.monotonic()  # as of the last sweep: enough for deadlines in seconds
        self.date_second = -1
        self.date_line = b""

    def forget(self, connection: "Connection") -> None:
        """Takes a closed connection out."""
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections:
            self._emptied.set()

    async def emptied(self, seconds: float) -> None:
        """Waits until no connection is open, at most `seconds`."""
        if not self.connections:
            return
        self._emptied = asyncio.Event()
        try:
            await asyncio.wait_for(self._emptied.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            self._emptied = None

    def dated(self, now: float) -> bytes:
        """The Date line of an answer."""
        second = int(now)
        if second != self.date_second:
            self.date_second = second
            self.date_line = b"date: %b\r\n" % formatdate(second, usegmt=True).encode()
        return self.date_line

    def is_trusted(self, peer: str) -> bool:
        """Whether the address is a proxy whose X-Forwarded-… fields count."""
        networks = self.options.trusted_proxies
        if not networks:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in networks)

    def read_forwarded(self, peer: str, forwarded: bytes) -> str:
        """The caller's address: the last of the list that no trusted proxy has."""
        caller = peer
        for entry in reversed(forwarded.split(b",")):
            text = entry.strip().decode("latin-1")
            try:
                ip_address(text)
            except ValueError:
                break
            caller = text
            if not self.is_trusted(text):
                break
        return caller
