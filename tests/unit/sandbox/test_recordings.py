"""Recordings as people send them: every container and rate, gaps and repeats; and when words were said."""

from array import array
from io import BytesIO
from itertools import pairwise
from math import sin
from typing import Any, cast

import av
import msgspec
from av.audio.stream import AudioStream

from nexhina.sandbox.order import Heard, Segment
from nexhina.sandbox.sound.listener import Recogniser, hear_parts
from nexhina.sandbox.sound.parts import find_runs, measure
from nexhina.sandbox.vendor import SandboxVendor
from support.form import form_kind, write_form
from support.sandbox import ask, open_vendor
from support.sound import share_heard, write_wav

RATE = 24_000
TEXT = "My brother bought a small house near the river last year."
SHORT = "I would like some tea."


def silence(seconds: float) -> "array[int]":
    return array("h", bytes(2 * round(seconds * RATE)))


async def speak(vendor: SandboxVendor, text: str) -> "array[int]":
    call = {
        "model": "sandbox-speech", "input": text, "voice": "alloy", "response_format": "pcm",
    }  # fmt: skip
    return array("h", (await ask(vendor, "/v1/audio/speech", call))[1])


async def hear(vendor: SandboxVendor, sound: bytes, **fields: str) -> Any:
    fields = {"model": "sandbox-hearing", "response_format": "verbose_json", **fields}
    body = write_form(fields, [("file", "blob", "text/plain", sound)])
    headers = {b"content-type": form_kind()}
    reply, raw = await ask(vendor, "/v1/audio/transcriptions", body, headers=headers)
    assert reply.status == 200, raw
    return msgspec.json.decode(raw)


def encode(samples: "array[int]", container: str, codec: str, rate: int, layout: str) -> bytes:
    """The samples in a file of this kind."""
    target = BytesIO()
    with av.open(target, "w", format=container) as file:
        stream = cast("AudioStream", file.add_stream(codec, rate=rate, layout=layout))
        frame = av.AudioFrame("s16", "mono", len(samples), align=1)
        frame.planes[0].update(samples.tobytes())
        frame.rate = RATE
        fit = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=960)
        for part in (frame, None):
            for fitted in fit.resample(part):
                file.mux(stream.encode(fitted))
        file.mux(stream.encode(None))
    return target.getvalue()


async def test_every_usual_container_and_rate_is_heard():
    async with open_vendor() as vendor:
        spoken = await speak(vendor, TEXT)
        loud = array("h", (max(-32768, min(32767, 8 * each)) for each in spoken))
        quiet = array("h", (each // 32 for each in spoken))  # 30 dB less
        for kind, sound in {
            "phone": encode(spoken, "wav", "pcm_s16le", 8000, "mono"),
            "stereo": encode(spoken, "wav", "pcm_f32le", 44_100, "stereo"),
            "mp3": encode(spoken, "mp3", "libmp3lame", 44_100, "stereo"),
            "ogg": encode(spoken, "ogg", "libopus", 48_000, "mono"),
            "flac": encode(spoken, "flac", "flac", 16_000, "mono"),
            "m4a": encode(spoken, "mp4", "aac", 44_100, "stereo"),
            "webm": encode(spoken, "webm", "libopus", 48_000, "mono"),
            "quiet": write_wav(quiet, RATE),
            "clipped": write_wav(loud, RATE),
            "late": write_wav(silence(5) + spoken, RATE),
        }.items():
            heard = await hear(vendor, sound)
            assert share_heard(TEXT, heard["text"]) >= 0.7, (kind, heard["text"])
            assert heard["segments"][0]["start"] >= (5 if kind == "late" else 0)


async def test_what_is_said_again_is_heard_again_each_time_at_its_place():
    async with open_vendor() as vendor:
        tea, good = await speak(vendor, SHORT), await speak(vendor, "Good morning.")
        pieces = [(0.5, good), (2.0, good), (2.0, tea), (0.1, tea), (3.0, good)]
        made, places = silence(0), list[float]()
        for gap, piece in pieces:
            made += silence(gap)
            places.append(len(made) / RATE)
            made += piece
        heard = await hear(
            vendor,
            write_wav(made, RATE),
            **{"timestamp_granularities[]": "word"},
        )
        parts = (await hear(vendor, write_wav(made, RATE)))["segments"]
    text = heard["text"].lower()
    assert (text.count("good morning"), text.count("like some tea")) == (3, 2)
    words = heard["words"]
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= heard["duration"]
    lead = 0.1  # of silence before the first word of what we speak
    said = [word for word in words if word["word"].lower() in {"good", "i"}]
    for word, place in zip(said, places, strict=True):
        assert abs(word["start"] - place - lead) < 0.1
    for part, after in pairwise(parts):
        assert 0 <= part["start"] < part["end"] <= after["start"]
    assert abs(parts[-1]["start"] - places[-1] - lead) < 0.1


class Counter:
    """Hears a word in each burst of sound, and takes the whole recording for one long speech."""

    common = frozenset({"word"})

    def find_speech(self, samples: bytes) -> list[tuple[float, float]]:
        length = len(samples) / 4 / 16_000
        return [(start, min(start + 25.0, length)) for start in range(0, int(length) + 1, 25)]

    def hear(self, samples: bytes) -> str:
        return " ".join("word" for _ in find_runs(measure(samples), (0, len(samples) / 64_000)))


def test_no_word_of_a_long_talk_is_lost_or_heard_twice_at_a_cut():
    burst = array("h", (int(8000 * sin(at * 0.2)) for at in range(4_000)))
    pause = array("h", bytes(2 * 4_000))
    made = (burst + pause) * 200  # 0.25 s each: a talk of 100 s without a rest
    heard = list(hear_parts(cast("Recogniser", Counter()), write_wav(made)))
    parts = [part for part in heard if isinstance(part, Segment)]
    assert sum(len(part.text.split()) for part in parts) == 200
    words = [word for part in parts for word in part.words]
    for number, word in enumerate(words):
        assert abs(word.start - number / 2) < 0.1
        assert abs(word.end - number / 2 - 0.25) < 0.1
    assert heard[-1] == Heard(100.0)
