"""Pictures: the request's checks, and files that the child really drew."""

import os
import signal
import subprocess
import sys
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from openai.types import ImagesResponse
from PIL import Image

from nexhina.errors import InternalError, NotBuiltError, OverloadedError, RateLimitedError
from nexhina.sandbox.child import Child
from nexhina.sandbox.image import plan_pictures
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.request import ImageCall
from nexhina.sandbox.studio import Studio
from nexhina.tasks import Steps, drive
from support.sandbox import IMAGES, ask, ask_error, ask_json, open_vendor
from support.wire import until

SMALL = "96x64"


def make_call(prompt: str = "A boat on the sea", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox-image", "prompt": prompt, "size": SMALL, "quality": "low", **more}


def plan(prompt: str, **more: Any) -> Picture:
    return plan_pictures(ImageCall(**make_call(prompt, **more)), 0, "sandbox-image")[0]


def decode(answer: Any) -> list[bytes]:
    return [b64decode(item["b64_json"]) for item in answer["data"]]


def open_image(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


async def draw(**more: Any) -> list[bytes]:
    async with open_vendor() as vendor:
        return decode(await ask_json(vendor, IMAGES, make_call(**more)))


async def test_an_answer_is_what_the_official_types_expect():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, IMAGES, make_call())
    ImagesResponse.model_validate(answer, strict=True)
    usage = answer["usage"]
    assert usage["input_tokens_details"] == {"text_tokens": 5, "image_tokens": 0}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens"] > 0
    assert (answer["size"], answer["output_format"], answer["quality"]) == (SMALL, "png", "low")


@pytest.mark.parametrize("size", ["64x64", "65x97", "1024x1024", "720x1280", "4096x64", "auto"])
async def test_a_picture_has_exactly_the_size_asked_for(size: str):
    image = open_image((await draw(size=size))[0])
    expected = "1024x1024" if size == "auto" else size
    assert f"{image.width}x{image.height}" == expected


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
async def test_a_picture_has_the_format_asked_for(form: str):
    image = open_image((await draw(output_format=form))[0])
    assert image.format == form.upper()
    assert len(image.convert("RGB").getcolors(1 << 20) or ()) > 50  # something is drawn


async def test_the_same_seed_gives_the_same_file():
    assert await draw(seed=5) == await draw(seed=5)
    assert await draw() == await draw()
    assert await draw(seed=5) != await draw(seed=6)


async def test_another_prompt_gives_another_picture():
    pictures = [(await draw(prompt=prompt))[0] for prompt in ("a cat", "a cat ", "城市", "a boat")]
    assert len(set(pictures)) == 4


async def test_several_pictures_are_different():
    pictures = await draw(n=3)
    assert len(set(pictures)) == 3


async def test_compression_makes_a_smaller_file():
    coarse = (await draw(output_format="jpeg", output_compression=10, size="256x256"))[0]
    fine = (await draw(output_format="jpeg", output_compression=95, size="256x256"))[0]
    assert len(coarse) < len(fine)


@pytest.mark.parametrize("form", ["png", "webp"])
async def test_a_transparent_background_is_transparent_where_nothing_stands(form: str):
    files = await draw(prompt="a cat in the forest", background="transparent", output_format=form)
    image = open_image(files[0])
    assert image.mode == "RGBA"
    low, high = image.getchannel("A").getextrema()
    assert (low, high) == (0, 255)


async def test_quality_changes_the_detail():
    low, high = (await draw(quality="low"))[0], (await draw(quality="high"))[0]
    assert (await draw(quality="max"))[0] == high
    assert low != high


@pytest.mark.parametrize(
    ("prompt", "land"),
    [
        ("Futuristic technology city", "city"),
        ("未来科技城市", "city"),
        ("waves on the ocean", "sea"),
        ("森林里的猫", "forest"),
        ("snowy mountains", "mountain"),
        ("a camel in the desert", "desert"),
        ("an astronaut near a galaxy", "space"),
        ("a lighthouse", "sea"),
    ],
)
def test_words_of_the_prompt_choose_the_land(prompt: str, land: str):
    assert plan(prompt).land == land


def test_words_of_the_prompt_choose_sky_and_figures():
    picture = plan("Two cats and a robot under the full moon at night")
    assert picture.sky == "night"
    assert picture.figures == ("cat", "robot")
    assert plan("a category of scars").figures == ()  # no cat, no car


@pytest.mark.parametrize(
    "prompt",
    [
        "cat dog bird",
        "boat house flower",
        "balloon robot rocket",
        "car tree fish",
        "woman and lighthouse",
    ],
)
@pytest.mark.parametrize("sky", ["rain", "snow", "sunset"])
def test_every_figure_can_be_drawn_in_every_weather(prompt: str, sky: str):
    from nexhina.sandbox.drawing.painter import paint

    for land in ("city", "sea", "forest", "mountain", "desert", "field", "space"):
        image = open_image(paint(plan(f"{land} in {sky}: {prompt}", size="64x80")))
        assert image.size == (64, 80)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"size": "63x64"}, "size"),
        ({"size": "4097x64"}, "size"),
        ({"size": "4096x4097"}, "size"),
        ({"size": "1024"}, "size"),
        ({"size": "1024X1024"}, "size"),
        ({"size": "-5x64"}, "size"),
        ({"size": ""}, "size"),
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"quality": "best"}, "quality"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_compression": 101}, "output_compression"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
        ({"response_format": "file"}, "response_format"),
    ],
)
async def test_what_can_not_be_drawn_is_refused(change: dict[str, Any], param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, IMAGES, make_call(**change))
        assert vendor.studio.drawing.pid is None
    assert (status, error["param"]) == (400, param)


async def test_a_refused_size_lists_what_is_allowed():
    async with open_vendor() as vendor:
        _, error = await ask_error(vendor, IMAGES, make_call(size="5000x5000"))
    assert "64 to 4096" in error["message"]
    assert "16,777,216" in error["message"]
    assert "auto" in error["message"]


async def test_the_platform_gets_base64_also_where_a_link_was_asked_for():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, IMAGES, make_call(response_format="url"))
    assert open_image(decode(answer)[0]).size == (96, 64)


async def test_a_killed_child_is_replaced_by_the_next_call():
    async with open_vendor() as vendor:
        first = await ask_json(vendor, IMAGES, make_call())
        pid = vendor.studio.drawing.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        second = await ask_json(vendor, IMAGES, make_call())
        assert vendor.studio.drawing.pid not in {None, pid}
    assert first["data"] == second["data"]


async def test_the_parent_never_loads_the_drawing_library():
    program = """
import asyncio, sys, msgspec
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from nexhina.telemetry.clock import SystemClock

async def wait(piece):
    await piece.until

async def collect_body(reply):
    found = b""
    for piece in reply.pieces:
        if piece.until is not None:
            await drive(wait(piece))
        found += piece.data
    return found

async def main():
    vendor = SandboxVendor(SystemClock())
    call = {"model": "sandbox-image", "prompt": "sea", "size": "64x64"}
    body = msgspec.json.encode(call)
    reply = await drive(vendor.answer("POST", "/v1/images/generations", {}, body))
    assert reply.status == 200
    body = await collect_body(reply)
    vendor.close()
    print("PIL" in sys.modules, len(body) > 500)

asyncio.run(main())
"""
    done = subprocess.run(  # noqa: ASYNC221  (nothing else runs here)
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["False", "True"], done.stderr


async def test_the_parents_memory_does_not_grow_with_pictures():
    import tracemalloc

    call = make_call(size="512x512", output_format="webp")
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, IMAGES, call)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(8):
                await ask(vendor, IMAGES, call)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert after - before < len(raw)


def worker_of(code: str) -> tuple[str, ...]:
    """A child that does something else than drawing."""
    return (sys.executable, "-c", code)


async def ended(child: Child, **more: Any) -> BaseException | None:
    try:
        await drive(child.draw(plan("sea", **more)))
    except (InternalError, NotBuiltError, RateLimitedError, OverloadedError) as error:
        return error
    finally:
        await child.wait_closed()
    return None


async def test_without_the_drawing_library_the_answer_is_501_with_the_cure():
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from nexhina.sandbox.worker import serve\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer)"
    )
    async with open_vendor(studio=Studio(drawing=Child(worker_of(code)))) as vendor:
        status, error = await ask_error(vendor, IMAGES, make_call())
    assert (status, error["code"]) == (501, "not_implemented")
    assert "pip install 'nexhina[sandbox]'" in error["message"]


@pytest.mark.parametrize(
    "code", ["", "raise SystemExit(3)", "import sys; sys.stdin.buffer.read(9)"]
)
async def test_a_child_that_always_dies_costs_an_error_and_no_endless_loop(code: str):
    error = await ended(Child(worker_of(code)))
    assert isinstance(error, InternalError)


async def test_a_child_that_can_not_start_costs_an_error():
    error = await ended(Child(("/nowhere/python",)))
    assert isinstance(error, InternalError)
    assert "can't start" in error.message


async def test_a_child_that_hangs_is_killed_in_time():
    error = await ended(Child(worker_of("import time; time.sleep(60)"), timeout_s=0.2))
    assert isinstance(error, InternalError)
    assert "0.2 seconds" in error.message


async def test_a_child_that_talks_nonsense_costs_an_error():
    code = "import sys; sys.stdin.buffer.read(9); sys.stdout.buffer.write(b'\\7\\0\\0\\0\\1\\xc1'); sys.stdout.flush(); sys.stdin.read()"
    error = await ended(Child(worker_of(code)))
    assert isinstance(error, InternalError)


async def test_a_child_that_announces_too_much_is_given_up():
    code = "import sys; sys.stdin.buffer.read(9); sys.stdout.buffer.write(b'\\xff' * 9); sys.stdout.flush(); sys.stdin.read()"
    error = await ended(Child(worker_of(code)))
    assert isinstance(error, InternalError)


async def test_the_queue_is_bounded():
    child = Child(worker_of("import time; time.sleep(60)"), queue=2)
    failures: list[BaseException | None] = []
    for _ in range(2):
        steps = Steps(_ignore(child), failures.append)
        steps.advance()
    with pytest.raises(RateLimitedError) as caught:
        await drive(child.draw(plan("sea")))
    assert (b"retry-after", b"2") in caught.value.headers
    await child.wait_closed()
    assert all(isinstance(error, OverloadedError) for error in failures)
    assert len(failures) == 2


async def _ignore(child: Child) -> None:
    await child.draw(plan("sea"))


async def test_a_picture_that_nobody_waits_for_leaves_the_queue():
    child = Child(worker_of("import time; time.sleep(60)"), queue=1)
    ends: list[BaseException | None] = []
    steps = Steps(_ignore(child), ends.append)
    steps.advance()
    steps.throw(TimeoutError())
    assert isinstance(ends[0], TimeoutError)
    again = Steps(_ignore(child), ends.append)
    again.advance()  # there is room again
    assert len(ends) == 1
    await child.wait_closed()
    assert isinstance(ends[1], OverloadedError)


async def test_an_idle_child_is_ended_and_comes_back():
    child = Child(idle_s=0.05)
    await drive(child.draw(plan("sea")))
    pid = child.pid
    assert pid is not None
    await until(lambda: child.pid is None)
    assert await drive(child.draw(plan("sea")))
    assert child.pid != pid
    await child.wait_closed()


async def test_a_closed_child_draws_no_more():
    child = Child()
    await child.wait_closed()
    with pytest.raises(OverloadedError):
        await drive(child.draw(plan("sea")))
