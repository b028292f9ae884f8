import base64
from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.image_answer import complete_answer
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.domain.usage import Usage
from support.inbound import JSON, make_inbound
from support.pictures import make_jpeg, make_png

IMAGES = OpenAIImages()
USAGE = {
    "total_tokens": 30,
    "input_tokens": 10,
    "output_tokens": 20,
    "input_tokens_details": {"text_tokens": 4, "image_tokens": 6},
}
NONE = {
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}


def peek(**more: Any) -> Peek:
    return IMAGES.peek(make_inbound({"model": "m", "prompt": "x", **more}))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def complete(answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    return msgspec.json.decode(complete_answer(peek(**more), msgspec.json.encode(answer)))


OPAQUE = {"created": 1, "data": [{"b64_json": b64(make_png(64, 48))}]}
CLEAR = {"created": 1, "data": [{"b64_json": b64(make_png(64, 48, alpha=True))}]}
LINK = {"created": 1, "data": [{"url": "https://x.example/1.png"}]}


def test_what_was_auto_is_told_by_the_pictures_own_header() -> None:
    found = complete(OPAQUE | {"usage": USAGE}, size="auto", quality="auto", background="auto")
    more = {"size": "64x48", "output_format": "png", "background": "opaque"}
    assert found == OPAQUE | more | {"usage": USAGE}
    photo = {"created": 1, "data": [{"b64_json": b64(make_jpeg(30, 20, before=9000))}]}
    assert complete(photo)["size"] == "30x20"
    assert complete(photo)["output_format"] == "jpeg"


def test_the_vendors_word_stands_and_auto_is_no_word() -> None:
    told = {
        "size": "32x32",
        "quality": "high",
        "background": "transparent",
        "output_format": "webp",
    }
    assert complete(OPAQUE | told | {"usage": USAGE}) == OPAQUE | told | {"usage": USAGE}
    found = complete(OPAQUE | {"size": "auto", "quality": None}, quality="low")
    assert (found["size"], found["quality"]) == ("64x48", "low")


def test_what_nobody_can_tell_is_not_told() -> None:
    found = complete(CLEAR, quality="auto")
    assert "background" not in found  # it may hide nothing
    assert "quality" not in found
    assert complete(CLEAR, background="transparent")["background"] == "transparent"
    assert "quality" not in complete(OPAQUE, quality="hd")  # no word of this format's answers
    assert complete(LINK, size="auto") == LINK | {"usage": NONE}
    assert "size" not in complete({"created": 1, "data": [{"b64_json": "aGVsbG8="}]})


def test_an_answer_that_lacks_nothing_stays_byte_for_byte() -> None:
    body = msgspec.json.encode(LINK | {"usage": USAGE})
    assert complete_answer(peek(), body) is body


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        (None, NONE),
        ({"input_tokens": 10, "output_tokens": 20}, USAGE | {"input_tokens_details": {"text_tokens": 10, "image_tokens": 0}}),
        ({"prompt_tokens": 10, "total_tokens": 30}, USAGE | {"prompt_tokens": 10, "input_tokens_details": {"text_tokens": 10, "image_tokens": 0}}),
        (USAGE | {"total_tokens": None, "output_tokens_details": {"x": 1}}, USAGE | {"output_tokens_details": {"x": 1}}),
        ({"images": 1}, NONE | {"images": 1}),
    ],
)  # fmt: skip
def test_the_usage_has_all_its_members(given: Any, completed: dict[str, Any]) -> None:
    answer = LINK if given is None else LINK | {"usage": given}
    assert complete(answer)["usage"] == completed


def test_every_byte_of_a_vendors_answer_that_is_not_added_to_stays() -> None:
    body = (
        b'{ "created":1.50,\n "data":[{"b64_json":"%b"}], "x":"\\u00e9" }'
        % b64(make_png(5, 6)).encode()
    )
    found = complete_answer(peek(), body)
    assert found.startswith(body[:-2])
    assert msgspec.json.decode(found)["size"] == "5x6"


def test_base64_with_escaped_slashes_is_measured() -> None:
    text = b64(make_jpeg(300, 200)).replace("/", "\\/")
    body = b'{"created":1,"data":[{"b64_json":"%b"}]}' % text.encode()
    assert b'"size":"300x200"' in complete_answer(peek(), body)


def test_picture_tokens_are_counted_apart_where_the_vendor_splits_them() -> None:
    def read(usage: Any) -> Usage | None:
        body = msgspec.json.encode(LINK | {"usage": usage})
        found = IMAGES.read_answer(peek(), JSON, body)
        return None if found is None else found.usage

    assert read(USAGE) == Usage(input=4, image_input=6, output=20, image=1)
    more = USAGE | {"input_tokens_details": {"text_tokens": 4, "image_tokens": 600}}
    assert read(more) == Usage(input=0, image_input=10, output=20, image=1)
    assert read(USAGE | {"input_tokens_details": None}) == Usage(input=10, output=20, image=1)


def test_a_size_that_was_left_open_is_charged_as_what_came() -> None:
    body = msgspec.json.encode(OPAQUE)
    found = IMAGES.read_answer(peek(size="auto", quality="high"), JSON, body)
    assert found is not None
    assert found.usage == Usage(image=1, image_variant="64x48/high")


def test_a_data_url_in_the_place_of_base64_is_measured() -> None:
    url = "data:image/png;base64," + b64(make_png(7, 9))
    assert complete({"created": 1, "data": [{"b64_json": url}]})["size"] == "7x9"
