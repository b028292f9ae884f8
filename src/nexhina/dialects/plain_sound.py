"""Speech of vendors that make no compressed sound: wav or pcm, 24 kHz, 16 bit, mono.

Where a caller names no format, which means mp3 in OpenAI's, it gets wav and is told so by the content
type; another format by name is refused with the ones that there are. Sound becomes events for
`stream_format: sse` here, whatever way it came.
"""

from base64 import b64encode

import msgspec
from msgspec import Struct

from nexhina.dialects.audio_stream import SOUND_TYPES, is_words
from nexhina.dialects.dialect import Peek, VendorError
from nexhina.dialects.sse import write_event
from nexhina.dialects.watch import Watch
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList, InvalidRequestError
from nexhina.ports import Headers

RATE = 24_000
_UNKNOWN = 0xFFFFFFFF
"""The size of a sound whose end is not known yet, as streamed wav files have it."""

_SNIFFED = 16


class _Voice(Struct):
    id: str


def choose_format(peek: Peek) -> str:
    """The format, wav or pcm; raises InvalidRequestError where another one was asked for by name."""
    raw = peek.envelope.members.get("response_format")
    if raw is None or bytes(raw) == b"null":
        return "wav"
    asked = peek.output_format or ""
    if asked not in ("wav", "pcm"):
        raise InvalidRequestError(
            f"'response_format' is {asked!r}, but {peek.model} makes wav and pcm only.",
            param="response_format",
        )
    return asked


def read_voice(peek: Peek) -> str:
    """The name of the voice, however it was given."""
    voice = msgspec.json.decode(peek.envelope.members["voice"], type=str | _Voice)
    return voice if isinstance(voice, str) else voice.id


def write_wav_head(size: int | None) -> bytes:
    """The head of a wav file with so many bytes of sound; None: not known yet."""
    rest = _UNKNOWN if size is None else size + 36
    data = _UNKNOWN if size is None else size

    def write(number: int, length: int = 4) -> bytes:
        return number.to_bytes(length, "little")

    form = write(16) + write(1, 2) + write(1, 2) + write(RATE) + write(RATE * 2)
    form += write(2, 2) + write(16, 2)
    return b"RIFF" + write(rest) + b"WAVEfmt " + form + b"data" + write(data)


def write_delta(sound: bytes) -> bytes:
    """A piece of sound as an event."""
    told = {"type": "speech.audio.delta", "audio": b64encode(sound).decode()}
    return write_event(b"", msgspec.json.encode(told)) + b"\n\n"


def write_done(usage: Usage | None) -> bytes:
    """The event that ends a speech; it counts tokens where the vendor does."""
    told: dict[str, object] = {"type": "speech.audio.done"}
    if usage is not None and usage.input + usage.audio_output:
        told["usage"] = {
            "input_tokens": usage.input,
            "output_tokens": usage.audio_output,
            "total_tokens": usage.input + usage.audio_output,
        }
    return write_event(b"", msgspec.json.encode(told)) + b"\n\n"


class SoundAsEventsWatch(Watch):
    """See `dialect.StreamWatch`: bytes of sound come, events go."""

    __slots__ = ("_asked", "_first")

    error: VendorError | None

    def __init__(self, asked: str) -> None:
        """`asked`: wav or pcm."""
        super().__init__()
        self._asked = asked
        self._first = b""

    def feed(self, data: bytes) -> bytes:
        """The events that may go to the caller now."""
        if self.error is not None or not data:
            return b""
        if not self.content:
            self._first += data
            if len(self._first) < _SNIFFED:
                return b""
            data, self._first = self._first, b""
            if is_words(data, self._asked):
                self.error = VendorError(message="The provider sent words in the place of sound.")
                return b""
            self.content = True
        return write_delta(data)

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if not clean or self.error is not None:
            return b""
        rest = b""
        if self._first and not is_words(self._first, self._asked):
            self.content, rest = True, write_delta(self._first)
        if self.content:
            self.ended, self.tail = True, rest + write_done(None)
        return self.tail


def write_sound_head(asked: str) -> HeaderList:
    """The head of sound that is made here."""
    return [(b"content-type", SOUND_TYPES[asked])]


def is_event_stream(headers: Headers) -> bool:
    """Whether a head begins events."""
    return headers.get(b"content-type", b"")[:17].lower() == b"text/event-stream"
