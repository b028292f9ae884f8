"""Halves of UTF-16 pairs in what vendors send."""

import msgspec
import pytest

from nexhina.dialects.surrogate import replace_halves


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00a"', "\ufffda"),
        (rb'"\uD83D\ud83d\uDE00"', "\ufffd\U0001f600"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\n\\\ude00"', "\ufffd\n\\\ufffd"),
    ],
)
def test_a_half_becomes_the_replacement_character(text: bytes, read: str) -> None:
    assert msgspec.json.decode(replace_halves(text)) == read


@pytest.mark.parametrize(
    "text",
    [b'"plain"', rb'"\ud83d\ude00"', rb'"\\ud83d"', rb'"\\\\ud83d \u0041"', b"\\", b'"\\ud8"'],
)
def test_what_has_no_half_stays_itself(text: bytes) -> None:
    assert replace_halves(text) is text
