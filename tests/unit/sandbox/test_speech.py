"""Speech: the request's checks, and sound that the child really spoke, decoded again."""

import os
import signal
import sys
from base64 import b64decode
from typing import Any

import msgspec
import pytest

from nexhina.sandbox.child import Child
from nexhina.sandbox.sound.runs import cut_runs, cut_sentences
from nexhina.sandbox.sound.synthesizer import Phrase, write_text
from nexhina.sandbox.speech import VOICES, SpeechCall, plan_speech
from nexhina.sandbox.studio import Studio
from nexhina.tasks import drive
from support.sandbox import ask, ask_error, open_vendor, wait_for
from support.sound import MANDARIN, loudness, probe

SPEECH = "/v1/audio/speech"


def make_call(text: str = "Good morning, dear friends.", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox-speech", "input": text, "voice": "alloy", **more}


async def say(text: str = "Good morning, dear friends.", **more: Any) -> tuple[bytes, bytes]:
    """The sound and its content type."""
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, SPEECH, make_call(text, **more))
    assert reply.status == 200, raw
    return raw, reply.headers[b"content-type"]


@pytest.mark.parametrize(
    ("form", "kind", "codec", "rate"),
    [
        ("mp3", b"audio/mpeg", "mp3float", 24_000),
        ("opus", b"audio/ogg", "opus", 48_000),
        ("aac", b"audio/aac", "aac", 24_000),
        ("flac", b"audio/flac", "flac", 24_000),
        ("wav", b"audio/wav", "pcm_s16le", 24_000),
    ],
)
async def test_every_format_can_be_decoded_and_has_its_type(
    form: str, kind: bytes, codec: str, rate: int
):
    raw, told = await say(response_format=form)
    found = probe(raw)
    assert told == kind
    assert found[:3] == (codec, rate, 1)
    assert 1.5 < found[3] < 4


async def test_without_a_format_it_is_mp3():
    raw, kind = await say()
    assert (kind, probe(raw)[0]) == (b"audio/mpeg", "mp3float")


async def test_pcm_is_24_khz_16_bit_mono_and_can_be_heard():
    raw, kind = await say(response_format="pcm")
    assert kind == b"audio/pcm"
    assert len(raw) % 2 == 0
    wav, _ = await say(response_format="wav")
    assert wav[44:] == raw
    assert 0.02 < loudness(raw) < 0.5


async def test_speed_changes_the_length():
    seconds = {}
    for speed in (0.25, 0.5, 1, 2, 4):
        raw, _ = await say(response_format="pcm", speed=speed)
        seconds[speed] = len(raw) / 48_000
    for speed in (0.25, 0.5, 2):
        assert seconds[speed] * speed == pytest.approx(seconds[1], rel=0.35)
    assert seconds[0.25] > seconds[0.5] > seconds[1] > seconds[2] > seconds[4]


async def test_every_voice_sounds_different():
    sounds = {(await say(voice=voice, response_format="pcm"))[0] for voice in VOICES}
    assert len(sounds) == len(VOICES) == 13


async def test_the_same_request_sounds_the_same_whatever_was_spoken_before():
    async with open_vendor() as vendor:
        once, again = [
            [
                (await ask(vendor, SPEECH, make_call(text, voice=voice, speed=speed)))[1]
                for text in ("Good morning.", MANDARIN[:8])
                for voice, speed in (("alloy", 1), ("coral", 3), ("nova", 0.3), ("echo", 1))
            ]
            for _ in range(2)
        ]
        assert once == again
        pid = vendor.studio.speaking.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert (await ask(vendor, SPEECH, make_call("Good morning.")))[1] == once[0]


async def test_instructions_change_the_manner():
    plain = plan_speech(SpeechCall(**make_call()))
    slow = plan_speech(SpeechCall(**make_call(instructions="Speak slowly, in a deep voice.")))
    happy = plan_speech(SpeechCall(**make_call(instructions="开心地、快一点")))
    assert slow.pace < plain.pace < happy.pace
    assert slow.pitch < plain.pitch < happy.pitch


async def test_a_voice_of_ones_own_is_taken():
    raw, _ = await say(voice={"id": "voice_1234"}, response_format="pcm")
    assert loudness(raw) > 0.02


async def test_mandarin_is_spoken():
    raw, _ = await say(MANDARIN, response_format="pcm")
    assert 4 < len(raw) / 48_000 < 25
    assert loudness(raw) > 0.02


@pytest.mark.parametrize(
    "text", ["...", "—", "🙂🙂", "\n\n a", "\0", "<speak>hi</speak>", "[[h@l'oU]]"]
)
async def test_odd_texts_make_a_sound_that_can_be_decoded(text: str):
    raw, _ = await say(text)
    assert probe(raw)[3] > 0.05


def test_a_text_is_cut_into_sentences():
    text = "It costs 3.5 dollars! 你好。今天好吗？\nYes (he said.) No"
    assert cut_sentences(text) == [
        "It costs 3.5 dollars!", "你好。", "今天好吗？", "Yes (he said.)", "No",
    ]  # fmt: skip
    assert max(map(len, cut_sentences("word " * 500))) <= 240
    assert cut_sentences(" \n ") == []


def test_a_sentence_is_cut_into_languages():
    assert cut_runs("I love 北京 3 times") == [
        ("I love ", "en-us"), ("北京 3 ", "cmn"), ("times", "en-us"),
    ]  # fmt: skip
    assert cut_runs("42") == [("42", "en-us")]
    assert (
        "".join(text for text, _ in cut_runs("“你好”, she said: 再见")) == "“你好”, she said: 再见"
    )


@pytest.mark.parametrize(
    ("text", "voice", "read"),
    [
        ("Hello, HELLO!", "en-us+f3", "[[hEl'oU]], [[hEl'oU]]!"),
        ("Othello says hello-o", "en-us", "Othello says [[hEl'oU]]-o"),
        ("hello", "cmn", "hello"),
        ("[[h@]] [[[x] a[0]", "en-us", "[ [h@]] [ [ [x] a[0]"),  # letters, not names of sounds
        ("a\0b", "en-us", "a b"),
    ],
)
def test_a_text_is_read_as_letters_but_for_words_that_are_said_otherwise(
    text: str, voice: str, read: str
):
    assert write_text(Phrase(text, voice, 50, 150)) == read


async def test_a_long_text_comes_in_pieces_as_it_is_spoken():
    async with open_vendor() as vendor:
        body = msgspec.json.encode(make_call("This is one sentence. " * 30))
        reply = await drive(vendor.answer("POST", SPEECH, {}, body))
        assert not reply.length_known
        waits, sizes = 0, list[int]()
        for piece in reply.pieces:
            if piece.until is not None:
                waits += 1
                await drive(wait_for(piece))
            if piece.data:
                sizes.append(len(piece.data))
        assert waits  # the head was answered before the last sentence was spoken
        assert len(sizes) > 1


async def test_events_carry_the_sound_and_its_usage():
    plain, _ = await say(response_format="pcm")
    async with open_vendor() as vendor:
        call = make_call(response_format="pcm", stream_format="sse")
        reply, raw = await ask(vendor, SPEECH, call)
    assert reply.headers[b"content-type"].startswith(b"text/event-stream")
    events = [msgspec.json.decode(each[6:]) for each in raw.decode().split("\n\n")[:-1]]
    assert {each["type"] for each in events[:-1]} == {"speech.audio.delta"}
    assert b"".join(b64decode(each["audio"]) for each in events[:-1]) == plain
    usage = events[-1]["usage"]
    assert events[-1]["type"] == "speech.audio.done"
    assert usage["input_tokens"] > 3
    assert usage["output_tokens"] == round(len(plain) / 48_000 * 20)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": " \n"}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"voice": "nobody"}, "voice"),
        ({"voice": ""}, "voice"),
        ({"voice": {"id": ""}}, "voice.id"),
        ({"response_format": "ogg"}, "response_format"),
        ({"speed": 0.2}, "speed"),
        ({"speed": 4.1}, "speed"),
        ({"stream_format": "xml"}, "stream_format"),
    ],
)
async def test_what_can_not_be_spoken_is_refused(change: dict[str, Any], param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, SPEECH, {**make_call(), **change})
        assert vendor.studio.speaking.pid is None
    assert (status, error["param"]) == (400, param)


async def test_a_killed_child_is_replaced_by_the_next_call():
    async with open_vendor() as vendor:
        first = (await ask(vendor, SPEECH, make_call()))[1]
        pid = vendor.studio.speaking.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        second = (await ask(vendor, SPEECH, make_call()))[1]
        assert vendor.studio.speaking.pid not in {None, pid}
    assert first == second


def blocked(*names: str) -> tuple[str, ...]:
    """A child that lacks some libraries."""
    code = (
        f"import sys\nfor name in {names!r}: sys.modules[name] = None\n"
        "from nexhina.sandbox.worker import serve\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer)"
    )
    return (sys.executable, "-c", code)


@pytest.mark.parametrize("name", ["espeakng_loader", "av"])
async def test_without_a_library_the_answer_is_501_with_the_cure(name: str):
    studio = Studio(speaking=Child(blocked(name)))
    async with open_vendor(studio=studio) as vendor:
        status, error = await ask_error(vendor, SPEECH, make_call())
    assert (status, error["code"]) == (501, "not_implemented")
    assert "pip install 'nexhina[sandbox]'" in error["message"]
    assert name in error["message"]


async def test_a_listener_who_leaves_ends_the_work():
    async with open_vendor() as vendor:
        body = msgspec.json.encode(make_call("One more sentence to speak. " * 140))
        reply = await drive(vendor.answer("POST", SPEECH, {}, body))
        next(reply.pieces)
        reply.pieces = iter(())  # what a play does when its caller has left
        assert (await ask(vendor, SPEECH, make_call()))[0].status == 200


async def test_the_child_gets_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    from nexhina.sandbox.order import Order, Say

    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("NEXHINA_SECRET", "secret")
    code = (
        "import os, sys\n"
        "from nexhina.sandbox.order import DATA, END, FRAME, LENGTH\n"
        "source, target = sys.stdin.buffer, sys.stdout.buffer\n"
        "source.read(LENGTH.unpack(source.read(4))[0])\n"
        "told = repr(sorted(os.environ)).encode()\n"
        "target.write(FRAME.pack(DATA, len(told)) + told + FRAME.pack(END, 0))\n"
        "target.flush(); source.read()"
    )
    child = Child((sys.executable, "-c", code))
    say_it = Say("x", "", 50, 150, 1.0, "pcm")
    told = (await drive(child.begin(Order(say=say_it)).collect())).decode()
    await child.wait_closed()
    assert "PATH" in told
    assert "OPENAI_API_KEY" not in told
    assert "NEXHINA" not in told
