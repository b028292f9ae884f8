"""Sound both ways through the whole pipeline: what passes, what is held and charged, what breaks."""

import msgspec
import pytest

from nexhina.errors import (
    InsufficientQuotaError,
    InvalidRequestError,
    RateLimitedError,
    UpstreamError,
)
from support.form import form_kind, write_form
from support.recordings import make_sound
from support.stage import JSON, SSE, Stage

MPEG = {b"content-type": b"audio/mpeg"}
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + bytes(2_000)
FORM = {b"content-type": form_kind()}


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("tts", operations=("speech",))
    stage.model("tts-tokens", operations=("speech",))
    stage.model("ear", operations=("transcriptions", "translations"))
    stage.model("ear-tokens", operations=("transcriptions",), output_limit=2_000)
    stage.price("tts", "character", 15.0)
    stage.price("tts-tokens", "input", 0.6)
    stage.price("tts-tokens", "audio_output", 12.0)
    stage.price("ear", "audio", 0.006, per=60_000)
    stage.price("ear-tokens", "input", 2.5)
    stage.price("ear-tokens", "output", 10.0)
    stage.price("ear-tokens", "audio_input", 6.0)
    stage.channel(
        "a",
        {"tts": "tts", "tts-tokens": "tts-up", "ear": "ear", "ear-tokens": "ear-up"},
        priority=5,
    )
    yield stage
    assert stage.purse.open_holds() == 0
    assert not stage.pipeline.waiting
    stage.journal.close(all_booked=False)


def speak(stage, model="tts", headers=None, **more):
    body = {"model": model, "input": "Good morning!", "voice": "alloy", **more}
    return stage.post("/v1/audio/speech", body, headers=headers)


def hear(stage, model="ear", data=None, name="a.wav", path="transcriptions", **fields):
    data = make_sound("wav", 3_000) if data is None else data
    body = write_form({"model": model, **fields}, [("file", name, "audio/wav", data)])
    return stage.post(f"/v1/audio/{path}", body, headers=FORM)


async def test_sound_passes_as_it_comes_and_its_characters_are_charged(stage):
    stage.vendor.hold()
    call = speak(stage)
    play = stage.vendor.plays[0]
    assert play.target.path == "/v1/audio/speech"
    play.head(200, MPEG, MP3[:700])
    assert call.client.status == 200
    assert call.client.headers[b"content-type"] == b"audio/mpeg"
    assert call.client.body == MP3[:700]
    stage.pipeline.tick()
    stage.clock.advance(60.0)
    stage.pipeline.tick()
    play.piece(MP3[700:])
    assert call.client.body == MP3  # no ping in it
    assert not call.client.ended
    play.end()
    await stage.over(call)
    assert call.client.body == MP3
    assert not call.client.aborted
    (row,) = stage.rows()
    assert (row.status, row.stream, row.estimated) == (200, True, False)
    assert row.charge_nano == 13 * 15_000
    assert [(line.kind, line.quantity) for line in row.lines] == [("character", 13)]
    assert row.hold_nano >= row.charge_nano


async def test_speech_by_tokens_is_estimated_and_its_events_count(stage):
    stage.vendor.stream(MP3, headers=MPEG)
    call = await stage.over(speak(stage, "tts-tokens"))
    assert call.client.body == MP3
    (row,) = stage.rows()
    assert row.estimated
    assert 0 < row.charge_nano < row.hold_nano
    done = b'data: {"type":"speech.audio.done","usage":{"input_tokens":9,"output_tokens":80}}\n\n'
    delta = b'data: {"type":"speech.audio.delta","audio":"SUQz"}\n\n'
    stage.vendor.stream(delta, done, headers=SSE)
    call = await stage.over(speak(stage, "tts-tokens", stream_format="sse"))
    assert call.client.body == delta + done
    assert call.client.headers[b"content-type"].startswith(b"text/event-stream")
    row = stage.rows()[-1]
    assert not row.estimated
    assert row.charge_nano == 9 * 600 + 80 * 12_000


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, b'{"error":{"message":"no"}}'),
        ({b"content-type": b"text/html"}, b"<html><body>Bad gateway</body></html>"),
        (MPEG, b'{"error":{"message":"no"}}'),
        (MPEG, b""),
    ],
)
async def test_a_200_without_sound_is_a_failed_attempt(stage, headers, body):
    stage.channel("b", {"tts": "tts"})
    stage.vendor.answer(200, headers, body)
    stage.vendor.answer(200, MPEG, MP3)
    call = await stage.over(speak(stage))
    assert call.client.body == MP3
    assert call.client.headers[b"x-nexhina-attempts"] == b"2"
    stage.vendor.answer(200, headers, body)
    stage.vendor.answer(200, headers, body)
    call = await stage.over(speak(stage))
    assert isinstance(call.refusal, UpstreamError)
    assert stage.rows()[-1].charge_nano == 0


async def test_sound_that_breaks_off_is_aborted_and_charged_by_its_characters(stage):
    stage.vendor.stream(MP3, headers=MPEG, cut=True)
    call = await stage.over(speak(stage))
    assert call.client.aborted
    assert call.client.body == MP3  # nothing was put into the sound
    (row,) = stage.rows()
    assert (row.error_code, row.charge_nano) == ("upstream_error", 13 * 15_000)


async def test_a_listener_who_leaves_stops_the_vendor_and_a_slow_one_pauses_it(stage):
    stage.vendor.hold()
    call = speak(stage)
    play = stage.vendor.plays[0]
    play.head(200, MPEG, MP3)
    pause, resume = call.client.pressure
    pause()
    assert play.paused
    resume()
    assert not play.paused
    call.leave()
    await stage.over(call)
    assert play.cancelled
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (499, 13 * 15_000)


async def test_who_leaves_before_any_sound_pays_nothing(stage):
    stage.vendor.hold()
    call = speak(stage)
    call.leave()
    await stage.over(call)
    assert stage.vendor.plays[0].cancelled
    assert stage.rows()[0].charge_nano == 0


async def test_a_spoken_answer_is_had_again_under_its_idempotency_key(stage):
    key = {b"idempotency-key": b"one"}
    stage.vendor.answer(200, MPEG, MP3)
    first = await stage.over(speak(stage, headers=key))
    again = await stage.over(speak(stage, headers=key))
    assert first.client.body == again.client.body == MP3
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    assert again.client.headers[b"content-type"] == b"audio/mpeg"
    assert len(stage.vendor.plays) == 1
    assert [row.charge_nano for row in stage.rows()] == [13 * 15_000, 0]


async def test_a_vendors_refusal_and_its_limit_reach_the_caller(stage):
    error = {
        "error": {"message": "Unknown voice.", "type": "invalid_request_error", "param": "voice"}
    }
    stage.vendor.answer(400, JSON, msgspec.json.encode(error))
    call = await stage.over(speak(stage))
    assert isinstance(call.refusal, InvalidRequestError)
    assert (call.refusal.message, call.refusal.param) == ("Unknown voice.", "voice")
    stage.vendor.answer(429, JSON | {b"retry-after": b"7"}, b"{}")
    call = await stage.over(speak(stage))
    assert isinstance(call.refusal, RateLimitedError)
    assert sum(row.charge_nano for row in stage.rows()) == 0


async def test_a_recording_is_sent_as_it_came_and_charged_by_its_length(stage):
    stage.vendor.answer(200, JSON, b'{"text":"Good morning."}')
    call = await stage.over(hear(stage))
    assert call.client.json == {"text": "Good morning."}
    assert call.client.headers[b"x-nexhina-lane"] == b"verbatim"
    play = stage.vendor.plays[0]
    assert play.target.path == "/v1/audio/transcriptions"
    assert b"Content-Type: " + form_kind() in play.extra
    (row,) = stage.rows()
    assert row.charge_nano == 3_000 * 6_000_000 // 60_000  # three seconds
    assert row.estimated  # by the container, not by the vendor
    assert row.hold_nano > row.charge_nano
    stage.vendor.answer(200, JSON, b'{"text":"","usage":{"type":"duration","seconds":4}}')
    await stage.over(hear(stage, path="translations"))
    assert stage.vendor.plays[1].target.path == "/v1/audio/translations"
    row = stage.rows()[-1]
    assert (row.charge_nano, row.estimated) == (400_000, False)


async def test_tokens_of_a_transcript_are_charged_by_their_kinds(stage):
    usage = {"type": "tokens", "input_tokens": 40, "output_tokens": 7,
             "input_token_details": {"text_tokens": 10, "audio_tokens": 30}}  # fmt: skip
    stage.vendor.answer(200, JSON, msgspec.json.encode({"text": "Hi", "usage": usage}))
    call = await stage.over(hear(stage, "ear-tokens", prompt="Names: Zoe"))
    assert call.client.status == 200
    assert b"ear-up" in stage.vendor.plays[0].body
    (row,) = stage.rows()
    assert row.charge_nano == 10 * 2_500 + 7 * 10_000 + 30 * 6_000
    assert row.lane == "splice"


@pytest.mark.parametrize(
    ("asked", "sent", "kind"),
    [
        ("text", b"Good morning.\n", b"text/plain; charset=utf-8"),
        (
            "srt",
            b"1\n00:00:00,000 --> 00:00:01,000\nGood\n",
            b"application/x-subrip; charset=utf-8",
        ),
        ("vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nGood\n", b"text/vtt; charset=utf-8"),
    ],
)
async def test_texts_have_their_own_content_types(stage, asked, sent, kind):
    stage.vendor.answer(200, {b"content-type": b"application/octet-stream"}, sent)
    call = await stage.over(hear(stage, response_format=asked))
    assert call.client.body == sent
    assert call.client.headers[b"content-type"] == kind


async def test_a_streamed_transcript_ends_after_the_journal(stage):
    delta = b'data: {"type":"transcript.text.delta","delta":"Hi"}\n\n'
    done = b'data: {"type":"transcript.text.done","text":"Hi","usage":{"type":"tokens","input_tokens":4,"output_tokens":2}}\n\n'
    stage.vendor.stream(delta, done, headers=SSE)
    call = await stage.over(hear(stage, "ear-tokens", stream="true"))
    assert call.client.body == delta + done
    (row,) = stage.rows()
    assert row.charge_nano == 4 * 6_000 + 2 * 10_000
    stage.vendor.answer(200, JSON, b'{"text":"Hi"}')  # a model that does not stream
    call = await stage.over(hear(stage, "ear", stream="true"))
    assert call.client.body.count(b"data: ") == 2
    assert stage.rows()[-1].charge_nano == 300_000


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<html></html>", bytes(5_000)])
async def test_what_is_no_sound_is_refused_before_anything_is_sent(stage, data):
    call = await stage.over(hear(stage, data=data))
    assert isinstance(call.refusal, InvalidRequestError)
    assert (call.refusal.param, call.refusal.code) == ("file", "invalid_audio")
    assert stage.vendor.plays == []
    assert all(row.charge_nano == 0 for row in stage.rows())


async def test_a_recording_longer_than_the_balance_is_refused_with_the_sums(tmp_path):
    stage = Stage(tmp_path / "journal", balance=1_000_000)
    stage.model("ear", operations=("transcriptions",))
    stage.price("ear", "audio", 0.006, per=60_000)
    stage.channel("a", {"ear": "ear"})
    call = await stage.over(hear(stage, data=make_sound("mp3", 60_000, bit_rate=64_000)))
    assert isinstance(call.refusal, InsufficientQuotaError)
    assert "up to 0.0062 USD" in call.refusal.message
    assert stage.vendor.plays == []
    stage.journal.close(all_booked=False)
