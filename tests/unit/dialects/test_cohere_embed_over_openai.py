"""Cohere's embed routes for vendors of OpenAI's format: what is asked of them, what is made of it."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.quirk import Quirks
from nexhina.dialects.registry import BRIDGES
from nexhina.dialects.vector import pack_floats
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import JSON, make_inbound
from support.sent import whole

V1 = BRIDGES["cohere_embed_v1", "openai_embeddings"]
V2 = BRIDGES["cohere_embed", "openai_embeddings"]
LONG = "data:image/png;base64," + "A" * 40_000


def write(quirks: Quirks | None = None, **body: Any) -> tuple[Any, tuple[str, ...], str]:
    call = make_inbound({"model": "m", **body})
    outgoing = V2.write_same(V2.peek(call), call.body, "up", quirks)
    return msgspec.json.decode(whole(outgoing.body)), outgoing.dropped, outgoing.lane


def answer(vectors: list[Any], **more: Any) -> bytes:
    data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return msgspec.json.encode({"object": "list", "data": data, "model": "up", **more})


def run(bridge: Any, body: bytes, **asked: Any) -> Any:
    """The caller's answer; None where the vendor's is a failed attempt."""
    peek = bridge.peek(make_inbound({"model": "m", "texts": ["a", "b"], **asked}))
    if bridge.read_answer(peek, JSON, body) is None:
        return None
    return msgspec.json.decode(bridge.write_answer(peek, body, "up", "m"))


def test_texts_and_dimension_are_carried() -> None:
    sent = write(texts=["a", "b"], output_dimension=64, embedding_types=["binary"])
    assert sent == ({"model": "up", "input": ["a", "b"], "dimensions": 64}, (), "translate")


def test_what_the_vendor_has_no_word_for_is_named() -> None:
    body, dropped, _ = write(
        texts=["a"], input_type="search_query", truncate="END", max_tokens=5, priority=1, user="u"
    )
    assert body == {"model": "up", "input": ["a"], "user": "u"}
    assert dropped == ("input_type", "max_tokens", "priority", "truncate")


def test_not_to_truncate_is_what_the_vendor_does_anyway() -> None:
    assert write(texts=["a"], truncate="NONE")[:2] == ({"model": "up", "input": ["a"]}, ())


def test_null_is_no_wish() -> None:
    nothing = dict.fromkeys(("images", "inputs", "input_type", "output_dimension", "dimensions"))
    assert write(texts=["a"], **nothing)[:2] == ({"model": "up", "input": ["a"]}, ())


def test_a_name_with_a_meaning_over_there_can_not_be_smuggled_in() -> None:
    body, dropped, _ = write(
        texts=["a"], output_dimension=8, input="x", dimensions=9, encoding_format="base64"
    )
    assert body == {"model": "up", "input": ["a"], "dimensions": 8}
    assert dropped == ("dimensions", "encoding_format", "input")


def test_the_texts_of_one_input_are_joined() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    body, _, _ = write(inputs=[{"content": content}, {"content": content[:1]}])
    assert body == {"model": "up", "input": ["a\nb", "a"]}


def test_what_else_a_caller_sends_arrives_whole() -> None:
    body, _, _ = write(texts=["a"], more={"url": LONG})
    assert body["more"] == {"url": LONG}


def test_quirks_of_the_vendor_speak_the_callers_language() -> None:
    quirks = Quirks(drop=frozenset({"dimensions"}), since="2026-11", source="here")
    body, dropped, _ = write(quirks, texts=["a"], output_dimension=8)
    assert body == {"model": "up", "input": ["a"]}
    assert dropped == ("output_dimension",)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"images": [LONG]}, "images"),
        ({"texts": ["a"], "embedding_types": ["float", "int8"]}, "embedding_types[1]"),
        ({"texts": ["a"], "embedding_types": ["uint8"]}, "embedding_types[0]"),
        ({"inputs": [{"content": [{"type": "text"}]}]}, "inputs[0].content[0]"),
        (
            {"inputs": [{"content": [{"type": "image_url", "image_url": {"url": LONG}}]}]},
            "inputs[0].content[0]",
        ),
    ],
)
def test_what_can_not_be_carried_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        write(**body)
    assert refusal.value.param == param


def test_each_type_is_made_of_the_floats() -> None:
    vectors = [[1.0, -1.0], [0.5, 0.25]]
    kinds = ["float", "base64", "binary", "ubinary"]
    body = answer(vectors, usage={"prompt_tokens": 5, "total_tokens": 5})
    assert run(V2, body, embedding_types=kinds) == {
        "id": "0190",
        "response_type": "embeddings_by_type",
        "embeddings": {
            "float": vectors,
            "base64": [pack_floats(vector) for vector in vectors],
            "binary": [[0], [64]],
            "ubinary": [[128], [192]],
        },
        "texts": ["a", "b"],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 5}},
    }


def test_the_first_version_is_a_list_and_warns_of_what_was_lost() -> None:
    made = run(V1, answer([[1.0], [2.0]]), input_type="search_query")
    assert made["response_type"] == "embeddings_floats"
    assert made["embeddings"] == [[1.0], [2.0]]
    assert made["texts"] == ["a", "b"]
    assert made["meta"]["api_version"] == {"version": "1"}
    assert made["meta"]["warnings"] == ["input_type was not carried to the provider."]


def test_the_first_version_gives_types_where_they_are_asked_for() -> None:
    made = run(V1, answer([[1.0], [-2.0]]), embedding_types=["ubinary"])
    assert made["response_type"] == "embeddings_by_type"
    assert made["embeddings"] == {"ubinary": [[128], [0]]}
    assert "warnings" not in made["meta"]


def test_vectors_come_in_the_order_of_the_texts() -> None:
    data = [{"index": 1, "embedding": [1.0]}, {"index": 0, "embedding": [0.0]}]
    body = msgspec.json.encode({"data": data})
    assert run(V2, body)["embeddings"] == {"float": [[0.0], [1.0]]}


def test_a_vendor_that_answers_base64_is_understood() -> None:
    assert run(V2, answer([pack_floats([1.5]), [2.0]]))["embeddings"] == {"float": [[1.5], [2.0]]}


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b'{"data":[{"embedding":[NaN]},{"embedding":[1]}]}',
        answer([[1.0]]),
        answer([[1.0], [2.0], [3.0]]),
        answer([[1.0], [2.0, 3.0]]),
        answer([[], []]),
        answer([[1.0], ["1"]]),
        answer([[1.0], None]),
        answer([[1.0], "####"]),
        answer([[1.0], pack_floats([float("nan")])]),
        answer([[1.0], [1e300]]),
        msgspec.json.encode({"data": [{"index": 0, "embedding": [1.0]}] * 2}),
        msgspec.json.encode({"data": [{"index": 5, "embedding": [1.0]}, {"embedding": [1.0]}]}),
    ],
)
def test_an_answer_that_is_not_these_vectors_is_a_failed_attempt(body: bytes) -> None:
    assert run(V2, body, embedding_types=["base64"]) is None


def test_the_charge_and_the_answer_name_the_same_tokens() -> None:
    peek = V2.peek(make_inbound({"model": "m", "texts": ["abcde", "fgh"]}))
    for usage, tokens in (({"prompt_tokens": 9}, Usage(input=9)), (None, None)):
        body = answer([[1.0], [2.0]], usage=usage)
        found = V2.read_answer(peek, JSON, body)
        assert found is not None
        wanted = tokens or Usage(input=2, estimated=True)
        assert found.usage == wanted
        meta = msgspec.json.decode(V2.write_answer(peek, body, "up", "m"))["meta"]
        assert meta["billed_units"] == {"input_tokens": wanted.input}
