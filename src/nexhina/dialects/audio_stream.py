"""Sound and transcripts on their way to the caller: bytes as they come, or events with a usage.

Sound has no end mark of its own: its end is the end of the framing, which the pipeline writes only
after the journal has the record. What events end with is held back as everywhere.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Answer, VendorError
from nexhina.dialects.openai import count_text
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.sse import read_event, write_event
from nexhina.dialects.watch import EventWatch, Watch
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList
from nexhina.ports import Headers

SOUND_TYPES = {
    "mp3": b"audio/mpeg",
    "opus": b"audio/ogg",
    "aac": b"audio/aac",
    "flac": b"audio/flac",
    "wav": b"audio/wav",
    "pcm": b"audio/pcm",
}
"""Content types by `response_format`, where the vendor names none that is sound."""

_MOST_WHOLE = 32 * 1024 * 1024
_SNIFFED = 16
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_TEXTS = (b"{", b"[", b"<", b"data:", b"event:")
_SURE_TEXTS = (b'{"error"', b'{"message"', b'{"detail"', b"<!doctype", b"<html", b"data: {")
"""Beginnings that samples without a container can't have but by design."""


class _Details(Struct, gc=False):
    audio_tokens: int | None = None
    text_tokens: int | None = None


class AudioUsage(Struct, gc=False):
    """The usage of sound: tokens, or the time of what was heard."""

    type: str | None = None
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Details | None = None


class _Event(Struct, gc=False):
    type: str = ""
    delta: Any = None
    usage: Any = None
    error: Any = None


_event = msgspec.json.Decoder(_Event)


class SoundWatch(Watch):
    """See `dialect.StreamWatch`: bytes of sound, relayed as they are.

    The first ones are looked at: an error in words is no sound, whatever its type says.
    """

    __slots__ = ("_asked", "_first")

    events = False
    error: VendorError | None

    def __init__(self, asked: str) -> None:
        """`asked`: the response_format."""
        super().__init__()
        self._asked = asked
        self._first = b""

    def write_head(self, headers: Headers) -> HeaderList:
        """The head of the caller's answer."""
        return [(b"content-type", read_sound_type(headers, self._asked))]

    def feed(self, data: bytes) -> bytes:
        """The bytes that may go to the caller now."""
        if self.content:
            return data
        if self.error is not None:
            return b""
        self._first += data
        if len(self._first) < _SNIFFED:
            return b""
        if is_words(self._first, self._asked):
            self.error = VendorError(message="The provider sent words in the place of sound.")
            return b""
        self.content = True
        first, self._first = self._first, b""
        return first

    def finish(self, *, clean: bool) -> bytes:
        """What was too short to be looked at; nothing else is held back."""
        if not clean or self.error is not None:
            return b""
        if self._first and not is_words(self._first, self._asked):
            self.content, self.tail = True, self._first
        self.ended = self.content
        return self.tail


class AudioEventsWatch(EventWatch):
    """See `dialect.StreamWatch`: events of which `last` is the end mark and carries the usage."""

    __slots__ = ("_last", "_read_usage")

    error: VendorError | None

    def __init__(self, last: str, read_usage: Callable[[AudioUsage | None], Usage | None]) -> None:
        super().__init__()
        self._last = last
        self._read_usage = read_usage

    def take(self, event: bytes) -> bytes:
        """The event as it goes to the caller; b"" when it is held back or an error."""
        name, data = read_event(event)
        if not data or data.strip() == b"[DONE]":
            return event if data is None else b""
        try:
            found = _event.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event that is not JSON.")
            return b""
        kind = found.type or name.decode("latin-1")
        if kind == "error" or found.error is not None:
            self.error = read_stream_error(msgspec.json.decode(data))
            return b""
        if kind != self._last:
            if isinstance(found.delta, str):
                self.text_bytes += count_text(found.delta)
            self.content = True
            return event
        self.usage = self._read_usage(convert_usage(found.usage)) or self.usage
        self.content = self.ended = True
        self.tail = event
        return b""


class TranscriptWatch(AudioEventsWatch):
    """A transcript's events, or a whole answer in their place: until an event's field begins, it is one.

    Models that don't stream ignore the wish: their answer is told as one delta and the last event.
    """

    __slots__ = ("_read_whole", "_whole")

    error: VendorError | None

    def __init__(
        self,
        read_usage: Callable[[AudioUsage | None], Usage | None],
        read_whole: Callable[[bytes], tuple[str, Answer] | None],
    ) -> None:
        """`read_whole`: the text and the facts of a whole answer; None when it is none."""
        super().__init__("transcript.text.done", read_usage)
        self._read_whole = read_whole
        self._whole: bytearray | None = bytearray()

    def feed(self, data: bytes) -> bytes:
        """The whole events that may go to the caller now."""
        if self._whole is None:
            return super().feed(data)
        self._whole += data
        start = bytes(self._whole[:_SNIFFED]).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith(_FIELDS):
            data, self._whole = bytes(self._whole), None
            return super().feed(data)
        if len(self._whole) > _MOST_WHOLE:
            self.error = VendorError(message="The provider sent a transcript above 32 MiB.")
        return b""

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if self._whole is None:
            return super().finish(clean=clean)
        found = self._read_whole(bytes(self._whole)) if clean and not self.ended else None
        if found is not None:
            text, answer = found
            self.usage, self.text_bytes = answer.usage, answer.text_bytes
            self.tail = _write_transcript(text, bytes(self._whole))
            self.content = self.ended = True
        return self.tail


def _write_transcript(text: str, body: bytes) -> bytes:
    done: dict[str, Any] = {"type": "transcript.text.done", "text": text}
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
        usage = msgspec.json.decode(body).get("usage")
        if usage is not None and usage.get("type") != "duration":  # the event knows tokens only
            done["usage"] = usage
    delta = {"type": "transcript.text.delta", "delta": text}
    return b"".join(write_event(b"", msgspec.json.encode(each)) + b"\n\n" for each in (delta, done))


def read_sound_type(headers: Headers, asked: str) -> bytes:
    """The vendor's content type where it is one of sound, else that of the format asked for."""
    kind = headers.get(b"content-type", b"")
    if kind[:6].lower() == b"audio/" and 6 < len(kind) <= 100 and kind.isascii():
        return kind
    return SOUND_TYPES.get(asked, b"application/octet-stream")


def is_words(first: bytes, asked: str) -> bool:
    """Whether a body's first bytes are JSON, HTML or an event, and not the sound asked for."""
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:_SNIFFED].lower()
    return start.startswith(_SURE_TEXTS if asked == "pcm" else _TEXTS)


def convert_usage(found: Any) -> AudioUsage | None:
    """A usage object in decoded JSON; None when it has another shape."""
    try:
        return msgspec.convert(found, AudioUsage | None, strict=False)
    except msgspec.ValidationError:
        return None
