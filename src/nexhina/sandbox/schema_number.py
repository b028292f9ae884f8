"""A number that lies where a JSON schema allows one."""

from math import ceil, floor
from typing import Any

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.schema_check import SchemaError, exact, read_bounds

_WIDE = 1000
_USUAL = (exact(1), exact(100))
"""Where a number is taken from when the limits are further apart than `_WIDE` and leave room there."""


def choose_number(
    rules: dict[str, Any], place: str, dice: Dice, *, whole: bool, again: bool
) -> float:
    """The number; `again`: one was taken already, so another one. Raises SchemaError."""
    low, low_out, high, high_out = read_bounds(rules)
    step = exact(rules["multipleOf"]) if "multipleOf" in rules else None
    if whole:
        step = exact(1) if step is None else exact(step.numerator)
    if low is None:
        low = exact(1) if high is None else min(exact(1), high - 100)
    if high is None:
        high = low + 100 * (step or 1)
    if high - low > _WIDE and (step is None or step <= _USUAL[1] / 2):
        nearest, furthest = max(low, _USUAL[0]), min(high, _USUAL[1])
        if nearest < furthest:
            low_out, high_out = low_out and nearest == low, high_out and furthest == high
            low, high = nearest, furthest
    if step is None:
        part = exact(dice.below(63) + 1) / 64 if again else exact(1) / 2
        middle = low + (high - low) * part
        return int(middle) if middle.denominator == 1 else float(middle)
    first = ceil(low / step) + (low_out and (low / step).denominator == 1)
    last = floor(high / step) - (high_out and (high / step).denominator == 1)
    if first > last:
        raise SchemaError("No number lies between these limits.", place)
    value = step * (first + dice.below(min(last - first, 100) + 1))
    return int(value) if value.denominator == 1 else float(value)
