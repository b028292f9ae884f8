"""Rerank: Jina's and Cohere's v1 wire format around word knowledge, without a model.

A document's score is the share of the query's features (stems, meanings, Chinese words and pairs)
that it holds, each by how much it tells; meanings are shared by English and Chinese.
"""

import secrets
from collections.abc import Iterator
from math import sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.lexical import Features, add_features
from nexhina.sandbox.reply import BREATH, JSON, Piece, SandboxReply
from nexhina.sandbox.request import Count, Named
from nexhina.sandbox.tokenizer import count_tokens, slices

MOST_DOCUMENTS = 1000
MOST_CHARACTERS = 1_000_000  # of all documents and the query
_READ = 20_000  # characters of one document that are scored
_UNIT = 100  # documents in one search unit
_MEANING = 2.0  # a shared meaning beside a shared word


class Document(msgspec.Struct):
    """A document as an object."""

    text: str


class RerankCall(Named, kw_only=True):
    """POST /v1/rerank."""

    query: Annotated[str, Meta(min_length=1)]
    documents: Annotated[list[str | Document], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    top_n: Count | None = None
    return_documents: bool | None = None


def answer_rerank(call: RerankCall, *, usage: bool) -> SandboxReply:
    """The answer. `usage` False leaves usage away (a fault control)."""
    texts = [each if isinstance(each, str) else each.text for each in call.documents]
    if (length := sum(map(len, texts)) + len(call.query)) > MOST_CHARACTERS:
        raise InvalidRequestError(
            f"'documents' and 'query' have {length} characters; the most is {MOST_CHARACTERS}.",
            param="documents",
        )
    if not call.query.strip():
        raise InvalidRequestError("'query' must not be blank.", param="query")
    return SandboxReply(status=200, headers=dict(JSON), pieces=_pieces(call, texts, usage=usage))


def _pieces(call: RerankCall, texts: list[str], *, usage: bool) -> Iterator[Piece]:
    found: list[Features] = []
    tokens = 0
    for text in (call.query, *texts):
        features: Features = {}
        for _ in add_features(text[:_READ], features):
            yield BREATH
        for part in slices(text):
            tokens += count_tokens(part)
            yield BREATH
        found.append(features)
    scores: list[float] = []
    for score in score_features(found[0], found[1:]):
        scores.append(score)
        yield BREATH
    order = sorted(range(len(texts)), key=lambda place: (-scores[place], place))
    results: list[dict[str, object]] = []
    for place in order[: call.top_n]:
        result: dict[str, object] = {"index": place, "relevance_score": scores[place]}
        if call.return_documents:
            result["document"] = {"text": texts[place]}
        results.append(result)
    body: dict[str, object] = {
        "id": "rerank-" + secrets.token_hex(12),
        "model": call.model,
        "results": results,
        "meta": {
            "api_version": {"version": "1"},
            "billed_units": {"search_units": -(-len(texts) // _UNIT)},
        },
    }
    if usage:
        body["usage"] = {"total_tokens": tokens}
    yield Piece(0.0, msgspec.json.encode(body))


def score_features(query: Features, documents: list[Features]) -> Iterator[float]:
    """The relevance of each document, 0 to 1, in their order.

    How rare a feature is among the documents does not count: they are few, and chosen to be near.
    """
    weights = {
        name: _damp(value) * (_MEANING if name[0] == "m" else 1.0) for name, value in query.items()
    }
    whole = sum(weights.values()) or 1.0
    for features in documents:
        # A word that comes again says more, with less and less effect (as in BM25).
        covered = sum(
            weight * min(1.0, 0.7 + 0.3 * features[name])
            for name, weight in weights.items()
            if name in features
        )
        yield round(min(1.0, covered / whole), 6)


def _damp(value: float) -> float:
    return value if value <= 1.0 else sqrt(value)
