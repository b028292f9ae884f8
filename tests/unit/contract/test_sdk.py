"""The contract's Structs alone satisfy the strict types of OpenAI's SDK.

An answer is cut down to the fields that its Struct names; what is left must still be whole to the
SDK. So a field that the SDK needs can't leave the contract unseen. Answers of the running product
are parsed by the SDK in tests/contract.
"""

from typing import Any

import msgspec
import pytest
from openai.types import (
    Completion,
    CreateEmbeddingResponse,
    Embedding,
    ImagesResponse,
    Model,
)
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.responses import ResponseOutputMessage
from pydantic import BaseModel

from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA
from nexhina.dialects.openai_models import ModelEntry, write_model
from nexhina.domain.model import Model as Known

MODEL = msgspec.json.decode(
    write_model(ModelEntry(model=Known(name="m", maker="x", operations=("chat",)), operations=()))
)
ANSWERS: list[tuple[str, type[BaseModel], Any]] = [
    ("ChatCompletionResponse", ChatCompletion, EXAMPLES["ChatCompletionResponse"]),
    (
        "ChatMessage",
        ChatCompletionMessage,
        EXAMPLES["ChatCompletionResponse"]["choices"][0]["message"],
    ),
    ("CompletionResponse", Completion, EXAMPLES["CompletionResponse"]),
    ("EmbeddingResponse", CreateEmbeddingResponse, EXAMPLES["EmbeddingResponse"]),
    ("EmbeddingData", Embedding, EXAMPLES["EmbeddingData"]),
    ("ImageGenerationResponse", ImagesResponse, EXAMPLES["ImageGenerationResponse"]),
    ("ResponseOutputMessage", ResponseOutputMessage, EXAMPLES["ResponseOutputMessage"]),
    ("ModelObject", Model, MODEL),
]


@pytest.mark.parametrize(("name", "kind", "answer"), ANSWERS, ids=[each[0] for each in ANSWERS])
def test_what_the_contract_names_is_enough_for_the_sdk(
    name: str, kind: type[BaseModel], answer: Any
) -> None:
    named = msgspec.to_builtins(msgspec.convert(answer, EVERY_SCHEMA[name]))
    parsed = kind.model_validate(named)
    assert parsed.model_dump(exclude_unset=True).items() >= named.items()


@pytest.mark.parametrize(("name", "kind", "answer"), ANSWERS, ids=[each[0] for each in ANSWERS])
def test_a_field_that_the_sdk_needs_is_missed(
    name: str, kind: type[BaseModel], answer: Any
) -> None:
    whole = EVERY_SCHEMA[name]
    needed = [field for field, about in kind.model_fields.items() if about.is_required()]
    assert needed or name == "ImageGenerationResponse"
    for gone in needed:
        kept = [
            (each.name, each.type, *(() if each.required else (each.default,)))
            for each in msgspec.structs.fields(whole)
            if each.name != gone
        ]
        poor = msgspec.defstruct(name, kept, kw_only=True)
        with pytest.raises(ValueError, match=gone):
            kind.model_validate(msgspec.to_builtins(msgspec.convert(answer, poor)))
