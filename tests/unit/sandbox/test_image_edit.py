"""Edits, variations and partial pictures: what the child really did to the pixels."""

import struct
import zlib
from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

import msgspec
import pytest
from openai.types import (
    ImageEditCompletedEvent,
    ImageEditPartialImageEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
    ImagesResponse,
)  # fmt: skip
from PIL import Image, ImageChops, ImageDraw, ImageStat

from nexhina.sandbox.vendor import SandboxVendor
from support.form import form_kind, write_form
from support.sandbox import IMAGES, ask, ask_error, open_vendor

EDITS = "/v1/images/edits"
VARIATIONS = "/v1/images/variations"
HEADERS = {b"content-type": form_kind()}
HOLE = (90, 60, 180, 130)


def make_photo(size: tuple[int, int] = (200, 160)) -> Image.Image:
    noise = Image.effect_noise(size, 60).convert("RGB")
    ImageDraw.Draw(noise).ellipse((20, 20, 90, 90), fill=(200, 30, 30))
    return noise


def make_mask(size: tuple[int, int] = (200, 160)) -> Image.Image:
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(mask).rectangle((HOLE[0], HOLE[1], HOLE[2] - 1, HOLE[3] - 1), fill=(0, 0, 0, 0))
    return mask


def save(image: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    file = BytesIO()
    image.save(file, form, **more)
    return file.getvalue()


def write(*files: tuple[str, bytes], **fields: str) -> bytes:
    given = {"model": "sandbox-image", "prompt": "a cat by the sea", "quality": "low", **fields}
    return write_form(
        given, [(name, "../../etc/x.exe", "text/plain", data) for name, data in files]
    )


async def edit(
    vendor: SandboxVendor, *files: tuple[str, bytes], path: str = EDITS, **fields: str
) -> tuple[list[Image.Image], Any]:
    reply, raw = await ask(vendor, path, write(*files, **fields), headers=HEADERS)
    assert reply.status == 200, raw
    answer = msgspec.json.decode(raw)
    ImagesResponse.model_validate(answer, strict=True)
    return [Image.open(BytesIO(b64decode(each["b64_json"]))) for each in answer["data"]], answer


def differ(one: Image.Image, other: Image.Image) -> Image.Image:
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB"))


@pytest.mark.parametrize("form", ["png", "webp"])
async def test_only_the_transparent_part_of_the_mask_changes(form: str):
    photo = make_photo()
    async with open_vendor() as vendor:
        images, answer = await edit(
            vendor, ("image", save(photo)), ("mask", save(make_mask())), output_format=form
        )
    change = differ(photo, images[0])
    assert change.getbbox() is not None
    outside = change.copy()
    outside.paste((0, 0, 0), HOLE)
    assert outside.getbbox() is None
    inside = change.crop(HOLE).convert("L")
    assert sum(inside.histogram()[8:]) > 0.8 * inside.width * inside.height
    assert (answer["size"], answer["output_format"]) == ("200x160", form)
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 2 * 765


async def test_pictures_of_every_kind_are_kept_outside_the_mask_at_eight_bits():
    photo, wide = make_photo(), Image.new("I;16", (200, 160))
    wide.putdata([at * 2 for at in range(200 * 160)])
    grey = Image.new("L", wide.size)
    grey.putdata([at * 2 >> 8 for at in range(200 * 160)])
    faint = photo.convert("RGBA")
    faint.putalpha(photo.convert("L"))
    kinds = {
        "palette": (save(photo.quantize(64)), photo.quantize(64)),
        "grey": (save(photo.convert("L")), photo.convert("L")),
        "grey of 16 bits": (save(wide), grey),
        "half transparent": (save(faint), faint),
        "jpeg": (save(photo, "JPEG"), Image.open(BytesIO(save(photo, "JPEG")))),
        "webp": (save(photo, "WEBP"), Image.open(BytesIO(save(photo, "WEBP")))),
    }
    async with open_vendor() as vendor:
        for kind, (data, expected) in kinds.items():
            images, _ = await edit(vendor, ("image[0]", data), ("mask", save(make_mask())))
            change = ImageChops.difference(expected.convert("RGBA"), images[0].convert("RGBA"))
            assert change.crop(HOLE).convert("RGB").getbbox() is not None, kind
            change.paste((0, 0, 0, 0), HOLE)
            assert [band.getextrema() for band in change.split()] == [(0, 0)] * 4, kind


async def test_without_a_mask_the_pictures_own_transparency_is_filled():
    photo = make_photo().convert("RGBA")
    photo.paste((9, 9, 9, 0), HOLE)
    async with open_vendor() as vendor:
        images, _ = await edit(vendor, ("image", save(photo)))
    outside = differ(photo, images[0])
    outside.paste((0, 0, 0), HOLE)
    assert outside.getbbox() is None
    assert images[0].convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert ImageStat.Stat(images[0].convert("L").crop(HOLE)).stddev[0] > 5


async def test_without_any_mask_the_whole_changes_and_its_composition_stays():
    photo = make_photo()
    async with open_vendor() as vendor:
        images, _ = await edit(vendor, ("image", save(photo, "JPEG")), prompt="at night")
        other, _ = await edit(vendor, ("image", save(photo, "JPEG")), prompt="a dog at dawn")
        inset, _ = await edit(
            vendor, ("image[]", save(photo)), ("image[]", save(make_photo((50, 50)), "WEBP")),
            size="128x96", output_format="jpeg",
        )  # fmt: skip
    assert ImageStat.Stat(differ(photo, images[0]).convert("L")).mean[0] > 8
    assert differ(images[0], other[0]).getbbox() is not None
    disc, rest = images[0].getpixel((55, 55)), images[0].getpixel((170, 30))
    assert disc != rest  # the red disc is still there
    assert isinstance(disc, tuple)
    assert disc[0] > disc[1] + 20
    assert inset[0].size == (128, 96)
    assert inset[0].format == "JPEG"


async def test_a_background_is_taken_away_and_told_as_it_is():
    plain = Image.new("RGB", (200, 160), (40, 160, 60))
    ImageDraw.Draw(plain).ellipse((60, 40, 140, 120), fill=(200, 30, 30))
    faint = make_photo().convert("RGBA")
    faint.putalpha(120)
    async with open_vendor() as vendor:
        for given in (plain, make_photo()):
            images, answer = await edit(vendor, ("image", save(given)), background="transparent")
            alpha = images[0].convert("RGBA").getchannel("A")
            assert answer["background"] == "transparent"
            assert {alpha.getpixel((x, y)) for x in (0, 199) for y in (0, 159)} == {0}
            if given is plain:
                assert alpha.getpixel((100, 80)) == 255
        for form, told in (("png", "transparent"), ("jpeg", "opaque")):
            mask = ("mask", save(make_mask()))
            _, answer = await edit(vendor, ("image", save(faint)), mask, output_format=form)
            assert answer["background"] == told
        _, answer = await edit(
            vendor, ("image", save(plain)), path=VARIATIONS, background="transparent"
        )
        assert answer["background"] == "opaque"


async def test_an_edit_may_be_json_with_data_urls():
    def pack(image: Image.Image) -> dict[str, str]:
        return {"image_url": "data:image/png;base64," + b64encode(save(image)).decode()}

    photo = make_photo()
    call = {
        "model": "sandbox-image", "prompt": "a cat by the sea", "quality": "low",
        "images": [pack(photo)], "mask": pack(make_mask()), "n": None,
    }  # fmt: skip
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, EDITS, call)
        _, formed = await edit(vendor, ("image", save(photo)), ("mask", save(make_mask())))
    assert msgspec.json.decode(raw)["data"] == formed["data"]


async def test_variations_are_recognisable_and_all_different():
    photo = make_photo()
    async with open_vendor() as vendor:
        images, answer = await edit(vendor, ("image", save(photo)), path=VARIATIONS, n="4")
        small, _ = await edit(vendor, ("image", save(photo)), path=VARIATIONS, size="64x64")
    assert len({image.tobytes() for image in images} | {photo.tobytes()}) == 5
    assert {image.size for image in images} == {(200, 160)}
    assert answer["usage"]["input_tokens_details"]["text_tokens"] == 0
    assert small[0].size == (64, 64)
    for image in images:  # brightness by quarters is much as before, perhaps mirrored
        grey = image.convert("L").resize((8, 8))
        plain = photo.convert("L").resize((8, 8))
        mirrored = plain.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        assert (
            min(
                ImageStat.Stat(ImageChops.difference(grey, each)).mean[0]
                for each in (plain, mirrored)
            )
            < 30
        )


def read_events(raw: bytes) -> list[Any]:
    events: list[Any] = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        events.append(msgspec.json.decode(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


async def test_partial_pictures_come_before_the_finished_one():
    async with open_vendor() as vendor:
        call = {
            "model": "sandbox-image", "prompt": "a cat", "size": "96x64", "quality": "low",
            "stream": True, "partial_images": 2,
        }  # fmt: skip
        _, raw = await ask(vendor, IMAGES, call)
        _, whole = await ask(vendor, IMAGES, {**call, "stream": False})
        body = write(("image", save(make_photo())), stream="true", partial_images="1")
        _, edited = await ask(vendor, EDITS, body, headers=HEADERS)
        body = write(("image", save(make_photo())), partial_images="1")
        _, edited_whole = await ask(vendor, EDITS, body, headers=HEADERS)
    assert [len(msgspec.json.decode(each)["data"]) for each in (whole, edited_whole)] == [1, 1]
    events = read_events(raw)
    for number, event in enumerate(events[:2]):
        ImageGenPartialImageEvent.model_validate(event, strict=True)
        assert event["partial_image_index"] == number
    ImageGenCompletedEvent.model_validate(events[2], strict=True)
    pictures = [Image.open(BytesIO(b64decode(event["b64_json"]))) for event in events]
    assert len({picture.tobytes() for picture in pictures}) == 3
    gaps = [ImageStat.Stat(differ(each, pictures[2])).mean[0] for each in pictures]
    assert gaps[0] > gaps[1] > 0
    assert events[2]["b64_json"] == msgspec.json.decode(whole)["data"][0]["b64_json"]
    events = read_events(edited)
    ImageEditPartialImageEvent.model_validate(events[0], strict=True)
    ImageEditCompletedEvent.model_validate(events[1], strict=True)
    assert events[1]["size"] == "200x160"


def make_bomb() -> bytes:
    """A small PNG that says it has 60,000 × 60,000 pixels."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


async def test_what_is_no_picture_is_refused_and_the_child_lives_on():
    photo, mask = save(make_photo()), save(make_mask())
    async with open_vendor() as vendor:
        await edit(vendor, ("image", photo))
        pid = vendor.studio.drawing.pid
        for files, fields, param, code in (
            ([("image", b"no picture")], {}, "image", "invalid_image"),
            ([("image", b"")], {}, "image", "invalid_image"),
            ([("image", photo[:200])], {}, "image", "invalid_image"),
            ([("image", make_bomb())], {}, "image", "image_too_large"),
            ([("image[]", photo), ("image[]", b"GIF89a")], {}, "image[1]", "invalid_image"),
            ([("image", photo), ("mask", b"x")], {}, "mask", "invalid_image"),
            ([("image", photo), ("mask", photo)], {}, "mask", "invalid_mask"),
            ([("image", photo), ("mask", save(make_mask((199, 160))))], {}, "mask", "invalid_mask"),
            ([("image", photo), ("mask", mask), ("mask", mask)], {}, "mask", None),
            ([], {}, "image", None),
            ([("image", photo)] * 17, {}, "image", None),
            ([("image", photo)], {"prompt": " "}, "prompt", None),
            ([("image", photo)], {"n": "11"}, "n", None),
            ([("image", photo)], {"n": "many"}, "n", None),
            ([("image", photo)], {"size": "5x5"}, "size", None),
            ([("image", photo)], {"output_format": "bmp"}, "output_format", None),
        ):
            body = write(*files, **fields)
            status, error = await ask_error(vendor, EDITS, body, headers=HEADERS)
            assert (status, error["param"]) == (400, param), error
            assert code is None or error["code"] == code
        status, _ = await ask_error(vendor, VARIATIONS, {"model": "sandbox-image", "prompt": "x"})
        assert status == 415
        for url in ("https://example.com/a.png", "data:image/png;base64,!!"):
            call = {"model": "sandbox-image", "prompt": "x", "images": [{"image_url": url}]}
            status, error = await ask_error(vendor, EDITS, call)
            assert (status, error["param"]) == (400, "images[0].image_url")
        assert vendor.studio.drawing.pid == pid
