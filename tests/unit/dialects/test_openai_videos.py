"""Films at a vendor of OpenAI's shape: what is sent, and what its answers say, whatever they are."""

import msgspec
import pytest

from nexhina.dialects.multipart import read_form_of
from nexhina.dialects.openai_videos import OpenAIVideos, read_ms, write_form, write_seconds
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.video import Ask, Picture, VideoRequest
from nexhina.errors import InvalidRequestError

VENDOR = OpenAIVideos()
JOB = {"id": "video_1", "object": "video", "status": "queued", "progress": 0, "seconds": "4"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def encode(**changes) -> bytes:
    return msgspec.json.encode({**JOB, **changes})


def read_body(ask: Ask) -> bytes:
    assert ask.outgoing is not None
    assert isinstance(ask.outgoing.body, bytes)
    return ask.outgoing.body


def read_sent(request: VideoRequest, quirks: Quirks | None = None):
    ask = VENDOR.write_submit(request, "sora-up", quirks)
    assert (ask.method, ask.path) == ("POST", ".")
    assert ask.outgoing is not None
    assert ask.outgoing.kind is not None
    return read_form_of(read_body(ask), ask.outgoing.kind), ask.outgoing


def test_a_film_is_asked_for_by_a_form_as_the_sdk_does():
    request = VideoRequest(
        prompt="a \r\n--boundary",
        size="1280x720",
        ms=2500,
        seed=7,
        extra={"style": msgspec.Raw(b'"x"')},
    )
    form, outgoing = read_sent(request)
    told = {part.name: form.text(part.name) for part in form.parts}
    assert told == {
        "model": "sora-up",
        "prompt": "a \r\n--boundary",
        "size": "1280x720",
        "seconds": "2.5",
        "seed": "7",
        "style": "x",
    }
    assert outgoing.dropped == ()


def test_a_picture_goes_as_a_file_of_its_real_kind():
    picture = Picture(data=PNG, content_type="image/png")
    form, _ = read_sent(VideoRequest(prompt="p", pictures=(picture,)))
    (part,) = form.files("input_reference")
    assert (part.filename, part.content_type) == ("input.png", "image/png")
    assert form.read(part) == PNG


def test_a_picture_that_lies_elsewhere_goes_as_json():
    picture = Picture(url="https://host/a.png")
    ask = VENDOR.write_submit(VideoRequest(prompt="p", pictures=(picture,)), "m", None)
    assert ask.outgoing is not None
    assert ask.outgoing.kind is None
    assert msgspec.json.decode(read_body(ask))["input_reference"] == {
        "image_url": "https://host/a.png"
    }


def test_two_pictures_are_refused():
    picture = Picture(data=PNG, content_type="image/png")
    with pytest.raises(InvalidRequestError, match="one picture"):
        VENDOR.write_submit(VideoRequest(prompt="p", pictures=(picture, picture)), "m", None)


def test_a_remix_names_its_source_in_the_path():
    ask = VENDOR.write_submit(VideoRequest(prompt="p", source="a/b?c"), "m", None)
    assert ask.path == "./a%2Fb%3Fc/remix"
    assert ask.outgoing is not None
    assert read_body(ask) == b'{"prompt":"p"}'


def test_quirks_drop_rename_and_refuse():
    quirks = Quirks(drop=frozenset({"seed"}), rename={"seconds": "duration"}, since="", source="")
    form, outgoing = read_sent(VideoRequest(prompt="p", seed=1, ms=4000), quirks)
    assert outgoing.dropped == ("seed",)
    assert form.text("duration") == "4"
    refusing = Quirks(refuse=frozenset({"fps"}), since="", source="")
    with pytest.raises(InvalidRequestError, match="fps"):
        VENDOR.write_submit(VideoRequest(prompt="p", fps=24), "m", refusing)


def test_no_value_can_end_the_form_early():
    form, kind = write_form({"prompt": "x"}, None)
    boundary = kind.partition(b"boundary=")[2]
    evil = "\r\n--" + boundary.decode() + "--\r\n"
    body, kind = write_form({"prompt": evil}, None)
    assert read_form_of(body, kind).text("prompt") == evil
    assert form != body


def test_a_taken_job_has_its_name_and_state():
    taken = VENDOR.read_submit({}, encode(size="720x1280", progress=3.6))
    assert taken is not None
    assert (taken.id, taken.progress.state, taken.progress.percent) == ("video_1", "queued", 3)
    assert (taken.progress.ms, taken.progress.size) == (4000, "720x1280")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"id":"video_1"}',
        b'{"id":1,"status":"queued"}',
        b'{"id":"","status":"queued"}',
        b'{"id":"a b","status":"queued"}',
        b'{"id":"video_1","status":"dreaming"}',
        b'{"id":"\xff","status":"queued"}',
        b'{"id":"video_1","status":"queu',
        encode(id="x" * 501),
        b"[" * 100_000,
    ],
)
def test_what_is_no_job_is_none(body: bytes):
    assert VENDOR.read_submit({}, body) is None
    assert VENDOR.read_poll("video_1", {}, body) is None


def test_another_jobs_state_is_not_this_ones():
    assert VENDOR.read_poll("video_2", {}, encode()) is None


def test_a_completed_film_is_at_its_content():
    told = VENDOR.read_poll("video_1", {}, encode(status="completed", progress=100))
    assert told is not None
    assert told.film is not None
    assert told.film.ask is not None
    assert (told.film.ask.method, told.film.ask.path) == ("GET", "./video_1/content")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ({"code": "blocked", "message": "not that"}, "blocked", "not that"),
        ({"message": "key sk-abcdefgh12345678 is bad"}, None, "key [key] is bad"),
        (None, None, "The vendor gave no reason."),
        ("plain words", None, "plain words"),
    ],
)
def test_a_failed_film_says_why_and_no_more(error, code, message):
    told = VENDOR.read_poll("video_1", {}, encode(status="failed", error=error))
    assert told is not None
    assert told.error is not None
    assert (told.error.code, told.error.message) == (code, message)
    assert told.film is None


@pytest.mark.parametrize(("text", "ms"), [("4", 4000), (2.5, 2500), ("x", None), (None, None)])
def test_seconds_are_numbers_or_text(text, ms):
    assert read_ms(text) == ms


@pytest.mark.parametrize("odd", ["nan", "inf", "-1", "0", "1e99"])
def test_odd_seconds_are_none(odd):
    assert read_ms(odd) is None


def test_seconds_are_written_short():
    assert [write_seconds(ms) for ms in (4000, 2500, 1, 12_000)] == ["4", "2.5", "0.001", "12"]


def test_what_else_is_asked():
    assert VENDOR.write_poll("a/b").path == "./a%2Fb"
    cancel = VENDOR.write_cancel("v")
    assert cancel is not None
    assert (cancel.method, cancel.path) == ("DELETE", "./v")
    still = VENDOR.write_content("v", "thumbnail")
    assert still is not None
    assert still.path == "./v/content?variant=thumbnail"


@pytest.mark.parametrize("name", ["", "a\x15", "x" * 257, "line\r\nbreak"])
def test_a_parameter_whose_name_no_part_of_a_form_can_have_is_dropped_and_named(name: str):
    extra = {name: msgspec.Raw(b"1"), "style": msgspec.Raw(b'"calm"')}
    form, outgoing = read_sent(VideoRequest(prompt="p", extra=extra))
    assert form.text("style") == "calm"
    assert {part.name for part in form.parts} == {"model", "prompt", "style"}
    assert outgoing.dropped == (name,)
