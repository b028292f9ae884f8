"""Speech, hearing, films, streamed pictures by the Python SDK, at the sandbox and behind a Nexhina.

Everything is real: what is written down are the words of the sandbox's own speech, and a film is
decoded. Scripted vendors, and what they are sent, are in test_sdk_audio.py.
"""

import re
from base64 import b64decode
from collections.abc import Generator
from io import BytesIO
from operator import attrgetter
from typing import Any

import av
import msgspec
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.audio import TranscriptionVerbose, TranslationVerbose

from nexhina.domain.picture import read_picture_of
from support.pictures import make_png
from support.place import Place
from support.sdk import connect
from support.sound import SENTENCES, probe, share_heard

# The SDK calls methods deprecated whose service its vendor ends; ours goes on.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The Sora API:DeprecationWarning", "ignore:deprecated:DeprecationWarning"
)

SAID = " ".join(SENTENCES[:2])
SHORT = SENTENCES[
    2
]  # to listen takes seconds: two sentences only where it matters that they are two
HEARD = 0.7  # of the words, in their order
SIZE, SECONDS = "320x240", "1"
_SPOKEN: dict[tuple[str, str], bytes] = {}


def say(place: Place, text: str = SAID) -> dict[str, Any]:
    return {"model": place.speech, "input": text, "voice": "alloy", "response_format": "wav"}


def film(place: Place) -> dict[str, Any]:
    return {"model": place.video, "prompt": "A red kite", "size": SIZE, "seconds": SECONDS}


def speak(place: Place, text: str) -> tuple[str, bytes]:
    """The text in a file, spoken once at each place."""
    if (place.name, text) not in _SPOKEN:
        with connect(place) as client:
            _SPOKEN[place.name, text] = client.audio.speech.create(**say(place, text)).content
    return "fox.wav", _SPOKEN[place.name, text]


@pytest.fixture
def spoken(place: Place) -> tuple[str, bytes]:
    """One sentence."""
    return speak(place, SHORT)


@pytest.fixture
def lax(place: Place) -> Generator[OpenAI]:
    """A client that takes films of any size: the SDK's types know four, all of them large."""
    with connect(place, timeout=60, _strict_response_validation=False) as made:
        yield made


def test_speech_comes_whole_and_as_a_stream_of_sound(client: OpenAI, place: Place) -> None:
    whole = client.audio.speech.create(**say(place)).content
    codec, _, channels, seconds = probe(whole)
    assert (codec, channels) == ("pcm_s16le", 1)
    assert 3 < seconds < 12
    with client.audio.speech.with_streaming_response.create(**say(place)) as answer:
        assert answer.headers["x-nexhina-id"]
        assert answer.headers["content-type"].startswith("audio/")
        pieces = list(answer.iter_bytes())
    assert probe(b"".join(pieces))[3] == pytest.approx(seconds, abs=0.2)
    asked: dict[str, Any] = say(place) | {"response_format": "mp3"}
    raw = client.audio.speech.with_raw_response.create(**asked)
    assert probe(raw.parse().content)[0].startswith("mp3")


async def test_speech_comes_to_the_async_client(async_client: AsyncOpenAI, place: Place) -> None:
    whole = (await async_client.audio.speech.create(**say(place))).content
    seconds = probe(whole)[3]
    async with async_client.audio.speech.with_streaming_response.create(**say(place)) as answer:
        data = b"".join([piece async for piece in answer.iter_bytes()])
    assert probe(data)[3] == pytest.approx(seconds, abs=0.2)


def test_speech_comes_as_events(client: OpenAI, place: Place) -> None:
    asked: dict[str, Any] = say(place) | {"stream_format": "sse"}
    with client.audio.speech.with_streaming_response.create(**asked) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [
            msgspec.json.decode(line.removeprefix("data: "))
            for line in answer.iter_lines()
            if line.startswith("data: {")
        ]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] >= 0


def test_the_sandbox_s_own_speech_is_written_down_in_every_format(
    client: OpenAI, place: Place, spoken: tuple[str, bytes]
) -> None:
    asked: dict[str, Any] = {"model": place.hearing, "file": spoken, "language": "en"}
    hear = client.audio.transcriptions.create
    answer = client.audio.transcriptions.with_raw_response.create(
        **asked, include=["logprobs"], known_speaker_names=["Ann"], chunking_strategy="auto"
    )
    plain = answer.parse()
    assert share_heard(SHORT, plain.text) >= HEARD
    assert plain.usage is not None
    assert "".join(each.token or "" for each in plain.logprobs or ()) == plain.text
    if place.name == "sandbox":
        dropped = answer.headers["x-nexhina-dropped"]
        assert dropped == "chunking_strategy, known_speaker_names[]"
    assert share_heard(SHORT, str(hear(**asked, response_format="text"))) >= HEARD
    srt, vtt = (str(hear(**asked, response_format=kind)) for kind in ("srt", "vtt"))
    assert re.match(r"1\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}\n", srt)
    assert re.match(r"WEBVTT\n\n00:00:\d\d\.\d{3} --> 00:00:\d\d\.\d{3}\n", vtt)
    for subtitles in (srt, vtt):
        words = re.sub(r"(?m)^(WEBVTT|\d+|.*-->.*)$", "", subtitles)
        assert share_heard(SHORT, words) >= HEARD
    verbose = hear(**asked, response_format="verbose_json")
    assert isinstance(verbose, TranscriptionVerbose)
    assert verbose.segments
    assert 3 < float(verbose.duration) < 12
    assert share_heard(SHORT, " ".join(part.text for part in verbose.segments)) >= HEARD


def test_what_is_heard_can_be_streamed(client: OpenAI, place: Place) -> None:
    with client.audio.transcriptions.create(
        model=place.hearing, file=speak(place, SAID), stream=True
    ) as stream:
        events: list[Any] = list(stream)
    assert {event.type for event in events[:-1]} == {"transcript.text.delta"}
    assert events[-1].type == "transcript.text.done"
    assert "".join(event.delta for event in events[:-1]).strip() == events[-1].text.strip()
    assert share_heard(SAID, events[-1].text) >= HEARD


async def test_what_is_heard_comes_to_the_async_client_whole_and_streamed(
    async_client: AsyncOpenAI, place: Place, spoken: tuple[str, bytes]
) -> None:
    create = async_client.audio.transcriptions.create
    whole = await create(model=place.hearing, file=spoken)
    stream = await create(model=place.hearing, file=spoken, stream=True)
    events: list[Any] = [event async for event in stream]
    assert events[-1].text.strip() == whole.text.strip()
    assert share_heard(SHORT, whole.text) >= HEARD
    async with async_client.audio.transcriptions.with_streaming_response.create(
        model=place.hearing, file=spoken
    ) as answer:
        assert (await answer.parse()).text == whole.text


def test_what_is_heard_is_translated(
    client: OpenAI, place: Place, spoken: tuple[str, bytes]
) -> None:
    asked: dict[str, Any] = {"model": place.hearing, "file": spoken}
    translate: Any = attrgetter("audio.translations.create")(client)
    assert share_heard(SHORT, translate(**asked).text) >= HEARD
    verbose = translate(**asked, response_format="verbose_json")
    assert isinstance(verbose, TranslationVerbose)
    assert verbose.language == "english"


async def test_what_is_heard_is_translated_for_the_async_client(
    async_client: AsyncOpenAI, place: Place, spoken: tuple[str, bytes]
) -> None:
    translate: Any = attrgetter("audio.translations.create")(async_client)
    made = await translate(model=place.hearing, file=spoken)
    assert share_heard(SHORT, made.text) >= HEARD


def test_what_is_no_recording_is_refused_with_its_field(client: OpenAI, place: Place) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model=place.hearing, file=("a.wav", b"hello"))
    assert caught.value.param == "file"


def stream_pictures(place: Place, method: str) -> dict[str, Any]:
    """The arguments of a call whose pictures come as they are made."""
    given = {"image": ("a.png", make_png(256, 192))} if method == "edit" else {}
    size = "256x256"
    wish = {"model": place.image, "prompt": "A lighthouse", "size": size, "quality": "low"}
    return {**wish, **given, "stream": True, "partial_images": 2}


def require_pictures(events: list[Any], method: str) -> None:
    """Two pictures that are not finished yet, then one that is, of the size that was asked for."""
    name = "image_edit" if method == "edit" else "image_generation"
    parts = [(f"{name}.partial_image", 0), (f"{name}.partial_image", 1)]
    assert [(each.type, each.partial_image_index) for each in events[:-1]] == parts
    assert events[-1].type == f"{name}.completed"
    assert events[-1].usage.total_tokens > 0
    for event in events:
        picture = read_picture_of(b64decode(event.b64_json))
        assert picture is not None
        assert (picture.kind, picture.size) == ("png", "256x256")


@pytest.mark.parametrize("method", ["generate", "edit"])
def test_pictures_are_streamed(client: OpenAI, place: Place, method: str) -> None:
    with getattr(client.images, method)(**stream_pictures(place, method)) as stream:
        require_pictures(list(stream), method)


@pytest.mark.parametrize("method", ["generate", "edit"])
async def test_pictures_are_streamed_to_the_async_client(
    async_client: AsyncOpenAI, place: Place, method: str
) -> None:
    stream: Any = await getattr(async_client.images, method)(**stream_pictures(place, method))
    require_pictures([event async for event in stream], method)


def measure(data: bytes) -> tuple[int, int, float]:
    """Width, height and seconds of a film, each of whose pictures was decoded."""
    with av.open(BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        pictures = sum(1 for _ in container.decode(stream))
        assert stream.average_rate
        return stream.width, stream.height, pictures / float(stream.average_rate)


def test_a_film_is_made_found_downloaded_made_anew_and_deleted(lax: OpenAI, place: Place) -> None:
    films: Any = lax.videos  # its methods are marked as deprecated
    made = films.create_and_poll(**film(place), poll_interval_ms=100)
    assert (made.status, made.progress, made.size) == ("completed", 100, SIZE), made.error
    assert (made.model, made.seconds) == (place.video, SECONDS)
    assert films.retrieve(made.id).id == made.id
    assert made.id in [each.id for each in films.list(limit=2)]
    answer = films.download_content(made.id)
    assert answer.response.headers["content-type"] == "video/mp4"
    assert measure(answer.content) == (320, 240, pytest.approx(1, abs=0.1))
    with films.with_streaming_response.download_content(made.id) as stream:
        assert b"".join(stream.iter_bytes()) == answer.content
    picture = films.download_content(made.id, variant="thumbnail")
    assert picture.response.headers["content-type"].startswith("image/")

    again = films.remix(made.id, prompt="A blue kite")
    assert again.remixed_from_video_id == made.id
    again = films.poll(again.id, poll_interval_ms=100)
    assert again.status == "completed", again.error
    assert films.download_content(again.id).content != answer.content

    for each in (again, made):  # the strict client's list below must not meet this size
        assert films.delete(each.id).deleted
    with pytest.raises(openai.NotFoundError):
        films.retrieve(made.id)


async def test_a_film_is_made_for_the_async_client_and_its_answers_fit_the_sdk_s_types(
    async_client: AsyncOpenAI, place: Place
) -> None:
    videos: Any = async_client.videos
    made = await videos.create(
        model=place.video, prompt="A green kite", size="720x1280", seconds=SECONDS
    )
    assert made.status in ("queued", "in_progress", "completed")
    raw = await videos.with_raw_response.retrieve(made.id)
    assert raw.headers["x-request-id"]
    done = await videos.poll(made.id, poll_interval_ms=200)
    assert done.status == "completed", done.error
    assert made.id in [each.id async for each in videos.list(limit=5)]
    answer = await videos.download_content(made.id)
    assert measure(answer.content) == (720, 1280, pytest.approx(1, abs=0.1))
    again = await videos.remix(made.id, prompt="A blue kite")
    assert (again.remixed_from_video_id, again.size) == (made.id, "720x1280")
    assert (await videos.delete(again.id)).deleted  # while it is being made
    deleted = await videos.delete(made.id)
    assert (deleted.id, deleted.deleted) == (made.id, True)
