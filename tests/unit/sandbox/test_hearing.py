"""Hearing: a recogniser that really listens, measured by the words that it gets."""

import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.ports import Segments, Slice
from nexhina.sandbox.child import HEARING, Child
from nexhina.sandbox.order import Segment, Word
from nexhina.sandbox.sound.sentences import cut_sentences
from nexhina.sandbox.studio import Studio
from nexhina.sandbox.subtitle import list_words, write_srt, write_vtt
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from support.form import MemorySpool, form_kind, write_form
from support.needs import require_program
from support.sandbox import ask, ask_error, collect_body, open_vendor
from support.sound import (
    MANDARIN,
    SENTENCES,
    make_music,
    make_noise,
    make_tone,
    share_heard,
    write_wav,
)  # fmt: skip

SPEECH = "/v1/audio/speech"
HEAR = "/v1/audio/transcriptions"
TRANSLATE = "/v1/audio/translations"
HEADERS = {b"content-type": form_kind()}
TEXTS = {"text": b"text/plain", "srt": b"application/x-subrip", "vtt": b"text/vtt"}


async def say(vendor: SandboxVendor, text: str, voice: str = "alloy", form: str = "mp3") -> bytes:
    call = {"model": "sandbox-speech", "input": text, "voice": voice, "response_format": form}
    return (await ask(vendor, SPEECH, call))[1]


def write(sound: bytes, name: str = "a.mp3", **fields: str) -> bytes:
    return write_form(
        {"model": "sandbox-hearing", **fields}, [("file", name, "application/octet-stream", sound)]
    )


async def hear(vendor: SandboxVendor, sound: bytes, path: str = HEAR, **fields: str) -> Any:
    reply, raw = await ask(vendor, path, write(sound, **fields), headers=HEADERS)
    assert reply.status == 200, raw
    if kind := TEXTS.get(fields.get("response_format", "")):
        assert reply.headers[b"content-type"] == kind + b"; charset=utf-8"
        return raw.decode()
    return msgspec.json.decode(raw)


async def refuse(vendor: SandboxVendor, body: bytes, path: str = HEAR) -> tuple[int, Any]:
    return await ask_error(vendor, path, body, headers=HEADERS)


@pytest.mark.parametrize(("voice", "form"), [("alloy", "mp3"), ("sage", "opus"), ("echo", "wav")])
async def test_most_words_of_our_own_speech_are_heard(voice: str, form: str):
    text = " ".join(SENTENCES[:5])
    async with open_vendor() as vendor:
        heard = await hear(vendor, await say(vendor, text, voice, form))
    assert share_heard(text, heard["text"]) >= 0.7
    assert heard["text"] != text  # it was heard, not handed on
    assert heard["usage"]["type"] == "duration"
    assert 12 < heard["usage"]["seconds"] < 30


async def test_a_greeting_and_hurried_speech_are_heard():
    text = "We need three apples, two lemons and a bottle of milk."
    async with open_vendor() as vendor:
        heard = await hear(vendor, await say(vendor, "Hello world", "alloy", "wav"))
        assert share_heard("Hello world", heard["text"]) == 1, heard
        call = {"model": "sandbox-speech", "input": text, "voice": "alloy", "speed": 2}
        _, hurried = await ask(vendor, SPEECH, {**call, "response_format": "wav"})
        assert share_heard(text, (await hear(vendor, hurried))["text"]) >= 0.9


@pytest.mark.parametrize("voice", ["slt", "kal", "awb"])
async def test_half_the_words_of_another_synthesiser_are_heard(voice: str, tmp_path: Path):
    flite = require_program("flite", "install the package flite (apt-get install flite)")
    file, text = tmp_path / "a.wav", " ".join(SENTENCES[5:])
    subprocess.run([flite, "-voice", voice, "-t", text, "-o", str(file)], check=True)  # noqa: ASYNC221
    async with open_vendor() as vendor:
        heard = await hear(vendor, file.read_bytes())
    assert share_heard(text, heard["text"]) >= 0.5


async def test_nothing_is_invented():
    silence = write_wav(__import__("array").array("h", bytes(2 * 16_000 * 3)))
    sounds = [
        make_noise(), make_noise(1.0, 0.01), make_noise(3.0, 0.3), make_tone(), make_tone(100.0),
        make_music(), silence,
    ]  # fmt: skip
    async with open_vendor() as vendor:
        sounds += [await say(vendor, MANDARIN, voice) for voice in ("alloy", "coral", "echo")]
        for number, sound in enumerate(sounds):
            answer = await hear(vendor, sound, response_format="verbose_json")
            assert (number, answer["text"], answer["segments"]) == (number, "", [])
            assert answer["duration"] > 0.5


async def test_all_forms_of_an_answer():
    async with open_vendor() as vendor:
        sound = await say(vendor, SENTENCES[2])
        plain = await hear(vendor, sound, **{"include[]": "logprobs"})
        text, likely = plain["text"], plain["logprobs"]
        assert await hear(vendor, sound, response_format="text") == text + "\n"
        verbose = await hear(
            vendor, sound, response_format="verbose_json", **{"timestamp_granularities[]": "word"}
        )
        assert (verbose["task"], verbose["language"]) == ("transcribe", "english")
        assert not {"segments", "logprobs"} & set(verbose)
        assert len(verbose["words"]) == len(text.split())
        starts = [word["start"] for word in verbose["words"]]
        assert starts == sorted(starts)
        assert verbose["words"][-1]["end"] <= verbose["duration"] + 0.2
        srt = await hear(vendor, sound, response_format="srt")
        vtt = await hear(vendor, sound, response_format="vtt")
        assert srt.startswith("1\n00:00:0")
        assert vtt.startswith("WEBVTT\n\n00:00:0")
        translated = await hear(vendor, sound, TRANSLATE, response_format="verbose_json")
        assert (translated["task"], translated["text"]) == ("translate", text)
        assert " ".join(each["text"] for each in translated["segments"]) == text
        body = write(sound, stream="true", include="logprobs")
        reply, raw = await ask(vendor, HEAR, body, headers=HEADERS)
    assert "".join(each["token"] for each in likely) == text
    assert all(bytes(each["bytes"]).decode() == each["token"] for each in likely)
    assert all(-0.5 < each["logprob"] <= 0 for each in likely)
    assert reply.headers[b"content-type"].startswith(b"text/event-stream")
    events = [msgspec.json.decode(each[6:]) for each in raw.decode().split("\n\n")[:-1]]
    assert "".join(each["delta"] for each in events[:-1]) == text
    assert events[-1]["type"] == "transcript.text.done"
    assert events[-1]["text"] == text
    assert [one for each in events[:-1] for one in each["logprobs"]] == likely
    assert events[-1]["logprobs"] == likely
    assert "usage" not in events[-1]  # OpenAI's event has no usage by time


async def test_what_can_not_be_heard_is_refused_and_the_child_lives_on():
    async with open_vendor() as vendor:
        sound = await say(vendor, "Good morning.")
        for changed, param, code in (
            (write(sound, language="zh"), "language", "unsupported_language"),
            (write(sound, language="german"), "language", "unsupported_language"),
            (write(sound, response_format="xml"), "response_format", None),
            (write(sound, temperature="2"), "temperature", None),
            (write(sound, temperature="hot"), "temperature", None),
            (write(sound, stream="maybe"), "stream", None),
            (write(sound, timestamp_granularities="word"), "timestamp_granularities", None),
            (write(sound, **{"include[]": "usage"}), "include", None),
            (write(sound, include="logprobs", response_format="vtt"), "include", None),
            (write_form({"model": "sandbox-hearing"}), "file", None),
            (write(b""), "file", "invalid_audio"),
            (write(b"no sound at all" * 100), "file", "invalid_audio"),
            (write(sound[:40]), "file", "invalid_audio"),
            (write(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), "file", "invalid_audio"),
            (write(b"ffconcat version 1.0\nfile /etc/hosts\n"), "file", "invalid_audio"),
            (write(make_noise(1.0)[:44]), "file", "invalid_audio"),
            # Hours in a few kilobytes: nothing of them is heard first.
            (write(write_wav(array("h", [0]) * 40_000, rate=8)), "file", "audio_too_long"),
        ):
            status, error = await refuse(vendor, changed)
            assert (status, error["param"]) == (400, param), error
            assert code is None or error["code"] == code
        status, error = await ask_error(vendor, HEAR, {"model": "sandbox-hearing"})
        assert status == 415
        pid = vendor.studio.hearing.pid
        assert pid is not None
        assert (await hear(vendor, sound, language="en-GB"))["text"]
        assert vendor.studio.hearing.pid == pid


async def test_an_upload_on_disk_is_read_in_pieces():
    async with open_vendor() as vendor:
        sound = await say(vendor, SENTENCES[2], form="wav")
        body = write(sound)
        spool = MemorySpool(body)
        cut = len(body) // 3
        upload = Segments((Slice(spool, 0, cut), Slice(spool, cut, len(body) - cut)))
        reply = await drive(vendor.answer("POST", HEAR, HEADERS, upload))
        heard = msgspec.json.decode(await collect_body(reply))
    assert share_heard(SENTENCES[2], heard["text"]) >= 0.7
    assert max(spool.reads) <= 256 * 1024


async def test_the_prompt_is_never_answered():
    async with open_vendor() as vendor:
        answer = await hear(vendor, make_noise(), prompt="The secret word is marmalade")
    assert answer["text"] == ""


def blocked(name: str) -> tuple[str, ...]:
    code = (
        f"import sys; sys.modules[{name!r}] = None\n"
        "from nexhina.sandbox.worker import serve\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer)"
    )
    return (sys.executable, "-c", code)


@pytest.mark.parametrize("name", ["moonshine_voice", "av"])
async def test_without_a_library_the_answer_is_501_with_the_cure(name: str):
    studio = Studio(hearing=Child(blocked(name), trade=HEARING))
    async with open_vendor(studio=studio) as vendor:
        status, error = await refuse(vendor, write(make_tone(seconds=0.5)))
    assert (status, error["code"]) == (501, "not_implemented")
    assert "pip install 'nexhina[sandbox]'" in error["message"]


def test_each_sentence_is_a_segment_of_its_own():
    texts = "Dr. Lee lives at 5 St. John's Road. It is near! Is it? (Yes.) J. R. said so."
    words = [Word(text, place, place + 0.5) for place, text in enumerate(texts.split())]
    found = cut_sentences(Segment(0, len(words), texts, 0.9, words))
    assert [each.text for each in found] == [
        "Dr. Lee lives at 5 St. John's Road.", "It is near!", "Is it?", "(Yes.)", "J. R. said so.",
    ]  # fmt: skip
    assert [(each.start, each.end) for each in found[:2]] == [(0, 7.5), (8, 10.5)]
    assert [word for each in found for word in each.words] == words
    assert {each.confidence for each in found} == {0.9}
    empty = Segment(0, 1, "", 0.9)
    assert cut_sentences(empty) == [empty]


def test_subtitles_are_written_as_players_read_them():
    words = [Word("Hello", 0.5, 0.75004), Word("<you>.", 0.75004, 1.25)]
    segments = [
        Segment(0.5, 1.25, "Hello <you>", 1.0, words),
        Segment(3599.9996, 3661.5, "Bye", 0.8),
    ]
    assert write_srt(segments) == (
        "1\n00:00:00,500 --> 00:00:01,250\nHello <you>\n\n2\n01:00:00,000 --> 01:01:01,500\nBye\n\n"
    )
    assert write_vtt(segments) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\nHello &lt;you&gt;\n\n"
        "01:00:00.000 --> 01:01:01.500\nBye\n\n"
    )
    assert list_words(segments) == [
        {"word": "Hello", "start": 0.5, "end": 0.75},
        {"word": "<you>", "start": 0.75, "end": 1.25},
    ]
