"""Video generation: request and answer."""

from typing import Annotated

from msgspec import Meta, Struct

from nexhina.contract.schema.image import Prompt
from nexhina.contract.schema.parameter import Count, ModelName, Seed

Seconds = Annotated[float, Meta(gt=0)]


class VideoGenerationRequest(Struct, kw_only=True, omit_defaults=True):
    """A film to be made."""

    model: ModelName
    prompt: Prompt
    image: str | None = None
    size: str | None = None
    duration: Seconds | None = None
    fps: Annotated[int, Meta(ge=1, le=120)] | None = None
    seed: Seed | None = None
    n: Count | None = None


class VideoData(Struct, kw_only=True, omit_defaults=True):
    """One film."""

    url: str | None = None
    b64_json: str | None = None
    duration: Seconds | None = None


class VideoGenerationResponse(Struct, kw_only=True, omit_defaults=True):
    """The films."""

    created: int
    data: list[VideoData]
    id: str | None = None
    status: str | None = None
