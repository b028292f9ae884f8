"""Sound at DashScope and Zhipu, beyond the wire cases: formats, whole answers, bounds."""

import io
import wave
from base64 import b64decode, b64encode
from typing import Any

import msgspec
import pytest

from nexhina.contract.header import IDEMPOTENCY_KEY
from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import Dialect, Peek
from nexhina.dialects.plain_sound import write_wav_head
from nexhina.dialects.registry import BRIDGES
from nexhina.dialects.transcriptions_over_dashscope import LARGEST_FILE
from nexhina.domain.channel import Channel
from nexhina.domain.secret import Secret
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.providers.endpoint import build_target
from nexhina.providers.registry import require_provider
from support.form import form_kind, write_form
from support.inbound import make_inbound
from support.recordings import make_sound

DASHSCOPE = BRIDGES["openai_speech", "dashscope_speech"]
ZHIPU = BRIDGES["openai_speech", "zhipu_speech"]
DASHSCOPE_HEARS = BRIDGES["openai_transcriptions", "dashscope_recognition"]
ZHIPU_HEARS = BRIDGES["openai_transcriptions", "zhipu_transcriptions"]
EVENTS = {b"content-type": b"text/event-stream;charset=UTF-8"}
JSON = {b"content-type": b"application/json"}
SOUND = bytes(range(256)) * 8
KEPT = {IDEMPOTENCY_KEY: b"k"}


def speak(headers: dict[bytes, bytes] | None = None, **more: Any) -> Any:
    return make_inbound({"model": "m", "input": "Hello", "voice": "Cherry", **more}, headers)


def hear(data: bytes, **fields: str) -> Any:
    body = write_form({"model": "m", **fields}, [("file", "a.wav", "audio/wav", data)])
    return make_inbound(body, {b"content-type": form_kind()})


def write_events(*pieces: bytes, stop: bool = True) -> bytes:
    ends = ["null"] * (len(pieces) - 1) + ["stop" if stop else "null"]
    told = [
        {"output": {"audio": {"data": b64encode(piece).decode()}, "finish_reason": end}}
        for piece, end in zip(pieces, ends, strict=True)
    ]
    return b"".join(b"data:" + msgspec.json.encode(each) + b"\n\n" for each in told)


def read_wav(file: bytes) -> tuple[int, int, int, bytes]:
    with wave.open(io.BytesIO(file)) as sound:
        frames = sound.readframes(sound.getnframes())
        return sound.getframerate(), sound.getsampwidth(), sound.getnchannels(), frames


def run(dialect: Dialect, peek: Peek, body: bytes, size: int = 100) -> tuple[Any, bytes]:
    watch = dialect.watch(peek, "m", "m")
    made = b"".join(watch.feed(body[at : at + size]) for at in range(0, len(body), size))
    return watch, made + watch.finish(clean=True)


@pytest.mark.parametrize("dialect", [DASHSCOPE, ZHIPU], ids=["dashscope", "zhipu"])
def test_sound_that_is_asked_for_as_mp3_is_refused_with_what_there_is(dialect: Dialect) -> None:
    call = speak(response_format="mp3")
    with pytest.raises(InvalidRequestError) as refusal:
        dialect.write_same(dialect.peek(call), call.body, "m", None)
    assert refusal.value.message == "'response_format' is 'mp3', but m makes wav and pcm only."
    assert refusal.value.param == "response_format"


@pytest.mark.parametrize("more", [{}, {"response_format": None}, {"response_format": "wav"}])
def test_wav_is_what_comes_where_no_format_is_named(more: dict[str, Any]) -> None:
    peek = DASHSCOPE.peek(speak(**more))
    watch, made = run(DASHSCOPE, peek, write_events(SOUND[:100], SOUND[100:], b""))
    assert watch.ended
    assert watch.write_head(EVENTS) == [(b"content-type", b"audio/wav")]
    assert made == write_wav_head(None) + SOUND
    call = speak(**more)
    sent = ZHIPU.write_same(ZHIPU.peek(call), call.body, "m", None).body
    assert msgspec.json.decode(sent)["response_format"] == "wav"  # pyright: ignore[reportArgumentType]


def test_a_whole_answer_of_events_is_a_file_with_its_true_length() -> None:
    peek = DASHSCOPE.peek(speak(KEPT))
    assert not peek.stream
    body = write_events(SOUND[:100], SOUND[100:])
    answer = DASHSCOPE.read_answer(peek, EVENTS, body)
    assert answer is not None
    assert answer.kind == b"audio/wav"
    assert read_wav(DASHSCOPE.write_answer(peek, body, "m", "m")) == (24000, 2, 1, SOUND)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (EVENTS, write_events(SOUND, stop=False)),
        (EVENTS, write_events(b"")),
        (EVENTS, b'data:{"code":"InternalError","message":"x"}\n\n'),
        (EVENTS, b""),
        (EVENTS, b"data: no JSON\n\n"),
        (JSON, b'{"output":{"audio":{"url":"https://sounds.example/a.wav"}}}'),
    ],
)
def test_a_speech_that_does_not_end_is_no_answer(headers: dict[bytes, bytes], body: bytes) -> None:
    assert DASHSCOPE.read_answer(DASHSCOPE.peek(speak(KEPT)), headers, body) is None


def test_the_last_event_counts_without_its_empty_line() -> None:
    body = write_events(SOUND).rstrip(b"\n")
    watch, made = run(DASHSCOPE, DASHSCOPE.peek(speak(response_format="pcm")), body)
    assert (watch.ended, made) == (True, SOUND)


def test_nothing_of_a_broken_framing_becomes_an_end() -> None:
    for dialect, body in ((DASHSCOPE, write_events(SOUND).rstrip(b"\n")), (ZHIPU, SOUND)):
        for form in ("audio", "sse"):
            watch = dialect.watch(dialect.peek(speak(stream_format=form)), "m", "m")
            watch.feed(body)
            assert (watch.finish(clean=False), watch.ended) == (b"", False)


def test_sound_becomes_events_where_they_are_asked_for() -> None:
    peek = ZHIPU.peek(speak(stream_format="sse"))
    watch, made = run(ZHIPU, peek, SOUND, size=7)
    events = [msgspec.json.decode(each[6:]) for each in made.split(b"\n\n") if each]
    assert watch.ended
    assert b"".join(b64decode(each["audio"]) for each in events[:-1]) == SOUND
    assert events[-1] == {"type": "speech.audio.done"}
    kept = ZHIPU.peek(speak(KEPT, stream_format="sse"))
    answer = ZHIPU.read_answer(kept, {b"content-type": b"audio/wav"}, SOUND)
    assert answer is not None
    assert answer.kind == b"text/event-stream"
    [delta, done] = ZHIPU.write_answer(kept, SOUND, "m", "m").strip().split(b"\n\n")
    assert b64decode(msgspec.json.decode(delta[6:])["audio"]) == SOUND
    assert done == b'data: {"type":"speech.audio.done"}'


def test_words_never_become_sound_events() -> None:
    watch, made = run(ZHIPU, ZHIPU.peek(speak(stream_format="sse")), b'{"error":{"code":"1"}}')
    assert (made, watch.ended, watch.content) == (b"", False, False)
    assert watch.error is not None


@pytest.mark.parametrize("dialect", [DASHSCOPE_HEARS, ZHIPU_HEARS], ids=["dashscope", "zhipu"])
@pytest.mark.parametrize("asked", ["verbose_json", "srt", "vtt", "diarized_json"])
def test_times_that_the_vendor_does_not_tell_are_refused(dialect: Dialect, asked: str) -> None:
    call = hear(make_sound("wav", 100), response_format=asked)
    with pytest.raises(InvalidRequestError, match="ask for json or text") as refusal:
        dialect.write_same(dialect.peek(call), call.body, "m", None)
    assert refusal.value.param == "response_format"


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (DASHSCOPE_HEARS, b'{"output":{"choices":[{"message":{"content":"Good day."}}]}}'),
        (ZHIPU_HEARS, b'{"text":"Good day."}'),
    ],
    ids=["dashscope", "zhipu"],
)
def test_text_is_given_as_text(dialect: Dialect, body: bytes) -> None:
    peek = dialect.peek(hear(make_sound("wav", 100), response_format="text"))
    answer = dialect.read_answer(peek, JSON, body)
    assert answer is not None
    assert answer.kind == b"text/plain; charset=utf-8"
    assert dialect.write_answer(peek, body, "m", "m") == b"Good day.\n"


@pytest.mark.parametrize("seconds", [-1, 0, 1e300])
def test_a_length_that_cannot_be_true_is_not_charged(seconds: float) -> None:
    told = {"output": {"choices": [{"message": {"content": []}}]}, "usage": {"seconds": seconds}}
    peek = DASHSCOPE_HEARS.peek(hear(make_sound("wav", 100)))
    answer = DASHSCOPE_HEARS.read_answer(peek, JSON, msgspec.json.encode(told))
    assert answer is not None
    assert answer.usage is None
    told["usage"] = {"seconds": 1.2001}
    answer = DASHSCOPE_HEARS.read_answer(peek, JSON, msgspec.json.encode(told))
    assert answer is not None
    assert answer.usage == Usage(audio=1201)


def test_a_recording_goes_as_what_it_is_and_not_as_what_it_is_called() -> None:
    flac = make_sound("flac", 100)
    call = hear(flac)  # called a.wav
    sent = msgspec.json.decode(
        DASHSCOPE_HEARS.write_same(DASHSCOPE_HEARS.peek(call), call.body, "m", None).body  # pyright: ignore[reportArgumentType]
    )
    [message] = sent["input"]["messages"]
    [part] = message["content"]
    assert part["audio"] == f"data:audio/flac;base64,{b64encode(flac).decode()}"
    assert sent["parameters"] == {}


def test_a_recording_above_the_vendors_bound_is_refused_before_it_is_sent() -> None:
    size = LARGEST_FILE // (2 * 1000)
    for ms, fits in ((size - 1, True), (size + 1, False)):
        pcm = bytes(2 * 1000 * ms)  # 1000 samples a millisecond
        head = bytearray(write_wav_head(len(pcm)))
        call = hear(bytes(head) + pcm)
        peek = DASHSCOPE_HEARS.peek(call)
        if fits:
            sent = DASHSCOPE_HEARS.write_same(peek, call.body, "m", None).body
            assert isinstance(sent, bytes)
            assert len(sent) < 10_001_000
            continue
        with pytest.raises(InvalidRequestError, match="send a shorter or a compressed") as refusal:
            DASHSCOPE_HEARS.write_same(peek, call.body, "m", None)
        assert refusal.value.param == "file"


def test_zhipu_hears_wav_and_mp3_only() -> None:
    call = hear(make_sound("opus", 100))
    with pytest.raises(InvalidRequestError, match="'file' is ogg, but m hears wav and mp3 only"):
        ZHIPU_HEARS.write_same(ZHIPU_HEARS.peek(call), call.body, "m", None)


def test_a_transcript_of_a_cut_answer_is_none() -> None:
    peek = DASHSCOPE_HEARS.peek(hear(make_sound("wav", 100), stream="true"))
    body = b'{"output":{"choices":[{"message":{"content":"Good day."}}]}}'
    for given, clean in ((body[:-1], True), (body, False), (b"", True)):
        watch = DASHSCOPE_HEARS.watch(peek, "m", "m")
        assert watch.feed(given) == b""
        assert (watch.finish(clean=clean), watch.ended) == (b"", False)


@pytest.mark.parametrize(
    ("model", "speaks", "hears"),
    [
        ("qwen3-tts-flash", True, False),
        ("qwen3-tts-instruct-flash-2026-01-26", True, False),
        ("qwen-tts-latest", True, False),
        ("qwen3-tts-flash-realtime", False, False),
        ("cosyvoice-v3-flash", False, False),
        ("qwen3-asr-flash", False, True),
        ("qwen3-asr-flash-2026-02-10", False, True),
        ("qwen3-asr-flash-filetrans", False, False),
        ("qwen3-asr-flash-realtime", False, False),
    ],
)
def test_dashscopes_models_are_offered_for_what_they_do_over_http(
    model: str, speaks: bool, hears: bool
) -> None:
    provider = require_provider("dashscope")
    assert provider.serves(Operation.SPEECH, model) == speaks
    assert provider.serves(Operation.TRANSCRIPTIONS, model) == hears


def test_speech_at_dashscope_is_asked_for_as_events() -> None:
    provider = require_provider("dashscope")
    channel = Channel(
        id=1,
        tenant_id=1,
        name="c",
        provider="dashscope",
        public_name="c",
        base_url=None,
        key=Secret("sk-vendor"),
        models={},
    )
    target = build_target(provider, channel, Operation.SPEECH, "qwen3-tts-flash")
    assert target.path == "/api/v1/services/aigc/multimodal-generation/generation"
    assert b"\r\nX-DashScope-SSE: enable\r\n" in target.head
    hears = build_target(provider, channel, Operation.TRANSCRIPTIONS, "qwen3-asr-flash")
    assert hears.path == target.path
    assert b"X-DashScope-SSE" not in hears.head


@pytest.mark.parametrize(
    ("told", "counted"),
    [(9, 9), (8, 8), (99, 10), (0, 5), (-3, 5), (None, 5)],
)
def test_a_vendors_count_of_characters_is_believed_as_far_as_it_can_be(
    told: int | None, counted: int
) -> None:
    peek = DASHSCOPE.peek(speak(input="早上好!~", response_format="pcm"))
    data = b64encode(b"\1\2" * 8).decode()
    last: dict[str, Any] = {"output": {"audio": {"data": data}, "finish_reason": "stop"}}
    last["usage"] = {} if told is None else {"characters": told}
    watch, _ = run(DASHSCOPE, peek, b"data:" + msgspec.json.encode(last) + b"\n\n")
    assert watch.usage == Usage(character=counted)
