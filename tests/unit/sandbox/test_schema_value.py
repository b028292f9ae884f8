"""Values made for JSON schemas: they validate, also by Pydantic, and take what the user said."""

from time import thread_time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import validator_for
from pydantic import BaseModel, ConfigDict, Field

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.schema_check import SchemaError, is_valid
from nexhina.sandbox.schema_value import make_value
from support.schema_cases import SCHEMAS


def make(schema: object, text: str = "Hello", seed: int = 0) -> Any:
    return make_value(schema, text, Dice(seed))


class Node(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=5)]
    children: list["Node"] = []
    parent: "Node | None" = None


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["buy", "sell"]
    count: Annotated[int, Field(gt=3, lt=50, multiple_of=7)]
    share: Annotated[float, Field(gt=0, lt=1)]
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{4}$")]
    either: int | bool | None
    tags: Annotated[list[str], Field(min_length=2, max_length=3)]
    pair: tuple[int, str]
    root: Node
    always: Literal[3]


@given(st.integers(0, 10_000))
def test_pydantic_accepts_what_is_made_for_its_schema(seed: int):
    value = make(Order.model_json_schema(), seed=seed)
    import msgspec

    Order.model_validate_json(msgspec.json.encode(value))


LEAVES = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"], "minLength": 3}),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "exclusiveMaximum": low + size},
        st.integers(-50, 50),
        st.integers(1, 9),
    ),
    st.builds(lambda step: {"type": "number", "multipleOf": step}, st.sampled_from([0.1, 2, 0.25])),
    st.sampled_from(
        [
            {"enum": ["a", 1, None]},
            {"const": {"x": [1]}},
            {"type": "string", "pattern": "^a+[0-9]?$"},
        ]
    ),
)
ANY_SCHEMA = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda item, least: {"type": "array", "items": item, "minItems": least},
            inner,
            st.integers(0, 3),
        ),
        st.builds(lambda *parts: {"anyOf": list(parts)}, inner, inner),
        st.builds(
            lambda one, two: {
                "type": "object",
                "properties": {"one": one, "two": two},
                "required": ["two"],
                "additionalProperties": False,
            },
            inner,
            inner,
        ),
    ),
    max_leaves=8,
)


@given(ANY_SCHEMA, st.integers(0, 100), st.sampled_from(["", "7 of 0.5", '"aaa" in Paris']))
def test_a_made_value_validates_and_is_the_same_each_time(schema: Any, seed: int, text: str):
    value = make(schema, text, seed)
    assert is_valid(value, schema, schema)
    assert make(schema, text, seed) == value


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize(
    "text", ["", "Hello", 'Book 3 seats in "New York" for bo@site.org, 2026-03-04']
)
def test_another_validator_accepts_what_is_made_formats_too(name: str, text: str):
    validator = validator_for(SCHEMAS[name], validate_formats=True)
    for seed in range(5):
        value = make(SCHEMAS[name], text, seed)
        assert not [error.message for error in validator.iter_errors(value)], value


def test_what_is_made_keeps_the_order_of_the_properties():
    schema = {"properties": {"b": {}, "a": {}, "c": {}}, "required": ["c", "a", "b"]}
    assert list(make(schema)) == ["b", "a", "c"]


def test_a_hostile_pattern_is_given_up_soon():
    start = thread_time()
    with pytest.raises(SchemaError):
        make({"type": "string", "pattern": "(?=(x+)+y)x+", "minLength": 300})
    assert thread_time() - start < 0.5


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"a": 1}, {"dependentRequired": {"a": ["b"]}}),
        ({"a": 1}, {"dependencies": {"a": {"required": ["b"]}}}),
        ("abc1", {"pattern": "^(?=.*[A-Z]).+$"}),
        (True, {"type": "integer"}),
        (1, {"enum": [True]}),
        ("ab", {"minLength": 3}),
        ("b", {"pattern": "^a"}),
        (5, {"exclusiveMaximum": 5}),
        (5, {"maximum": 5, "exclusiveMaximum": True}),
        (0.35, {"multipleOf": 0.1}),
        ([1, 1.0], {"uniqueItems": True}),
        ([1], {"minItems": 2}),
        ({"x": 1}, {"additionalProperties": False}),
        ({}, {"required": ["x"]}),
        (1, {"oneOf": [{"type": "integer"}, {"minimum": 0}]}),
        (1, {"not": {"const": 1}}),
        (1, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}),
    ],
)
def test_the_check_refuses_what_breaks_a_rule(value: object, schema: object):
    assert not is_valid(value, schema, schema)


DOUBLING = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(20)} | {
    "a20": False
}
"""A small schema whose check takes a million steps."""


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "a"),
        (
            {
                "type": "object",
                "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 4}},
                "required": ["n"],
            },
            "n",
        ),
        ({"properties": {"s": {"type": "string", "pattern": "(?=a)b"}}, "required": ["s"]}, "s"),
        ({"properties": {"s": {"type": "string", "pattern": r"(a)\1"}}, "required": ["s"]}, "s"),
        ({"$ref": "#"}, ""),
        ({"$ref": "#/$defs/none"}, ""),
        ({"type": "array", "minItems": 10**9}, ""),
        ({"properties": 5}, ""),
        ({"not": {"$ref": "#/$defs/a0"}, "$defs": DOUBLING}, ""),
        ({"type": "string", "pattern": "(((((a{4000}){4000})))"}, ""),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(schema: object, place: str):
    with pytest.raises(SchemaError) as caught:
        make(schema)
    assert caught.value.place == place


def test_the_words_of_the_user_are_taken_up():
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "mail": {"type": "string", "format": "email"},
            "days": {"type": "integer"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "mail", "days", "unit"],
    }
    text = "Send me 3 days of weather in New York in Fahrenheit to bo@site.org"
    assert make(schema, text) == {
        "city": "New York",
        "mail": "bo@site.org",
        "days": 3,
        "unit": "fahrenheit",
    }


@pytest.mark.parametrize("quoted", ["`ls -l`", '"ls -l"', "'ls -l'", "“ls -l”"])
def test_a_text_is_what_the_message_quotes(quoted: str) -> None:
    schema = {
        "type": "object",
        "properties": {"cmd": {"type": "string"}, "seconds": {"type": "number"}},
        "required": ["cmd"],
    }
    assert make(schema, f"Don't wait: run {quoted} now") == {"cmd": "ls -l"}


def test_a_whole_number_has_no_fraction() -> None:
    made = make({"type": "number", "minimum": 2, "maximum": 4})
    assert (made, type(made)) == (3, int)


def test_a_number_within_wide_limits_is_one_that_people_use() -> None:
    safe = 2**53 - 1  # zod writes these limits for every whole number
    for seed in range(20):
        whole = make({"type": "integer", "minimum": -safe, "maximum": safe}, seed=seed)
        assert type(whole) is int
        assert 1 <= whole <= 100
        number = make({"type": "number", "minimum": -1e308, "maximum": 1e308}, seed=seed)
        assert 1 <= number <= 100
    assert make({"type": "integer", "minimum": -safe, "maximum": 0}) <= 0
    assert (
        make({"type": "integer", "minimum": -safe, "maximum": safe, "multipleOf": 1000}) % 1000 == 0
    )
    assert make({"type": "number", "exclusiveMinimum": 1, "maximum": safe}) > 1
    assert make({"type": "number", "minimum": 0, "maximum": 1}) < 1
