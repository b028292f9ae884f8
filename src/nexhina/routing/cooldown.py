"""Keys that said "busy, come back in N seconds", or that a vendor refused, rest that long.

Times in monotonic seconds, given by the caller.
"""

from collections.abc import Hashable
from typing import Final

FIRST_REFUSAL: Final = 30.0
"""Seconds a refused key rests the first time; doubled each time it is refused again."""
LONGEST_REFUSAL: Final = 600.0
MOST_RESTING: Final = 4096


class Cooldown:
    """Which keys rest until when."""

    __slots__ = ("strikes", "until")

    def __init__(self) -> None:
        self.until: dict[Hashable, float] = {}
        """When the rest of each key ends; empty most of the time."""
        self.strikes: dict[Hashable, int] = {}
        """How often each key was refused since it last worked; empty most of the time."""

    def rest(self, key: Hashable, now: float, seconds: float | None) -> None:
        """Lets the key rest, never shorter than it already does."""
        until = now + (seconds or 0.0)
        if until > self.until.get(key, 0.0):
            if len(self.until) >= MOST_RESTING:
                del self.until[next(iter(self.until))]
            self.until[key] = until

    def refuse(self, key: Hashable, now: float, *, spare: bool) -> float:
        """Lets a key rest that the vendor did not accept; the seconds.

        Without a `spare` the first refusal is let pass: the next call finds out what was mended.
        """
        strikes = self.strikes.get(key, 0)
        if len(self.strikes) >= MOST_RESTING:
            del self.strikes[next(iter(self.strikes))]
        self.strikes[key] = strikes + 1
        if not spare:
            strikes -= 1
        if strikes < 0:
            return 0.0
        seconds = min(FIRST_REFUSAL * 2 ** min(strikes, 10), LONGEST_REFUSAL)
        self.rest(key, now, seconds)
        return seconds

    def remaining(self, key: Hashable, now: float) -> float:
        """Seconds the key still rests; 0 when it may be tried."""
        until = self.until.get(key)
        if until is None:
            return 0.0
        if until <= now:
            del self.until[key]
            return 0.0
        return until - now
