"""OpenAI's speech for Zhipu, which knows wav and pcm, a narrower speed and names for voices only.

The answer is the sound; its streamed form (pcm only, in events of another shape) is not used.
Sources: the vendor's Python SDK 0.2.3 (path, parameters, bounds), the page "GLM-TTS" (24 kHz; seen
2026-11).
"""

import msgspec

from nexhina.dialects.audio_stream import SoundWatch, is_words, read_sound_type
from nexhina.dialects.dashscope import list_given
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch
from nexhina.dialects.openai_speech import OpenAISpeech
from nexhina.dialects.plain_sound import (
    SoundAsEventsWatch,
    choose_format,
    read_voice,
    write_delta,
    write_done,
)
from nexhina.dialects.quirk import Quirks
from nexhina.ports import Headers

SPEEDS = (0.5, 2.0)

_LOST = frozenset({"instructions"})
_OURS = frozenset({"stream_format", "stream", "encode_format"})
_OTHER = {"user": "user_id"}


class SpeechOverZhipu(OpenAISpeech):
    """A `Dialect`: OpenAI's speech towards the caller, Zhipu's towards the vendor."""

    name = "zhipu_speech"

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its members are in the envelope)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; raises InvalidRequestError for compressed sound."""
        members = peek.envelope.members
        lost = list_given(members, _LOST)
        told: dict[str, object] = {
            _OTHER.get(name, name): value
            for name, value in members.items()
            if name not in _LOST and name not in _OURS
        }
        told |= {
            "model": upstream_model,
            "voice": read_voice(peek),
            "response_format": choose_format(peek),
        }
        if peek.speed is not None and not SPEEDS[0] <= peek.speed <= SPEEDS[1]:
            told["speed"] = min(max(peek.speed, SPEEDS[0]), SPEEDS[1])
            lost.append("speed")
        return Outgoing("translate", msgspec.json.encode(told), tuple(lost))

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (answers name no model)
        """A watch for one stream."""
        asked = choose_format(peek)
        return SoundWatch(asked) if peek.raw else SoundAsEventsWatch(asked)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 begins sound."""
        kind = headers.get(b"content-type", b"").lower()
        return super().is_stream_head(headers) and not kind.startswith(b"text/event-stream")

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is no sound."""
        asked = choose_format(peek)
        if not self.is_stream_head(headers) or not body or is_words(body[:64], asked):
            return None
        kind = read_sound_type(headers, asked) if peek.raw else b"text/event-stream"
        return Answer(usage=None, text_bytes=0, model=None, kind=kind)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The sound, or events that bring it."""
        return body if peek.raw else write_delta(body) + write_done(None)
