"""Speech requests and what vendors answer to them."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.openai_speech import OpenAISpeech
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import JSON, make_inbound

SPEECH = OpenAISpeech()
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + bytes(600)
DELTA = b'data: {"type":"speech.audio.delta","audio":"SUQz"}\n\n'
DONE = b'data: {"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}\n\n'


def ask(headers: dict[bytes, bytes] | None = None, **more: Any):
    body = {"model": "m", "input": "Good morning", "voice": "alloy", **more}
    return make_inbound(body, headers)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input": ""}, "'input' must be a text of 1 to 4096 characters"),
        ({"input": "x" * 4097}, "'input' must be a text of 1 to 4096 characters"),
        ({"input": " \n "}, "nothing to be spoken"),
        ({"voice": 5}, "'voice' must be the name of a voice"),
        ({"voice": {"id": ""}}, "'voice"),
        ({"voice": None}, "'voice' must be"),
        ({"speed": 4.5}, "'speed' must be a number from 0.25 to 4, not 4.5"),
        ({"speed": 0.1}, "'speed' must be a number from 0.25 to 4"),
        ({"response_format": "midi"}, "'response_format' must be mp3, opus, aac, flac, wav or pcm"),
        ({"stream_format": "ws"}, "'stream_format' must be"),
        ({"model": ""}, "'model' must be"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_cure(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        SPEECH.peek(ask(**change))
    assert words in refusal.value.message
    assert refusal.value.param == next(iter(change)) or refusal.value.param == "voice.id"


def test_characters_are_counted_and_not_bytes() -> None:
    peek = SPEECH.peek(ask(input="早上好👋", speed=0.5, voice={"id": "voice_1"}))
    assert (peek.characters, peek.speed, peek.stream, peek.raw) == (4, 0.5, True, True)
    assert SPEECH.prompt_bytes(peek, b"") == 13 <= peek.text_bytes


def test_parameters_that_nobody_knows_pass_and_nothing_is_added() -> None:
    call = ask(instructions="softly", pitch=3)
    peek = SPEECH.peek(call)
    same = SPEECH.write_same(peek, call.body, "m", None)
    assert (same.lane, same.body) == ("verbatim", call.body)
    other = SPEECH.write_same(peek, call.body, "m-1", None)
    assert other.lane == "splice"
    sent = msgspec.json.decode(bytes(other.body))  # pyright: ignore[reportArgumentType]
    assert sent == msgspec.json.decode(call.body) | {"model": "m-1"}


def test_with_an_idempotency_key_the_answer_is_made_whole() -> None:
    peek = SPEECH.peek(ask(JSON | {b"idempotency-key": b"k"}))
    assert not peek.stream
    answer = SPEECH.read_answer(peek, {b"content-type": b"audio/mpeg"}, MP3)
    assert answer is not None
    assert (answer.usage, answer.kind) == (None, b"audio/mpeg")
    assert SPEECH.read_answer(peek, {b"content-type": b"audio/mpeg"}, b"") is None
    assert SPEECH.read_answer(peek, {}, b'{"error": {"message": "no"}}') is None
    events = SPEECH.peek(ask(JSON | {b"idempotency-key": b"k"}, stream_format="sse"))
    kind = {b"content-type": b"text/event-stream"}
    whole = SPEECH.read_answer(events, kind, DELTA + DONE)
    assert whole is not None
    assert whole.usage == Usage(input=14, audio_output=101, character=12)
    assert SPEECH.read_answer(events, kind, DELTA) is None


@pytest.mark.parametrize(
    ("asked", "vendors", "ours"),
    [
        ("mp3", b"audio/mpeg", b"audio/mpeg"),
        ("opus", b"audio/opus", b"audio/opus"),
        ("opus", b"application/octet-stream", b"audio/ogg"),
        ("aac", b"", b"audio/aac"),
        ("flac", b"audio/x-flac", b"audio/x-flac"),
        ("wav", b"binary/octet-stream", b"audio/wav"),
        ("pcm", b"audio/" + b"x" * 200, b"audio/pcm"),
    ],
)
def test_the_content_type_is_the_vendors_if_it_is_one_of_sound(
    asked: str, vendors: bytes, ours: bytes
) -> None:
    headers = {b"content-type": vendors} if vendors else {}
    assert SPEECH.is_stream_head(headers)
    watch = SPEECH.watch(SPEECH.peek(ask(response_format=asked)), "m", "m")
    assert watch.write_head(headers) == [(b"content-type", ours)]


@pytest.mark.parametrize(
    "kind", [b"application/json", b"text/html; charset=utf-8", b"text/plain", b"image/png"]
)
def test_json_pages_and_pictures_begin_no_sound(kind: bytes) -> None:
    assert not SPEECH.is_stream_head({b"content-type": kind})


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_sound_passes_byte_for_byte_and_ends_with_its_framing(size: int) -> None:
    watch = SPEECH.watch(SPEECH.peek(ask()), "m", "m")
    out = b"".join(watch.feed(MP3[at : at + size]) for at in range(0, len(MP3), size))
    assert (out, watch.content, watch.ended, watch.usage) == (MP3, True, False, None)
    assert watch.finish(clean=True) == b""
    assert watch.ended


def test_a_short_sound_is_whole_at_the_end_and_a_cut_one_never() -> None:
    watch = SPEECH.watch(SPEECH.peek(ask()), "m", "m")
    assert watch.feed(b"OggS") == b""
    assert watch.finish(clean=True) == b"OggS"
    assert watch.ended
    cut = SPEECH.watch(SPEECH.peek(ask()), "m", "m")
    cut.feed(MP3)
    cut.finish(clean=False)
    assert not cut.ended
    empty = SPEECH.watch(SPEECH.peek(ask()), "m", "m")
    assert empty.finish(clean=True) == b""
    assert not empty.ended


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "overloaded"}}',
        b"<!DOCTYPE html><html><body>502</body></html>",
        b"\n\n<html>",
        b"data: {}\n\n" + b" " * 20,
    ],
)
@pytest.mark.parametrize("asked", ["mp3", "pcm"])
def test_words_under_a_type_of_sound_are_an_error(body: bytes, asked: str) -> None:
    watch = SPEECH.watch(SPEECH.peek(ask(response_format=asked)), "m", "m")
    assert watch.feed(body) == b""
    assert watch.finish(clean=True) == b""
    assert not watch.ended


def test_samples_that_begin_like_a_brace_are_samples() -> None:
    watch = SPEECH.watch(SPEECH.peek(ask(response_format="pcm")), "m", "m")
    samples = b"{<" + bytes(range(1, 60))
    assert watch.feed(samples) == samples


@pytest.mark.parametrize("size", [1, 9, 10_000])
def test_events_carry_the_usage_and_the_last_waits(size: int) -> None:
    watch = SPEECH.watch(SPEECH.peek(ask(stream_format="sse")), "m", "m")
    raw = DELTA + DONE
    out = b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size))
    assert (out, watch.tail, watch.ended) == (DELTA, DONE, True)
    assert watch.usage == Usage(input=14, audio_output=101, character=12)


def test_an_error_among_events_breaks_off_and_a_wild_count_is_none() -> None:
    watch = SPEECH.watch(SPEECH.peek(ask(stream_format="sse")), "m", "m")
    watch.feed(DELTA + b'data: {"type":"error","error":{"message":"too loud"}}\n\n')
    assert watch.error is not None
    assert watch.error.message == "too loud"
    wild = SPEECH.watch(SPEECH.peek(ask(stream_format="sse")), "m", "m")
    wild.feed(DELTA + DONE.replace(b"14", b"-14"))
    assert (wild.ended, wild.usage) == (True, None)
    odd = SPEECH.watch(SPEECH.peek(ask(stream_format="sse")), "m", "m")
    odd.feed(DONE.replace(b'{"input_tokens":14,"output_tokens":101,"total_tokens":115}', b'"lots"'))
    assert (odd.ended, odd.usage) == (True, None)
