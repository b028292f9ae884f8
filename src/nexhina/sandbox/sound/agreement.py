"""How sure it is that a part was English and was understood: the recogniser's confidence. Pure.

The recogniser gives no probabilities, and of speech that is not English it invents English. Two things
tell: heard a little faster and a little slower, English comes out nearly the same and an invention
quite different; and English is made of common words, while inventions are full of words that nobody
knows. Confidence is the product of both: measured over nine voices of two synthesisers and a dozen
other languages, most English lies above 0.8 and about one invention in fifty above 0.62.
"""

import re
from collections.abc import Container, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from nexhina.sandbox.sound.numerals import spell_numbers

LIKELY = 0.45  # enough beside parts of the same recording that were surely understood
ENOUGH = 0.62  # enough in a recording that tells nothing else
CERTAIN = 0.8  # enough beside parts that were not understood
_SAME = 0.95  # hearings of what was really said again and again
_FASTEST = 4.0  # words a second of the same
_HOPELESS = 0.4  # less is hardly English: it is not heard again
_SLOW, _QUICK = 1.3, 3.0  # words a second; people say two to three
_SPED, _SLOWED = 2.0, 0.6
_ALIKE = 0.6  # what both tempos made of it
_HOLLOW = frozenset({"a", "an", "and", "in", "of", "so", "the", "to"})  # nobody says these alone

Heard = tuple[str, float]
"""A text and how sure it is."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_STEM = re.compile(r"[^\W\d_]+")
_FOREIGN = re.compile(r"[^\x00-\u024f\u2010-\u205e€£₹™]")  # no letter of English text


def normalise(text: str) -> str:
    """The words of a text without case and marks, numbers in words."""
    return " ".join(_WORD.findall(spell_numbers(text).lower()))


def compare(one: str, other: str) -> float:
    """From 0, nothing in common, to 1, the same words."""
    return SequenceMatcher(None, normalise(one), normalise(other), autojunk=False).ratio()


def choose(hearings: Sequence[str], common: Container[str], seconds: float) -> Heard:
    """The hearing that the others agree with most, and how sure it is that it is right.

    `common` are the words that are known, in small letters; `seconds` is how long the sound is.
    """
    pairs = list(combinations(range(len(hearings)), 2))
    scores = {pair: compare(hearings[pair[0]], hearings[pair[1]]) for pair in pairs}
    shares = [
        sum(score for pair, score in scores.items() if at in pair) / (len(hearings) - 1)
        + _count_common([hearing], common)
        for at, hearing in enumerate(hearings)
    ]
    text = hearings[shares.index(max(shares))].strip()
    agreement = sum(scores.values()) / len(scores)
    words = normalise(text).split()
    if _HOLLOW.issuperset(words) or _FOREIGN.search(text):
        return text, 0.0
    stutters = sum(_repeats(normalise(each).split()) for each in hearings)
    if (_repeats(words) or stutters * 2 >= len(hearings)) and (
        agreement < _SAME or len(words) > _FASTEST * seconds
    ):
        return text, 0.0
    return text, agreement * _count_common(hearings, common)


def guess_tempo(hearings: Sequence[str], confidence: float, seconds: float) -> float:
    """How much faster what is in doubt is to be played to be heard at an even pace; 1: no faster."""
    if not _HOPELESS <= confidence < CERTAIN:
        return 1.0
    pace = sum(len(normalise(each).split()) for each in hearings) / len(hearings) / seconds
    return _SPED if pace < _SLOW else _SLOWED if pace > _QUICK else 1.0


def settle(first: Heard, second: Heard) -> Heard:
    """What to believe of a part in doubt that was heard again at another tempo."""
    is_same = compare(first[0], second[0]) >= _ALIKE
    return second if second[1] >= CERTAIN or (is_same and second[1] > first[1]) else first


def _count_common(hearings: Sequence[str], common: Container[str]) -> float:
    """The share of words that are known; of "don't" and the like what stands before the apostrophe."""
    stems = [
        match.group()
        for hearing in hearings
        for word in normalise(hearing).split()
        if (match := _STEM.match(word))
    ]
    return sum(_is_common(stem, common) for stem in stems) / len(stems) if stems else 0.0


def _is_common(word: str, common: Container[str]) -> bool:
    return word in common or word.removesuffix("s") in common or word.removesuffix("ed") in common


def _repeats(words: list[str]) -> bool:
    """Whether a long text says the same again and again: how the recogniser stutters over noise."""
    if len(words) < 8:
        return len(words) > 5 and len(set(words)) == 1
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(triples)) < 0.7 * len(triples)
