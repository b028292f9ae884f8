"""Writes numbers as they are spoken, so that "42" and "forty-two" are the same words. Pure."""

import re

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LARGE = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))
WORDS = (*_SMALL, *_TENS, *(name for _, name in _LARGE))
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_MOST = 12  # digits; a longer one is a row of them


def spell_numbers(text: str) -> str:
    """The text with its whole numbers in words."""
    return _NUMBER.sub(lambda found: f" {_spell(found.group().replace(',', ''))} ", text)


def _spell(digits: str) -> str:
    if len(digits) > _MOST or (digits[0] == "0" and len(digits) > 1):
        return " ".join(_SMALL[int(digit)] for digit in digits)
    return _spell_value(int(digits))


def _spell_value(value: int) -> str:
    for size, name in _LARGE:
        if value >= size:
            head, rest = divmod(value, size)
            return f"{_spell_value(head)} {name}" + (f" {_spell_value(rest)}" if rest else "")
    if value < len(_SMALL):
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens - 2] + (f" {_SMALL[ones]}" if ones else "")
