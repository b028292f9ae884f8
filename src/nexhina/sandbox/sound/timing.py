"""Spreads the words of a part over its sound: the recogniser tells no times of single words. Pure."""

import re
from itertools import accumulate, pairwise

from nexhina.sandbox.order import Word
from nexhina.sandbox.sound.numerals import spell_numbers

_NEAR = 0.3  # seconds that the border of two words is moved to a pause
_LETTER = re.compile(r"[^\W_]")
_ENDS = ".,;:!?"  # marks with a pause behind them

Span = tuple[float, float]


def spread_words(text: str, runs: list[Span]) -> list[Word]:
    """The words with their likely times, in seconds, in order and within the runs.

    `runs` is what is loud of the part, between its pauses. A word takes as long as it has letters, and
    where two words meet near a pause, they meet there.
    """
    words = text.split()
    if not words or not runs:
        return []
    loud = [end - start for start, end in runs]
    total = sum(loud)
    weights = [_weigh(word) for word in words]
    scale = total / sum(weights)
    borders = [0.0, *(border * scale for border in accumulate(weights))]
    _move_to_pauses(words, borders, [*accumulate(loud)][:-1])
    return [
        Word(word, _place(runs, start, after=True), _place(runs, end, after=False))
        for word, (start, end) in zip(words, pairwise(borders), strict=True)
    ]


def _weigh(word: str) -> int:
    return 1 + len(_LETTER.findall(spell_numbers(word)))


def _move_to_pauses(words: list[str], borders: list[float], pauses: list[float]) -> None:
    """Moves the border between two words that is nearest to each pause; one behind a mark sooner."""
    lowest = 1
    for pause in pauses:
        near = range(lowest, len(words))
        if not near:
            return

        def distance(at: int, pause: float = pause) -> float:
            return abs(borders[at] - pause) * (0.5 if words[at - 1][-1] in _ENDS else 1.0)

        best = min(near, key=distance)
        inside = borders[best - 1] < pause < borders[best + 1]
        if distance(best) <= _NEAR and inside:
            borders[best] = pause
            lowest = best + 1


def _place(runs: list[Span], loud: float, *, after: bool) -> float:
    """When so many seconds of loud sound are over; at a pause, before or `after` it."""
    left = loud + (1e-6 if after else -1e-6)
    for start, end in runs:
        if left < end - start:
            return round(max(start, start + left), 3)
        left -= end - start
    return round(runs[-1][1], 3)
