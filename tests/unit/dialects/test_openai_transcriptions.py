"""Recordings to be written down, and what vendors answer to them."""

import msgspec
import pytest

from nexhina.dialects.multipart import read_form_of
from nexhina.dialects.openai_transcriptions import OpenAITranscriptions, OpenAITranslations
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError, UnsupportedMediaTypeError
from nexhina.ports import Inbound
from support.form import form_kind, write_form
from support.inbound import JSON, make_inbound
from support.recordings import make_sound

HEAR = OpenAITranscriptions()
TRANSLATE = OpenAITranslations()
WAV = make_sound("wav", 700)
JSON_KIND = {b"content-type": b"application/json"}
TEXT_KIND = {b"content-type": b"text/plain"}
TOKENS = {
    "type": "tokens",
    "input_tokens": 24,
    "input_token_details": {"text_tokens": 10, "audio_tokens": 14},
    "output_tokens": 6,
    "total_tokens": 30,
}


def ask(
    data: bytes = WAV, name: str | None = "a.wav", kind: str | None = "audio/wav", **fields: str
) -> Inbound:
    body = write_form({"model": "m", **fields}, [("file", name, kind, data)])
    return make_inbound(body, {b"content-type": form_kind()})


def test_the_recording_is_measured_and_the_text_fields_count_as_prompt() -> None:
    peek = HEAR.peek(ask(prompt="Namen: Zoë", language="de", stream="true"))
    assert (peek.model, peek.stream, peek.response_format) == ("m", True, "json")
    assert (peek.sound_ms, peek.sound_most_ms) == (700, 700)
    assert HEAR.prompt_bytes(peek, b"") == 11 <= peek.text_bytes
    assert not TRANSLATE.peek(ask(stream="true")).stream


@pytest.mark.parametrize(
    ("call", "param", "words"),
    [
        (ask(b""), "file", "'file' is empty; send a recording"),
        (ask(b"%PDF-1.7 "), "file", "'file' is a PDF document; send a recording"),
        (ask(b"Dear all,"), "file", "'file' is text"),
        (ask(temperature="1.5"), "temperature", "a number from 0 to 1, not '1.5'"),
        (ask(temperature="warm"), "temperature", "a number from 0 to 1, not 'warm'"),
        (ask(response_format="yaml"), "response_format", "json, text, srt, verbose_json, vtt"),
        (ask(model=""), "model", "'model' must be"),
        (
            ask(WAV, "a.wav", None, **{"timestamp_granularities[]": "page"}),
            "timestamp_granularities[]",
            "must be 'word' or 'segment', not 'page'",
        ),
        (
            make_inbound(write_form({"model": "m"}), {b"content-type": form_kind()}),
            "file",
            "'file' is missing: it must be a file with sound",
        ),
        (
            make_inbound(
                write_form({"model": "m"}, [("file", "a", None, WAV), ("file", "b", None, WAV)]),
                {b"content-type": form_kind()},
            ),
            "file",
            "There are 2 files; send one.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_cure(call: Inbound, param: str, words: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        HEAR.peek(call)
    assert words in refusal.value.message
    assert refusal.value.param == param


def test_json_is_no_form() -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        HEAR.peek(make_inbound({"model": "m", "file": "x"}, JSON))


def test_a_form_that_fits_goes_on_byte_for_byte_and_another_model_alone_is_changed() -> None:
    call = ask(language="en", unheard="of")
    peek = HEAR.peek(call)
    same = HEAR.write_same(peek, call.body, "m", None)
    assert (same.lane, same.body, same.kind) == ("verbatim", call.body, form_kind())
    other = HEAR.write_same(peek, call.body, "m-1", None)
    assert (other.lane, other.kind) == ("splice", form_kind())
    assert other.body == bytes(call.body).replace(b"\r\n\r\nm\r\n", b"\r\n\r\nm-1\r\n")


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("mp3", "audio.mp3"), ("m4a", "audio.m4a"), ("opus", "audio.ogg"), ("webm", "audio.webm")],
)
@pytest.mark.parametrize("name", ["voice", "voice.wav", None, "../../etc/passwd.wav"])
def test_a_name_that_does_not_fit_the_content_is_put_right(
    kind: str, sent: str, name: str | None
) -> None:
    data = make_sound(kind, 700)
    call = ask(data, name, "application/octet-stream", language="en")
    outgoing = HEAR.write_same(HEAR.peek(call), call.body, "m", None)
    assert isinstance(outgoing.body, bytes)
    form = read_form_of(outgoing.body, outgoing.kind or b"")
    part = form.files("file")[0]
    assert part.filename == sent
    assert (part.content_type or "").startswith("audio/")
    assert form.read(part) == data
    assert form.text("language") == "en"
    assert outgoing.lane == "splice"


@pytest.mark.parametrize("name", ["a.MP3", "b.mpga", "c.mpeg"])
def test_a_name_that_fits_stays(name: str) -> None:
    call = ask(make_sound("mp3", 700), name)
    assert HEAR.write_same(HEAR.peek(call), call.body, "m", None).lane == "verbatim"


def test_quirks_act_on_fields() -> None:
    quirks = Quirks(
        drop=frozenset({"language"}), refuse=frozenset({"prompt"}), since="2026-11", source="test"
    )
    call = ask(language="en")
    outgoing = HEAR.write_same(HEAR.peek(call), call.body, "m", quirks)
    assert outgoing.dropped == ("language",)
    assert b"language" not in bytes(outgoing.body)  # pyright: ignore[reportArgumentType]
    call = ask(prompt="x")
    with pytest.raises(InvalidRequestError, match="'prompt' is not taken"):
        HEAR.write_same(HEAR.peek(call), call.body, "m", quirks)


def test_tokens_are_counted_by_what_they_are_of() -> None:
    body = msgspec.json.encode({"text": "Hello there.", "usage": TOKENS})
    answer = HEAR.read_answer(HEAR.peek(ask()), JSON_KIND, body)
    assert answer is not None
    assert answer.usage == Usage(input=10, audio_input=14, output=6, audio=700)
    assert answer.text_bytes == 12


@pytest.mark.parametrize(
    ("more", "ms"),
    [
        ({"usage": {"type": "duration", "seconds": 9}}, 9_000),
        ({"duration": 2.95, "language": "english", "segments": []}, 2_950),
        ({"duration": "2.95"}, 2_950),  # as older answers have it
        ({"usage": {"type": "duration", "seconds": -1}}, None),
        ({"usage": {"seconds": 1e99}}, None),
        ({"usage": "free"}, None),
        ({}, None),
    ],
)
def test_time_is_counted_where_the_vendor_tells_it(more: dict[str, object], ms: int | None) -> None:
    peek = HEAR.peek(ask(response_format="verbose_json"))
    body = msgspec.json.encode({"text": "", **more})
    answer = HEAR.read_answer(peek, JSON_KIND, body)
    assert answer is not None
    assert answer.usage == (None if ms is None else Usage(audio=ms))
    assert HEAR.write_answer(peek, body, "up", "m") is body


@pytest.mark.parametrize(
    ("asked", "headers", "body", "kind"),
    [
        ("text", TEXT_KIND, b"Hello.\n", b"text/plain"),
        ("text", {}, b"", b"text/plain; charset=utf-8"),
        ("srt", TEXT_KIND, b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", b"text/plain"),
        ("srt", {}, b"", b"application/x-subrip; charset=utf-8"),
        ("vtt", {b"content-type": b"text/vtt"}, b"WEBVTT\n\n", b"text/vtt"),
        ("vtt", {b"content-type": b"binary/x"}, b"WEBVTT\n\n", b"text/vtt; charset=utf-8"),
        ("text", JSON_KIND, b'{"text": "Hello."}', None),
        ("text", {b"content-type": b"text/html"}, b"<html>", None),
        ("text", TEXT_KIND, b" <!DOCTYPE html>", None),
        ("vtt", TEXT_KIND, b"Hello", None),
        ("srt", TEXT_KIND, b"Hello", None),
        ("json", JSON_KIND, b"Hello", None),
        ("json", JSON_KIND, b'{"error": "no"}', None),
        ("json", {b"content-type": b"text/html"}, b'{"text": ""}', None),
    ],
)
def test_an_answer_in_another_format_is_none(
    asked: str, headers: dict[bytes, bytes], body: bytes, kind: bytes | None
) -> None:
    answer = TRANSLATE.read_answer(TRANSLATE.peek(ask(response_format=asked)), headers, body)
    assert (answer is None) == (kind is None)
    if answer is not None:
        assert (answer.kind, answer.usage, answer.text_bytes) == (kind, None, len(body))


@pytest.mark.parametrize("size", [1, 11, 10_000])
def test_a_streamed_transcript_passes_and_its_last_event_waits(size: int) -> None:
    delta = b'data: {"type":"transcript.text.delta","delta":"Hi"}\n\n'
    last = {"type": "transcript.text.done", "text": "Hi", "usage": TOKENS}
    done = b"data: " + msgspec.json.encode(last) + b"\n\n"
    assert HEAR.is_stream_head({b"content-type": b"text/event-stream"})
    watch = HEAR.watch(HEAR.peek(ask(stream="true")), "m", "m")
    raw = delta + done + b"data: [DONE]\n\n"
    out = b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size))
    assert (out, watch.tail, watch.ended, watch.text_bytes) == (delta, done, True, 2)
    assert watch.usage == Usage(input=10, audio_input=14, output=6, audio=700)


@pytest.mark.parametrize("size", [1, 11, 10_000])
@pytest.mark.parametrize(
    ("usage", "counted", "told"),
    [
        ({"type": "duration", "seconds": 3}, Usage(audio=3_000), {}),  # the event has tokens only
        (TOKENS, Usage(input=10, audio_input=14, output=6, audio=700), {"usage": TOKENS}),
    ],
)
def test_a_model_that_does_not_stream_is_told_as_two_events(
    size: int, usage: dict[str, object], counted: Usage, told: dict[str, object]
) -> None:
    raw = msgspec.json.encode({"text": "Hi", "usage": usage})
    watch = HEAR.watch(HEAR.peek(ask(stream="true")), "m", "m")
    out = b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size))
    assert (out, watch.ended) == (b"", False)
    tail = watch.finish(clean=True)
    assert watch.ended
    assert watch.usage == counted
    events = [msgspec.json.decode(line[6:]) for line in tail.split(b"\n\n") if line]
    assert events == [
        {"type": "transcript.text.delta", "delta": "Hi"},
        {"type": "transcript.text.done", "text": "Hi", **told},
    ]


@pytest.mark.parametrize("raw", [b'{"text": "Hi', b'{"error": {"message": "x"}}', b"<html>", b""])
def test_a_whole_answer_that_is_none_does_not_end_the_stream(raw: bytes) -> None:
    watch = HEAR.watch(HEAR.peek(ask(stream="true")), "m", "m")
    assert watch.feed(raw) == b""
    watch.finish(clean=True)
    assert not watch.ended
    assert not HEAR.is_stream_head({b"content-type": b"text/html"})
