"""The relevance of documents by what they mean: how near it is to the query's, and the form of an answer.

Of a long list only what is best by words is read for its meaning, and of a long document two excerpts.
"""

import re
from collections.abc import Generator
from math import exp

from nexhina.sandbox.answer_cue import Question
from nexhina.sandbox.meaning import Meaning
from nexhina.sandbox.reply import BREATH, Piece

MOST_MEANT = 24  # documents whose meaning is read
EXCERPT = 400  # characters
_READ = 20_000  # characters of one document among which an excerpt is looked for
_MARK = re.compile(r"[㐀-䶿一-鿿]|[^\W_㐀-䶿一-鿿]{3,}")
# What is added to the nearness, found on queries of our own: for looking like an answer and for saying
# enough, as the model likes what says little; and what is taken off a question.
_FITTING, _TELLING, _ASKING = 0.05, 0.035, 0.05
_SAYS_ENOUGH = 90  # bytes, of UTF-8: a Chinese character counts for three
_MIDDLE, _SPREAD = 0.87, 0.03  # of the sum; they make it a score between 0 and 1


def score_meant(
    query: str, texts: list[str], by_words: list[float], meaning: Meaning
) -> Generator[Piece, None, list[float]]:
    """The relevance of each text by its meaning; as it was by words when that can't be read now."""
    order = sorted(range(len(texts)), key=lambda place: (-by_words[place], place))
    marks = frozenset(_MARK.findall(query[:EXCERPT].casefold()))
    places: list[int] = []
    excerpts: list[str] = []
    for place in order[:MOST_MEANT]:
        for excerpt in cut_excerpts(texts[place][:_READ], marks):
            places.append(place)
            excerpts.append(excerpt)
        yield BREATH
    found = yield from meaning.compare(query[:EXCERPT], excerpts)
    if found is None:
        return by_words
    near: dict[int, float] = {}
    for place, value in zip(places, found, strict=True):
        near[place] = max(value, near.get(place, value))
    question = Question(query)
    scores = [0.0] * len(texts)
    for place, value in near.items():
        scores[place] = _score(question, texts[place], value)
        yield BREATH
    least = min(scores[place] for place in near)
    for place in order[MOST_MEANT:]:  # behind the others
        scores[place] = round(least * by_words[place], 6)
    return scores


def _score(question: Question, text: str, near: float) -> float:
    """Four places: the model's numbers differ a little between processors."""
    length = len(text[:_SAYS_ENOUGH].encode("utf-8", "surrogatepass"))
    total = near + _TELLING * min(1.0, length / _SAYS_ENOUGH)
    total += _FITTING * question.fit(text) - _ASKING * (question.doubt(text) >= 1.0)
    return round(1 / (1 + exp((_MIDDLE - total) / _SPREAD)), 4)


def cut_excerpts(text: str, marks: frozenset[str]) -> list[str]:
    """The beginning of the text and, of a long one, the part that has most of the query's marks."""
    parts = [text[start : start + EXCERPT] for start in range(0, len(text), EXCERPT)]
    if len(parts) <= 1:
        return [text]
    return [parts[0], max(parts[1:], key=lambda part: _count_marks(part.casefold(), marks))]


def _count_marks(part: str, marks: frozenset[str]) -> int:
    return sum(mark in part for mark in marks)
