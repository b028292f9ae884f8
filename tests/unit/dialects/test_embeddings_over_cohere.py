"""Embeddings for vendors of Cohere's second version: OpenAI's callers, and those of the first."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.quirk import Quirks
from nexhina.dialects.registry import BRIDGES
from nexhina.dialects.vector import pack_floats
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import JSON, make_inbound

OPENAI = BRIDGES["openai_embeddings", "cohere_embed"]
V1 = BRIDGES["cohere_embed_v1", "cohere_embed"]
GUESSED = "input_type was not given; 'search_document' was used."


def write(bridge: Any, quirks: Quirks | None = None, **body: Any) -> tuple[Any, tuple[str, ...]]:
    call = make_inbound({"model": "m", **body})
    outgoing = bridge.write_same(bridge.peek(call), call.body, "up", quirks)
    assert outgoing.lane == "translate"
    return msgspec.json.decode(outgoing.body), outgoing.dropped


def run(bridge: Any, answer: Any, **asked: Any) -> tuple[Any, Usage] | None:
    """The caller's answer and the usage; None where the vendor's is a failed attempt."""
    peek = bridge.peek(make_inbound({"model": "m", **asked}))
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    found = bridge.read_answer(peek, JSON, body)
    if found is None:
        return None
    return msgspec.json.decode(bridge.write_answer(peek, body, "up", "m")), found.usage


def floats(*vectors: list[Any], **more: Any) -> dict[str, Any]:
    return {"id": "x", "embeddings": {"float": list(vectors)}, **more}


def test_one_text_becomes_a_list_for_documents() -> None:
    assert write(OPENAI, input="a", encoding_format="base64", dimensions=64) == (
        {
            "model": "up",
            "texts": ["a"],
            "output_dimension": 64,
            "embedding_types": ["float"],
            "input_type": "search_document",
        },
        (),
    )


def test_a_caller_may_say_what_the_vectors_are_for() -> None:
    body, dropped = write(
        OPENAI, input=["a"], input_type="search_query", truncate="START", user="u", stream=False
    )
    assert body == {
        "model": "up",
        "texts": ["a"],
        "input_type": "search_query",
        "truncate": "START",
        "embedding_types": ["float"],
    }
    assert dropped == ("user",)


def test_names_with_a_meaning_over_there_can_not_be_smuggled_in() -> None:
    body, dropped = write(
        OPENAI,
        input=["a"],
        dimensions=8,
        output_dimension=9,
        texts=["b"],
        images=["c"],
        embedding_types=["int8"],
        input_type=None,
        user=None,
    )
    assert body == {
        "model": "up",
        "texts": ["a"],
        "output_dimension": 8,
        "embedding_types": ["float"],
        "input_type": "search_document",
    }
    assert dropped == ("embedding_types", "images", "output_dimension", "texts")


def test_quirks_of_the_vendor_speak_openais_language() -> None:
    quirks = Quirks(drop=frozenset({"output_dimension"}), since="2026-11", source="here")
    body, dropped = write(OPENAI, quirks, input=["a"], dimensions=8)
    assert "output_dimension" not in body
    assert dropped == ("dimensions",)


@pytest.mark.parametrize("tokens", [[1, 2], [[1, 2], [3]]])
def test_token_numbers_are_refused(tokens: Any) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        write(OPENAI, input=tokens)
    assert refusal.value.param == "input"


@pytest.mark.parametrize("packed", [False, True])
def test_openais_caller_gets_the_vectors_and_what_was_billed(packed: bool) -> None:
    answer = floats([0.25, -1.0], [2, 3.5], meta={"billed_units": {"input_tokens": 4}})
    made = run(
        OPENAI, answer, input=["a", "b"], **({"encoding_format": "base64"} if packed else {})
    )
    assert made is not None
    vectors: list[Any] = [[0.25, -1.0], [2, 3.5]]
    assert made == (
        {
            "object": "list",
            "model": "m",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": pack_floats(vector) if packed else vector,
                }
                for index, vector in enumerate(vectors)
            ],
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        },
        Usage(input=4),
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"{",
        floats([1.0]),
        floats([1.0], []),
        floats([1.0], ["1"]),
        floats([1.0], [1e300]),
        floats([1.0], [[1.0]]),
        {"embeddings": {"int8": [[1], [2]]}},
        {"embeddings": [[1.0], [1.0]]},
        floats([1.0], [1.0], meta={"billed_units": {"input_tokens": "4"}}),
    ],
)
def test_an_answer_that_is_not_these_vectors_is_a_failed_attempt(answer: Any) -> None:
    assert run(OPENAI, answer, input=["a", "b"], encoding_format="base64") is None


def test_openais_caller_pays_an_estimate_where_nothing_was_billed() -> None:
    made = run(OPENAI, floats([1.0]), input="abcdefghi")
    assert made is not None
    assert made[1] == Usage(input=3, estimated=True)
    assert made[0]["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


def test_the_first_version_gets_what_the_second_must_have() -> None:
    assert write(V1, texts=["a"]) == (
        {
            "model": "up",
            "texts": ["a"],
            "embedding_types": ["float"],
            "input_type": "search_document",
        },
        (),
    )
    assert write(V1, texts=["a"], embedding_types=[], input_type=None) == (
        {
            "model": "up",
            "texts": ["a"],
            "embedding_types": ["float"],
            "input_type": "search_document",
        },
        (),
    )


def test_what_the_first_version_says_is_kept() -> None:
    picture = "data:image/png;base64," + "A" * 40_000
    asked: dict[str, Any] = {"images": [picture], "input_type": "image", "truncate": "END"}
    body, dropped = write(V1, embedding_types=["int8", "float"], **asked)
    assert body == {"model": "up", "embedding_types": ["int8", "float"], **asked}
    assert dropped == ()


def test_the_first_versions_caller_gets_a_list_and_a_warning() -> None:
    answer = floats(
        [1.0], texts=["A"], meta={"api_version": {"version": "2"}, "billed_units": {"images": 1}}
    )
    made = run(V1, answer, texts=["a"])
    assert made == (
        {
            "id": "x",
            "response_type": "embeddings_floats",
            "texts": ["a"],
            "embeddings": [[1.0]],
            "meta": {
                "api_version": {"version": "1"},
                "billed_units": {"images": 1},
                "warnings": [GUESSED],
            },
        },
        Usage(image=1),
    )


def test_the_first_versions_caller_gets_types_and_the_vendors_words() -> None:
    answer = {
        "embeddings": {"int8": [[1]], "uint8": [[2]]},
        "images": [{"width": 1, "height": 1, "format": "png", "bit_depth": 8}],
        "meta": {"warnings": ["old model"]},
    }
    made = run(V1, answer, texts=["a"], input_type="x", embedding_types=["int8", "uint8"])
    assert made is not None
    assert made[0] == {
        "id": "0190",
        "response_type": "embeddings_by_type",
        "texts": ["a"],
        "embeddings": {"int8": [[1]], "uint8": [[2]]},
        "images": answer["images"],
        "meta": {"api_version": {"version": "1"}, "warnings": ["old model"]},
    }


@pytest.mark.parametrize(
    "meta", [7, {"api_version": "2"}, {"warnings": "w"}, {"billed_units": [1]}]
)
def test_a_strange_meta_is_a_failed_attempt_not_an_error(meta: Any) -> None:
    assert run(V1, floats([1.0], meta=meta), texts=["a"]) is None
    assert run(V1, floats([1.0], meta=None), texts=["a"]) is not None
