"""Embeddings in Cohere's format, first and second version: requests and answers."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from nexhina.contract.schema.embedding import MAX_INPUTS
from nexhina.contract.schema.parameter import ModelName, Text, Tokens

EmbeddingType = Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]
EmbeddingTypes = Annotated[
    list[EmbeddingType],
    Meta(
        description='a list of "float", "int8", "uint8", "binary", "ubinary" or "base64"',
    ),
]
Truncate = Annotated[Literal["NONE", "START", "END"], Meta(description='"NONE", "START" or "END"')]
Texts = Annotated[
    list[str],
    Meta(min_length=1, max_length=MAX_INPUTS, description=f"a list of 1 to {MAX_INPUTS} texts"),
]
Images = Annotated[
    list[str],
    Meta(min_length=1, max_length=MAX_INPUTS, description="a list of pictures as data URLs"),
]


class EmbedImage(Struct, gc=False):
    """Where the picture is."""

    url: str


class EmbedPart(Struct, gc=False, omit_defaults=True):
    """A part of an input: a text or a picture."""

    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: EmbedImage | None = None


class EmbedInput(Struct, gc=False):
    """Parts that become one vector."""

    content: Annotated[list[EmbedPart], Meta(min_length=1)]


Inputs = Annotated[
    list[EmbedInput],
    Meta(
        min_length=1,
        max_length=MAX_INPUTS,
        description=f'a list of 1 to {MAX_INPUTS} objects with "content", a list of parts',
    ),
]


class CohereEmbedRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters of both versions; others are passed on as they are."""

    model: ModelName
    texts: Texts | None = None
    images: Images | None = None
    inputs: Inputs | None = None
    input_type: Text | None = None
    embedding_types: EmbeddingTypes | None = None
    output_dimension: Tokens | None = None
    max_tokens: Tokens | None = None
    truncate: Truncate | None = None


class EmbeddingsByType(Struct, kw_only=True, omit_defaults=True):
    """The vectors once for each type that was asked for, in the order of the inputs."""

    float_: list[list[float]] | None = field(default=None, name="float")
    int8: list[list[int]] | None = None
    uint8: list[list[int]] | None = None
    binary: list[list[int]] | None = None
    ubinary: list[list[int]] | None = None
    base64: list[str] | None = None


class EmbedUnits(Struct, kw_only=True, omit_defaults=True):
    """What is billed."""

    input_tokens: float | None = None
    image_tokens: float | None = None
    images: float | None = None


class EmbedMeta(Struct, kw_only=True, omit_defaults=True):
    """What Cohere's format tells beside the vectors."""

    api_version: dict[str, Any] | None = None
    billed_units: EmbedUnits | None = None
    warnings: list[str] | None = None


class CohereEmbedResponse(Struct, kw_only=True, omit_defaults=True):
    """The vectors in Cohere's format, second version."""

    id: str
    embeddings: EmbeddingsByType
    texts: list[str] | None = None
    images: list[dict[str, Any]] | None = None
    response_type: Literal["embeddings_by_type"] | None = None
    meta: EmbedMeta | None = None


class CohereEmbedV1Response(Struct, kw_only=True, omit_defaults=True):
    """The vectors in Cohere's format, first version: a list, or by type where types were asked for."""

    id: str
    response_type: Literal["embeddings_floats", "embeddings_by_type"]
    embeddings: list[list[float]] | EmbeddingsByType
    texts: list[str]
    images: list[dict[str, Any]] | None = None
    meta: EmbedMeta | None = None
