"""A breaker per channel: closed, open for a back-off, then half-open with one probe at a time. Pure.

Times are monotonic seconds given by the caller, chance comes from its `draw`. What counts as a
failure is decided in `pipeline.attempts`; keys that a vendor refused rest in `routing.cooldown`.
"""

from collections.abc import Callable, Hashable
from typing import Final

WINDOW: Final = 30.0
"""Seconds of calls that the failure ratio looks at."""
MINIMUM: Final = 5
"""Calls in the window, or failures in a row, below which a breaker never opens."""
RATIO: Final = 0.5
FIRST_REST: Final = 5.0
"""Seconds a breaker stays open the first time; doubled after each probe that failed."""
LONGEST_REST: Final = 120.0
MOST_BREAKERS: Final = 4096
_SLOTS: Final = 10
_SLOT_S: Final = WINDOW / _SLOTS


class Breaker:
    """The health of one channel. `begin` each attempt, then tell how it ended, exactly once."""

    __slots__ = ("_rest", "_slots", "probing", "run", "until")

    def __init__(self) -> None:
        self.until: float | None = None
        """When an open breaker may be probed; None while closed."""
        self.probing = False
        self.run = 0
        """Failures since the last success."""
        self._rest = 0.0
        self._slots: list[list[int]] = []  # [slot, calls, failures], oldest first, at most _SLOTS

    def wait(self, now: float) -> float:
        """Seconds until the channel may be tried; 0 when it may be tried now."""
        if self.until is None:
            return 0.0
        if self.probing:
            return max(1.0, self.until - now)  # the probe's outcome is not known yet
        return max(0.0, self.until - now)

    def begin(self) -> bool:
        """Whether the attempt that starts now is the probe. Asked only after `wait` said 0."""
        if self.until is None:
            return False
        self.probing = True
        return True

    def succeed(self, now: float, *, probe: bool) -> None:
        """The channel served. While open only the probe's word counts."""
        if self.until is None:
            self._count(now)[1] += 1
            self.run = 0
        elif probe:
            self.until, self.probing, self.run, self._rest = None, False, 0, 0.0
            self._slots.clear()

    def fail(self, now: float, draw: Callable[[], float], *, probe: bool) -> None:
        """The channel failed; opens when that was one too many. `draw` gives a number in [0, 1)."""
        if self.until is None:
            slot = self._count(now)
            slot[1] += 1
            slot[2] += 1
            self.run += 1
            if self.run >= MINIMUM or self._is_ratio_reached():
                self._open(now, draw())
        elif probe:
            self.probing = False
            self._open(now, draw())

    def leave(self, *, probe: bool) -> None:
        """The attempt says nothing about the channel: the caller left, or a key was refused."""
        if probe:
            self.probing = False

    def _open(self, now: float, chance: float) -> None:
        self._rest = min(self._rest * 2 or FIRST_REST, LONGEST_REST)
        # Between 80 and 100 %: channels that died together are not probed together.
        self.until = now + self._rest * (0.8 + 0.2 * chance)

    def _count(self, now: float) -> list[int]:
        number = int(now / _SLOT_S)
        slots = self._slots
        if slots and slots[-1][0] >= number:
            return slots[-1]
        while slots and slots[0][0] <= number - _SLOTS:
            del slots[0]
        slots.append([number, 0, 0])
        return slots[-1]

    def _is_ratio_reached(self) -> bool:
        calls = sum(slot[1] for slot in self._slots)
        failures = sum(slot[2] for slot in self._slots)
        return calls >= MINIMUM and failures >= calls * RATIO


class Breakers:
    """One breaker per channel; past `MOST_BREAKERS` the oldest is forgotten."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Hashable, Breaker] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, channel: Hashable) -> Breaker:
        """The channel's breaker; a channel not seen before has a closed one."""
        found = self._known.get(channel)
        if found is None:
            if len(self._known) >= MOST_BREAKERS:
                del self._known[next(iter(self._known))]
            found = self._known[channel] = Breaker()
        return found
