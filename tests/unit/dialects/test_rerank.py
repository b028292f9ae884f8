"""Reranking: requests, usage, and the bridges between Jina's and Cohere's formats."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.registry import BRIDGES, DIALECTS
from nexhina.dialects.rerank import count_units
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound
from support.sent import whole

JSON = {b"content-type": b"application/json"}
ASK: dict[str, Any] = {"model": "m", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1}
JINA_ANSWER = {
    "model": "up",
    "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}],
    "usage": {"total_tokens": 9},
}
COHERE_ANSWER = {
    "id": "x",
    "results": [{"index": 1, "relevance_score": 0.5}],
    "meta": {"billed_units": {"search_units": 3}},
}


def peek(name: str, **changes: Any) -> tuple[Peek, bytes]:
    body = msgspec.json.encode({**ASK, **changes})
    return DIALECTS[name].peek(make_inbound(body)), body


def test_a_caller_of_jinas_format_is_served_by_cohere() -> None:
    bridge = BRIDGES["rerank", "cohere_rerank"]
    found, body = peek("rerank", return_documents=True, overlap_tokens=4)
    outgoing = bridge.write_same(found, body, "up", None)
    assert msgspec.json.decode(whole(outgoing.body)) == {
        "model": "up",
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 1,
    }
    assert outgoing.dropped == ("overlap_tokens",)
    answer = msgspec.json.encode(COHERE_ANSWER)
    read = bridge.read_answer(found, JSON, answer)
    assert read is not None
    assert read.usage == Usage(request=3)
    assert msgspec.json.decode(bridge.write_answer(found, answer, "up", "m")) == {
        "id": "x",
        "model": "m",
        "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}],
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
    }


def test_a_caller_of_coheres_format_is_served_by_jina() -> None:
    bridge = BRIDGES["cohere_rerank", "rerank"]
    found, body = peek("cohere_rerank", max_tokens_per_doc=100)
    outgoing = bridge.write_same(found, body, "up", None)
    assert msgspec.json.decode(whole(outgoing.body))["documents"] == ["a", "b"]
    assert outgoing.dropped == ("max_tokens_per_doc",)
    answer = msgspec.json.encode(JINA_ANSWER)
    read = bridge.read_answer(found, JSON, answer)
    assert read is not None
    assert read.usage == Usage(input=9, request=1)
    assert msgspec.json.decode(bridge.write_answer(found, answer, "up", "m")) == {
        "id": "",
        "results": [{"index": 1, "relevance_score": 0.5}],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


@pytest.mark.parametrize(
    "pair",
    [
        ("rerank", "cohere_rerank"),
        ("cohere_rerank", "rerank"),
        ("rerank", "dashscope_rerank"),
        ("cohere_rerank", "dashscope_rerank"),
    ],
)
def test_what_a_document_says_beside_its_text_is_named_over_a_bridge(pair: tuple[str, str]) -> None:
    documents = [{"text": "a", "title": "t", "hostile name": 1}, "b"]
    found, body = peek(pair[0], documents=documents, rank_fields=["title"])
    outgoing = BRIDGES[pair].write_same(found, body, "up", None)
    assert b'"documents":["a","b"]' in whole(outgoing.body)
    assert set(outgoing.dropped) == {"documents.title", "other", "rank_fields"}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"documents": []}, "documents"),
        ({"documents": "a"}, "documents"),
        ({"documents": [{"title": "no text"}]}, "documents[0].text"),
        ({"query": ""}, "query"),
        ({"top_n": 0}, "top_n"),
        ({"model": 7}, "model"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_name(
    changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        peek("rerank", **changes)
    assert refusal.value.param == param


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"index": -1, "relevance_score": 1}],
        [{"index": 2, "relevance_score": 1}],
        [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": 0}],
        [{"index": 0}],
    ],
    ids=["none", "negative", "too high", "more than asked", "no score"],
)
def test_an_answer_about_other_documents_is_a_failed_attempt(results: list[Any]) -> None:
    found, _ = peek("rerank")
    body = msgspec.json.encode({**JINA_ANSWER, "results": results})
    assert DIALECTS["rerank"].read_answer(found, JSON, body) is None


def test_the_bound_counts_the_query_for_each_document() -> None:
    found, body = peek("rerank", query="x" * 100, documents=["a"] * 50)
    assert found.text_bytes == len(body) + 49 * 100
    assert found.inputs == 50


@pytest.mark.parametrize(("documents", "units"), [(1, 1), (100, 1), (101, 2), (1000, 10)])
def test_a_search_unit_is_a_hundred_documents(documents: int, units: int) -> None:
    assert count_units(documents) == units
