"""JSON that a prompt asks for in its own words, where the request has no place for a schema."""

import time
from typing import Any

import msgspec
import pytest

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.wish import find_demand, find_wish, grant_wish

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
WRITTEN = msgspec.json.encode(SCHEMA).decode()


def answer(*texts: str) -> Any:
    wish = find_wish(texts)
    assert wish is not None
    return grant_wish(wish, texts[-1], Dice(1))


@pytest.mark.parametrize(
    "texts",
    [
        (f"JSON schema:\n{WRITTEN}\nYou MUST answer with a JSON object.", "Anna is 31"),
        (f"Anna is 31. Answer within this schema: ```json\n{WRITTEN}\n```",),
        ('Say {"not": "a schema"}.', f"Anna is 31 {{oops }} {WRITTEN}"),
        ('Use the keys "x" and "y".', WRITTEN, "Anna is 31"),
        (f'Like {{"properties": {{"foo": {{}}}}}}. The schema: ```{WRITTEN}```', "Anna is 31"),
    ],
)
def test_a_schema_in_a_message_is_kept_to(texts: tuple[str, ...]) -> None:
    value = answer(*texts)
    assert list(value) == ["name", "age"]
    assert isinstance(value["age"], int)


def test_an_example_gives_the_shape_and_not_the_values() -> None:
    example = (
        '{"city": "Rome", "tags": ["a"], "at": {"day": 3, "sure": true, "share": 0.5}, "x": null}'
    )
    value = answer(f"Answer in this format:\n{example}", "Describe Paris")
    assert list(value) == ["city", "tags", "at", "x"]
    assert list(value["at"]) == ["day", "sure", "share"]
    assert isinstance(value["at"]["sure"], bool)
    assert value["city"] != "Rome"
    assert value["x"] is None


def test_an_object_that_is_only_talked_about_gives_no_shape() -> None:
    assert find_wish(['Translate {"a": "chat"} into English.']) is None
    assert find_wish(["Tell me about JSON.", "Return JSON about the keys of a piano."]) is None


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Return the result as a JSON with `setup` and `punchline` keys.", ["setup", "punchline"]),
        ('Give JSON with the keys "city", "age" and "is_big".', ["city", "age", "is_big"]),
        ("Reply in JSON with fields: name, year, tags", ["name", "year", "tags"]),
        ("JSON with keys title and body please", ["title", "body"]),
        ("用 JSON 回答，字段为 name、age 和 city", ["name", "age", "city"]),
        ("A JSON object with a 'answer' field", ["answer"]),
    ],
)
def test_keys_that_are_named_are_the_keys_of_the_answer(text: str, keys: list[str]) -> None:
    value = answer(text)
    assert list(value)[: len(keys)] == keys
    kinds = {"age": int, "year": int, "is_big": bool, "tags": list}
    assert all(isinstance(each, kinds.get(key, str)) for key, each in value.items())


def test_hostile_texts_end_soon() -> None:
    started = time.process_time()
    for text in ("{" * 70_000, '{"a":' * 20_000, "keys " * 20_000, "`a`," * 20_000, '"' * 70_000):
        find_wish([text])
        find_demand([f"Answer in JSON {text}"])
    assert time.process_time() - started < 2
