"""The site's schemas: names, texts in two languages, examples."""

import msgspec
import pytest
from msgspec import Struct

from nexhina.contract.openapi import build_components, list_missing
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA, SCHEMAS
from nexhina.contract.schema.text import FIELD_TEXT, SCHEMA_ZH
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
