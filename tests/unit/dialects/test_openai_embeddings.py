from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import JSON, make_inbound

EMBEDDINGS = OpenAIEmbeddings()


def peek(**body: Any) -> Peek:
    return EMBEDDINGS.peek(make_inbound({"model": "m", **body}))


def refusal(**body: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        peek(**body)
    return caught.value


@pytest.mark.parametrize(
    ("value", "inputs", "size"),
    [
        ("Hello né", 1, 9),
        (["a", "bc"], 2, 3),
        ([1, 2, 3], 1, 12),
        ([[1, 2], [3]], 2, 12),
        (["x"] * 2048, 2048, 2048),
    ],
)
def test_every_form_of_input_is_counted(value: Any, inputs: int, size: int) -> None:
    found = peek(input=value)
    assert found.inputs == inputs
    assert EMBEDDINGS.prompt_bytes(found, b"") == min(size, found.text_bytes)


@pytest.mark.parametrize("value", ["a text", ["a text"]])
def test_other_parameters_are_read_beside_one_text_and_many(value: Any) -> None:
    found = peek(input=value, dimensions=256, encoding_format="base64", user="u", odd=[1])
    assert (found.dimensions, found.encoding_format, found.stream) == (256, "base64", False)


@pytest.mark.parametrize("value", ["a text", ["a text"]])
@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"model": 5}, "model"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "x"}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"user": 5}, "user"),
        ({"stream": True}, "stream"),
    ],
)
def test_a_wrong_parameter_is_named(value: Any, more: dict[str, Any], param: str) -> None:
    assert refusal(input=value, **more).param == param


def test_stream_false_or_null_is_nothing() -> None:
    assert peek(input="x", stream=False).inputs == 1
    assert peek(input="x", stream=None).inputs == 1


@pytest.mark.parametrize(
    "value", ["", [], 5, None, {}, [1.5], [["a"]], ["a", 1], [1, [2]], ["a", ""], [[1], []], [True]]
)
def test_an_input_of_no_documented_form_is_refused(value: Any) -> None:
    error = refusal(input=value)
    assert error.param is not None
    assert error.param.partition("[")[0] == "input"
    assert error.message.startswith("'input' ")


def test_too_many_inputs_and_none_at_all_are_refused() -> None:
    assert "2049 entries; send at most 2048" in refusal(input=["x"] * 2049).message
    assert "missing" in refusal().message


def answer(count: int, **more: Any) -> bytes:
    data = [{"object": "embedding", "index": i, "embedding": [0.5]} for i in range(count)]
    return msgspec.json.encode({"object": "list", "data": data, "model": "up", **more})


def test_usage_of_an_answer_is_read() -> None:
    body = answer(1, usage={"prompt_tokens": 4, "total_tokens": 4})
    found = EMBEDDINGS.read_answer(peek(input="x"), JSON, body)
    assert found is not None
    assert (found.usage, found.model, found.text_bytes) == (Usage(input=4), "up", 0)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({b"content-type": b"text/html"}, answer(1)),
        (JSON, answer(2)),
        (JSON, answer(0)),
        (JSON, b'{"data":[{}]}'),
        (JSON, b"<html>"),
        (JSON, b""),
    ],
)
def test_a_200_that_is_not_one_vector_for_each_input_is_no_answer(
    headers: dict[bytes, bytes], body: bytes
) -> None:
    assert EMBEDDINGS.read_answer(peek(input="x"), headers, body) is None


def test_embeddings_do_not_stream() -> None:
    assert not EMBEDDINGS.streams
    with pytest.raises(NotImplementedError, match="openai_embeddings"):
        EMBEDDINGS.watch(peek(input="x"), "a", "a")


LONG = ",".join(["-0.012345678"] * 200)


def vectors(*inner: str) -> bytes:
    items = ",".join(f'{{"object":"embedding","embedding":[{each}]}}' for each in inner)
    return f'{{"data":[{items}],"model":"up","usage":{{"prompt_tokens":1}}}}'.encode()


def test_long_vectors_are_counted_without_their_numbers() -> None:
    for inner in ((LONG,), (LONG, "1", LONG), ("1", LONG)):
        found = EMBEDDINGS.read_answer(peek(input=["x"] * len(inner)), JSON, vectors(*inner))
        assert found is not None
        assert (found.usage, found.model) == (Usage(input=1), "up")


@pytest.mark.parametrize(
    "inner",
    [
        f"{LONG},NaN",
        f"NaN,{LONG}",
        f"{LONG},Infinity,1",
        f"{LONG},",
        f'{LONG},"a',
        f"{LONG},nan,1",
        f"{LONG},{{,1",
    ],
)
def test_a_vector_with_something_else_than_numbers_is_no_answer(inner: str) -> None:
    assert EMBEDDINGS.read_answer(peek(input="x"), JSON, vectors(inner)) is None
    assert EMBEDDINGS.read_answer(peek(input=["x", "y"]), JSON, vectors(LONG, inner)) is None


def test_a_long_vector_without_its_end_is_no_answer() -> None:
    body = vectors(LONG)
    assert EMBEDDINGS.read_answer(peek(input="x"), JSON, body[: body.index(b"]")]) is None


def test_an_alias_is_spliced_in() -> None:
    body = b'{"input":"x","model":"m"}'
    found = EMBEDDINGS.write_same(EMBEDDINGS.peek(make_inbound(body)), body, "up", None)
    assert (found.lane, found.body) == ("splice", b'{"input":"x","model":"up"}')
    assert found.dropped == ()
