"""Films: what is asked for and answered, in the site's shape and in OpenAI's."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from nexhina.contract.schema.parameter import Flag, ModelName, Seed, Text

LONGEST_PROMPT = 32_000  # characters
LONGEST_FILM = 3600  # seconds

VideoPrompt = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_PROMPT,
        description=f"a text of 1 to {LONGEST_PROMPT:,} characters that says what to show",
    ),
]
Seconds = Annotated[float, Meta(gt=0, le=LONGEST_FILM)]
FilmSeconds = Annotated[
    float | str,
    Meta(description=f'a number of seconds above 0, at most {LONGEST_FILM}, like 4 or "4"'),
]
FilmSize = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[0-9A-Za-z:*.\-]+$",
        description='width and height in pixels, like "1280x720"',
    ),
]
Side = Annotated[int, Meta(ge=1, le=16_384, description="a whole number of pixels")]
Frames = Annotated[int, Meta(ge=1, le=120, description="a whole number from 1 to 120")]
One = Annotated[
    int,
    Meta(ge=1, le=1, description="1: send one request for each film"),
]
LinkReply = Annotated[Literal["url"], Meta(description='"url": films are given as links')]
VideoState = Literal["queued", "in_progress", "completed", "failed", "cancelled"]


class VideoGenerationRequest(Struct, kw_only=True, omit_defaults=True):
    """A film to be made."""

    model: ModelName
    prompt: VideoPrompt
    image: Text | None = None
    image_url: Text | None = None
    size: FilmSize | None = None
    width: Side | None = None
    height: Side | None = None
    duration: FilmSeconds | None = None
    seconds: FilmSeconds | None = None
    fps: Frames | None = None
    seed: Seed | None = None
    n: One | None = None
    response_format: LinkReply | None = None
    async_: Flag | None = field(default=None, name="async")


class VideoData(Struct, kw_only=True, omit_defaults=True):
    """One film."""

    url: str | None = None
    b64_json: str | None = None
    duration: Seconds | None = None


class VideoError(Struct, kw_only=True):
    """Why a film failed."""

    code: str
    message: str


class VideoGenerationResponse(Struct, kw_only=True, omit_defaults=True):
    """The films, or how far they are."""

    created: int
    data: list[VideoData]
    id: str | None = None
    status: VideoState | None = None
    model: str | None = None
    progress: int | None = None
    error: VideoError | None = None


class VideoReference(Struct, kw_only=True, omit_defaults=True):
    """A picture that a film begins with."""

    image_url: str | None = None
    file_id: str | None = None


class VideoCreateRequest(Struct, kw_only=True, omit_defaults=True):
    """A film to be made, in OpenAI's form."""

    prompt: VideoPrompt
    model: ModelName = "sora-2"
    input_reference: (
        Annotated[VideoReference, Meta(description='an object like {"image_url": "https://…"}')]
        | None
    ) = None
    seconds: FilmSeconds | None = None
    size: FilmSize | None = None


class VideoRemixRequest(Struct, kw_only=True):
    """What is to become of a film."""

    prompt: VideoPrompt


class Video(Struct, kw_only=True):
    """A film that is made or being made, in OpenAI's form."""

    id: str
    object: Literal["video"] = "video"
    created_at: int
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"]
    progress: int
    prompt: str | None = None
    seconds: str
    size: str
    completed_at: int | None = None
    expires_at: int | None = None
    remixed_from_video_id: str | None = None
    error: VideoError | None = None


class VideoList(Struct, kw_only=True):
    """A page of films."""

    object: Literal["list"] = "list"
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VideoDeleted(Struct, kw_only=True):
    """A film that is gone."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: bool = True
