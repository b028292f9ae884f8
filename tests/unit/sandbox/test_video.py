"""Films: jobs over their whole life, and files that the child really made."""

import asyncio
import os
import signal
import sys
from base64 import b64encode
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from openai.types import Video
from PIL import Image, ImageChops, ImageStat

from nexhina.sandbox import video_job
from nexhina.sandbox.child import FILMING, Child
from nexhina.sandbox.film.maker import choose_rate
from nexhina.sandbox.film.stage import Stage
from nexhina.sandbox.image import plan_pictures
from nexhina.sandbox.request import ImageCall
from nexhina.sandbox.studio import Studio
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.telemetry.clock import ManualClock
from support.form import form_kind, write_form
from support.sandbox import ask, ask_error, ask_json, open_vendor

VIDEOS = "/v1/videos"


def require_official(job: Any) -> None:
    """Fits the SDK's type, which knows four sizes only."""
    Video.model_validate({**job, "size": "720x1280"}, strict=True)


async def begin(vendor: SandboxVendor, prompt: str = "a boat on the sea", **more: Any) -> Any:
    headers = more.pop("headers", None)
    call = {"model": "sandbox-video", "prompt": prompt, "seconds": "1", "size": "128x96", **more}
    job = await ask_json(vendor, VIDEOS, call, headers=headers)
    require_official(job)
    return job


async def look(vendor: SandboxVendor, job: Any) -> Any:
    return await ask_json(vendor, f"{VIDEOS}/{job['id']}", b"", method="GET")


async def finish(vendor: SandboxVendor, job: Any) -> Any:
    """The job once it has ended."""
    for _ in range(1200):
        found = await look(vendor, job)
        if found["status"] in {"completed", "failed"}:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the job does not end")


async def begun(vendor: SandboxVendor, job: Any) -> None:
    """Returns once the child works on it."""
    for _ in range(3000):
        if (await look(vendor, job))["status"] == "in_progress":
            return
        await asyncio.sleep(0.02)


async def fetch(vendor: SandboxVendor, job: Any, variant: str = "") -> tuple[Any, bytes]:
    path = f"{VIDEOS}/{job['id']}/content" + (f"?variant={variant}" if variant else "")
    reply, raw = await ask(vendor, path, b"", method="GET")
    assert reply.status == 200, raw
    assert int(reply.headers[b"content-length"]) == len(raw)
    return reply, raw


def read_frames(raw: bytes) -> tuple[Any, list[Image.Image]]:
    with av.open(BytesIO(raw), "r") as container:
        stream = container.streams.video[0]
        frames = [frame.to_image() for frame in container.decode(stream)]
        facts = (
            stream.codec_context.name, stream.codec_context.pix_fmt, float(stream.average_rate or 0),
            float((container.duration or 0) / 1_000_000),
        )  # fmt: skip
        return facts, frames


async def test_a_film_is_h264_of_the_asked_size_and_length_and_it_moves():
    async with open_vendor() as vendor:
        job = await begin(vendor, "a boat and a bird on the sea", seconds="2", size="320x180")
        assert (job["status"], job["progress"]) == ("queued", 0)
        done = await finish(vendor, job)
        require_official(done)
        assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
        assert done["expires_at"] > done["completed_at"] >= done["created_at"]
        reply, raw = await fetch(vendor, job)
        _, thumbnail = await fetch(vendor, job, "thumbnail")
        _, sheet = await fetch(vendor, job, "spritesheet")
    assert reply.headers[b"content-type"] == b"video/mp4"
    assert raw[4:8] == b"ftyp"
    assert raw.index(b"moov") < raw.index(b"mdat")  # it plays before it is whole
    (codec, pixels, rate, seconds), frames = read_frames(raw)
    assert (codec, pixels, rate) == ("h264", "yuv420p", 24.0)
    assert seconds == pytest.approx(2.0, abs=0.05)
    assert {frame.size for frame in frames} == {(320, 180)}
    assert len(frames) == 48
    moved = ImageStat.Stat(ImageChops.difference(frames[0], frames[-1]).convert("L")).mean[0]
    assert moved > 3
    step = ImageChops.difference(frames[20], frames[21])
    assert step.getbbox() is not None
    assert Image.open(BytesIO(thumbnail)).size == (320, 180)
    assert Image.open(BytesIO(sheet)).format == "JPEG"


async def test_frames_a_second_and_another_seed_can_be_asked_for_in_both_forms():
    async with open_vendor() as vendor:
        fields = {"model": "sandbox-video", "prompt": "a boat", "seconds": "1", "size": "128x96"}
        jobs = [await begin(vendor, "a boat", fps=15), await begin(vendor, "a boat", seed=7)]
        form = {b"content-type": form_kind()}
        for more in ({"fps": "15"}, {"seed": "7"}):
            jobs.append(await ask_json(vendor, VIDEOS, write_form(fields | more), headers=form))
        again = await finish(vendor, jobs[0])
        again = await ask_json(vendor, f"{VIDEOS}/{again['id']}/remix", {"prompt": "a gull"})
        raws = [(await fetch(vendor, await finish(vendor, job)))[1] for job in [*jobs, again]]
        refused = await ask_error(vendor, VIDEOS, write_form(fields | {"fps": "x"}), headers=form)
    assert [read_frames(raw)[0][2] for raw in raws] == [15.0, 24.0, 15.0, 24.0, 15.0]
    assert (raws[0], raws[1]) == (raws[2], raws[3])
    first, other = (read_frames(raw)[1][0] for raw in raws[:2])
    assert ImageChops.difference(first, other).getbbox() is not None
    assert (refused[0], refused[1]["param"]) == (400, "fps")


def test_long_films_have_fewer_frames_but_never_less_than_twelve_a_second():
    assert [choose_rate(ms) for ms in (1000, 4000, 8000, 12_000)] == [24, 24, 18, 12]


async def test_the_first_frame_is_the_reference():
    picture = Image.new("RGB", (128, 96), (200, 40, 40))
    file = BytesIO()
    picture.save(file, "PNG")
    body = write_form(
        {"prompt": "it begins", "seconds": "1", "size": "128x96"},
        [("input_reference", "x", None, file.getvalue())],
    )
    url = "data:image/png;base64," + b64encode(file.getvalue()).decode()
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, VIDEOS, body, headers={b"content-type": form_kind()})
        for job in (
            msgspec.json.decode(raw),
            await begin(vendor, "it begins", input_reference={"image_url": url}),
        ):
            assert (await finish(vendor, job))["status"] == "completed"
            _, frames = read_frames((await fetch(vendor, job))[1])
            pixel = frames[0].getpixel((5, 5))
            assert isinstance(pixel, tuple)
            assert abs(pixel[0] - 200) < 12
            assert abs(pixel[1] - 40) < 12
            assert ImageStat.Stat(ImageChops.difference(frames[0], frames[-1])).mean[1] > 3


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_film_of_a_plain_picture_moves_and_begins_with_it(grey: int):
    scene = plan_pictures(ImageCall(model="m", prompt="it begins", size="128x96"), 1, "m")[0]
    plain = Image.new("RGB", (128, 96), (grey, grey, grey))
    stage = Stage(msgspec.structs.replace(scene, figures=(), sky="day"), 1, plain)
    frames = [stage.frame(number / 24, number / 23) for number in range(24)]
    assert ImageChops.difference(frames[0], plain).getbbox() is None
    for one, next_ in pairwise(frames):
        assert ImageChops.difference(one, next_).getbbox() is not None
    assert ImageStat.Stat(ImageChops.difference(frames[0], frames[-1])).mean[0] > 3


async def test_jobs_are_listed_remixed_and_deleted():
    async with open_vendor() as vendor:
        jobs = [await begin(vendor, f"a boat, number {number}") for number in range(3)]
        names = [job["id"] for job in jobs]
        listed = await ask_json(vendor, VIDEOS + "?limit=2", b"", method="GET")
        assert [job["id"] for job in listed["data"]] == names[:0:-1]
        assert listed["has_more"] is True
        rest = await ask_json(vendor, f"{VIDEOS}?after={listed['last_id']}", b"", method="GET")
        assert [job["id"] for job in rest["data"]] == names[:1]
        assert rest["has_more"] is False
        for job in jobs:
            await finish(vendor, job)
        path = f"{VIDEOS}/{names[0]}"
        remix = await ask_json(vendor, f"{path}/remix", {"prompt": "at night"})
        assert remix["remixed_from_video_id"] == names[0]
        assert (await finish(vendor, remix))["status"] == "completed"
        assert (await fetch(vendor, remix))[1] != (await fetch(vendor, jobs[0]))[1]
        gone = await ask_json(vendor, path, b"", method="DELETE")
        assert gone == {"id": names[0], "object": "video.deleted", "deleted": True}
        assert (await ask_error(vendor, path, b"", method="GET"))[0] == 404


async def test_a_running_job_that_is_deleted_ends_and_leaves_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with open_vendor() as vendor:
        long = await begin(vendor, seconds="12", size="1280x720")
        await begun(vendor, long)
        await ask_json(vendor, f"{VIDEOS}/{long['id']}", b"", method="DELETE")
        short = await begin(vendor)
        assert (await finish(vendor, short))["status"] == "completed"
        assert (await fetch(vendor, short))[1]
        assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_child_that_is_killed_fails_its_job_and_the_next_one_is_made():
    async with open_vendor() as vendor:
        long = await begin(vendor, seconds="12", size="1280x720")
        await begun(vendor, long)
        pid = vendor.studio.filming.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        failed = await finish(vendor, long)
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == "internal_error"
        assert (await finish(vendor, await begin(vendor)))["status"] == "completed"


async def test_faults_can_be_asked_for():
    async with open_vendor() as vendor:
        job = await begin(vendor, headers={b"x-sandbox": b"job_fails=1"})
        failed = await finish(vendor, job)
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == "generation_failed"
        slow = await begin(vendor, headers={b"x-sandbox": b"job_ms=60000"})
        await asyncio.sleep(1)
        assert (await look(vendor, slow))["status"] in {"queued", "in_progress"}
        status, _ = await ask_error(
            vendor, f"{VIDEOS}/{slow['id']}", b"", method="GET",
            headers={b"x-sandbox": b"error_rate=1,error_code=503"},
        )  # fmt: skip
        assert status == 503


async def test_old_jobs_go(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(video_job, "MOST_JOBS", 2)
    clock = ManualClock()
    vendor = SandboxVendor(clock)
    jobs = []
    for _ in range(3):
        jobs.append(await begin(vendor))
        await finish(vendor, jobs[-1])
    listed = await ask_json(vendor, VIDEOS, b"", method="GET")
    assert [job["id"] for job in listed["data"]] == [jobs[2]["id"], jobs[1]["id"]]
    clock.advance(4000)
    assert (await ask_json(vendor, VIDEOS, b"", method="GET"))["data"] == []
    await vendor.wait_closed()


async def test_what_can_not_be_filmed_is_refused():
    async with open_vendor() as vendor:
        for change, param in (
            ({"prompt": ""}, "prompt"),
            ({"prompt": " "}, "prompt"),
            ({"seconds": "0"}, "seconds"),
            ({"seconds": "13"}, "seconds"),
            ({"seconds": "nan"}, "seconds"),
            ({"seconds": "long"}, "seconds"),
            ({"fps": 11}, "fps"),
            ({"fps": 61}, "fps"),
            ({"size": "127x96"}, "size"),
            ({"size": "62x96"}, "size"),
            ({"size": "4096x4096"}, "size"),
            ({"input_reference": {"image_url": "https://example.com/a.png"}}, "input_reference"),
            ({"input_reference": "data:image/png;base64,xx!"}, "input_reference"),
            ({"input_reference": "data:image/png;base64,AAAA"}, "input_reference"),
        ):
            call = {"model": "sandbox-video", "prompt": "sea", **change}
            status, error = await ask_error(vendor, VIDEOS, call)
            assert (status, error["param"]) == (400, param)
        assert vendor.studio.filming.pid is None
        path = f"{VIDEOS}/video_x"
        for method, rest, status in (
            ("GET", "", 404), ("GET", "/content", 404), ("POST", "", 405), ("PUT", "", 405),
            ("DELETE", "/content", 405), ("GET", "/other", 404),
        ):  # fmt: skip
            assert (await ask_error(vendor, path + rest, b"", method=method))[0] == status
        job = await begin(vendor)
        reply, raw = await ask(vendor, f"{VIDEOS}/{job['id']}/content", b"", method="GET")
        assert (reply.status, b"video_not_ready" in raw) == (404, True)


async def test_without_the_libraries_the_answer_is_501_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "av", None)
    async with open_vendor() as vendor:
        call = {"model": "sandbox-video", "prompt": "sea", "size": "128x96"}
        status, error = await ask_error(vendor, VIDEOS, call)
    assert (status, error["code"]) == (501, "not_implemented")
    assert "pip install 'nexhina[sandbox]'" in error["message"]


async def test_a_library_that_only_the_child_misses_fails_the_job_with_the_cure():
    code = (
        "import sys; sys.modules['av'] = None\n"
        "from nexhina.sandbox.worker import serve\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer)"
    )
    studio = Studio(filming=Child((sys.executable, "-c", code), trade=FILMING))
    async with open_vendor(studio=studio) as vendor:
        failed = await finish(vendor, await begin(vendor))
    assert failed["status"] == "failed"
    assert "pip install 'nexhina[sandbox]'" in failed["error"]["message"]
