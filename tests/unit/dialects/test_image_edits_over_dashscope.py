"""What DashScope's edits do not take is refused by name; pictures go as what their bytes say."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import Outgoing
from nexhina.dialects.image_edits_over_dashscope import LARGEST_PICTURE, MOST_PICTURES
from nexhina.dialects.registry import BRIDGES
from nexhina.errors import InvalidRequestError
from nexhina.ports import Inbound
from nexhina.providers.registry import require_provider
from support.inbound import make_inbound
from support.pictures import make_form, make_jpeg, make_png

EDITS = BRIDGES["openai_image_edits", "dashscope_messages"]
PNG = make_png(8, 8)
URL = f"data:image/png;base64,{b64encode(PNG).decode()}"


def fill(files: list[tuple[str, bytes]], **fields: str) -> Inbound:
    texts = {"model": "m", "prompt": "a hat", **fields}
    return make_form(texts, [(name, "a.png", "image/png", data) for name, data in files])


def ask(*images: dict[str, str], **more: Any) -> Inbound:
    return make_inbound({"model": "m", "prompt": "a hat", "images": list(images), **more})


def write(call: Inbound) -> Outgoing:
    return EDITS.write_same(EDITS.peek(call), call.body, "m", None)


@pytest.mark.parametrize(
    ("call", "param", "words"),
    [
        (fill([("image", PNG), ("mask", make_png(8, 8, alpha=True))]), "mask", "not taken by m"),
        (
            ask({"image_url": URL}, mask={"image_url": "https://a.example/m.png"}),
            "mask",
            "'prompt'",
        ),
        (ask({"image_url": URL}, {"file_id": "file-1"}), "images", "give its image_url"),
        (fill([("image[]", PNG)] * (MOST_PICTURES + 1)), "image", "11 pictures, but m takes"),
        (ask(*[{"image_url": URL}] * (MOST_PICTURES + 1)), "image", "at most 10"),
        (ask({"image_url": URL}, stream=True), "stream", "leave it out"),
        (fill([("image", PNG + bytes(LARGEST_PICTURE))]), "image", "at most 10,000,000"),
        (
            ask({"image_url": URL + "A" * (LARGEST_PICTURE // 3 * 4)}),
            "images",
            "send a smaller one",
        ),
    ],
)
def test_what_the_vendor_does_not_take_is_refused(call: Inbound, param: str, words: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        write(call)
    assert words in refusal.value.message
    assert refusal.value.param == param


def test_a_picture_goes_as_what_it_is_and_not_as_what_it_is_called() -> None:
    jpeg = make_jpeg(8, 8)
    sent = msgspec.json.decode(write(fill([("image", jpeg)])).body)  # pyright: ignore[reportArgumentType]
    [picture, words] = sent["input"]["messages"][0]["content"]
    assert picture == {"image": f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"}
    assert words == {"text": "a hat"}


def test_fields_of_a_form_become_numbers_and_truths_where_they_are_some() -> None:
    fields = {
        "seed": "0012",
        "prompt_extend": "false",
        "negative_prompt": "7",
        "watermark": "maybe",
    }
    outgoing = write(fill([("image", PNG)], **fields, quality="high"))
    sent = msgspec.json.decode(outgoing.body)  # pyright: ignore[reportArgumentType]
    assert sent["parameters"] == {
        "n": 1,
        "seed": 12,
        "prompt_extend": False,
        "negative_prompt": "7",
        "watermark": "maybe",
    }
    assert outgoing.dropped == ("quality",)
    zero = msgspec.json.decode(write(fill([("image", PNG)], seed="0")).body)  # pyright: ignore[reportArgumentType]
    assert zero["parameters"]["seed"] == 0


def test_only_models_that_edit_are_offered_for_edits() -> None:
    provider = require_provider("dashscope")
    assert provider.serves(Operation.IMAGE_EDITS, "qwen-image-edit-plus-2025-10-30")
    assert provider.serves(Operation.IMAGE_EDITS, "qwen-image-3.0-pro")
    assert provider.serves(Operation.IMAGES, "qwen-image-3.0-pro")
    assert not provider.serves(Operation.IMAGE_EDITS, "wanx2.1-t2i-turbo")
    assert provider.serves(Operation.IMAGES, "wanx2.1-t2i-turbo")
