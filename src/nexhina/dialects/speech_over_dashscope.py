"""OpenAI's speech for DashScope, whose Qwen voices send base64 of pcm in events as they speak.

The request is `{"model", "input": {"text", "voice", "language_type"}, "parameters"}` with the header
`X-DashScope-SSE: enable`; an event holds `output.audio.data` and `output.finish_reason`, the last one
"stop" and the usage. The form without events would answer a link, which a second request had to fetch.
Sources: the vendor's page "Speech synthesis (Qwen-TTS)" (seen 2026-11: 24 kHz, the streamed pcm), its
Python SDK 2.0.2 (path, header, names; `instructions` is a parameter there).
"""

from base64 import b64decode

import msgspec
from msgspec import Struct

from nexhina.dialects.audio_stream import SOUND_TYPES
from nexhina.dialects.dashscope import Failure, list_given
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch, VendorError
from nexhina.dialects.openai_error import clean_text
from nexhina.dialects.openai_speech import LARGEST_COUNT, OpenAISpeech
from nexhina.dialects.plain_sound import (
    choose_format,
    is_event_stream,
    read_voice,
    write_delta,
    write_done,
    write_sound_head,
    write_wav_head,
)
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.sse import EventSplitter, read_event
from nexhina.dialects.watch import Watch
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList
from nexhina.ports import Headers

_OURS = frozenset({"model", "input", "voice", "response_format", "stream_format", "stream"})
_INPUT = ("language_type",)
_PARAMETERS = ("instructions", "optimize_instructions")
"""The vendor's own parameters that a caller may add, by the place where they belong."""


class _Audio(Struct, gc=False):
    data: str | None = None


class _Output(Struct, gc=False):
    audio: _Audio | None = None
    finish_reason: str | None = None


class _Count(Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    characters: int | None = None


class _Spoken(Failure):
    output: _Output | None = None
    usage: _Count | None = None


_spoken = msgspec.json.Decoder(_Spoken)


class SpeechOverDashScope(OpenAISpeech):
    """A `Dialect`: OpenAI's speech towards the caller, DashScope's towards the vendor."""

    name = "dashscope_speech"

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its members are in the envelope)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; raises InvalidRequestError for compressed sound."""
        choose_format(peek)
        members = peek.envelope.members
        given: dict[str, object] = {name: members[name] for name in list_given(members, _INPUT)}
        told = {
            "model": upstream_model,
            "input": {"text": members["input"], "voice": read_voice(peek), **given},
            "parameters": {name: members[name] for name in list_given(members, _PARAMETERS)},
        }
        carried = _OURS | {*_INPUT, *_PARAMETERS}
        if peek.speed == 1:
            carried |= {"speed"}
        lost = list_given(members, members.keys() - carried)
        return Outgoing("translate", msgspec.json.encode(told), tuple(lost))

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 begins the vendor's events."""
        return is_event_stream(headers)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (answers name no model)
        """A watch for one stream."""
        return SoundOfEventsWatch(peek) if peek.raw else EventsOfEventsWatch(peek)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says as a whole; None when it is no sound that ends."""
        watch = _read_whole(peek, body)[0] if is_event_stream(headers) else None
        if watch is None or not watch.ended:
            return None
        kind = SOUND_TYPES[choose_format(peek)] if peek.raw else b"text/event-stream"
        return Answer(usage=watch.usage, text_bytes=0, model=None, kind=kind)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The caller's sound or events, made of an answer that `read_answer` took."""
        sound = _read_whole(peek, body)[1]
        if peek.raw and choose_format(peek) == "wav":
            head = len(write_wav_head(None))
            return write_wav_head(len(sound) - head) + sound[head:]
        return sound


class EventsOfEventsWatch(Watch):
    """See `dialect.StreamWatch`: the vendor's events come, OpenAI's go."""

    __slots__ = ("_peek", "_splitter", "_stopped", "asked")

    error: VendorError | None

    def __init__(self, peek: Peek) -> None:
        super().__init__()
        self.asked = choose_format(peek)
        self._peek = peek
        self._splitter = EventSplitter()
        self._stopped = False

    def feed(self, data: bytes) -> bytes:
        """What may go to the caller now."""
        if self._stopped or self.error is not None:
            return b""
        out: list[bytes] = []
        for event in self.split(self._splitter, data):
            sound = self._read(event)
            if sound:
                if not self.content and self.asked == "wav":
                    sound = write_wav_head(None) + sound
                self.content = True
                out.append(self.write_piece(sound))
            if self._stopped or self.error is not None:
                break
        if self._stopped:
            self.stop()
        return b"".join(out)

    def write_piece(self, sound: bytes) -> bytes:
        """A piece of sound as it goes to the caller."""
        return write_delta(sound)

    def stop(self) -> None:
        """The vendor has said its last."""
        self.ended = self.content
        self.tail = write_done(self.usage) if self.content else b""

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        rest = self._splitter.rest
        if clean and rest.strip() and not self._stopped and self.error is None:
            self.tail = self.feed(b"\n\n") + self.tail
        return self.tail

    def _read(self, event: bytes) -> bytes:
        """The sound of an event; notes its usage, its end, its error."""
        _, data = read_event(event)
        if not data:
            return b""
        try:
            found = _spoken.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event of another format.")
            return b""
        if found.code:
            words = clean_text(found.message or "") or "The provider broke the speech off."
            self.error = VendorError(message=words, code=found.code)
            return b""
        self.usage = _read_usage(found.usage, self._peek) or self.usage
        output = found.output or _Output()
        self._stopped = output.finish_reason == "stop"
        try:
            return b64decode((output.audio and output.audio.data) or "", validate=True)
        except ValueError:
            self.error = VendorError(message="The provider sent sound that is no base64.")
            return b""


class SoundOfEventsWatch(EventsOfEventsWatch):
    """See `dialect.StreamWatch`: the vendor's events come, sound goes; its end is the framing's."""

    __slots__ = ()

    events = False

    def write_head(self, headers: Headers) -> HeaderList:  # noqa: ARG002  (the vendor's is one of events)
        """The head of the caller's answer."""
        return write_sound_head(self.asked)

    def write_piece(self, sound: bytes) -> bytes:
        """The sound itself."""
        return sound

    def stop(self) -> None:
        """The vendor has said its last; nothing marks it towards the caller."""
        self.ended = self.content


def _read_whole(peek: Peek, body: bytes) -> tuple[EventsOfEventsWatch, bytes]:
    """A watch that has seen everything, and what would have gone to the caller."""
    watch = SoundOfEventsWatch(peek) if peek.raw else EventsOfEventsWatch(peek)
    made = watch.feed(body)
    return watch, made + watch.finish(clean=True)


def _read_usage(found: _Count | None, peek: Peek) -> Usage | None:
    """The vendor's tokens and characters; newer voices count characters only, and a Chinese one twice."""
    if found is None:
        return None
    asked, given = found.input_tokens or 0, found.output_tokens or 0
    if not (0 <= asked <= LARGEST_COUNT and 0 <= given <= LARGEST_COUNT):
        return None
    told = found.characters or 0
    character = min(told, 2 * peek.characters) if told > 0 else peek.characters
    return Usage(input=asked, audio_output=given, character=character)
