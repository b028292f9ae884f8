"""POST /v1/audio/transcriptions and /translations: what the child hears, in the form asked for.

The recogniser knows English. Speech that it does not understand has no text; nothing is invented,
and nothing that the caller sends beside the sound (`prompt`) is answered back.
"""

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.child import Child
from nexhina.sandbox.form import FilePart, Form, find_file, read_bool
from nexhina.sandbox.order import Hear, Heard, Order, Segment
from nexhina.sandbox.output import Output
from nexhina.sandbox.reply import EVENTS, JSON, Piece, SandboxReply
from nexhina.sandbox.subtitle import (
    join_text,
    list_logprobs,
    list_segments,
    list_words,
    write_srt,
    write_vtt,
)

MOST_BYTES = 100 * 1024 * 1024

_Format = Literal["json", "text", "srt", "vtt", "verbose_json"]
_ENGLISH = frozenset({"en", "eng", "english"})


class HearingCall(msgspec.Struct, frozen=True):
    """What a form asks for."""

    file: FilePart
    format: str
    temperature: float
    stream: bool
    granularities: frozenset[str]
    logprobs: bool


def read_hearing(form: Form, *, translate: bool) -> HearingCall:
    """The request; raises InvalidRequestError that names the field."""
    file = find_file(form, "file", MOST_BYTES)
    form_name = (form.text("response_format") or "json").strip()
    if form_name not in get_args(_Format):
        raise InvalidRequestError(
            f"Invalid response_format {form_name[:40]!r}. There are: {', '.join(get_args(_Format))}.",
            param="response_format",
        )
    language = (form.text("language") or "en").strip().lower()
    if not translate and language.replace("_", "-").partition("-")[0] not in _ENGLISH:
        raise InvalidRequestError(
            f"The sandbox's recogniser knows English only, not {language[:20]!r}. Leave `language` "
            "away or send en.",
            param="language",
            code="unsupported_language",
        )
    granularities = frozenset(form.texts("timestamp_granularities"))
    if granularities - {"word", "segment"}:
        raise InvalidRequestError(
            "timestamp_granularities takes word and segment.", param="timestamp_granularities"
        )
    if granularities and form_name != "verbose_json":
        raise InvalidRequestError(
            "timestamp_granularities needs the response_format verbose_json.",
            param="timestamp_granularities",
        )
    include = frozenset(() if translate else form.texts("include"))
    if include - {"logprobs"}:
        raise InvalidRequestError("include takes logprobs.", param="include")
    if include and form_name != "json":
        raise InvalidRequestError("logprobs need the response_format json.", param="include")
    return HearingCall(
        file=file,
        format=form_name,
        temperature=_read_temperature(form),
        stream=not translate and read_bool(form, "stream"),
        granularities=granularities or frozenset({"segment"}),
        logprobs=bool(include),
    )


def _read_temperature(form: Form) -> float:
    text = form.text("temperature") or "0"
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InvalidRequestError(
            f"temperature is a number from 0 to 1, not {text[:40]!r}.", param="temperature"
        )
    return value


async def answer_hearing(form: Form, child: Child, *, translate: bool, usage: bool) -> SandboxReply:
    """The text of a recording. Raises what the child's output does."""
    call = read_hearing(form, translate=translate)
    output = child.begin(Order(hear=Hear()), call.file)
    try:
        await output.wait()
        first = output.take()  # a file that can't be read is an error, not a broken stream
        if call.stream:
            pieces = _play_events(output, first, logprobs=call.logprobs)
            return SandboxReply(status=200, headers=dict(EVENTS), pieces=pieces, length_known=False)
        packed = [] if first is None else [first]
        while (chunk := await output.next()) is not None:
            packed.append(chunk)
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message, param="file", code=error.code) from None
    except BaseException:
        output.abandon()
        raise
    segments = [msgspec.msgpack.decode(each, type=Segment) for each in packed]
    heard = msgspec.msgpack.decode(output.tail, type=Heard)
    return _write(call, segments, heard.seconds, translate=translate, usage=usage)


def _write(
    call: HearingCall,
    segments: list[Segment],
    seconds: float,
    *,
    translate: bool,
    usage: bool,
) -> SandboxReply:
    text = join_text(segments)
    if call.format == "text":
        return _whole(text + "\n", {b"content-type": b"text/plain; charset=utf-8"})
    if call.format == "srt":
        kind = b"application/x-subrip; charset=utf-8"
        return _whole(write_srt(segments), {b"content-type": kind})
    if call.format == "vtt":
        return _whole(write_vtt(segments), {b"content-type": b"text/vtt; charset=utf-8"})
    answer: dict[str, object] = {"text": text}
    if call.logprobs:
        answer["logprobs"] = list_logprobs(segments)
    if call.format == "verbose_json":
        answer = {
            "task": "translate" if translate else "transcribe",
            "language": "english",
            "duration": round(seconds, 3),
            "text": text,
        }
        if "segment" in call.granularities:
            answer["segments"] = list_segments(segments, call.temperature)
        if "word" in call.granularities:
            answer["words"] = list_words(segments)
    if usage:
        answer["usage"] = _usage(seconds)
    return _whole(msgspec.json.encode(answer).decode(), dict(JSON))


def _usage(seconds: float) -> dict[str, object]:
    return {"type": "duration", "seconds": max(1, -int(-seconds // 1))}


def _whole(text: str, headers: dict[bytes, bytes]) -> SandboxReply:
    return SandboxReply(status=200, headers=headers, pieces=iter((Piece(0.0, text.encode()),)))


def _play_events(output: Output, first: bytes | None, *, logprobs: bool) -> Iterator[Piece]:
    """A delta for each segment as it is heard, then the whole text.

    Without usage: OpenAI's last event tells tokens only, and this model is paid by time.
    """
    heard: list[Segment] = []
    chunk = first
    try:
        while True:
            if chunk is not None:
                segment = msgspec.msgpack.decode(chunk, type=Segment)
                delta = segment.text if not heard else " " + segment.text
                told = {"logprobs": list_logprobs([segment], first=not heard)} if logprobs else {}
                heard.append(segment)
                yield _event({"type": "transcript.text.delta", "delta": delta, **told})
            elif output.ended:
                break
            else:
                yield Piece(0.0, b"", output.wait())
            chunk = output.take()
    finally:
        output.abandon()
    told = {"logprobs": list_logprobs(heard)} if logprobs else {}
    yield _event({"type": "transcript.text.done", "text": join_text(heard), **told})


def _event(value: dict[str, object]) -> Piece:
    return Piece(0.0, b"data: " + msgspec.json.encode(value) + b"\n\n")
