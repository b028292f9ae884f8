"""Images: made, edited, varied; requests, answers and the events of a stream."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import Count, Flag, ModelName, Text

MAX_PROMPT = 131_072
"""Characters; the largest prompt of a model in the catalog is a quarter of it."""

MAX_IMAGES = 16
"""Pictures that one edit may give."""

Prompt = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_PROMPT,
        description=f"a text of 1 to {MAX_PROMPT} characters that says what to draw",
    ),
]
ImageReply = Annotated[Literal["url", "b64_json"], Meta(description='"url" or "b64_json"')]
Percent = Annotated[int, Meta(ge=0, le=100, description="a whole number from 0 to 100")]
Partials = Annotated[int, Meta(ge=0, le=3, description="a whole number from 0 to 3")]
Upload = Annotated[str, Meta(description="a file", extra_json_schema={"format": "binary"})]
# One part of a form, or several of the same name.
Uploads = Annotated[
    list[Upload],
    Meta(min_length=1, max_length=MAX_IMAGES, description=f"a file, or up to {MAX_IMAGES} of them"),
]


class ImageGenerationRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters; others are passed on as they are."""

    model: ModelName | None = None
    prompt: Prompt
    size: Text | None = None
    quality: Text | None = None
    n: Count | None = None
    response_format: ImageReply | None = None
    output_format: Text | None = None
    output_compression: Percent | None = None
    style: Text | None = None
    background: Text | None = None
    moderation: Text | None = None
    user: Text | None = None
    stream: Flag | None = None
    partial_images: Partials | None = None


class ImageReference(Struct, kw_only=True, omit_defaults=True):
    """A picture that is not in the request as a file: a link or data URL, or a file at the vendor."""

    image_url: Text | None = None
    file_id: Text | None = None


class _Edit(Struct, kw_only=True, omit_defaults=True):
    """What both ways of asking for an edit share."""

    model: ModelName | None = None
    prompt: Prompt
    size: Text | None = None
    quality: Text | None = None
    n: Count | None = None
    response_format: ImageReply | None = None
    output_format: Text | None = None
    output_compression: Percent | None = None
    background: Text | None = None
    input_fidelity: Text | None = None
    moderation: Text | None = None
    user: Text | None = None
    stream: Flag | None = None
    partial_images: Partials | None = None


class ImageEditRequest(_Edit, kw_only=True, omit_defaults=True):
    """Pictures and what to change in them, as multipart/form-data."""

    image: Uploads
    mask: Upload | None = None


class ImageReferenceEditRequest(_Edit, kw_only=True, omit_defaults=True):
    """Pictures and what to change in them, as JSON."""

    images: Annotated[
        list[ImageReference],
        Meta(
            min_length=1,
            max_length=MAX_IMAGES,
            description=f"a list of 1 to {MAX_IMAGES} objects with image_url or file_id",
        ),
    ]
    mask: (
        Annotated[ImageReference, Meta(description="an object with image_url or file_id")] | None
    ) = None


class ImageVariationRequest(Struct, kw_only=True, omit_defaults=True):
    """A picture of which others shall be made, as multipart/form-data."""

    model: ModelName | None = None
    image: Upload
    size: Text | None = None
    n: Count | None = None
    response_format: ImageReply | None = None
    user: Text | None = None


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
    """Tokens of a call; all zero where the vendor counts pictures and no tokens."""

    total_tokens: int
    input_tokens: int
    output_tokens: int
    input_tokens_details: ImageUsageInputTokensDetails


class ImageGenerationResponse(Struct, kw_only=True, omit_defaults=True):
    """The pictures."""

    created: int
    data: list[ImageData]
    usage: ImageUsage | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None


class ImageEvent(Struct, kw_only=True, omit_defaults=True):
    """One event of streamed images: a picture that is not finished yet, or one that is."""

    type: str
    b64_json: str | None = None
    partial_image_index: int | None = None
    created_at: int | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    usage: ImageUsage | None = None
