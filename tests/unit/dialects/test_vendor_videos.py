"""Films at DashScope, Zhipu and Google: what is sent, and what their answers mean."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from nexhina.dialects.dashscope_videos import DashScopeVideos
from nexhina.dialects.google_videos import GoogleVideos
from nexhina.dialects.video import Picture, VideoRequest, VideoVendor
from nexhina.dialects.zhipu_videos import ZhipuVideos
from nexhina.errors import InvalidRequestError

PNG = Picture(data=b"\x89PNG", content_type="image/png")
DATA = f"data:image/png;base64,{b64encode(PNG.data).decode()}"
VENDORS: tuple[VideoVendor, ...] = (DashScopeVideos(), ZhipuVideos(), GoogleVideos())
OPERATION = "models/veo-3.1-generate-preview/operations/abc123"


def sent(vendor: VideoVendor, model: str = "m", **fields: Any) -> Any:
    outgoing = vendor.write_submit(VideoRequest(prompt="a cat", **fields), model, None).outgoing
    assert outgoing is not None
    assert isinstance(outgoing.body, bytes)
    return msgspec.json.decode(outgoing.body)


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)


# --- DashScope ---------------------------------------------------------------------------------


def test_dashscope_takes_a_size_for_a_text_and_a_resolution_for_a_picture() -> None:
    vendor = DashScopeVideos()
    ask = vendor.write_submit(
        VideoRequest(prompt="a cat", size="1280x720", ms=5000, seed=3, fps=24), "wan2.5-t2v", None
    )
    assert (ask.method, ask.path, ask.head) == ("POST", ".", b"X-DashScope-Async: enable\r\n")
    assert ask.outgoing is not None
    assert ask.outgoing.dropped == ("fps",)
    assert sent(vendor, "wan2.5-t2v", size="1280x720", ms=5000, seed=3) == {
        "model": "wan2.5-t2v",
        "input": {"prompt": "a cat"},
        "parameters": {"size": "1280*720", "duration": 5, "seed": 3},
    }
    assert sent(vendor, "wan2.5-i2v", size="720x1280", pictures=(PNG,)) == {
        "model": "wan2.5-i2v",
        "input": {"prompt": "a cat", "img_url": DATA},
        "parameters": {"resolution": "720P"},
    }
    fine = VideoRequest(prompt="a cat", size="1280x720", extra={"resolution": Raw(b'"1080P"')})
    for way in (vendor, DashScopeVideos("media")):  # the size is what is charged
        told = way.write_submit(fine, "wan", None).outgoing
        assert told is not None
        assert told.dropped == ("resolution",)
        assert b"1080P" not in bytes(told.body)  # pyright: ignore[reportArgumentType]  (no Segments)
    assert sent(vendor, extra={"negative_prompt": Raw(b'"fog"'), "watermark": Raw(b"false")}) == {
        "model": "m",
        "input": {"prompt": "a cat", "negative_prompt": "fog"},
        "parameters": {"watermark": False},
    }


@pytest.mark.parametrize(
    ("output", "state", "link", "code"),
    [
        ({"task_status": "PENDING"}, "queued", None, None),
        ({"task_status": "RUNNING"}, "in_progress", None, None),
        (
            {"task_status": "SUCCEEDED", "video_url": "https://films.example/a.mp4"},
            "completed",
            "https://films.example/a.mp4",
            None,
        ),
        (
            {"task_status": "FAILED", "code": "DataInspectionFailed", "message": "no"},
            "failed",
            None,
            "content_policy_violation",
        ),
        ({"task_status": "UNKNOWN"}, "failed", None, None),
        ({"task_status": "CANCELED"}, "cancelled", None, None),
    ],
)
def test_dashscope_tells_how_far_a_task_is(
    output: dict[str, str], state: str, link: str | None, code: str | None
) -> None:
    usage = {"video_duration": 5, "size": "1280*720", "video_count": 1}
    body = encode({"output": {"task_id": "t-1", **output}, "usage": usage, "request_id": "r"})
    told = DashScopeVideos().read_poll("t-1", {}, body)
    assert told is not None
    assert (told.state, told.ms, told.size) == (state, 5000, "1280x720")
    assert (told.film.url if told.film else None) == link
    assert (told.error.code if told.error else None) == code
    assert (told.error is not None) == (state == "failed")


# --- Zhipu --------------------------------------------------------------------------------------


def test_zhipu_takes_one_picture_or_two() -> None:
    vendor = ZhipuVideos()
    fields = {"quality": Raw(b'"speed"'), "strange": Raw(b"1")}
    request = VideoRequest(prompt="a cat", size="1920x1080", ms=5000, fps=30, extra=fields)
    outgoing = vendor.write_submit(request, "cogvideox-3", None).outgoing
    assert outgoing is not None
    assert outgoing.dropped == ("strange",)
    assert sent(vendor, "cogvideox-3", size="1920x1080", ms=5000, fps=30, extra=fields) == {
        "model": "cogvideox-3",
        "prompt": "a cat",
        "size": "1920x1080",
        "duration": 5,
        "fps": 30,
        "quality": "speed",
    }
    assert sent(vendor, pictures=(PNG,))["image_url"] == DATA
    assert sent(vendor, pictures=(PNG, PNG))["image_url"] == [DATA, DATA]
    with pytest.raises(InvalidRequestError, match="takes two"):
        sent(vendor, pictures=(PNG, PNG, PNG))


def test_zhipu_tells_how_far_a_task_is() -> None:
    vendor = ZhipuVideos()
    taken = vendor.read_submit(
        {}, encode({"id": "v1", "model": "m", "task_status": "PROCESSING", "request_id": "r"})
    )
    assert taken is not None
    assert (taken.id, taken.progress.state) == ("v1", "in_progress")
    assert vendor.write_poll("v/1").path == "/async-result/v%2F1"
    done = {
        "model": "m",
        "request_id": "r",
        "task_status": "SUCCESS",
        "video_result": [{"url": "https://films.example/b.mp4", "cover_image_url": "https://c"}],
    }
    told = vendor.read_poll("v1", {}, encode(done))
    assert told is not None
    assert told.film is not None
    assert told.film.url == "https://films.example/b.mp4"
    failed = {"task_status": "FAIL", "error": {"code": "1301", "message": "sensitive"}}
    told = vendor.read_poll("v1", {}, encode(failed))
    assert told is not None
    assert told.error is not None
    told_of = (told.state, told.error.code, told.error.message)
    assert told_of == ("failed", "content_policy_violation", "sensitive")


# --- Google -------------------------------------------------------------------------------------


def test_google_takes_a_shape_a_fineness_and_a_pictures_bytes() -> None:
    vendor = GoogleVideos()
    request = VideoRequest(prompt="a cat")
    ask = vendor.write_submit(request, "models/veo-3.1-generate-preview", None)
    assert ask.path == "./veo-3.1-generate-preview:predictLongRunning"
    extra = {"negative_prompt": Raw(b'"fog"')}
    assert sent(vendor, size="1080x1920", ms=8000, seed=4, pictures=(PNG,), extra=extra) == {
        "instances": [
            {
                "prompt": "a cat",
                "image": {
                    "bytesBase64Encoded": b64encode(PNG.data).decode(),
                    "mimeType": "image/png",
                },
            }
        ],
        "parameters": {
            "negativePrompt": "fog",
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "durationSeconds": 8,
            "seed": 4,
        },
    }
    with pytest.raises(InvalidRequestError, match="1280x720") as refused:
        sent(vendor, size="1000x1000")
    assert refused.value.param == "size"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"done": False, "metadata": {}}, "in_progress"),
        ({}, "in_progress"),
        ({"done": True, "error": {"code": 3, "message": "bad prompt"}}, "failed"),
        (
            {
                "done": True,
                "response": {
                    "generateVideoResponse": {
                        "raiMediaFilteredCount": 1,
                        "raiMediaFilteredReasons": ["It was filtered."],
                    }
                },
            },
            "failed",
        ),
    ],
)
def test_google_tells_how_far_an_operation_is(answer: dict[str, Any], state: str) -> None:
    told = GoogleVideos().read_poll(OPERATION, {}, encode({"name": OPERATION, **answer}))
    assert told is not None
    assert told.state == state
    assert (told.error is not None) == (state == "failed")


@pytest.mark.parametrize(
    ("link", "with_key"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/files/a1:download?alt=media", True),
        ("https://elsewhere.example/films/a.mp4", False),
        ("https://elsewhere.example/files/../x:download?alt=media", False),
    ],
)
def test_only_a_file_of_the_api_itself_is_fetched_with_the_key(
    link: str, *, with_key: bool
) -> None:
    response = {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": link}}]}}
    body = encode({"name": OPERATION, "done": True, "response": response})
    told = GoogleVideos().read_poll(OPERATION, {}, body)
    assert told is not None
    assert told.film is not None
    if with_key:
        assert told.film.ask is not None
        assert (told.film.ask.method, told.film.ask.path) == ("GET", "/files/a1:download?alt=media")
    else:
        assert (told.film.ask, told.film.url) == (None, link)


def test_an_operations_name_is_checked_before_it_becomes_a_path() -> None:
    vendor = GoogleVideos()
    assert vendor.read_submit({}, encode({"name": "models/m/operations/../../x"})) is None
    assert vendor.read_submit({}, encode({"name": "http://else/x"})) is None
    taken = vendor.read_submit({}, encode({"name": OPERATION}))
    assert taken is not None
    assert vendor.write_poll(taken.id).path == f"/{OPERATION}"


# --- all of them --------------------------------------------------------------------------------

HOSTILE = [
    b"",
    b"{",
    b"<html>",
    b"[]",
    b"null",
    b'{"output":{}}',
    b'{"name":5}',
    b'{"task_status":[]}',
    b'{"output":{"task_id":"t","task_status":"SUCCEEDED"}}',
    b'{"id":"t","task_status":"SUCCESS","video_result":[]}',
    b'{"id":"","task_status":"PROCESSING"}',
    b'{"output":{"task_id":"a b","task_status":"PENDING"}}',
    b"\xff\xfe",
    b"[" * 5000,
]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_task_is_not_taken_for_one(vendor: VideoVendor, body: bytes) -> None:
    assert vendor.read_submit({}, body) is None
    assert vendor.read_poll("t", {}, body) is None


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_what_a_vendor_can_not_do_is_refused_by_name(vendor: VideoVendor) -> None:
    with pytest.raises(InvalidRequestError, match="whole seconds") as refused:
        sent(vendor, ms=2500)
    assert refused.value.param == "seconds"
    with pytest.raises(InvalidRequestError, match="remix"):
        sent(vendor, source="v1")
    with pytest.raises(InvalidRequestError, match="picture's bytes"):
        sent(vendor, pictures=(Picture(file_id="file-1"),))


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_refusal_is_read_whatever_its_shape(vendor: VideoVendor) -> None:
    assert vendor.read_error(429, {}, b'{"code":"Throttling","message":"slow"}').message == "slow"
    assert vendor.read_error(502, {}, b"<html>").message
