"""The site's schemas: names, texts in two languages, examples."""

import re
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from nexhina.contract.openapi import build_components, list_missing
from nexhina.contract.schema.default import DEFAULTS
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA, SCHEMAS
from nexhina.contract.schema.text import FIELD_TEXT, SCHEMA_ZH
from nexhina.dialects.openai_moderations import DEFAULT_MODEL
from nexhina.errors import InvalidApiKeyError

SITE = [
    "ChatRequest",
    "Log",
    "ChatMessage",
    "ToolCall",
    "User",
    "FunctionDefinition",
    "Channel",
    "ToolDefinition",
    "Token",
    "ChatCompletionRequest",
    "Redemption",
    "ChatCompletionChoice",
    "ChatCompletionResponse",
    "ChatCompletionChunk",
    "ResponseInputText",
    "ResponseRequest",
    "ResponseOutputText",
    "ResponseOutputMessage",
    "ResponseObject",
    "EmbeddingRequest",
    "EmbeddingData",
    "EmbeddingResponse",
    "ImageGenerationRequest",
    "ImageData",
    "ImageUsageInputTokensDetails",
    "ImageUsage",
    "ImageGenerationResponse",
    "SpeechRequest",
    "TranscriptionRequest",
    "TranslationRequest",
    "TranscriptionResponse",
    "TranslationResponse",
    "VideoGenerationRequest",
    "VideoData",
    "VideoGenerationResponse",
    "ModerationRequest",
    "ModerationCategory",
    "ModerationResult",
    "ModerationResponse",
    "RerankRequest",
    "RerankResult",
    "RerankResponse",
]

KINDS = EVERY_SCHEMA


def test_the_schemas_are_the_sites_in_the_sites_order() -> None:
    assert list(SCHEMAS) == SITE
    assert len(SITE) == 42


def test_no_schema_and_no_field_lacks_a_text_in_either_language() -> None:
    assert list_missing(build_components()) == []


def test_a_schema_without_texts_is_counted() -> None:
    class Stranger(Struct):
        oddity: int
        model: str

    components = build_components({"Stranger": Stranger})
    assert list_missing(components) == ["Stranger", "Stranger.oddity"]


def test_no_text_is_left_over() -> None:
    components = build_components()
    assert set(SCHEMA_ZH) == set(components)
    fields = {
        f"{name}.{field}" for name, part in components.items() for field in part["properties"]
    }
    shared = {"." + field.partition(".")[2] for field in fields}
    assert set(FIELD_TEXT) <= fields | shared


def test_each_of_the_sites_schemas_has_an_example() -> None:
    assert set(SITE) - EXAMPLES.keys() == set()


WORD = re.compile(r"\bdefault ([\w.-]+)")


def list_defaults() -> list[tuple[str, str, Any, str]]:
    """Schema, field, default and text of each request's field whose text or schema has a default."""
    return [
        (
            name,
            field,
            part.get("default"),
            said[1] if (said := WORD.search(part["description"])) else "",
        )
        for name, schema in build_components().items()
        if name.endswith("Request")
        for field, part in schema["properties"].items()
        if part.get("default") is not None or WORD.search(part["description"])
    ]


def test_what_the_texts_call_a_default_is_one_in_the_document() -> None:
    found = list_defaults()
    told = {(name, field): (default, word) for name, field, default, word in found if word}
    assert told.pop(("RerankRequest", "top_n")) == (None, "all")
    assert {
        place for place, (default, word) in told.items() if write_word(default) != word
    } == set()
    assert DEFAULTS.keys() <= {f".{field}" for _, field, *_ in found} | {
        f"{name}.{field}" for name, field, *_ in found
    }


def write_word(default: Any) -> str:
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    return default if isinstance(default, str) else msgspec.json.encode(default).decode()


def test_each_default_fits_its_field_and_is_what_holds() -> None:
    for name, field, default, _ in list_defaults():
        if default is not None and field in EXAMPLES.get(name, {"model": 1}):
            msgspec.convert(EXAMPLES[name] | {field: default}, EVERY_SCHEMA[name])
    assert DEFAULTS["ModerationRequest.model"] == DEFAULT_MODEL


RELATIVES = {
    "Log": "id user_id username created_at type content token_name model_name quota prompt_tokens "
    "completion_tokens channel is_stream",
    "User": "id username password display_name role status email github_id wechat_id oidc_id "
    "verification_code access_token quota used_quota request_count group aff_code inviter_id",
    "Channel": "id type key status name weight created_time test_time response_time base_url balance "
    "balance_updated_time models group used_quota model_mapping priority",
    "Token": "id user_id key status name created_time accessed_time expired_time remain_quota "
    "unlimited_quota used_quota",
    "Redemption": "id user_id key status name quota created_time redeemed_time count",
}
"""The fields that one-api and new-api have in common."""


@pytest.mark.parametrize("name", RELATIVES)
def test_the_schemas_of_administration_have_what_the_relatives_share(name: str) -> None:
    fields = build_components()[name]["properties"]
    assert set(RELATIVES[name].split()) <= fields.keys()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("User", {"role": 5}),
        ("User", {"status": 0}),
        ("User", {"username": "x" * 21}),
        ("User", {"password": "short"}),
        ("User", {"email": "x" * 51}),
        ("Channel", {"status": 4}),
        ("Token", {"status": 5}),
        ("Token", {"expired_time": -2}),
        ("Redemption", {"status": 0}),
        ("Log", {"type": 7}),
    ],
)
def test_administration_has_the_relatives_ranges(name: str, change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(EXAMPLES[name] | change, EVERY_SCHEMA[name])


def test_what_is_only_ever_sent_is_marked_so_and_in_no_example() -> None:
    fields = build_components()["User"]["properties"]
    for name in ("password", "verification_code"):
        assert fields[name]["writeOnly"] is True
        assert name not in EXAMPLES["User"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_fits_its_schema(name: str) -> None:
    value = msgspec.convert(EXAMPLES[name], KINDS[name])
    again = msgspec.to_builtins(value)
    assert again.items() >= EXAMPLES[name].items()


def test_the_401_example_is_what_the_error_says() -> None:
    detail = EXAMPLES["Error"]["error"]
    error = InvalidApiKeyError()
    assert detail == {"message": error.message, "type": error.type, "code": error.code}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ChatCompletionRequest", {"temperature": 2.1}),
        ("ChatCompletionRequest", {"messages": []}),
        ("ChatCompletionRequest", {"messages": [{"role": "wizard", "content": "x"}]}),
        ("ChatCompletionRequest", {"messages": [{"content": "x"}]}),
        ("ResponseRequest", {"truncation": "some"}),
        ("CompletionRequest", {"prompt": []}),
        ("RerankRequest", {"documents": [{"title": "x"}]}),
        ("ImageGenerationRequest", {"n": 0}),
        ("EmbeddingRequest", {"input": ""}),
        ("ModerationRequest", {"input": 5}),
        ("ModerationResponse", {"results": None}),
    ],
)
def test_a_value_out_of_range_or_of_another_type_does_not_fit(
    name: str, change: dict[str, object]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(EXAMPLES[name] | change, EVERY_SCHEMA[name])


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.endswith("Request")])
def test_a_parameter_that_no_schema_names_is_not_refused(name: str) -> None:
    msgspec.convert(EXAMPLES[name] | {"new_parameter": {"a": [1]}}, EVERY_SCHEMA[name])
