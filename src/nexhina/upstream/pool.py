"""Connections to vendors, kept alive: implements `Upstream` for http and https.

One list per origin, newest first, so that what a burst opened grows old and closes. One sweep every
quarter of a second enforces every time limit of every call and connection: a steady request costs
no timer, no task and no look at the clock. Retries over channels are the pipeline's.
"""

import asyncio

from nexhina.errors import FailureKind, UpstreamFailure
from nexhina.ports import Body, Clock, Exchange, Limits, Origin, Reply, Target, Waiter
from nexhina.tasks import Gathering, Wait
from nexhina.upstream.call import Attempt, Call
from nexhina.upstream.connection import Connection
from nexhina.upstream.dial import Dialer
from nexhina.upstream.site import Site, write_head

_MAX_ROUTES = 512
SWEEP_SECONDS = 0.25
STALL_SECONDS = 2.0
"""A sweep that comes this late finds unread bytes in the sockets: it judges at its next turn."""


class Pool:
    """`open` it inside a running loop. The counters are plain integers for the metrics."""

    def __init__(
        self,
        clock: Clock,
        *,
        idle_seconds: float = 60.0,
        max_per_origin: int = 0,
        dialer: Dialer | None = None,
    ) -> None:
        """`idle_seconds`: below what vendors keep; `max_per_origin`: 0 = no limit."""
        self.opened = 0  # connections, ever
        self.in_flight = 0  # attempts that have not ended
        self.closed = True
        self.connections: set[Connection] = set()
        self.dialer = dialer or Dialer()
        self.gathering = Gathering()
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._maximum = max_per_origin
        self._sites: dict[Origin, Site] = {}
        self._routes: dict[int, tuple[Target, Site, bytes]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._swept = 0.0

    @property
    def standing(self) -> int:
        """Connections open now."""
        return len(self.connections)

    @property
    def idle(self) -> int:
        """Connections open now that carry no call."""
        return sum(len(site.idle) for site in self._sites.values())

    def open(self) -> None:
        """Starts the sweep on the running loop."""
        self.closed = False
        self._swept = self._clock.monotonic()
        self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._tick)

    async def close(self) -> None:
        """Closes every connection; calls that still run fail."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks: list[asyncio.Task[None]] = []
        stopping = "the server is about to stop"
        for site in self._sites.values():
            tasks += site.dialing.values()
            for call in [*site.dialing, *site.waiting]:
                site.drop(call)
                call.fail(UpstreamFailure("connect", stopping, sent=False))
        for connection in list(self.connections):
            call = connection.call
            if call is None:
                connection.close()
            else:
                connection.drop(call)
                call.fail(UpstreamFailure("closed", stopping))
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # asyncio closes aborted transports in the turn after

    def send(self, target: Target, body: Body, limits: Limits, extra: bytes = b"") -> Exchange:
        """Starts an attempt; never raises."""
        waiter: Wait[Reply] = Wait()
        return Attempt(self.dispatch(target, body, limits, extra, waiter), waiter)

    def dispatch(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes,
        waiter: Waiter,
    ) -> Call:
        """Starts an attempt and tells `waiter` of its answer; never raises."""
        # A target is made once per channel and route, so its identity is the key; the entry keeps
        # it alive, so the identity can't be taken over.
        route = self._routes.get(id(target))
        if route is None:
            try:
                route = self._find_route(target)
            except ValueError as error:
                call = Call(target, b"", limits, b"", b"", waiter)
                call.fail(UpstreamFailure("connect", str(error), sent=False))
                return call
        _, site, head = route
        call = Call(target, body, limits, extra, head, waiter)
        self.in_flight += 1
        if site.idle and not limits.once:
            connection = site.idle.pop()
            connection.idle = False
            connection.start(call)
        else:
            site.take(call)
        return call

    def _find_route(self, target: Target) -> tuple[Target, Site, bytes]:
        """The target's site and head; raises ValueError for a target that HTTP can't carry."""
        head = write_head(target)
        site = self._sites.get(target.origin)
        if site is None:
            site = self._sites[target.origin] = Site(target.origin, self, self._maximum)
        if len(self._routes) >= _MAX_ROUTES:
            self._routes.clear()
        route = self._routes[id(target)] = (target, site, head)
        return route

    # --- time -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._swept > STALL_SECONDS:
            self._swept = now
        else:
            self.sweep()
        if not self.closed:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._tick)

    def sweep(self) -> None:
        """Ends every call whose limit has run out and every connection idle for too long."""
        self._swept = now = self._clock.monotonic()
        for connection in list(self.connections):
            call = connection.call
            if call is not None:
                kind = call.find_overdue(now)
                if kind is not None:
                    connection.drop(call)
                    call.fail(_describe(call, kind))
            elif connection.idle_since is None:
                connection.idle_since = now
            elif now - connection.idle_since > self._idle_seconds:
                connection.close()
        for origin, site in list(self._sites.items()):
            for call in [*site.dialing, *site.waiting]:
                kind = call.find_overdue(now)
                if kind is not None:
                    site.drop(call)
                    call.fail(_describe(call, kind))
            if site.is_deserted:
                del self._sites[origin]
                self._routes = {key: way for key, way in self._routes.items() if way[1] is not site}


def _describe(call: Call, kind: FailureKind) -> UpstreamFailure:
    limits = call.limits
    sent = call.stage != "connect" or call.retried
    if kind == "connect_timeout":
        return UpstreamFailure(kind, f"no connection within {limits.connect:g} s", sent=sent)
    if kind == "first_byte_timeout":
        return UpstreamFailure(kind, f"no answer within {limits.first_byte:g} s", sent=sent)
    if kind == "idle_timeout":
        return UpstreamFailure(kind, f"nothing came for {limits.idle:g} s", sent=sent)
    return UpstreamFailure(kind, f"the answer was not whole within {limits.total:g} s", sent=sent)
