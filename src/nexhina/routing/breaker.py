"""Breakers: closed, open for a back-off, then half-open with one probe at a time. Pure.

One per channel, and one per key of a channel. Only those that failed lately exist: what works is
asked and told nothing. Times are monotonic seconds given by the caller, chance comes from its
`draw`. What counts as a failure is decided in `routing.health`.
"""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

WINDOW: Final = 30.0
"""Seconds of calls that the failure ratio looks at."""
MINIMUM: Final = 5
"""Calls in the window, or failures in a row, below which a breaker never opens."""
RATIO: Final = 0.5
FIRST_REST: Final = 5.0
"""Seconds a breaker stays open the first time; doubled after each probe that failed."""
LONGEST_REST: Final = 120.0
FIRST_REFUSAL: Final = 30.0
"""Seconds a refused key rests the first time; doubled each time it is refused again."""
LONGEST_REFUSAL: Final = 600.0
MOST_BREAKERS: Final = 4096
_SLOTS: Final = 10
_SLOT_S: Final = WINDOW / _SLOTS


class Breaker:
    """The health of one channel or key. `begin` each attempt, then tell how it ended, once."""

    __slots__ = ("_rest", "_slots", "probing", "run", "strikes", "until")

    def __init__(self) -> None:
        self.until: float | None = None
        """When an open breaker may be probed; None while closed."""
        self.probing = False
        self.run = 0
        """Failures since the last success."""
        self.strikes = 0
        """How often the vendor refused the key since it last worked."""
        self._rest = 0.0
        self._slots: list[list[int]] = []  # [slot, calls, failures], oldest first, at most _SLOTS

    def wait(self, now: float) -> float:
        """Seconds until it may be tried; 0 when it may be tried now."""
        if self.until is None:
            return 0.0
        if self.probing:
            return max(1.0, self.until - now)  # the probe's outcome is not known yet
        return max(0.0, self.until - now)

    def begin(self, now: float) -> bool:
        """Whether the attempt that starts now is the probe."""
        if self.until is None or self.wait(now):
            return False
        self.probing = True
        return True

    def succeed(self, now: float, *, probe: bool) -> bool:
        """It served; whether it is well again. While open only the probe's word counts."""
        if self.until is None:
            self._count(now)[1] += 1
            self.run = self.strikes = 0
            return not any(failures for _, _, failures in self._slots)
        if probe:
            self.until, self.probing, self._rest = None, False, 0.0
            self.run = self.strikes = 0
            self._slots.clear()
        return probe

    def fail(
        self,
        now: float,
        draw: Callable[[], float],
        *,
        probe: bool,
        run_only: bool = False,
        late: bool = False,
    ) -> None:
        """It failed; opens when that was one too many. `draw` gives a number in [0, 1).

        `run_only`: half of the calls may fail, for a part of it may be to blame that has a breaker
        of its own. `late`: this call was told of as a success before.
        """
        if self.until is None:
            slot = self._count(now)
            slot[2] += 1
            slot[1] = max(slot[1], slot[2]) if late else slot[1] + 1
            self.run += 1
            if self.run >= MINIMUM or (not run_only and self._is_ratio_reached()):
                self._open(now, draw())
        elif probe:
            self.probing = False
            self._open(now, draw())

    def refuse(self, now: float, *, probe: bool, spare: bool) -> float:
        """The vendor did not accept the key: opens at once; the seconds it stays open.

        Without a `spare` the first refusal is let pass: the next call finds out what was mended.
        """
        if self.until is not None and not probe:
            return self.wait(now)
        self.probing = False
        self.strikes += 1
        refusals = self.strikes if spare else self.strikes - 1
        if refusals == 0:
            return 0.0
        seconds = min(FIRST_REFUSAL * 2 ** min(refusals - 1, 10), LONGEST_REFUSAL)
        self.until = now + seconds
        return seconds

    def leave(self, *, probe: bool) -> None:
        """The attempt says nothing about it: the caller left, or something else is to blame."""
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


N = TypeVar("N", bound=Hashable)


class Breakers(Generic[N]):
    """The breakers of what failed lately; past `MOST_BREAKERS` the oldest is forgotten."""

    __slots__ = ("ailing",)

    def __init__(self) -> None:
        self.ailing: dict[N, Breaker] = {}
        """What is not in here works. Empty most of the time: look before you call."""

    def find(self, name: N) -> Breaker:
        """Its breaker, from now on there; a new one is closed."""
        found = self.ailing.get(name)
        if found is None:
            if len(self.ailing) >= MOST_BREAKERS:
                del self.ailing[next(iter(self.ailing))]
            found = self.ailing[name] = Breaker()
        return found

    def begin(self, name: N, now: float) -> bool:
        """Whether the attempt that starts now is the probe."""
        found = self.ailing.get(name)
        return found is not None and found.begin(now)

    def succeed(self, name: N, now: float, *, probe: bool) -> None:
        """It served; its breaker goes when it is well again."""
        found = self.ailing.get(name)
        if found is not None and found.succeed(now, probe=probe):
            del self.ailing[name]

    def leave(self, name: N, *, probe: bool) -> None:
        """The attempt says nothing about it."""
        found = self.ailing.get(name)
        if found is not None:
            found.leave(probe=probe)
