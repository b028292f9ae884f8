"""Priority tiers and weighted order."""

from collections import Counter
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from nexhina.routing.choice import choose_index, choose_order, group_tiers


class Candidate(NamedTuple):
    name: Any
    priority: int = 0
    weight: int = 1


candidate = Candidate


def names(tiers, draw):
    return [c.name for c in choose_order(tiers, draw)]


def test_all_of_a_tier_comes_before_the_next():
    tiers = group_tiers(
        [candidate("low", -1), candidate("a", 5), candidate("b", 5), candidate("mid")]
    )
    assert names(tiers, lambda: 0.0) == ["a", "b", "mid", "low"]
    assert names(tiers, lambda: 0.99) == ["b", "a", "mid", "low"]


def test_a_weight_of_zero_is_tried_last_in_its_tier_but_is_tried():
    tiers = group_tiers(
        [candidate("spare", weight=0), candidate("a", weight=1), candidate("b", weight=3)]
    )
    for point in (0.0, 0.3, 0.999):
        assert names(tiers, lambda point=point: point)[-1] == "spare"


def test_shares_follow_the_weights():
    tiers = group_tiers([candidate("a", weight=1), candidate("b", weight=3)])
    points = iter([i / 400 for i in range(400)])
    first = Counter(names(tiers, lambda: next(points))[0] for _ in range(400))
    assert first == {"a": 100, "b": 300}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.floats(0, 1, exclude_max=True))
def test_the_index_is_always_one_that_has_a_share(weights, point):
    index = choose_index(weights, point)
    assert 0 <= index < len(weights)
    if sum(weights):
        assert weights[index] > 0


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 5)), min_size=0, max_size=9),
    st.randoms(use_true_random=False),
)
def test_everyone_is_tried_exactly_once(shape, chance):
    given_ = [candidate(i, priority, weight) for i, (priority, weight) in enumerate(shape)]
    order = list(choose_order(group_tiers(given_), chance.random))
    assert sorted(c.name for c in order) == list(range(len(shape)))
    assert [c.priority for c in order] == sorted((c.priority for c in order), reverse=True)
