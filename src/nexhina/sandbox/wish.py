"""What JSON a prompt asks for in its own text: a schema, an example, or the names of the keys.

Pure. `response_format` `json_object` has no place for a schema, so clients write it into a message:
instructor, LangChain's json_mode and the AI SDK's compatible provider do. Other prompts are left to
`composer.compose_json`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.request import ChatCall
from nexhina.sandbox.schema_check import SchemaError
from nexhina.sandbox.schema_value import make_value

_READ = 64 * 1024  # characters of a message
_READ_FOR_KEYS = 8 * 1024
_MOST_KEYS = 40
_MOST_OBJECTS = 64
_MARKS = re.compile(r'[{}"]|\\.', re.DOTALL)
_DEMAND = re.compile(
    r"\b(?:answer|respond|return|reply|output|provide|formatted)\b[^.\n]{0,80}\bjson\b|用\s*json\s*(?:回答|输出)",
    re.IGNORECASE,
)
_LEADS_TO_EXAMPLE = re.compile(
    r"(?:format|schema|structure|shape|example|template|look(?:s|ing)? like|json|格式|结构|形如|如下|例如)"
    r"[^{}]{0,60}\Z",
    re.IGNORECASE,
)
_NAME = r"[`\"'“「]([A-Za-z_][\w-]{0,63})[`\"'”」]"
_QUOTED = re.compile(_NAME)
_BARE = r"[A-Za-z_][\w-]{0,63}"
_KEYS = r"(?:keys?|fields?|properties|attributes|members)"
_ALSO = r"(?:\s*(?:,|，|、|;|and|or|和|与|及)\s*){1,3}"
_NAMED_BEFORE = re.compile(
    rf"{_NAME}(?:{_ALSO}{_NAME}){{0,39}}\s*(?:as\s+)?{_KEYS}\b", re.IGNORECASE
)
_NAMED_BEHIND = re.compile(
    rf"(?:\b{_KEYS}\b|键|字段)[^`\"'“「.。\n]{{0,30}}({_NAME}(?:{_ALSO}{_NAME}){{0,39}})",
    re.IGNORECASE,
)
_BARE_BEHIND = re.compile(
    rf"(?:\b(?:keys?|fields?)\b|键|字段)(?:\s+(?:named|called|are|being)|\s*[:：]|为|是|有)?\s*"
    rf"({_BARE}(?:\s*(?:,|，|、)\s*(?:and\s+)?{_BARE}|\s*(?:\band\b|和|与)\s*{_BARE}){{1,39}})",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"(?:^|_)(?:age|count|number|year|amount|price|total|score|quantity|rating)$")
_FLAGS = re.compile(r"^(?:is|has|can|should)_")
_LISTS = re.compile(r"(?:^|_)(?:tags|items|keywords|list|names|steps|points|topics|entities)$")


class Wish(NamedTuple):
    """A schema, and the words that name it."""

    schema: dict[str, Any]
    said: str


def read_wish(call: ChatCall) -> Wish | None:
    """What a chat call asks for in the texts of its messages; None when it has a schema or no wish."""
    form = call.response_format
    texts = [message.text() for message in call.messages]
    if form is None or form.type == "text":
        return find_demand(texts) if call.messages[-1].role == "user" else None
    return find_wish(texts) if form.type == "json_object" else None


def find_wish(texts: Sequence[str]) -> Wish | None:
    """The JSON that the messages ask for, the latest first; None when they leave it open."""
    latest = _choose_latest(texts)
    for read in (_find_schema, _find_example, _find_keys):
        for text in latest:
            wish = read(text)
            if wish is not None:
                return wish
    return None


def find_demand(texts: Sequence[str]) -> Wish | None:
    """The schema that a plain text is told to keep to; None when nothing tells it to be JSON."""
    if not any("{" in text for text in texts):
        return None
    latest = _choose_latest(texts)
    if not any(_DEMAND.search(text) for text in latest):
        return None
    return next(filter(None, map(_find_schema, latest)), None)


def _choose_latest(texts: Sequence[str]) -> list[str]:
    """The texts that are read, the latest first; instructions come in the first two."""
    return [text[:_READ] for text in reversed([*texts[:2], *texts[2:][-8:]])]


def grant_wish(wish: Wish, prompt: str, dice: Dice) -> dict[str, Any] | None:
    """Such an object, made of the prompt's words; None when there can be none."""
    try:
        value = make_value(wish.schema, prompt.replace(wish.said, " "), dice)
    except SchemaError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _find_schema(text: str) -> Wish | None:
    found = None  # the last counts: some clients explain schemas by a small one before
    for said, value, _ in _objects(text):
        if isinstance(value.get("properties"), dict) or "$ref" in value:
            found = Wish(value, said)
    return found


def _find_example(text: str) -> Wish | None:
    for said, value, start in _objects(text):
        if value and _LEADS_TO_EXAMPLE.search(text, max(0, start - 120), start):
            return Wish(_generalise(value, 0), said)
    return None


def _find_keys(text: str) -> Wish | None:
    text = text[:_READ_FOR_KEYS]
    for pattern, inner in (
        (_NAMED_BEFORE, _QUOTED),
        (_NAMED_BEHIND, _QUOTED),
        (_BARE_BEHIND, None),
    ):
        match = pattern.search(text)
        if match is None:
            continue
        if inner is not None:
            names = inner.findall(match[0])
        else:
            names = [each for each in re.findall(_BARE, match[1]) if each.lower() != "and"]
        names = list(dict.fromkeys(names))[:_MOST_KEYS]
        return Wish(_require({name: _guess(name) for name in names}), match[0])
    return None


def _objects(text: str) -> Iterator[tuple[str, dict[str, Any], int]]:
    """The JSON objects in a text that are not inside others, and where they begin; in one pass."""
    depth = start = seen = 0
    quoted = False
    for mark in _MARKS.finditer(text):
        sign = mark[0]
        if sign == '"':
            quoted = not quoted and depth > 0
        elif quoted or len(sign) > 1:
            continue
        elif sign == "{":
            start = mark.start() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                seen += 1
                if seen > _MOST_OBJECTS:
                    return
                said = text[start : mark.end()]
                try:
                    value: Any = msgspec.json.decode(said.encode("utf-8", "replace"))
                except (msgspec.DecodeError, RecursionError):
                    continue
                yield said, cast("dict[str, Any]", value), start


def _generalise(  # noqa: PLR0911  (one return per JSON type)
    value: Any, depth: int
) -> dict[str, Any]:
    """A schema that the example satisfies, and others like it."""
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list() if value and depth < 8:
            items = cast("list[Any]", value)
            return {"type": "array", "items": _generalise(items[0], depth + 1), "minItems": 1}
        case dict() if depth < 8:
            members = cast("dict[str, Any]", value)
            return _require({key: _generalise(each, depth + 1) for key, each in members.items()})
        case _:
            return {"const": value}


def _guess(name: str) -> dict[str, Any]:
    """What a key's name says about its value."""
    if _NUMBERS.search(name):
        return {"type": "integer"}
    if _FLAGS.search(name):
        return {"type": "boolean"}
    if _LISTS.search(name):
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "string"}


def _require(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
