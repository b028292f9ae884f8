"""Patterns: texts are made that match, and matching says what `re` says, in bounded time."""

import re
from random import Random
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.pattern import PatternError, parse_pattern
from nexhina.sandbox.pattern_match import find_match
from nexhina.sandbox.pattern_text import make_matching

PATTERNS = (
    r"^\d{3}-\d{2}-\d{4}$",
    r"^(\([0-9]{3}\))?[0-9]{3}-[0-9]{4}$",
    r"^[A-Z][a-z]+(?: [A-Z][a-z]+)*$",
    r"^#(?:[0-9a-fA-F]{3}){1,2}$",
    r"\.(png|jpe?g)$",
    r"^[^\s@]+@[^\s@]+\.[^\s@]+$",
    r"^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$",
    r"^(0[1-9]|1[0-2])/\d{2}$",
    r"\bfoo\b|^a|b$",
    r"^[\]\-\\^a]+?x{2,}$",
    r"^(?:(?:ab?)*c)*d?$",
    r"^.{2,4}$",
    r"^[\u4e00-\u9fa5]{2,4}$",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_made_for_a_pattern_matches_it(pattern: str):
    for seed in range(30):
        text = make_matching(pattern, Dice(seed), seed % 3)
        assert re.search(pattern, text), text
        assert find_match(pattern, text)[0] is True


@given(st.sampled_from(PATTERNS), st.integers(0, 1000), st.randoms())
def test_matching_says_what_re_says(pattern: str, seed: int, chance: Random):
    text = list(make_matching(pattern, Dice(seed), seed % 4) + "x")
    chance.shuffle(text)
    for some in ("".join(text), "".join(text[:-1]), "".join(sorted(text))):
        assert find_match(pattern, some)[0] is (re.search(pattern, some) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^(?!foo)\w+$", "foobar", False),
        (r"^(?!foo)\w+$", "barfoo", True),
        (r"^(?=.*\d)(?=.*[A-Z]).{4,}$", "abc1D", True),
        (r"^(?=.*\d)(?=.*[A-Z]).{4,}$", "abcdD", False),
        (r"(?<=a)b", "cab", True),
        (r"(?<!a)b", "cab", False),
        (r"^\p{Lu}\p{L}+$", "Ärger", True),
        (r"^\p{Lu}\p{L}+$", "ärger", False),
        (r"^\p{Script=Han}+$", "天气", True),
        (r"^\P{L}+$", "12-3", True),
        (r"^\u{1F600}$", "😀", True),
    ],
)
def test_lookarounds_and_properties_are_known(pattern: str, text: str, expected: bool):
    assert find_match(pattern, text)[0] is expected


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"^(a|a)*$", r"^(a|aa)+$", r"(?=(x+)+y)x"])
def test_a_pattern_that_would_take_for_ever_is_given_up(pattern: str):
    start = thread_time()
    found, _ = find_match(pattern, "a" * 40 + "x" * 40 + "b")
    assert found is None
    assert thread_time() - start < 0.2


@pytest.mark.parametrize(
    "pattern",
    ["(", "a)", "*a", "[a", r"\1", r"(?<n>a)\k<n>", "(?#x)", "a{2,1}", "[z-a]", "\\", "x" * 2000],
)
def test_what_cannot_be_read_is_refused(pattern: str):
    with pytest.raises(PatternError):
        parse_pattern(pattern)
