"""The background responses that this process runs, how many they may be, and those that ended lately."""

import asyncio
import contextlib
from collections import OrderedDict

import msgspec

from nexhina.errors import OverloadedError, RateLimitedError
from nexhina.pipeline.background_run import BackgroundRun

MOST_BYTES = 256 * 1024 * 1024
"""Requests of all that run, the turns before them, and their events so far."""

MOST_REMEMBERED = 4 * 1024 * 1024
"""Bytes of events of streams that have ended, for who comes back to them soon."""

RETRY = 5
"""Seconds after which one who was refused may try again."""


class BackgroundLimits(msgspec.Struct, frozen=True):
    """How many may run at once."""

    process: int = 256
    key: int = 64


class BackgroundRegistry:
    """By tenant and id; `closed`: the server stops, no more are admitted."""

    def __init__(self, limits: BackgroundLimits) -> None:
        self._limits = limits
        self._running: dict[tuple[int, str], BackgroundRun] = {}
        self._remembered: OrderedDict[tuple[int, str], BackgroundRun] = OrderedDict()
        self._idle = asyncio.Event()
        self.closed = False

    def admit(self, run: BackgroundRun) -> None:
        """Counts it as running; raises OverloadedError, RateLimitedError."""
        running = self._running.values()
        if self.closed:
            raise OverloadedError
        if len(running) >= self._limits.process:
            raise _busy(f"{len(running)} responses run in the background of this server now")
        own = sum(each.token_id == run.token_id for each in running)
        if own >= self._limits.key:
            raise _busy(f"{own} responses of this API key run in the background now")
        if running and sum(each.size + each.kept for each in running) + run.size > MOST_BYTES:
            raise _busy("All responses in the background are too large together")
        self._running[run.tenant_id, run.id] = run

    def find(self, tenant_id: int, name: str) -> BackgroundRun | None:
        """The run of a response that is not over, or was a stream and ended lately."""
        key = tenant_id, name
        return self._running.get(key) or self._remembered.get(key)

    def list_running(self) -> list[BackgroundRun]:
        """All that run now."""
        return list(self._running.values())

    def forget(self, run: BackgroundRun) -> None:
        """It runs no more."""
        key = run.tenant_id, run.id
        self._running.pop(key, None)
        if not self._running:
            self._idle.set()
        if run.over and run.streams:
            remembered = self._remembered
            remembered[key] = run
            while sum(each.kept for each in remembered.values()) > MOST_REMEMBERED:
                remembered.popitem(last=False)

    async def emptied(self, seconds: float) -> None:
        """Returns when nothing runs, or after so many seconds."""
        if self._running:
            self._idle.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), seconds)


def _busy(why: str) -> RateLimitedError:
    return RateLimitedError(
        f"{why}. Wait until one has ended, or leave 'background' out.",
        param="background",
        headers=[(b"retry-after", b"%d" % RETRY)],
    )
