"""Speech in OpenAI's format: JSON in, sound out as it is made, as bytes or as events.

With an Idempotency-Key the answer is made whole first, because it has to be kept before it is sent.
"""

import msgspec

from nexhina.contract.header import IDEMPOTENCY_KEY
from nexhina.contract.schema.audio import SpeechRequest
from nexhina.dialects.audio_stream import (
    AudioEventsWatch,
    AudioUsage,
    SoundWatch,
    is_words,
    read_sound_type,
)
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch
from nexhina.dialects.openai import OpenAIDialect, count_text, open_request, read_head
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

LARGEST_COUNT = 2**40
"""No honest count is larger."""

_EVENTS = b"text/event-stream"
_WORDS = (b"application/json", b"application/problem", b"application/xml", b"text/", b"image/")
_head = msgspec.json.Decoder(SpeechRequest)


class OpenAISpeech(OpenAIDialect):
    """POST /v1/audio/speech."""

    name = "openai_speech"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        envelope = open_request(call)
        head = read_head(envelope, _head, SpeechRequest)
        if not head.input.strip():
            raise InvalidRequestError(
                "'input' holds nothing to be spoken; send a text.", param="input"
            )
        return Peek(
            model=head.model,
            envelope=envelope,
            stream=IDEMPOTENCY_KEY not in call.headers,
            raw=head.stream_format != "sse",
            text_bytes=len(envelope.text),
            output_format=head.response_format or "mp3",
            characters=len(head.input),
            speed=head.speed,
        )

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:  # noqa: ARG002  (as the protocol has it)
        """UTF-8 bytes of the text and of what is said about its voice."""
        members = peek.envelope.members
        total = count_text(msgspec.json.decode(members["input"], type=str))
        if "instructions" in members:
            total += count_text(msgspec.json.decode(members["instructions"], type=str | None) or "")
        return total

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for a vendor of the same dialect; speech has no stream options."""
        peek = msgspec.structs.replace(peek, stream=False)
        return super().write_same(peek, body, upstream_model, quirks)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 begins sound or events: JSON, HTML and pictures are none."""
        kind = headers.get(b"content-type", b"").strip().lower()
        return kind.startswith(_EVENTS) or not kind.startswith(_WORDS)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (answers name no model)
        """A watch for one stream."""
        if peek.raw:
            return SoundWatch(peek.output_format or "mp3")
        return AudioEventsWatch("speech.audio.done", lambda usage: read_speech_usage(usage, peek))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is no sound, or no events that end."""
        if not self.is_stream_head(headers):
            return None
        asked = peek.output_format or "mp3"
        if peek.raw:
            if not body or is_words(body[:64], asked):
                return None
            return Answer(
                usage=None, text_bytes=0, model=None, kind=read_sound_type(headers, asked)
            )
        watch = self.watch(peek, "", "")
        watch.feed(body)
        watch.finish(clean=True)
        if not watch.ended:
            return None
        return Answer(usage=watch.usage, text_bytes=0, model=None, kind=_EVENTS)


def read_speech_usage(found: AudioUsage | None, peek: Peek) -> Usage | None:
    """The vendor's count beside the characters, which are known; None when it can't be true."""
    if found is None:
        return None
    asked, given = found.input_tokens or 0, found.output_tokens or 0
    if not (0 <= asked <= LARGEST_COUNT and 0 <= given <= LARGEST_COUNT and asked + given > 0):
        return None
    return Usage(input=asked, audio_output=given, character=peek.characters)
