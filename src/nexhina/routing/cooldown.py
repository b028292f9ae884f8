"""Keys that said "busy, come back in N seconds" rest that long.

Times in monotonic seconds, given by the caller. Keys that were refused are `breaker`'s.
"""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

MOST_RESTING: Final = 4096


N = TypeVar("N", bound=Hashable)


class Cooldown(Generic[N]):
    """Which keys rest until when."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until: dict[N, float] = {}
        """When the rest of each key ends; empty most of the time."""

    def rest(self, key: N, now: float, seconds: float) -> None:
        """Lets the key rest, never shorter than it already does."""
        until = now + seconds
        if until > self.until.get(key, 0.0):
            if len(self.until) >= MOST_RESTING:
                del self.until[next(iter(self.until))]
            self.until[key] = until

    def remaining(self, key: N, now: float) -> float:
        """Seconds the key still rests; 0 when it may be tried."""
        until = self.until.get(key)
        if until is None:
            return 0.0
        if until <= now:
            del self.until[key]
            return 0.0
        return until - now
