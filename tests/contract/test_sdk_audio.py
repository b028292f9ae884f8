"""The official OpenAI SDK speaks, writes down and translates: bytes, events, every text format.

The vendor is scripted, so that what it is sent can be looked at as well: once directly behind the
product, once behind a second Nexhina in between. Answers are validated strictly.
"""

import threading
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.audio import TranscriptionDiarized, TranscriptionVerbose

from support.recordings import make_sound
from support.scene import Scene
from support.scripted_upstream import (
    CHUNKED_END,
    Cut,
    Flood,
    Hold,
    Step,
    answer,
    chunk,
    html_answer,
    json_answer,
    rate_limited,
    sse_head,
)

SOUND = make_sound("mp3", 1_500)
WAV = make_sound("wav", 1_500)
TOKENS = {
    "type": "tokens",
    "input_tokens": 24,
    "input_token_details": {"text_tokens": 10, "audio_tokens": 14},
    "output_tokens": 6,
    "total_tokens": 30,
}
SPOKEN: Any = {"model": "m", "input": "Good morning", "voice": "alloy"}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture
def scene(place_of: Scene) -> Scene:
    place_of.vendor.otherwise = [answer(200, SOUND, "audio/mpeg")]
    return place_of


@pytest.fixture
def place(scene: Scene) -> Scene:
    """Where the SDK's asynchronous client calls."""
    return scene


def events(*told: dict[str, Any]) -> list[Step]:
    pieces = [chunk(b"data: %b\n\n" % msgspec.json.encode(each)) for each in told]
    return [sse_head(), *pieces, CHUNKED_END]


# --- speech ---------------------------------------------------------------------------------------


def test_a_text_is_spoken(scene: Scene) -> None:
    made = scene.client.audio.speech.create(
        **SPOKEN,
        response_format="mp3",
        speed=1.5,
        instructions="softly",
        extra_body={"tomorrows": "word"},
    )
    assert made.read() == SOUND
    assert made.response.headers["content-type"] == "audio/mpeg"
    assert "x-nexhina-id" in made.response.headers
    sent = scene.last().json()
    assert scene.last().path.endswith("/audio/speech")
    assert sent == SPOKEN | {
        "model": "scripted",
        "response_format": "mp3",
        "speed": 1.5,
        "instructions": "softly",
        "tomorrows": "word",
    }


def test_a_voice_of_ones_own_is_an_object(scene: Scene) -> None:
    scene.client.audio.speech.create(**(SPOKEN | {"voice": {"id": "voice_1"}}))
    assert scene.last().json()["voice"] == {"id": "voice_1"}


def test_sound_arrives_while_it_is_made(scene: Scene) -> None:
    gate = threading.Event()
    scene.vendor.otherwise = [
        HEAD,
        chunk(SOUND[:2000]),
        Hold(gate),
        chunk(SOUND[2000:]),
        CHUNKED_END,
    ]
    with scene.client.audio.speech.with_streaming_response.create(**SPOKEN) as told:
        pieces = told.iter_bytes(chunk_size=None)
        heard = next(pieces)
        while len(heard) < 2000:
            heard += next(pieces)
        gate.set()
        assert heard + b"".join(pieces) == SOUND


async def test_the_async_client_hears_it_too(
    scene: Scene, async_client: AsyncOpenAI, tmp_path: Path
) -> None:
    made = await async_client.audio.speech.create(**SPOKEN)
    assert made.content == SOUND
    target = tmp_path / "said.mp3"
    async with async_client.audio.speech.with_streaming_response.create(**SPOKEN) as told:
        await told.stream_to_file(target)
    assert target.read_bytes() == SOUND


def test_speech_as_events(scene: Scene) -> None:
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    scene.vendor.otherwise = events(
        {"type": "speech.audio.delta", "audio": "SUQz"},
        {"type": "speech.audio.done", "usage": usage},
    )
    with scene.client.audio.speech.with_streaming_response.create(
        **SPOKEN, stream_format="sse"
    ) as told:
        assert told.headers["content-type"].startswith("text/event-stream")
        lines = [msgspec.json.decode(line[6:]) for line in told.iter_lines() if line]
    assert [line["type"] for line in lines] == ["speech.audio.delta", "speech.audio.done"]
    assert lines[1]["usage"] == usage


def test_a_listener_who_stops_reading_stops_the_vendor(scene: Scene) -> None:
    size = 400_000_000
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\ncontent-length: %d\r\n\r\n" % (size + 64)
    scene.vendor.otherwise = [head + WAV[:64], Flood(size)]
    with scene.client.audio.speech.with_streaming_response.create(**SPOKEN) as told:
        assert next(told.iter_bytes(chunk_size=64)) == WAV[:64]
        connection = scene.last().connection
        threading.Event().wait(1.0)  # nobody reads: what is on the way stays bounded
        held = connection.sent
        assert held < 40_000_000
        threading.Event().wait(0.5)
        assert connection.sent == held
    assert connection.closed.wait(10)


def test_sound_that_is_cut_off_does_not_look_whole(scene: Scene) -> None:
    scene.vendor.otherwise = [HEAD, chunk(SOUND[:2000]), Cut()]
    with pytest.raises(Exception, match=r"incomplete|peer closed|Connection error"):
        scene.client.audio.speech.create(**SPOKEN).read()


@pytest.mark.parametrize(
    "script",
    [
        [html_answer(200)],
        [json_answer({"error": {"message": "no"}})],
    ],
)
def test_what_is_no_sound_is_an_error(scene: Scene, script: list[Step]) -> None:
    scene.vendor.otherwise = script
    with pytest.raises(openai.APIStatusError) as caught:
        scene.client.audio.speech.create(**SPOKEN)
    assert caught.value.status_code == 502


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"speed": 9}, "speed"),
        ({"response_format": "midi"}, "response_format"),
    ],
)
def test_bad_wishes_are_refused_before_the_vendor_sees_them(
    scene: Scene, change: dict[str, Any], param: str
) -> None:
    before = len(scene.vendor.received)
    with pytest.raises(openai.BadRequestError) as caught:
        scene.client.audio.speech.create(**(SPOKEN | change))
    assert caught.value.param == param
    assert len(scene.vendor.received) == before


def test_speech_is_had_again_under_its_idempotency_key(scene: Scene) -> None:
    again = {"Idempotency-Key": f"speech-{id(scene)}"}
    first = scene.client.audio.speech.create(**SPOKEN, extra_headers=again)
    before = len(scene.vendor.received)
    second = scene.client.audio.speech.create(**SPOKEN, extra_headers=again)
    assert first.read() == second.read() == SOUND
    assert second.response.headers["idempotency-replayed"] == "true"
    assert len(scene.vendor.received) == before
    with pytest.raises(openai.ConflictError):
        scene.client.audio.speech.create(**(SPOKEN | {"input": "Else"}), extra_headers=again)


# --- transcriptions -------------------------------------------------------------------------------


def test_a_recording_is_written_down(scene: Scene) -> None:
    scene.vendor.otherwise = [json_answer({"text": "Good morning.", "usage": TOKENS})]
    made = scene.client.audio.transcriptions.create(
        model="m",
        file=("talk.wav", WAV),
        language="en",
        prompt="Names: Zoë",
        temperature=0.2,
        include=["logprobs"],
        chunking_strategy="auto",
    )
    assert made.text == "Good morning."
    assert made.usage is not None
    assert made.usage.type == "tokens"
    form = scene.last_form()
    assert scene.last().path.endswith("/audio/transcriptions")
    assert form.read(form.files("file")[0]) == WAV
    texts = {part.name: form.text(part.name) for part in form.parts if not part.is_file}
    assert texts == {
        "model": "scripted",
        "language": "en",
        "prompt": "Names: Zoë",
        "temperature": "0.2",
        "include[]": "logprobs",
        "chunking_strategy": "auto",
    }


def test_all_that_is_known_of_a_recording(scene: Scene) -> None:
    told = {
        "task": "transcribe",
        "language": "english",
        "duration": 1.5,
        "text": "Good morning.",
        "words": [{"word": "Good", "start": 0.0, "end": 0.5}],
        "segments": [
            {"id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": "Good morning.", "tokens": [1],
             "temperature": 0.0, "avg_logprob": -0.1, "compression_ratio": 1.0,
             "no_speech_prob": 0.0}
        ],
        "usage": {"type": "duration", "seconds": 2},
    }  # fmt: skip
    scene.vendor.otherwise = [json_answer(told)]
    made = scene.client.audio.transcriptions.create(
        model="m",
        file=WAV,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert isinstance(made, TranscriptionVerbose)
    assert made.words is not None
    assert made.words[0].word == "Good"
    form = scene.last_form()
    assert form.texts("timestamp_granularities") == ["word", "segment"]
    assert (form.files("file")[0].filename or "").endswith(".wav")


def test_who_said_what(scene: Scene) -> None:
    told = {
        "task": "transcribe",
        "duration": 1.5,
        "text": "Hi.",
        "segments": [
            {"id": "s1", "type": "transcript.text.segment", "start": 0.0, "end": 1.5,
             "text": "Hi.", "speaker": "A"}
        ],
        "usage": TOKENS,
    }  # fmt: skip
    scene.vendor.otherwise = [json_answer(told)]
    made = scene.client.audio.transcriptions.create(
        model="m", file=WAV, response_format="diarized_json"
    )
    assert isinstance(made, TranscriptionDiarized)
    assert made.segments[0].speaker == "A"


@pytest.mark.parametrize(
    ("asked", "told", "kind"),
    [
        ("text", "Good morning.\n", "text/plain"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,500\nGood morning.\n", "application/x-subrip"),
        ("vtt", "WEBVTT\n\n00:00.000 --> 00:01.500\nGood morning.\n", "text/vtt"),
    ],
)
def test_texts_in_their_formats(scene: Scene, asked: Any, told: str, kind: str) -> None:
    scene.vendor.otherwise = [answer(200, told.encode(), "application/octet-stream")]
    made = scene.client.audio.transcriptions.with_raw_response.create(
        model="m", file=("talk.mp3", SOUND), response_format=asked
    )
    assert made.headers["content-type"].startswith(kind)
    assert made.text == told
    with pytest.warns(DeprecationWarning):  # OpenAI's last model for it goes in 2027
        translated = scene.client.audio.translations.create(  # pyright: ignore[reportDeprecated]
            model="m", file=("talk.mp3", SOUND), response_format=asked
        )
    assert translated == told
    assert scene.last().path.endswith("/audio/translations")


def test_a_transcript_streams(scene: Scene) -> None:
    scene.vendor.otherwise = events(
        {"type": "transcript.text.delta", "delta": "Good "},
        {"type": "transcript.text.delta", "delta": "morning."},
        {"type": "transcript.text.done", "text": "Good morning.", "usage": TOKENS},
    )
    told = list(scene.client.audio.transcriptions.create(model="m", file=WAV, stream=True))
    assert [each.type for each in told] == [
        "transcript.text.delta",
        "transcript.text.delta",
        "transcript.text.done",
    ]
    assert scene.last_form().text("stream") == "true"


async def test_a_model_that_does_not_stream_is_told_as_events(
    scene: Scene, async_client: AsyncOpenAI
) -> None:
    scene.vendor.otherwise = [json_answer({"text": "Good morning."})]
    told = await async_client.audio.transcriptions.create(model="m", file=WAV, stream=True)
    last = [each async for each in told][-1]
    assert last.type == "transcript.text.done"
    assert last.text == "Good morning."
    with pytest.warns(DeprecationWarning):
        made = await async_client.audio.translations.create(  # pyright: ignore[reportDeprecated]
            model="m", file=WAV, prompt="Names"
        )
    assert made.text == "Good morning."


def test_a_wrong_name_is_put_right_for_the_vendor(scene: Scene) -> None:
    scene.vendor.otherwise = [json_answer({"text": "Good morning."})]
    scene.client.audio.transcriptions.create(model="m", file=("voice.wav", SOUND))
    part = scene.last_form().files("file")[0]
    assert (part.filename, part.content_type) == ("audio.mp3", "audio/mpeg")


def test_a_large_recording_reaches_the_vendor_whole(scene: Scene) -> None:
    scene.vendor.otherwise = [json_answer({"text": ""})]
    large = make_sound("wav", 30_000)
    assert len(large) > 2_500_000
    scene.client.audio.transcriptions.create(model="m", file=("long.wav", large))
    form = scene.last_form()
    assert form.read(form.files("file")[0]) == large
    assert form.text("model") == "scripted"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 hello", b"<html></html>", bytes(9_000)])
def test_what_is_no_recording_is_refused_before_the_vendor_sees_it(
    scene: Scene, data: bytes
) -> None:
    before = len(scene.vendor.received)
    with pytest.raises(openai.BadRequestError) as caught:
        scene.client.audio.transcriptions.create(model="m", file=("a.wav", data))
    assert caught.value.param == "file"
    assert len(scene.vendor.received) == before


def test_a_vendors_refusal_reaches_the_caller(scene: Scene) -> None:
    error = {
        "message": "Audio file is too short.",
        "type": "invalid_request_error",
        "param": "file",
    }
    scene.vendor.otherwise = [json_answer({"error": error}, status=400)]
    with pytest.raises(openai.BadRequestError, match="too short"):
        scene.client.audio.transcriptions.create(model="m", file=WAV)
    scene.vendor.otherwise = [html_answer(200)]
    with pytest.raises(openai.APIStatusError) as caught:
        scene.client.audio.transcriptions.create(model="m", file=WAV)
    assert caught.value.status_code == 502


def test_a_vendor_that_is_busy_is_told_last(scene: Scene) -> None:
    scene.vendor.otherwise = [rate_limited("1")]
    with pytest.raises(openai.RateLimitError) as caught:
        scene.client.audio.transcriptions.create(model="m", file=WAV)
    assert "retry-after" in caught.value.response.headers
