"""Moderations: OpenAI's wire format around patterns in English and Chinese, without a model.

Texts are read in slices while the answer is sent, so that long inputs hold up nobody. What is
looked for is data (`moderation_rules`, `moderation_concepts`). Pictures are taken and never flagged.
"""

import secrets
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox import moderation_concepts
from nexhina.sandbox.moderation_rules import BENIGN, CHINESE, ENGLISH, NEGATED, SOBER, Rule
from nexhina.sandbox.reply import BREATH, JSON, Piece, SandboxReply
from nexhina.sandbox.request import Named

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
SEEN_IN_PICTURES = frozenset(
    ("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence")
) | {"violence/graphic"}
FLAGGED_FROM = 0.5
MOST_TEXTS = 1024
MOST_CHARACTERS = 200_000  # of all texts of one call

_SLICE = 400
_OVERLAP = 100  # characters read twice, so that no phrase is lost at an edge
_SOBER, _NEGATED = 0.55, 0.4  # factors on a match's weight


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
        doubts: dict[str, float] = dict.fromkeys(CATEGORIES, 1.0)
        for text in item.texts:
            for _ in weigh_text(text, doubts):
                yield BREATH
        yield Piece(0.0, start + msgspec.json.encode(_write_result(item, doubts)))
        start = b","
    yield Piece(0.0, b"]}")


def _write_result(item: Item, doubts: dict[str, float]) -> dict[str, object]:
    noise = blake2b("\x1e".join(item.texts).encode("utf-8", "surrogatepass"), digest_size=16)
    scores = {
        name: round(1 - doubt * (1 - (1 + digit) / 1e5), 6)
        for (name, doubt), digit in zip(doubts.items(), noise.digest(), strict=False)
    }
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


def score_text(text: str) -> dict[str, float]:
    """The score of each category, 0 to 1."""
    doubts: dict[str, float] = dict.fromkeys(CATEGORIES, 1.0)
    for _ in weigh_text(text, doubts):
        pass
    return {name: 1 - doubt for name, doubt in doubts.items()}


def weigh_text(text: str, doubts: dict[str, float]) -> Iterator[None]:
    """Lowers each category's doubt by what the text holds, a step at a time."""
    for start in range(0, len(text), _SLICE):
        part = text[max(0, start - _OVERLAP) : start + _SLICE]
        part = unicodedata.normalize("NFKC", part).casefold().replace("’", "'")
        for pattern in BENIGN:
            part = pattern.sub(" ~ ", part)
        sober = any(pattern.search(part) for pattern in SOBER)
        yield
        for rules in (ENGLISH, CHINESE) if not part.isascii() else (ENGLISH,):
            for rule in rules:
                _apply(rule, part, doubts, sober=sober)
            yield
        for concepts in (
            (moderation_concepts.ENGLISH, moderation_concepts.CHINESE)
            if not part.isascii()
            else (moderation_concepts.ENGLISH,)
        ):
            for finding in concepts.find(part):
                if finding is None:
                    yield
                    continue
                _lower(doubts, finding.categories, finding.weight * (_SOBER if sober else 1))
            yield


def _apply(rule: Rule, text: str, doubts: dict[str, float], *, sober: bool) -> None:
    match = rule.pattern.search(text)
    if match is None:
        return
    weight = rule.weight
    if sober:
        weight *= _SOBER
    if NEGATED.search(text, max(0, match.start() - 24), match.start()):
        weight *= _NEGATED
    _lower(doubts, rule.categories, weight)


def _lower(doubts: dict[str, float], categories: tuple[str, ...], weight: float) -> None:
    for category in categories:
        doubts[category] = min(doubts[category], 1 - weight)
