"""Transcriptions and translations in OpenAI's format: a form with a recording in, text out.

Vendors go by the ending of a file's name. Where name and content disagree, the vendor gets a name
and a type that fit; every other byte of the form goes on as it came.
"""

from math import ceil, isfinite

import msgspec
from msgspec import Struct

from nexhina.contract.schema.audio import TranscriptionRequest, TranslationRequest
from nexhina.dialects.audio_stream import AudioUsage, TranscriptWatch, convert_usage
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch
from nexhina.dialects.envelope import Envelope
from nexhina.dialects.form_fields import plan_field_quirks, read_fields
from nexhina.dialects.multipart import Form, Part, read_form
from nexhina.dialects.openai import OpenAIDialect, count_text, is_json_head
from nexhina.dialects.quirk import Quirks
from nexhina.domain.sound import EXTENSIONS, TYPES, NotSoundError, Sound, read_sound
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

_JSON_FORMATS = frozenset({"json", "verbose_json", "diarized_json"})
_TEXT_KINDS = {
    "text": b"text/plain; charset=utf-8",
    "srt": b"application/x-subrip; charset=utf-8",
    "vtt": b"text/vtt; charset=utf-8",
}
_TAKEN = "flac, mp3, mp4, m4a, ogg, wav or webm"
_LARGEST_COUNT = 2**40
_GRANULARITIES = "timestamp_granularities[]"
_LISTS = frozenset({"file", _GRANULARITIES})
_NOTHING = Envelope(text=b"{}", members={})


class _Transcript(Struct, gc=False):
    text: str
    duration: float | str | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


_transcript = msgspec.json.Decoder(_Transcript)


class OpenAITranslations(OpenAIDialect):
    """POST /v1/audio/translations."""

    name = "openai_translations"
    schema: type[TranscriptionRequest | TranslationRequest] = TranslationRequest

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        form = read_form(call)
        head = read_fields(form, self.schema, _LISTS)
        _, sound = require_sound(form)
        return Peek(
            model=head.model,
            envelope=_NOTHING,
            form=form,
            stream=self.streams and (getattr(head, "stream", None) or False),
            text_bytes=form.text_bytes,
            response_format=head.response_format,
            sound_ms=sound.likely_ms,
            sound_most_ms=sound.most_ms,
        )

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:  # noqa: ARG002  (as the protocol has it)
        """UTF-8 bytes of the prompt."""
        assert peek.form is not None
        return count_text(peek.form.text("prompt") or "")

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The form for a vendor of the same dialect; raises InvalidRequestError by a quirk."""
        form = peek.form
        assert form is not None
        edits: dict[str, str | None] = {}
        dropped: tuple[str, ...] = ()
        if quirks is not None:
            dropped = plan_field_quirks(form, peek.model, quirks, edits)
        if upstream_model != peek.model:
            edits["model"] = upstream_model
        part, sound = require_sound(form)
        names = {} if has_fitting_name(part, sound) else {part.begin: _name_file(sound)}
        if not edits and not names and body:
            return Outgoing("verbatim", body, dropped, form.content_type)
        types = dict.fromkeys(names, TYPES[sound.kind])
        written, kind = form.write(edits, types, names)
        return Outgoing("splice" if edits or names else "verbatim", written, dropped, kind)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not text in the format asked for."""
        asked = peek.response_format or "json"
        if asked in _JSON_FORMATS:
            return _read_json(peek, body) if is_json_head(headers) else None
        kind = headers.get(b"content-type", b"").lower()
        start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        if b"html" in kind or b"json" in kind or start.startswith((b"<!doctype", b"<html")):
            return None
        if (asked == "vtt" and not start.startswith(b"webvtt")) or (
            asked == "srt" and start and b"-->" not in body
        ):
            return None
        own = kind.startswith((b"text/plain", b"text/vtt", b"application/x-subrip"))
        return Answer(
            usage=None,
            text_bytes=len(body),
            model=None,
            kind=headers[b"content-type"] if own else _TEXT_KINDS[asked],
        )

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002  (as the protocol has it)
        """The answer as it is: it names no model."""
        return body


class OpenAITranscriptions(OpenAITranslations):
    """POST /v1/audio/transcriptions."""

    name = "openai_transcriptions"
    streams = True
    schema = TranscriptionRequest

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        found = super().peek(call)
        assert found.form is not None
        for each in found.form.texts("timestamp_granularities"):
            if each not in ("word", "segment"):
                raise InvalidRequestError(
                    f"'{_GRANULARITIES}' must be 'word' or 'segment', not {each[:60]!r}.",
                    param=_GRANULARITIES,
                )
        return found

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 begins events, or text of a model that does not stream."""
        kind = headers.get(b"content-type", b"").strip().lower()
        return not kind.startswith((b"text/html", b"audio/", b"image/", b"video/"))

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (answers name no model)
        """A watch for one stream."""

        def read_whole(body: bytes) -> tuple[str, Answer] | None:
            if peek.response_format in _TEXT_KINDS:
                answer = self.read_answer(peek, {}, body)
                return None if answer is None else (body.decode(errors="replace"), answer)
            answer = _read_json(peek, body)
            return None if answer is None else (_transcript.decode(body).text, answer)

        return TranscriptWatch(lambda usage: read_hearing_usage(usage, peek), read_whole)


def require_sound(form: Form) -> tuple[Part, Sound]:
    """The recording and what it is; raises InvalidRequestError with the cure."""
    parts = [part for part in form.parts if part.name in ("file", "file[]")]
    if len(parts) != 1:
        said = f"There are {len(parts)} files; send one." if parts else "'file' is missing:"
        raise InvalidRequestError(
            said if parts else f"{said} it must be a file with sound ({_TAKEN}).", param="file"
        )
    part = parts[0]
    try:
        sound = read_sound(lambda at, length: form.read_at(part, at, length), part.length)
    except NotSoundError as failure:
        raise InvalidRequestError(
            f"'file' is {failure}; send a recording with sound in it ({_TAKEN}).",
            param="file",
            code="invalid_audio",
        ) from None
    return part, sound


def has_fitting_name(part: Part, sound: Sound) -> bool:
    """Whether the file's name ends as its content does."""
    name = part.filename or ""
    return name.rpartition(".")[2].lower() in EXTENSIONS[sound.kind]


def _name_file(sound: Sound) -> str:
    return f"audio.{EXTENSIONS[sound.kind][0]}"


def _read_json(peek: Peek, body: bytes) -> Answer | None:
    try:
        found = _transcript.decode(body)
        usage = convert_usage(msgspec.json.decode(found.usage))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    counted = read_hearing_usage(usage, peek)
    if counted is None and found.duration is not None:
        counted = _read_seconds(found.duration)
    return Answer(usage=counted, text_bytes=count_text(found.text), model=None)


def read_hearing_usage(found: AudioUsage | None, peek: Peek) -> Usage | None:
    """The vendor's count, in tokens or in time; None when there is none or it can't be true."""
    if found is None:
        return None
    if found.seconds is not None:
        return _read_seconds(found.seconds)
    asked, given = found.input_tokens or 0, found.output_tokens or 0
    if not (0 <= asked <= _LARGEST_COUNT and 0 <= given <= _LARGEST_COUNT and asked + given > 0):
        return None
    details = found.input_token_details
    heard = details.audio_tokens if details is not None else None
    if heard is None:
        heard = asked - ((details and details.text_tokens) or 0)
    heard = min(max(heard, 0), asked)
    return Usage(input=asked - heard, audio_input=heard, output=given, audio=peek.sound_ms)


def _read_seconds(raw: float | str) -> Usage | None:
    try:
        seconds = float(raw)
    except ValueError:
        return None
    if not (isfinite(seconds) and 0 < seconds <= 10**7):
        return None
    return Usage(audio=ceil(seconds * 1000))
