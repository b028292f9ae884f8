"""Transcriptions of vendors that hear words, but tell no times: json and text, no subtitles.

A caller who wants the text as events gets it as one delta and the last event: what such vendors
stream is in formats of their own, and their recordings are short.
"""

from math import ceil

import msgspec
from msgspec import Struct

from nexhina.dialects.audio_stream import TranscriptWatch
from nexhina.dialects.dialect import Answer, Peek, StreamWatch
from nexhina.dialects.openai import count_text, is_json_head
from nexhina.dialects.openai_transcriptions import OpenAITranscriptions
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

_LONGEST = 10**7
"""Seconds; no honest recording is longer."""


class Transcript(Struct, frozen=True):
    """What was heard. `seconds`: how long the recording is, where the vendor says so."""

    text: str
    language: str | None = None
    seconds: float | None = None


class PlainTranscriptions(OpenAITranscriptions):
    """Towards the caller OpenAI's; a vendor's class says how its answers are read."""

    def read_transcript(self, body: bytes) -> Transcript | None:
        """What a vendor's answer says; None when it is none."""
        raise NotImplementedError

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it holds no text."""
        found = self.read_transcript(body) if is_json_head(headers) else None
        if found is None:
            return None
        return Answer(
            usage=_read_usage(found),
            text_bytes=count_text(found.text),
            model=None,
            kind=b"text/plain; charset=utf-8" if peek.response_format == "text" else None,
        )

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The caller's answer, made of one that `read_answer` took."""
        found = self.read_transcript(body)
        assert found is not None
        if peek.response_format == "text":
            return found.text.encode() + b"\n"
        return _write_json(found)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 begins the whole answer: it is told as events here."""
        return is_json_head(headers)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (answers name no model)
        """A watch for one stream."""
        return _WholeWatch(self)


class _WholeWatch(TranscriptWatch):
    """A whole answer of the vendor's, told as events."""

    __slots__ = ("_dialect", "_found")

    def __init__(self, dialect: PlainTranscriptions) -> None:
        super().__init__(lambda _: None, self._read)
        self._dialect = dialect
        self._found: Transcript | None = None

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        found = self._dialect.read_transcript(bytes(self._whole)) if self._whole else None
        if found is None or self.error is not None:
            return b""
        self._whole = bytearray(_write_json(found))
        self._found = found
        return super().finish(clean=clean)

    def _read(self, body: bytes) -> tuple[str, Answer] | None:  # noqa: ARG002  (made of what was found)
        found = self._found
        assert found is not None
        answer = Answer(usage=_read_usage(found), text_bytes=count_text(found.text), model=None)
        return found.text, answer


def require_plain(peek: Peek) -> None:
    """Raises InvalidRequestError where a format with times or speakers was asked for."""
    asked = peek.response_format or "json"
    if asked not in ("json", "text"):
        raise InvalidRequestError(
            f"'response_format' is {asked!r}, but {peek.model} tells no times; ask for json or text.",
            param="response_format",
        )


def _read_usage(found: Transcript) -> Usage | None:
    if found.seconds is None or not 0 < found.seconds <= _LONGEST:
        return None
    return Usage(audio=ceil(found.seconds * 1000))


def _write_json(found: Transcript) -> bytes:
    told: dict[str, object] = {"text": found.text}
    if found.language is not None:
        told["language"] = found.language
    usage = _read_usage(found)
    if usage is not None:
        told["usage"] = {"type": "duration", "seconds": found.seconds}
    return msgspec.json.encode(told)
