"""Rerank: Jina's and Cohere's v1 wire format around what texts mean, or the words that they share.

Where the meaning can be read (`meaning`), how near that of a document is to the query's makes its score,
with whether it looks like an answer (`answer_cue`). By words it is the share of the query's features
(stems, meanings by the thesaurus, Chinese words and pairs) that the document holds, each by how much it
tells. So are the documents of a long list scored that the words leave no chance.
"""

import secrets
from collections import Counter
from collections.abc import Generator, Iterator
from math import log, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.answer_cue import Question, prepare_questions, read_subject
from nexhina.sandbox.lexical import Features, add_features
from nexhina.sandbox.meaning import Meaning
from nexhina.sandbox.reply import BREATH, JSON, Piece, SandboxReply
from nexhina.sandbox.request import Count, Named
from nexhina.sandbox.rerank_meaning import score_meant
from nexhina.sandbox.tokenizer import count_tokens, slices

MOST_DOCUMENTS = 1000
MOST_CHARACTERS = 1_000_000  # of all documents and the query
_READ = 20_000  # characters of one document that are scored
_UNIT = 100  # documents in one search unit
_MEANING = 2.0  # a shared meaning beside a shared word
_LEAST_RARITY = 0.7
# The parts of a score, found on queries of our own: what is covered of the query, how much the text looks
# like an answer and how much it says; and what is taken off a text that looks like none.
_COVERED, _FITTING, _TELLING, _DOUBT = 0.75, 0.5, 0.1, 0.3
# Covered so much, a text is near; and the least that form counts of one that is not.
_NEAR, _NEARLY = 0.1, 0.1
_SAYS_ENOUGH = 90  # bytes, of UTF-8: a Chinese character counts for three


class Document(msgspec.Struct):
    """A document as an object."""

    text: str


class RerankCall(Named, kw_only=True):
    """POST /v1/rerank."""

    query: Annotated[str, Meta(min_length=1)]
    documents: Annotated[list[str | Document], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    top_n: Count | None = None
    return_documents: bool | None = None


def answer_rerank(call: RerankCall, meaning: Meaning | None, *, usage: bool) -> SandboxReply:
    """The answer. `usage` False leaves usage away (a fault control)."""
    texts = [each if isinstance(each, str) else each.text for each in call.documents]
    if (length := sum(map(len, texts)) + len(call.query)) > MOST_CHARACTERS:
        raise InvalidRequestError(
            f"'documents' and 'query' have {length} characters; the most is {MOST_CHARACTERS}.",
            param="documents",
        )
    if not call.query.strip():
        raise InvalidRequestError("'query' must not be blank.", param="query")
    return SandboxReply(
        status=200, headers=dict(JSON), pieces=_pieces(call, texts, meaning, usage=usage)
    )


def _pieces(
    call: RerankCall, texts: list[str], meaning: Meaning | None, *, usage: bool
) -> Iterator[Piece]:
    tokens, scores = yield from _score_words(call.query, texts)
    if meaning is not None:
        scores = yield from score_meant(call.query, texts, scores, meaning)
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


def _score_words(query: str, texts: list[str]) -> Generator[Piece, None, tuple[int, list[float]]]:
    """How many tokens there are, and the relevance of each text by its words."""
    for _ in prepare_questions():
        yield BREATH
    found: list[Features] = []
    having: Counter[str] = Counter()
    tokens = 0
    for text in (query, *texts):
        features: Features = {}
        read = text[:_READ]
        for _ in add_features(read if found else read_subject(read), features):
            yield BREATH
        for part in slices(text):
            tokens += count_tokens(part)
            yield BREATH
        if found:
            having.update(found[0].keys() & features.keys())
        found.append(features)
    scores: list[float] = []
    for score in _score(query, texts, found, having):
        scores.append(score)
        yield BREATH
    return tokens, scores


def _score(
    query: str, texts: list[str], found: list[Features], having: Counter[str]
) -> Iterator[float]:
    """The relevance of each text, 0 to 1, in their order; of the query and of each are `found`."""
    question = Question(query)
    most = _COVERED + _TELLING + (_FITTING if question.is_known else 0.0)
    weights = _weigh(found[0], having, len(texts))
    whole = sum(weights.values()) or 1.0
    for text, features in zip(texts, found[1:], strict=True):
        # A word that comes again says more, with less and less effect (as in BM25).
        covered = sum(
            weight * min(1.0, 0.7 + 0.3 * features[name])
            for name, weight in weights.items()
            if name in features
        )
        covered = min(1.0, covered / whole)
        near = min(1.0, _NEARLY + covered / _NEAR)  # what has nothing to do with it is no answer
        length = len(text[:_SAYS_ENOUGH].encode("utf-8", "surrogatepass"))
        score = _COVERED * covered
        score += near * (_FITTING * question.fit(text) + _TELLING * min(1.0, length / _SAYS_ENOUGH))
        score -= _DOUBT * question.doubt(text)
        yield round(max(0.0, score / most), 6)


def _weigh(query: Features, having: Counter[str], count: int) -> dict[str, float]:
    """How much each feature of the query tells: less when most of the `count` documents have it."""
    weights: dict[str, float] = {}
    for name, value in query.items():
        rarity = log(1 + (count + 1) / (having[name] + 0.5)) / log(1 + (count + 1) / 0.5)
        meaning = _MEANING if name[0] == "m" else 1.0
        weights[name] = _damp(value) * meaning * max(_LEAST_RARITY, rarity)
    return weights


def _damp(value: float) -> float:
    return value if value <= 1.0 else sqrt(value)
