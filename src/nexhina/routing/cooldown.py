"""Channels that said "busy, come back in N seconds" rest that long; no time named, no rest."""

from collections.abc import Hashable


class Cooldown:
    """Which channels rest until when. Times in monotonic seconds, given by the caller."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until: dict[Hashable, float] = {}
        """When the rest of each channel ends; empty most of the time."""

    def rest(self, channel: Hashable, now: float, seconds: float | None) -> None:
        """Lets the channel rest, never shorter than it already does."""
        until = now + (seconds or 0.0)
        if until > self.until.get(channel, 0.0):
            self.until[channel] = until

    def remaining(self, channel: Hashable, now: float) -> float:
        """Seconds the channel still rests; 0 when it may be tried."""
        until = self.until.get(channel)
        if until is None:
            return 0.0
        if until <= now:
            del self.until[channel]
            return 0.0
        return until - now
