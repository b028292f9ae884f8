"""How many retries the whole process may send to channels that are failing already. Pure.

A retry on a healthy channel costs nothing here: failover must work. Times are monotonic seconds.
"""

from typing import Final

WINDOW: Final = 10.0
SHARE: Final = 0.2
FLOOR: Final = 10


class RetryBudget:
    """At most `FLOOR` retries plus `SHARE` of the requests, per window of `WINDOW` seconds."""

    __slots__ = ("_before", "_spent", "_start", "requests")

    def __init__(self) -> None:
        self.requests = 0
        """Requests of the running window; the caller adds one for each."""
        self._before = 0.0  # requests in the window before
        self._spent = 0
        self._start: float | None = None

    def take(self, now: float) -> bool:
        """Whether one more retry is within the budget; it is then spent."""
        if self._start is None:
            self._start = now
        elapsed = now - self._start
        if elapsed >= WINDOW:  # requests of a long quiet time count as their mean per window
            self._before = self.requests * WINDOW / elapsed
            self.requests, self._spent, self._start = 0, 0, now
        if self._spent >= FLOOR + SHARE * max(self._before, self.requests):
            return False
        self._spent += 1
        return True
