"""The official OpenAI SDK makes, edits and varies images: files, masks, streams, links, base64.

The vendor is scripted, so that what it is sent can be looked at as well: once directly behind the
product, once behind a second Nexhina in between. Answers are validated strictly.
"""

import base64
import io
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from openai import AsyncOpenAI

from support.pictures import make_png, make_webp
from support.scene import Scene
from support.scripted_upstream import (
    CHUNKED_END,
    Cut,
    Step,
    answer,
    chunk,
    html_answer,
    json_answer,
    rate_limited,
    sse_head,
)

PNG, MASK, WEBP = make_png(64, 48), make_png(64, 48, alpha=True), make_webp(640, 480)
B64 = base64.b64encode(PNG).decode()
USAGE = {
    "total_tokens": 160,
    "input_tokens": 60,
    "output_tokens": 100,
    "input_tokens_details": {"text_tokens": 20, "image_tokens": 40},
}
MADE = {"created": 1795651200, "data": [{"b64_json": B64}], "usage": USAGE}
ASKED: Any = {"model": "m", "prompt": "Add a boat"}


@pytest.fixture
def scene(place_of: Scene) -> Scene:
    place_of.vendor.otherwise = [json_answer(MADE)]
    return place_of


@pytest.fixture
def place(scene: Scene) -> Scene:
    """Where the SDK's asynchronous client calls."""
    return scene


def event(kind: str, **more: Any) -> bytes:
    told = {
        "type": kind,
        "b64_json": B64,
        "created_at": 1795651200,
        "size": "1024x1024",
        "quality": "low",
        "background": "opaque",
        "output_format": "png",
        **more,
    }
    return chunk(b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(told)))


def stream(prefix: str, partials: int) -> list[Step]:
    steps: list[Step] = [sse_head()]
    steps += [event(f"{prefix}.partial_image", partial_image_index=n) for n in range(partials)]
    return [*steps, event(f"{prefix}.completed", usage=USAGE), CHUNKED_END]


# --- edits ----------------------------------------------------------------------------------------


def test_one_image_is_edited(scene: Scene) -> None:
    made = scene.client.images.edit(image=("a.png", PNG), response_format="b64_json", **ASKED)
    assert made.data is not None
    assert made.data[0].b64_json == B64
    assert (made.size, made.output_format, made.background) == ("64x48", "png", "opaque")
    assert made.usage is not None
    assert made.usage.input_tokens_details.image_tokens == 40
    form = scene.last_form()
    assert scene.last().path == "/v1/images/edits"
    assert (form.text("model"), form.text("prompt")) == ("scripted", "Add a boat")
    assert [form.read(part) for part in form.files("image")] == [PNG]


def test_several_images_with_a_mask_and_all_parameters(scene: Scene) -> None:
    scene.client.images.edit(
        image=[("a.png", PNG), io.BytesIO(WEBP)],
        mask=("mask.png", MASK, "image/png"),
        n=2,
        size="1024x1024",
        quality="high",
        background="transparent",
        output_format="webp",
        output_compression=50,
        input_fidelity="high",
        user="someone",
        response_format="b64_json",
        extra_body={"tomorrows": "word"},
        **ASKED,
    )
    form = scene.last_form()
    assert [form.read(part) for part in form.files("image")] == [PNG, WEBP]
    assert [part.content_type for part in form.files("image")] == ["image/png", "image/webp"]
    assert form.read(form.files("mask")[0]) == MASK
    texts = {part.name: form.text(part.name) for part in form.parts if not part.is_file}
    assert (
        texts.items()
        >= {
            "n": "2",
            "size": "1024x1024",
            "quality": "high",
            "background": "transparent",
            "output_format": "webp",
            "output_compression": "50",
            "input_fidelity": "high",
            "user": "someone",
            "tomorrows": "word",
        }.items()
    )


def test_bytes_without_a_name_get_the_type_that_they_are(scene: Scene) -> None:
    scene.client.images.edit(image=WEBP, **ASKED)
    assert scene.last_form().files("image")[0].content_type == "image/webp"


async def test_the_async_client_edits_too(scene: Scene, async_client: AsyncOpenAI) -> None:
    made = await async_client.images.edit(image=[PNG, PNG], mask=MASK, **ASKED)
    assert made.data is not None
    assert made.data[0].b64_json or made.data[0].url


def test_large_pictures_reach_the_vendor_whole(scene: Scene) -> None:
    large = make_png(3000, 2000, before=b"") + bytes(3_000_000)
    scene.client.images.edit(image=[large, PNG], **ASKED)
    form = scene.last_form()
    assert form.read(form.files("image")[0]) == large


@pytest.mark.parametrize("partials", [0, 3])
def test_an_edit_streams(scene: Scene, partials: int) -> None:
    scene.vendor.otherwise = stream("image_edit", partials)
    events = list(
        scene.client.images.edit(image=PNG, stream=True, partial_images=partials, **ASKED)
    )
    assert [each.type for each in events] == [
        *["image_edit.partial_image"] * partials,
        "image_edit.completed",
    ]
    assert all(each.b64_json == B64 for each in events)
    assert scene.last_form().text("stream") == "true"


async def test_an_edit_streams_to_the_async_client(scene: Scene, async_client: AsyncOpenAI) -> None:
    scene.vendor.otherwise = stream("image_edit", 1)
    told = await async_client.images.edit(image=PNG, stream=True, **ASKED)
    assert [each.type async for each in told][-1] == "image_edit.completed"


# --- variations -----------------------------------------------------------------------------------


def test_a_picture_is_varied(scene: Scene) -> None:
    with pytest.warns(DeprecationWarning):  # OpenAI has no model for it any more
        made = scene.client.images.create_variation(  # pyright: ignore[reportDeprecated]
            image=("a.png", PNG), model="m", n=1, size="256x256", response_format="b64_json"
        )
    assert made.data is not None
    assert made.data[0].b64_json == B64
    assert scene.last().path == "/v1/images/variations"
    assert scene.last_form().text("size") == "256x256"


async def test_the_async_client_varies_too(scene: Scene, async_client: AsyncOpenAI) -> None:
    with pytest.warns(DeprecationWarning):
        made = await async_client.images.create_variation(  # pyright: ignore[reportDeprecated]
            image=PNG, model="m"
        )
    assert made.data


# --- generations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("partials", [0, 2])
def test_a_generation_streams(scene: Scene, partials: int) -> None:
    scene.vendor.otherwise = stream("image_generation", partials)
    told = scene.client.images.generate(stream=True, partial_images=partials, **ASKED)
    events = list(told)
    assert [each.type for each in events] == [
        *["image_generation.partial_image"] * partials,
        "image_generation.completed",
    ]
    last = events[-1]
    assert last.type == "image_generation.completed"
    assert last.usage.total_tokens == 160


async def test_a_generation_streams_to_the_async_client(
    scene: Scene, async_client: AsyncOpenAI
) -> None:
    scene.vendor.otherwise = stream("image_generation", 1)
    told = await async_client.images.generate(stream=True, **ASKED)
    assert len([each async for each in told]) == 2


def test_base64_comes_as_a_link_where_a_link_is_asked_for(scene: Scene) -> None:
    made = scene.client.images.generate(response_format="url", **ASKED)
    assert made.data is not None
    assert (made.data[0].url or "").startswith(scene.product.origin)
    assert made.data[0].b64_json is None
    assert made.size == "64x48"


def test_an_answer_without_usage_has_one_of_zeros(scene: Scene) -> None:
    scene.vendor.otherwise = [json_answer({k: MADE[k] for k in ("created", "data")})]
    made = scene.client.images.generate(response_format="b64_json", **ASKED)
    assert made.usage is not None
    assert made.usage.total_tokens == 0


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "mask", "param"),
    [
        (b"not a picture", None, "image"),
        (b"", None, "image"),
        (make_png(60_000, 60_000), None, "image"),
        (PNG, make_png(10, 10, alpha=True), "mask"),
        (PNG, PNG, "mask"),
    ],
)
def test_bad_pictures_are_refused_before_the_vendor_sees_them(
    scene: Scene, image: bytes, mask: bytes | None, param: str
) -> None:
    before = len(scene.vendor.received)
    more: Any = {} if mask is None else {"mask": mask}
    with pytest.raises(openai.BadRequestError) as caught:
        scene.client.images.edit(image=image, **more, **ASKED)
    assert (caught.value.param, caught.value.code) == (param, "invalid_image")
    assert len(scene.vendor.received) == before


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([html_answer()], openai.APIStatusError),
        ([answer(200, b'{"created":1', length=5000), Cut()], openai.APIStatusError),
        (
            [json_answer({"error": {"message": "Blocked.", "code": "moderation_blocked"}}, 400)],
            openai.BadRequestError,
        ),
    ],
)
def test_a_vendor_that_refuses_or_breaks_is_a_documented_error(
    scene: Scene, steps: list[Step], kind: type[openai.APIStatusError]
) -> None:
    scene.vendor.otherwise = steps
    with pytest.raises(kind) as caught:
        scene.client.images.edit(image=PNG, **ASKED)
    assert caught.value.status_code in {400, 502}


def test_a_cut_stream_ends_with_an_error(scene: Scene, tmp_path: Path) -> None:
    del tmp_path
    whole = stream("image_edit", 1)
    scene.vendor.otherwise = [*whole[:2], chunk(b"data: {"), Cut()]
    seen: list[str] = []
    with pytest.raises(openai.APIError):
        seen.extend(each.type for each in scene.client.images.edit(image=PNG, stream=True, **ASKED))
    assert "image_edit.completed" not in seen


def test_a_busy_vendor_is_a_429_with_its_wait(scene: Scene) -> None:
    """The last one: its channel rests then."""
    scene.vendor.otherwise = [rate_limited("7")]
    with pytest.raises(openai.RateLimitError) as caught:
        scene.client.images.edit(image=PNG, **ASKED)
    assert int(caught.value.response.headers["retry-after"]) in {6, 7}
