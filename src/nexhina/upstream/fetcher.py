"""ports.Fetcher: the one way to read an address that a caller or a vendor wrote.

A name is resolved once, its addresses are checked (`reach.py`), and a checked one is dialled under
the name's SNI and Host: no second look-up can lead elsewhere. Each redirection is checked anew.
Nothing of ours travels along: no credential, no cookie, no proxy of the environment. Each hop has a
connection of its own, so that what was allowed for one link serves no other.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from nexhina import __version__
from nexhina.errors import FetchError, UpstreamFailure
from nexhina.ports import Clock, Fetched, Limits, Origin, Reply, Target
from nexhina.upstream.dial import Address, Dialer, Resolve, resolve_name
from nexhina.upstream.link import Link, follow_link, read_link
from nexhina.upstream.pool import Pool
from nexhina.upstream.pour import pour
from nexhina.upstream.reach import Network, is_reachable

MOST_REDIRECTS = 5
SECONDS = 120.0
LIMITS = Limits(connect=10.0, first_byte=30.0, idle=20.0, total=7200.0, max_body=256 * 1024)
"""`max_body` bounds here what a compressed body, which we did not ask for, may unfold to."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

Receive = Callable[[bytes], Coroutine[Any, Any, None]]


class NotPublic(UpstreamFailure):
    """The name leads to no address that we dial."""

    def __init__(self) -> None:
        super().__init__("connect", "it leads into a private or reserved network", sent=False)


class PublicFetcher:
    """Reads public addresses, and those of a channel's own origin."""

    def __init__(
        self,
        clock: Clock,
        *,
        allowed: tuple[Network, ...] = (),
        resolve: Resolve = resolve_name,
        ca_file: str | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        """`allowed`: networks beside the public ones; `ca_file`: CAs in the place of the system's."""
        self._clock = clock
        self._allowed = allowed
        self._resolve = resolve
        self._ca_file = ca_file
        self._limits = limits
        self._checked = Dialer(self._resolve_checked)
        self._trusted = Dialer(resolve)

    async def fetch(
        self,
        url: str,
        into: Receive,
        *,
        most: int,
        origin: Origin | None = None,
        seconds: float | None = None,
    ) -> Fetched:
        """Hands the body to `into`; raises FetchError."""
        seconds = seconds or SECONDS
        link = read_link(url)
        try:
            async with asyncio.timeout(seconds):
                for _ in range(MOST_REDIRECTS + 1):
                    outcome = await self._hop(link, into, most, origin)
                    if isinstance(outcome, Fetched):
                        return outcome
                    link = follow_link(link, outcome)
        except TimeoutError:
            raise FetchError("too_slow", f"it was not whole within {seconds:g} seconds") from None
        raise FetchError("refused", f"it redirects more than {MOST_REDIRECTS} times")

    async def _hop(
        self, link: Link, into: Receive, most: int, origin: Origin | None
    ) -> Fetched | str:
        """The body, or where the answer redirects to."""
        own = origin is not None and (link.host, link.port) == (origin.host.lower(), origin.port)
        place = Origin(
            scheme=link.scheme,
            host=link.host,
            port=link.port,
            proxy=origin.proxy if own and origin is not None else None,
            ca_file=origin.ca_file if own and origin is not None else self._ca_file,
        )
        pool = Pool(self._clock, dialer=self._trusted if own else self._checked)
        pool.open()
        try:
            reply = await self._ask(pool, place, link)
            if reply.status in _REDIRECTS:
                location = reply.headers.get(b"location")
                if location is None:
                    raise FetchError("failed", "it redirects to nowhere")
                return location.decode("utf-8", "replace")
            if reply.status != 200:
                raise FetchError("failed", f"its server answered {reply.status}")
            size = await pour(reply, into, most)
            kind = reply.headers.get(b"content-type", b"").decode("latin-1")
            return Fetched(size=size, content_type=kind)
        except UpstreamFailure as failure:
            raise _describe(failure) from None
        finally:
            await pool.close()

    async def _ask(self, pool: Pool, place: Origin, link: Link) -> Reply:
        """The answer, once its head is there."""
        headers = {
            "Host": link.authority,
            "User-Agent": f"nexhina/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        target = Target(
            origin=place,
            method="GET",
            path=link.path,
            head="".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(),
            headers={},
        )
        waiter = _Waiter()
        pool.dispatch(target, b"", self._limits, b"", waiter)
        return await waiter.reply

    async def _resolve_checked(self, host: str, port: int) -> list[Address]:
        """The name's addresses that may be dialled; raises NotPublic when there is none."""
        found = await self._resolve(host, port)
        public = [each for each in found if is_reachable(str(each[1][0]), self._allowed)]
        if not public:
            raise NotPublic
        return public


class _Waiter:
    """ports.Waiter for a task."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def resolve(self, value: Reply, /) -> None:
        """The answer's head has arrived."""
        if not self.reply.done():
            self.reply.set_result(value)

    def fail(self, error: UpstreamFailure, /) -> None:
        """It will not come."""
        if not self.reply.done():
            self.reply.set_exception(error)


def _describe(failure: UpstreamFailure) -> FetchError:
    if isinstance(failure, NotPublic):
        return FetchError("refused", failure.detail)
    if failure.kind.endswith("_timeout"):
        return FetchError("too_slow", failure.detail)
    return FetchError("failed", failure.detail)
