"""Reranking between Jina's and Cohere's formats: what goes over both bridges is itself."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.registry import BRIDGES
from support.inbound import JSON, make_inbound
from support.sent import whole

OVER_COHERE = BRIDGES["rerank", "cohere_rerank"]
OVER_JINA = BRIDGES["cohere_rerank", "rerank"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
DOCUMENTS = st.lists(TEXT | TEXT.map(lambda text: {"text": text}), min_size=1, max_size=5)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request of those members that both formats have."""
    documents = draw(DOCUMENTS)
    body: dict[str, Any] = {"model": "m", "query": draw(TEXT), "documents": documents}
    if draw(st.booleans()):
        body["top_n"] = draw(st.integers(1, len(documents)))
    return body


@st.composite
def rankings(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A request, and results for it."""
    asked = draw(requests())
    order = draw(st.permutations(range(len(asked["documents"]))))
    score = st.floats(0, 1, allow_nan=False)
    scores = sorted(draw(st.lists(score, min_size=len(order), max_size=len(order))), reverse=True)
    ranked = [
        {"index": at, "relevance_score": score} for at, score in zip(order, scores, strict=True)
    ]
    return asked, ranked[: asked.get("top_n", len(order))]


def send(bridge: Any, body: dict[str, Any]) -> dict[str, Any]:
    call = make_inbound(body)
    outgoing = bridge.write_same(bridge.peek(call), call.body, "m", None)
    assert outgoing.dropped == ()
    return msgspec.json.decode(whole(outgoing.body))


def answer(bridge: Any, asked: dict[str, Any], found: Any) -> Any:
    peek = bridge.peek(make_inbound(asked))
    raw = msgspec.json.encode(found)
    assert bridge.read_answer(peek, JSON, raw) is not None
    return msgspec.json.decode(bridge.write_answer(peek, raw, "m", "m"))


def texts(documents: list[Any]) -> list[str]:
    return [each if isinstance(each, str) else each["text"] for each in documents]


@settings(max_examples=80)
@given(requests())
def test_a_request_over_both_bridges_asks_the_same(body: dict[str, Any]) -> None:
    plain = body | {"documents": texts(body["documents"])}
    assert send(OVER_JINA, send(OVER_COHERE, body)) == plain
    assert send(OVER_COHERE, send(OVER_JINA, body)) == plain


@settings(max_examples=80)
@given(rankings(), st.integers(1, 10**6), st.booleans())
def test_an_answer_over_both_bridges_ranks_the_same(
    found: tuple[dict[str, Any], list[dict[str, Any]]], tokens: int, wants: bool
) -> None:
    asked, ranked = found
    documents = texts(asked["documents"])
    jina = {"id": "x", "model": "m", "results": ranked, "usage": {"total_tokens": tokens}}
    cohere = answer(OVER_JINA, asked, jina)
    assert cohere["results"] == ranked
    back = answer(OVER_COHERE, asked | {"return_documents": wants}, cohere)
    said = [{"document": {"text": documents[each["index"]]}} if wants else {} for each in ranked]
    expected = [each | more for each, more in zip(ranked, said, strict=True)]
    assert (back["results"], back["id"], back["model"]) == (expected, "x", "m")
