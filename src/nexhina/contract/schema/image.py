"""Image generation: request and answer."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import Count, ModelName, NoStream, Text

Prompt = Annotated[str, Meta(min_length=1, description="a text that says what to draw")]
ImageReply = Annotated[Literal["url", "b64_json"], Meta(description='"url" or "b64_json"')]


class ImageGenerationRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters; others are passed on as they are."""

    model: ModelName
    prompt: Prompt
    size: Text | None = None
    quality: Text | None = None
    n: Count | None = None
    response_format: ImageReply | None = None
    output_format: Text | None = None
    style: Text | None = None
    background: Text | None = None
    moderation: Text | None = None
    user: Text | None = None
    stream: NoStream | None = None


class ImageData(Struct, kw_only=True, omit_defaults=True):
    """One picture, as a link or as base64."""

    url: str | None = None
    b64_json: str | None = None
    revised_prompt: str | None = None


class ImageUsageInputTokensDetails(Struct, kw_only=True):
    """Where input tokens came from."""

    text_tokens: int
    image_tokens: int


class ImageUsage(Struct, kw_only=True):
    """Tokens of a call."""

    total_tokens: int
    input_tokens: int
    output_tokens: int
    input_tokens_details: ImageUsageInputTokensDetails


class ImageGenerationResponse(Struct, kw_only=True, omit_defaults=True):
    """The pictures."""

    created: int
    data: list[ImageData]
    usage: ImageUsage | None = None
