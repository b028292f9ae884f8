"""Embeddings: request and answer."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import ModelName, Text, Tokens

MAX_INPUTS = 2048
"""Texts in one request. A list of token numbers is one text."""

# A list holds one kind of entry and none that is empty: the types can't say so, the document does.
_ENTRIES: dict[str, Any] = {
    "anyOf": [
        {"items": {"type": "string", "minLength": 1}},
        {"items": {"type": "integer"}},
        {"items": {"type": "array", "minItems": 1}},
    ]
}
Input = Annotated[
    Annotated[str, Meta(min_length=1)]
    | Annotated[list[str | int | list[int]], Meta(min_length=1, extra_json_schema=_ENTRIES)],
    Meta(
        description="a text, a list of texts, a list of token numbers or a list of such lists",
    ),
]
Encoding = Annotated[Literal["float", "base64"], Meta(description='"float" or "base64"')]


class EmbeddingRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters; others are passed on as they are."""

    model: ModelName
    input: Input
    encoding_format: Encoding | None = None
    dimensions: Tokens | None = None
    user: Text | None = None


class EmbeddingData(Struct, kw_only=True):
    """One vector: numbers, or little-endian float32 as base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(Struct, kw_only=True):
    """Tokens of a call."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingResponse(Struct, kw_only=True):
    """The vectors in the order of the inputs."""

    object: Literal["list"]
    data: list[EmbeddingData]
    model: str
    usage: EmbeddingUsage
