"""Makes the ids of calls: UUIDv7 (RFC 9562), ordered by time and, within a millisecond, by count."""

from random import Random

_LAST_TAIL = (1 << 48) - 1


class CallIds:
    """Generates ids. They name calls and grant nothing, so the chance need not be secret.

    Chance is drawn once a second and counted on from there: the counter's upper bits and those of
    the 25 bits in front of it are random, its lower bits the count since.
    """

    __slots__ = ("_chance", "_last_ms", "_prefix", "_random", "_redraw_ms", "_tail")

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  (ids are no secrets)
        self._last_ms = -1
        self._redraw_ms = -1
        self._chance = ""
        self._prefix = ""  # of this millisecond's ids
        self._tail = 0

    def new(self, now: float) -> str:
        """A new id, greater than every earlier one, also when the clock went back. `now`: Unix seconds."""
        milliseconds = int(now * 1000)
        if milliseconds > self._last_ms:
            self._turn(milliseconds)
        self._tail = tail = self._tail + 1
        if tail > _LAST_TAIL:
            self._redraw_ms = -1
            self._turn(self._last_ms + 1)
            tail = self._tail
        return self._prefix + "%012x" % tail  # noqa: UP031  (half the time of an f-string)

    def _turn(self, milliseconds: int) -> None:
        """The next millisecond; draws anew when a second is over.

        The tail begins in its lower half, so that counting on does not soon run over.
        """
        self._last_ms = milliseconds
        if milliseconds > self._redraw_ms:
            self._redraw_ms = milliseconds + 1000
            chance = self._random.getrandbits(73)
            self._chance = f"7{chance >> 61:03x}-{0x8000 | (chance >> 47 & 0x3FFF):04x}"
            self._tail = chance & (_LAST_TAIL >> 1)
        self._prefix = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-{self._chance}-"
