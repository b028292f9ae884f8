"""Moderations: OpenAI's wire format around what `moderation_model` has learned in English and Chinese.

Texts are read a passage at a time while the answer is sent, so that long inputs hold up nobody. The
worst passage makes the score. Pictures are taken and never flagged.
"""

import re
import secrets
from array import array
from collections.abc import Iterator
from math import log
from typing import Literal

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.moderation_features import is_told, names_harm, read_places, shows_harm
from nexhina.sandbox.moderation_model import CATEGORIES, learn, require_model
from nexhina.sandbox.reply import BREATH, JSON, Piece, SandboxReply
from nexhina.sandbox.request import Named

SEEN_IN_PICTURES = frozenset(
    ("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence")
) | {"violence/graphic"}
FLAGGED_FROM = 0.5
MOST_TEXTS = 1024
MOST_CHARACTERS = 200_000  # of all texts of one call

_SENTENCE = re.compile(r"[^.!?。！？;；\n]*[.!?。！？;；\n]*")
_SHORT = 120  # a text up to here is one passage; a Chinese character counts for three
_PASSAGE = 30  # sentences are joined up to here
_LONGEST = 300  # and cut from here
# What is taken off the log odds, found on texts of our own: little of a short text's; of one passage among
# many the more, the worse those beside it are. One threat in a calm letter stands out, one in a war story not.
_DOUBT, _DOUBT_AMONG_MANY, _DOUBT_BY_COMPANY = 0.5, 0.95, 0.7
_MANY = 7  # passages
_DOUBT_BY_NUMBER = 0.2  # the worst of very many is more often bad by mistake
_COMPANY = 4  # the worst others, each within these log odds
_CALMEST, _WORST = -2.0, 2.5
_UNNAMED = 0.5  # more doubt about one of several that has no word of harm
_TOLD = 2.0  # and about one that tells what was done by others, unless it is lewd or gory

Scores = dict[str, float]


class Picture(msgspec.Struct):
    """Where a picture is; it is not fetched."""

    url: str


class InputPart(msgspec.Struct):
    """One part of a multimodal input."""

    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: Picture | None = None


class ModerationCall(Named, kw_only=True):
    """POST /v1/moderations."""

    model: str = ""  # OpenAI has a default
    input: str | list[str | InputPart]


class Item(msgspec.Struct, frozen=True):
    """What one result is about."""

    texts: tuple[str, ...]
    has_picture: bool = False


def read_items(call: ModerationCall) -> list[Item]:
    """One item for each text; the parts of a multimodal input are one. Raises InvalidRequestError."""
    given = [call.input] if isinstance(call.input, str) else call.input
    texts = [each for each in given if isinstance(each, str)]
    parts = [each for each in given if isinstance(each, InputPart)]
    if not given:
        raise _bad("'input' is empty. Send a text, a list of texts or a list of parts.")
    if texts and parts:
        raise _bad("'input' mixes texts and parts. Send one or the other.")
    if len(given) > MOST_TEXTS:
        raise _bad(f"'input' has {len(given)} items; the most is {MOST_TEXTS}.")
    for place, part in enumerate(parts):
        if (part.text if part.type == "text" else part.image_url) is None:
            raise _bad(f"'input[{place}]' has the type {part.type} and no {part.type}.")
    spoken = texts or [part.text or "" for part in parts]
    if (length := sum(map(len, spoken))) > MOST_CHARACTERS:
        raise _bad(f"'input' has {length} characters; the most is {MOST_CHARACTERS}.")
    if parts:
        return [Item(tuple(spoken), any(part.type == "image_url" for part in parts))]
    return [Item((text,)) for text in texts]


def _bad(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, param="input")


def answer_moderations(call: ModerationCall) -> SandboxReply:
    """The answer, one result for each item."""
    items = read_items(call)
    return SandboxReply(status=200, headers=dict(JSON), pieces=_pieces(items, call.model))


def _pieces(items: list[Item], model: str) -> Iterator[Piece]:
    head = msgspec.json.encode({"id": "modr-" + secrets.token_hex(12), "model": model})
    start = head[:-1] + b',"results":['
    for item in items:
        scores = dict.fromkeys(CATEGORIES, 0.0)
        for text in item.texts:
            for _ in weigh_text(text, scores):
                yield BREATH
        yield Piece(0.0, start + msgspec.json.encode(_write_result(item, scores)))
        start = b","
    yield Piece(0.0, b"]}")


def _write_result(item: Item, weighed: Scores) -> dict[str, object]:
    scores = {name: round(score, 6) for name, score in weighed.items()}
    categories = {name: score >= FLAGGED_FROM for name, score in scores.items()}
    spoken = any(item.texts)
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": {
            name: ["text"] * spoken + ["image"] * (item.has_picture and name in SEEN_IN_PICTURES)
            for name in CATEGORIES
        },
    }


def score_text(text: str) -> Scores:
    """The score of each category, 0 to 1."""
    scores = dict.fromkeys(CATEGORIES, 0.0)
    for _ in weigh_text(text, scores):
        pass
    return scores


def weigh_text(text: str, scores: Scores) -> Iterator[None]:
    """Raises each category's score to what the worst passage has, a step at a time."""
    passages = list(dict.fromkeys(cut_passages(text)))  # what comes again says nothing new
    if not passages:
        return
    for _ in learn():
        yield
    model = require_model()
    read: list[array[int]] = []
    odds: list[float] = []
    for passage in passages:
        places = read_places(passage)
        read.append(places)
        odds.append(model.weigh(places))
        yield
    worst = sorted(odds, reverse=True)[: _COMPANY + 1]
    for passage, places, own in zip(passages, read, odds, strict=True):
        doubt = _doubt(worst, own, len(passages))
        if len(passages) > 1:
            doubt += 0.0 if names_harm(places) else _UNNAMED
            doubt += _TOLD if is_told(passage) and not shows_harm(places) else 0.0
        for category, score in model.score(places, doubt).items():
            scores[category] = max(scores[category], score)
        yield


def _doubt(worst: list[float], own: float, count: int) -> float:
    """What is taken off the log odds of one of `count` passages; `worst` are the highest of the text."""
    others = list(worst)
    if own in others:
        others.remove(own)
    others = [min(_WORST, max(_CALMEST, each)) for each in others[:_COMPANY]]
    company = sum(others) / len(others) if others else _CALMEST
    share = min(1.0, (count - 1) / (_MANY - 1))
    doubt = _DOUBT + share * (_DOUBT_AMONG_MANY + _DOUBT_BY_COMPANY * (company + 1))
    return doubt + _DOUBT_BY_NUMBER * log(max(1.0, count / _MANY))


def cut_passages(text: str) -> list[str]:
    """The text in sentences, short ones joined and long ones cut; a short text is one passage."""
    if _measure(text) <= _SHORT:
        return [text] if text.strip() else []
    passages: list[str] = []
    last = ""
    for sentence in _SENTENCE.findall(text):
        last += sentence
        if _measure(last) >= _PASSAGE:
            passages += [last[start : start + _LONGEST] for start in range(0, len(last), _LONGEST)]
            last = ""
    if last.strip():
        passages.append(last)
    return passages


def _measure(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
