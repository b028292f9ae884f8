"""The order in which candidates are tried: by priority, inside a tier by weighted chance.

All of a tier is tried before the next one. A weight of 0 takes part only when every other
candidate of its tier has been tried.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeVar


class Weighted(Protocol):
    """What choosing needs to know of a candidate."""

    @property
    def priority(self) -> int:
        """Higher is tried first."""
        ...

    @property
    def weight(self) -> int:
        """Its share inside its tier."""
        ...


C = TypeVar("C", bound=Weighted)


def group_tiers(candidates: Sequence[C]) -> tuple[tuple[C, ...], ...]:
    """The candidates by falling priority, equal priorities together, in their given order."""
    ordered = sorted(candidates, key=lambda candidate: -candidate.priority)
    return tuple(tuple(group) for _, group in groupby(ordered, key=lambda c: c.priority))


def choose_order(tiers: Sequence[Sequence[C]], draw: Callable[[], float]) -> Iterator[C]:
    """The candidates in the order to try. `draw` gives numbers in [0, 1), one per real choice."""
    for tier in tiers:
        if len(tier) == 1:
            yield tier[0]
            continue
        left = list(tier)
        while len(left) > 1:
            yield left.pop(choose_index([candidate.weight for candidate in left], draw()))
        yield left[0]


def choose_index(weights: Sequence[int], point: float) -> int:
    """The index that `point` in [0, 1) falls on when each index owns a share of its weight."""
    total = sum(weights)
    if total <= 0:
        return int(point * len(weights))
    mark = point * total
    for index, weight in enumerate(weights):
        mark -= weight
        if mark < 0:
            return index
    return max(range(len(weights)), key=lambda index: weights[index])
