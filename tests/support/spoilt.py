"""Requests and answers with one part, somewhere, that is not what it should be."""

import random
from typing import Any

from hypothesis import strategies as st

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner, max_size=2),
    max_leaves=5,
)
CHANCE = st.integers(0, 2**32).map(random.Random)


def spoil(found: Any, value: Any, chance: random.Random) -> Any:
    """The same with one part, at a place that chance chooses, replaced by `value`."""
    inner: list[Any] = []
    if isinstance(found, dict):
        inner = list(found)
    elif isinstance(found, list):
        inner = list(range(len(found)))
    if not inner or chance.random() < 0.2:
        return value
    key = chance.choice(inner)
    copy = found.copy()
    copy[key] = spoil(found[key], value, chance)
    return copy
