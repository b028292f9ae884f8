from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.image_operation import GPT_MODEL, PLAIN_MODEL, require_image_request
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.dialects.openai_images_over_dashscope import OpenAIImagesOverDashScope
from nexhina.dialects.quirk import Quirks
from nexhina.domain.model import Model
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import JSON, make_inbound
from support.sent import whole

IMAGES = OpenAIImages()
QUIRKS = Quirks(drop=frozenset({"seed"}), since="2026-11", source="here")
WANX = Model(
    name="wanx-v2",
    maker="alibaba",
    operations=("images",),
    image_sizes=("1024x1024", "720x1280", "auto"),
    image_qualities=("standard", "high"),
    image_limit=4,
)


def peek(**body: Any) -> Peek:
    return IMAGES.peek(make_inbound({"model": "wanx-v2", "prompt": "A city", **body}))


def refusal(**body: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        require_image_request(peek(**body), WANX)
    return caught.value


def test_the_documented_request_is_read() -> None:
    found = peek(size="1024x1024", quality="high", n=1, response_format="url", output_format="png")
    assert (found.size, found.quality, found.n) == ("1024x1024", "high", 1)
    assert (found.response_format, found.output_format) == ("url", "png")
    assert IMAGES.prompt_bytes(found, b"") == len("A city")
    require_image_request(found, WANX)


@pytest.mark.parametrize("named", [{}, {"model": None}])
@pytest.mark.parametrize(
    ("more", "model"),
    [
        ({}, PLAIN_MODEL),
        ({"quality": "standard", "response_format": "url"}, PLAIN_MODEL),
        ({"quality": "high"}, GPT_MODEL),
        ({"background": "opaque"}, GPT_MODEL),
        ({"stream": True}, GPT_MODEL),
    ],
)
@pytest.mark.parametrize("renamed", [False, True])
def test_a_call_without_a_model_gets_the_default_for_its_parameters(
    named: dict[str, Any], more: dict[str, Any], model: str, renamed: bool
) -> None:
    body = {"prompt": "A city", **named, **more}
    found = IMAGES.peek(make_inbound(body))
    upstream = "up" if renamed else model
    sent = IMAGES.write_same(found, msgspec.json.encode(body), upstream, QUIRKS)
    assert (found.model, sent.lane) == (model, "splice")
    assert msgspec.json.decode(whole(sent.body)) == body | {"model": upstream}


def test_what_is_left_out_is_the_models_choice() -> None:
    require_image_request(peek(), WANX)
    free = Model(name="any", maker="x", operations=("images",))
    require_image_request(peek(size="1x1", quality="odd", n=10), free)


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"size": "1x1"}, "size", "it draws 1024x1024, 720x1280, auto."),
        ({"quality": "low"}, "quality", "it has standard, high."),
        ({"n": 5}, "n", "at most 4"),
        ({"prompt": ""}, "prompt", "1 to 131072 characters that says what to draw"),
        ({"prompt": "x" * 1_000_000}, "prompt", "1 to 131072 characters"),
        ({"prompt": None}, "prompt", "not null"),
        ({"n": 0}, "n", "from 1 to 128"),
        ({"size": 1024}, "size", "a string"),
        ({"response_format": "png"}, "response_format", '"url" or "b64_json"'),
        ({"stream": True}, "stream", "does not stream pictures"),
        ({"partial_images": 4}, "partial_images", "from 0 to 3"),
        ({"stream": True, "response_format": "url"}, "response_format", "come as base64"),
    ],
)
def test_what_the_model_can_not_draw_is_refused_with_what_it_can(
    more: dict[str, Any], param: str, words: str
) -> None:
    error = refusal(**more)
    assert error.param == param
    assert words in error.message


def answer(*data: Any, **more: Any) -> bytes:
    return msgspec.json.encode({"created": 1, "data": data, **more})


def test_pictures_are_counted_with_their_variant() -> None:
    body = answer({"url": "https://x.example/1"}, {"b64_json": "aGVsbG8="}, {"url": None})
    found = IMAGES.read_answer(peek(size="1024x1024", quality="high"), JSON, body)
    assert found is not None
    assert found.usage == Usage(image=2, image_variant="1024x1024/high")


def test_what_the_answer_says_of_itself_beats_the_request() -> None:
    body = answer(
        {"b64_json": "aGVsbG8="},
        size="1536x1024",
        quality="low",
        usage={"input_tokens": 50, "output_tokens": 60, "total_tokens": 110},
    )
    found = IMAGES.read_answer(peek(size="auto"), JSON, body)
    assert found is not None
    assert found.usage == Usage(input=50, output=60, image=1, image_variant="1536x1024/low")


def test_without_size_and_quality_there_is_no_variant() -> None:
    found = IMAGES.read_answer(peek(), JSON, answer({"url": "u"}))
    assert found is not None
    assert found.usage == Usage(image=1)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({b"content-type": b"text/html"}, answer({"url": "u"})),
        (JSON, answer()),
        (JSON, answer({"revised_prompt": "x"})),
        (JSON, b'{"created":1}'),
        (JSON, b"<html>"),
    ],
)
def test_a_200_without_a_picture_is_no_answer(headers: dict[bytes, bytes], body: bytes) -> None:
    assert IMAGES.read_answer(peek(), headers, body) is None


def test_a_stream_is_refused_where_the_vendor_has_none_though_nobody_knows_the_model() -> None:
    bridge = OpenAIImagesOverDashScope(messages=True)
    asked = peek(stream=True)
    assert not bridge.streams
    with pytest.raises(InvalidRequestError, match="does not stream pictures"):
        bridge.write_same(asked, b"", "qwen-image", None)


@pytest.mark.parametrize(
    ("told", "counted"), [(2, 2), (0, 1), (1, 1), (None, 1), (-3, 1), (10**18, 3)]
)
def test_no_more_pictures_are_counted_than_came_or_were_asked_for(
    told: int | None, counted: int
) -> None:
    bridge = OpenAIImagesOverDashScope(messages=False)
    body = {"output": {"results": [{"url": "http://x.test/1.png"}]}, "usage": {"image_count": told}}
    answer = bridge.read_answer(
        peek(n=3), {b"content-type": b"application/json"}, msgspec.json.encode(body)
    )
    assert answer is not None
    assert answer.usage is not None
    assert answer.usage.image == counted
