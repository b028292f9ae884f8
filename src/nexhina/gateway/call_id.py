"""Makes the ids of calls: UUIDv7 (RFC 9562), ordered by time and, within a millisecond, by count."""

from random import Random

_LAST_TAIL = (1 << 48) - 1


class CallIds:
    """Generates ids. They name calls and grant nothing, so the chance need not be secret."""

    __slots__ = ("_last_ms", "_prefix", "_random", "_tail")

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  (ids are no secrets)
        self._last_ms = -1
        self._prefix = ""
        self._tail = 0

    def new(self, now: float) -> str:
        """A new id, greater than every earlier one, also when the clock went back. `now`: Unix seconds."""
        milliseconds = int(now * 1000)
        if milliseconds > self._last_ms:
            self._turn(milliseconds)
        else:
            self._tail += 1
            if self._tail > _LAST_TAIL:
                self._turn(self._last_ms + 1)
        return "%s%012x" % (self._prefix, self._tail)  # noqa: UP031  (half the time of an f-string)

    def _turn(self, milliseconds: int) -> None:
        """Draws anew; the tail begins in its lower half, so that counting on does not soon run over."""
        self._last_ms = milliseconds
        chance = self._random.getrandbits(73)
        self._tail = chance & (_LAST_TAIL >> 1)
        self._prefix = (
            f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-"
            f"7{chance >> 61:03x}-{0x8000 | (chance >> 47 & 0x3FFF):04x}-"
        )
