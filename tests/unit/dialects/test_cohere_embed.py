"""Cohere's embed routes: what is asked, what an answer must have, and what was used."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.registry import DIALECTS
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers
from support.inbound import JSON, make_inbound
from support.sent import whole

V1, V2 = DIALECTS["cohere_embed_v1"], DIALECTS["cohere_embed"]
PICTURE = "data:image/png;base64," + "A" * 2000


def peek(**body: Any) -> Peek:
    return V2.peek(make_inbound({"model": "m", **body}))


def refusal(**body: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        peek(**body)
    return caught.value


def part(text: str | None = None, url: str | None = None) -> dict[str, Any]:
    if url is not None:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": text}


def read(dialect: Any, found: Peek, answer: Any, headers: Headers = JSON) -> Any:
    return dialect.read_answer(found, headers, msgspec.json.encode(answer))


def test_texts_are_counted_and_bounded() -> None:
    found = peek(texts=["a", "né"], output_dimension=256)
    assert (found.model, found.inputs, found.media_parts, found.dimensions) == ("m", 2, 0, 256)
    assert V2.prompt_bytes(found, b"") == 4 <= found.text_bytes
    assert found.call_id == "0190"


def test_pictures_are_not_taken_for_text() -> None:
    found = peek(images=[PICTURE, PICTURE])
    assert (found.inputs, found.media_parts) == (2, 2)
    assert found.text_bytes < 200
    assert V2.prompt_bytes(found, b"") == 0


def test_an_input_of_text_and_pictures_is_one_vector() -> None:
    large = PICTURE + "A" * 40_000  # cut out of what is parsed
    found = peek(inputs=[{"content": [part("abc"), part(url=large)]}, {"content": [part("d")]}])
    assert (found.inputs, found.media_parts) == (2, 1)
    assert V2.prompt_bytes(found, b"") == 4
    assert found.text_bytes < 1000


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "texts"),
        ({"texts": None}, "texts"),
        ({"texts": ["a"], "images": [PICTURE]}, "images"),
        ({"texts": ["a"], "inputs": [{"content": [part("a")]}]}, "inputs"),
        ({"texts": []}, "texts"),
        ({"texts": "a"}, "texts"),
        ({"texts": ["a", 1]}, "texts[1]"),
        ({"texts": ["a"] * 2049}, "texts"),
        ({"inputs": [{"content": []}]}, "inputs[0].content"),
        ({"inputs": [{"content": [{"type": "audio"}]}]}, "inputs[0].content[0].type"),
        ({"texts": ["a"], "embedding_types": ["int4"]}, "embedding_types[0]"),
        ({"texts": ["a"], "output_dimension": 0}, "output_dimension"),
        ({"texts": ["a"], "truncate": "MIDDLE"}, "truncate"),
        ({"texts": ["a"], "model": 7}, "model"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    error = refusal(**body)
    assert error.param is not None
    assert error.param.partition("[")[0] == param.partition("[")[0]


def test_a_request_goes_to_a_vendor_of_the_same_version_as_it_is() -> None:
    call = make_inbound({"model": "m", "texts": ["a"], "priority": 1})
    found = V2.peek(call)
    assert V2.write_same(found, call.body, "m", None).body is call.body
    assert msgspec.json.decode(whole(V2.write_same(found, call.body, "up", None).body)) == {
        "model": "up",
        "texts": ["a"],
        "priority": 1,
    }


def test_an_answer_has_each_type_that_was_asked_for() -> None:
    found = peek(texts=["a", "b"], embedding_types=["int8", "base64"])
    vectors = {"int8": [[1], [2]], "base64": ["AAAAAA==", "AAAAAA=="], "float": None}
    answer = {"id": "x", "embeddings": vectors, "meta": {"billed_units": {"input_tokens": 3}}}
    assert read(V2, found, answer).usage == Usage(input=3)
    body = msgspec.json.encode(answer)
    assert V2.write_answer(found, body, "up", "m") is body


@pytest.mark.parametrize(
    "vectors",
    [
        {},
        {"int8": [[1], [2]]},
        {"float": [[1.0]]},
        {"float": [[1.0], [1.0], [1.0]]},
        {"float": None},
        [[1.0], [1.0]],
        "AAAA",
    ],
    ids=["none", "another type", "too few", "too many", "null", "no types", "text"],
)
def test_an_answer_to_another_request_is_a_failed_attempt(vectors: Any) -> None:
    assert read(V2, peek(texts=["a", "b"]), {"id": "x", "embeddings": vectors}) is None


def test_an_answer_that_is_no_json_is_a_failed_attempt() -> None:
    found = peek(texts=["a"])
    assert V2.read_answer(found, JSON, b"<html>") is None
    assert V2.read_answer(found, {b"content-type": b"text/html"}, b'{"embeddings":{}}') is None


@pytest.mark.parametrize(
    ("units", "usage"),
    [
        ({"input_tokens": 7}, Usage(input=7)),
        ({"input_tokens": 7.0, "images": 2}, Usage(input=7, image=2)),
        ({"image_tokens": 50}, Usage(input=50)),
        ({"input_tokens": 7, "image_tokens": 50}, Usage(input=57)),
        ({"input_tokens": 57, "text_tokens": 7, "image_tokens": 50}, Usage(input=57)),
        ({"input_tokens": 7, "text_tokens": 7, "image_tokens": 50}, Usage(input=57)),
        ({"images": 1}, Usage(image=1)),
    ],
)
def test_billed_units_become_usage(units: dict[str, float], usage: Usage) -> None:
    answer = {"embeddings": {"float": [[1.0]]}, "meta": {"billed_units": units}}
    assert read(V2, peek(texts=["a"]), answer).usage == usage


@pytest.mark.parametrize(
    "units", [None, {}, {"input_tokens": 0}, {"input_tokens": -1}, {"input_tokens": 1e18}]
)
def test_without_a_true_count_the_text_is_estimated(units: Any) -> None:
    answer = {"embeddings": {"float": [[1.0]]}, "meta": {"billed_units": units}}
    found = read(V2, peek(texts=["a" * 9]), answer)
    assert found.usage == Usage(input=3, estimated=True)


def test_a_picture_without_a_count_is_a_picture() -> None:
    found = read(V2, peek(images=[PICTURE]), {"embeddings": {"float": [[1.0]]}})
    assert found.usage == Usage(image=1, estimated=True)


def test_the_first_version_answers_a_list_where_no_types_were_asked_for() -> None:
    plain = peek(texts=["a"])
    typed = peek(texts=["a"], embedding_types=["int8"])
    as_list = {"id": "x", "embeddings": [[1.0]]}
    as_types = {"id": "x", "embeddings": {"int8": [[1]]}}
    assert read(V1, plain, as_list) is not None
    assert read(V1, plain, {**as_list, "embeddings": [[1.0], [1.0]]}) is None
    assert read(V1, plain, as_types) is None
    assert read(V1, typed, as_types) is not None
    assert read(V1, typed, as_list) is None
    assert read(V1, typed, {"embeddings": 7}) is None


def test_both_versions_take_the_same_request() -> None:
    found = V1.peek(make_inbound({"model": "m", "texts": ["a"], "input_type": "search_query"}))
    assert found.inputs == 1
