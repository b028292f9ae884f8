"""POST /v1/audio/speech: checks the request like a vendor would, and plays what the child speaks."""

import re
from base64 import b64encode
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.child import Child
from nexhina.sandbox.order import Order, Say, SoundFormat
from nexhina.sandbox.output import play
from nexhina.sandbox.reply import EVENTS, SandboxReply
from nexhina.sandbox.request import Named
from nexhina.sandbox.tokenizer import count_tokens

MOST_CHARACTERS = 4096
PACE = 150  # words a minute at speed 1
_TOKENS = 20  # of sound, a second

VOICES: dict[str, tuple[str, int]] = {  # variant of the synthesiser, pitch
    "alloy": ("", 50),
    "ash": ("+m1", 50),
    "ballad": ("+m2", 50),
    "cedar": ("+m4", 40),
    "coral": ("+f2", 50),
    "echo": ("+m3", 45),
    "fable": ("+m7", 50),
    "marin": ("+f5", 60),
    "nova": ("+Annie", 55),
    "onyx": ("+m6", 50),
    "sage": ("+f4", 60),
    "shimmer": ("+f3", 55),
    "verse": ("+m5", 50),
}

TYPES: dict[str, bytes] = {
    "mp3": b"audio/mpeg",
    "opus": b"audio/ogg",
    "aac": b"audio/aac",
    "flac": b"audio/flac",
    "wav": b"audio/wav",
    "pcm": b"audio/pcm",
}

_MANNERS = (  # words of instructions, factor of the pace, change of the pitch
    (r"\b(slow|slowly|calm|calmly|sad|gentle|relax\w*|sooth\w*)\b|慢|平静|悲|温柔", 0.85, -4),
    (
        r"\b(fast|faster|quick|quickly|excited|energetic|urgent\w*|hurr\w*)\b|快|激动|兴奋|急",
        1.2,
        6,
    ),
    (r"\b(high|higher|cheer\w*|happy|bright|child\w*)\b|高|开心|快乐|欢|孩子", 1.0, 12),
    (r"\b(low|lower|deep|serious\w*|gloomy|old)\b|低|深沉|严肃", 0.95, -12),
)


class VoiceId(msgspec.Struct):
    """A voice of one's own; any id, each sounds like one of the built-in voices."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]


class SpeechCall(Named, kw_only=True):
    """POST /v1/audio/speech."""

    input: Annotated[str, Meta(max_length=MOST_CHARACTERS)]
    voice: str | VoiceId
    instructions: Annotated[str, Meta(max_length=4096)] | None = None
    response_format: SoundFormat | None = None
    speed: Annotated[float, Meta(ge=0.25, le=4)] | None = None
    stream_format: Literal["audio", "sse"] | None = None


def plan_speech(call: SpeechCall) -> Say:
    """What is to be spoken and how; raises InvalidRequestError."""
    if not call.input.strip():
        raise InvalidRequestError("The input is empty; give a text to speak.", param="input")
    if isinstance(call.voice, VoiceId):
        names = list(VOICES)
        variant, pitch = VOICES[names[sum(call.voice.id.encode()) % len(names)]]
    elif call.voice in VOICES:
        variant, pitch = VOICES[call.voice]
    else:
        raise InvalidRequestError(
            f"Invalid voice {call.voice[:40]!r}. There are: {', '.join(VOICES)}.", param="voice"
        )
    pace = float(PACE)
    for words, factor, change in _MANNERS:
        if call.instructions and re.search(words, call.instructions, re.IGNORECASE):
            pace *= factor
            pitch = max(0, min(99, pitch + change))
    return Say(
        text=call.input,
        variant=variant,
        pitch=pitch,
        pace=round(pace),
        speed=1.0 if call.speed is None else call.speed,
        format=call.response_format or "mp3",
    )


async def answer_speech(call: SpeechCall, child: Child, *, usage: bool) -> SandboxReply:
    """The sound as it is spoken, as itself or in events. Raises what the child's output does."""
    say = plan_speech(call)
    output = child.begin(Order(say=say))
    try:
        await output.wait()
        first = output.take()  # an order that fails is an error, not a broken stream
    except BaseException:
        output.abandon()
        raise
    head = b"" if first is None else first
    if call.stream_format != "sse":
        pieces = play(output, first=head)
        return SandboxReply(
            status=200,
            headers={b"content-type": TYPES[say.format]},
            pieces=pieces,
            length_known=False,
        )

    def write_done() -> bytes:
        done: dict[str, object] = {"type": "speech.audio.done"}
        if usage:
            seconds = msgspec.msgpack.decode(output.tail, type=float)
            text, sound = count_tokens(call.input), round(seconds * _TOKENS)
            done["usage"] = {
                "input_tokens": text,
                "output_tokens": sound,
                "total_tokens": text + sound,
            }
        return b"data: " + msgspec.json.encode(done) + b"\n\n"

    return SandboxReply(
        status=200,
        headers=dict(EVENTS),
        pieces=play(output, _write_delta, write_done, first=head),
        length_known=False,
    )


def _write_delta(sound: bytes) -> bytes:
    return b'data: {"type":"speech.audio.delta","audio":"' + b64encode(sound) + b'"}\n\n'
