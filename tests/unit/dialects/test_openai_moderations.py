"""Moderations: what a request asks for, with and without a model."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.openai_moderations import DEFAULT_MODEL, OpenAIModerations
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound
from support.sent import whole

MODERATIONS = OpenAIModerations()
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def peek(body: dict[str, Any]) -> Peek:
    return MODERATIONS.peek(make_inbound(msgspec.json.encode(body)))


@pytest.mark.parametrize(
    ("given", "inputs", "images"),
    [
        ("a", 1, 0),
        (["a", "b"], 2, 0),
        ([{"type": "text", "text": "a"}, IMAGE], 1, 1),
    ],
)
def test_inputs_are_counted(given: Any, inputs: int, images: int) -> None:
    found = peek({"model": "m", "input": given})
    assert (found.inputs, found.media_parts) == (inputs, images)


@pytest.mark.parametrize("body", [{"input": "a"}, {"model": None, "input": "a"}])
def test_a_call_without_a_model_gets_the_default_one(body: dict[str, Any]) -> None:
    found = peek(body)
    assert found.model == DEFAULT_MODEL
    sent = MODERATIONS.write_same(found, msgspec.json.encode(body), "up", None)
    assert msgspec.json.decode(whole(sent.body)) == {"input": "a", "model": "up"}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ([], "input"),
        (7, "input"),
        (["a", IMAGE], "input"),
        ([{"type": "text"}], "input"),
        ([{"type": "image_url", "image_url": {"url": ""}}], "input[0].image_url.url"),
        ([{"type": "audio"}], "input[0].type"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(given: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        peek({"input": given})
    assert refusal.value.param == param
