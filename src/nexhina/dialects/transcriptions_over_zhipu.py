"""OpenAI's transcriptions for Zhipu: the same form, other fields, wav and mp3 of up to 30 seconds.

Sources: the vendor's pages 语音转文本 and "Audio Transcriptions" (seen 2026-11: kinds, fields, bounds), its
Python SDK 0.2.3 for path and fields. The SDK types the answer as a chat's, programs read its `text`: both
are taken.
"""

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Outgoing, Peek
from nexhina.dialects.openai_transcriptions import require_sound
from nexhina.dialects.plain_transcript import PlainTranscriptions, Transcript, require_plain
from nexhina.dialects.quirk import Quirks
from nexhina.errors import InvalidRequestError


class _Message(Struct):
    content: str


class _Choice(Struct):
    message: _Message


class _Heard(Struct):
    text: str | None = None
    choices: list[_Choice] = msgspec.field(default_factory=list[_Choice])


_heard = msgspec.json.Decoder(_Heard)


class TranscriptionsOverZhipu(PlainTranscriptions):
    """A `Dialect`: OpenAI's transcriptions towards the caller, Zhipu's towards the vendor."""

    name = "zhipu_transcriptions"

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The form with the vendor's fields; raises InvalidRequestError for times and other kinds of files."""
        require_plain(peek)
        assert peek.form is not None
        kind = require_sound(peek.form)[1].kind
        if kind not in ("wav", "mp3"):
            raise InvalidRequestError(
                f"'file' is {kind}, but {peek.model} hears wav and mp3 only.", param="file"
            )
        return super().write_same(peek, body, upstream_model, quirks)

    def read_transcript(self, body: bytes) -> Transcript | None:
        """What a vendor's answer says; None when it is none."""
        try:
            found = _heard.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if found.text is not None:
            return Transcript(text=found.text)
        return Transcript(text=found.choices[0].message.content) if found.choices else None
