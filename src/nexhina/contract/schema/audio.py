"""Speech, transcription, translation. The two uploads are multipart/form-data."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from nexhina.contract.schema.parameter import Flag, ModelName, Text

LONGEST_TEXT = 4096
"""Characters of one text to be spoken, as OpenAI documents it."""

SpokenText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TEXT,
        description=f"a text of 1 to {LONGEST_TEXT} characters",
    ),
]
Speed = Annotated[float, Meta(ge=0.25, le=4, description="a number from 0.25 to 4")]
Warmth = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Upload = Annotated[str, Meta(extra_json_schema={"format": "binary"}, description="a file")]
SoundFormat = Annotated[
    Literal["mp3", "opus", "aac", "flac", "wav", "pcm"],
    Meta(description="mp3, opus, aac, flac, wav or pcm"),
]
StreamFormat = Annotated[Literal["audio", "sse"], Meta(description='"audio" or "sse"')]
TextFormat = Annotated[
    Literal["json", "text", "srt", "verbose_json", "vtt"],
    Meta(description="json, text, srt, verbose_json or vtt"),
]
SpeakerFormat = Annotated[
    Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"],
    Meta(description="json, text, srt, verbose_json, vtt or diarized_json"),
]
Granularities = Annotated[
    list[Literal["word", "segment"]], Meta(description='a list of "word" and "segment"')
]


class VoiceId(Struct, kw_only=True):
    """A voice of one's own."""

    id: Annotated[str, Meta(min_length=1, description="the name of a voice")]


Voice = Annotated[
    Annotated[str, Meta(min_length=1)] | VoiceId,
    Meta(description='the name of a voice, or an object like {"id": "voice_1234"}'),
]


class SpeechRequest(Struct, kw_only=True, omit_defaults=True):
    """A text to be spoken."""

    model: ModelName
    input: SpokenText
    voice: Voice
    response_format: SoundFormat | None = "mp3"
    speed: Speed | None = 1.0
    instructions: Text | None = None
    stream_format: StreamFormat | None = None


class TranscriptionRequest(Struct, kw_only=True, omit_defaults=True):
    """A recording to be written down."""

    file: Upload
    model: ModelName
    language: Text | None = None
    prompt: Text | None = None
    response_format: SpeakerFormat = "json"
    temperature: Warmth = 0.0
    timestamp_granularities: Granularities | None = field(
        name="timestamp_granularities[]", default=None
    )
    stream: Flag | None = None


class TranslationRequest(Struct, kw_only=True, omit_defaults=True):
    """A recording to be written down in English."""

    file: Upload
    model: ModelName
    prompt: Text | None = None
    response_format: TextFormat = "json"
    temperature: Warmth = 0.0


class TranscriptionResponse(Struct, kw_only=True, omit_defaults=True):
    """What was said; `verbose_json` adds language, duration and segments."""

    text: str
    task: str | None = None
    language: str | None = None
    duration: float | None = None


class SpeechEvent(Struct, kw_only=True, omit_defaults=True):
    """One event of streamed speech."""

    type: str
    audio: str | None = None


class TranscriptEvent(Struct, kw_only=True, omit_defaults=True):
    """One event of a streamed transcript."""

    type: str
    delta: str | None = None
    text: str | None = None


class TranslationResponse(Struct, kw_only=True, omit_defaults=True):
    """What was said, in English."""

    text: str
