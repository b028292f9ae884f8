"""How far several hearings of the same sound agree: the recogniser's confidence. Pure.

The recogniser gives no probabilities, and of speech that is not English it invents English. Heard a
little faster and a little slower, English comes out nearly the same, and an invention quite different:
measured over voices of two synthesisers, noises, tones and four other languages, English lies above
0.73, everything else below 0.64.
"""

import re
from difflib import SequenceMatcher
from itertools import combinations

ENOUGH = 0.7  # below: not understood
_WORD = re.compile(r"[\w']+")
_FOREIGN = re.compile(r"[^\x00-\u024f\u2010-\u205e€£₹™]")  # no letter of English text


def normalise(text: str) -> str:
    """The words of a text without case and marks."""
    return " ".join(_WORD.findall(text.lower()))


def compare(one: str, other: str) -> float:
    """From 0, nothing in common, to 1, the same words."""
    return SequenceMatcher(None, normalise(one), normalise(other), autojunk=False).ratio()


def choose(hearings: list[str]) -> tuple[str, float]:
    """The hearing that the others agree with most, and how far all agree with one another."""
    pairs = list(combinations(range(len(hearings)), 2))
    scores = {pair: compare(hearings[pair[0]], hearings[pair[1]]) for pair in pairs}
    shares = [
        sum(score for pair, score in scores.items() if at in pair) for at in range(len(hearings))
    ]
    text = hearings[shares.index(max(shares))].strip()
    if not normalise(text) or _FOREIGN.search(text) or _repeats(text):
        return text, 0.0
    return text, sum(scores.values()) / len(scores)


def _repeats(text: str) -> bool:
    """Whether a long text says the same again and again: how the recogniser stutters over noise."""
    words = normalise(text).split()
    if len(words) < 8:
        return len(words) > 3 and len(set(words)) == 1
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(triples)) < 0.7 * len(triples)
