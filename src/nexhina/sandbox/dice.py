"""Chance that repeats: numbers that depend on their seeds alone, on every machine and Python.

The standard library's generator promises this only in part (`choice` and `shuffle` have changed).
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Dice:
    """A splitmix64 stream started from the hash of its seeds."""

    __slots__ = ("_state",)

    def __init__(self, *seeds: object) -> None:
        digest = blake2b("\x1f".join(map(str, seeds)).encode("utf-8", "surrogatepass"))
        self._state = int.from_bytes(digest.digest()[:8], "little")

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, limit: int) -> int:
        """An integer from 0 to limit - 1."""
        return self._next() % limit

    def between(self, low: float, high: float) -> float:
        """A number from low to high."""
        return low + (high - low) * (self._next() / _MASK)

    def chance(self, share: float) -> bool:
        """True in `share` of the cases."""
        return self._next() / _MASK < share

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self._next() % len(items)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """All items in another order."""
        rest = list(items)
        for last in range(len(rest) - 1, 0, -1):
            other = self._next() % (last + 1)
            rest[last], rest[other] = rest[other], rest[last]
        return rest
