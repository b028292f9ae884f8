"""Time: the system's, and one that tests set by hand."""

import time


class SystemClock:
    """ports.Clock over the system's clocks. Bound functions: reading the time is one C call."""

    now = staticmethod(time.time)  # noqa: TID251  (the one place)
    monotonic = staticmethod(time.monotonic)


class ManualClock:
    """ports.Clock that stands still until `advance`; wall and monotonic time move together."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Moves both clocks on; a negative step is a wall clock set back, monotonic stays."""
        self._now += seconds
        self._monotonic += max(0.0, seconds)
