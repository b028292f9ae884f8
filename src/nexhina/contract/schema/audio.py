"""Speech, transcription, translation. The two uploads are multipart/form-data."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import ModelName

SpokenText = Annotated[str, Meta(min_length=1, max_length=4096)]
Speed = Annotated[float, Meta(ge=0.25, le=4)]
Warmth = Annotated[float, Meta(ge=0, le=1)]
Upload = Annotated[str, Meta(extra_json_schema={"format": "binary"})]
TextFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]


class SpeechRequest(Struct, kw_only=True, omit_defaults=True):
    """A text to be spoken."""

    model: ModelName
    input: SpokenText
    voice: str
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Speed = 1.0
    instructions: str | None = None


class TranscriptionRequest(Struct, kw_only=True, omit_defaults=True):
    """A recording to be written down."""

    file: Upload
    model: ModelName
    language: str | None = None
    prompt: str | None = None
    response_format: TextFormat = "json"
    temperature: Warmth = 0.0


class TranslationRequest(Struct, kw_only=True, omit_defaults=True):
    """A recording to be written down in English."""

    file: Upload
    model: ModelName
    prompt: str | None = None
    response_format: TextFormat = "json"
    temperature: Warmth = 0.0


class TranscriptionResponse(Struct, kw_only=True):
    """What was said."""

    text: str


class TranslationResponse(Struct, kw_only=True):
    """What was said, in English."""

    text: str
