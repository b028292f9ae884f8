"""Reranking: Jina's format (the documented /v1/rerank) and Cohere's (/v2/rerank).

Requests differ in a few members, answers in where they say what was used. Both classes read either
answer, so each also bridges to a vendor of the other format and writes its own caller's.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.rerank import Documents, RerankRequest
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.dropped import write_names
from nexhina.dialects.envelope import Edit, splice
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_strings,
    count_text,
    open_request,
    plan_quirks,
    read_head,
    read_json_answer,
)
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.ports import Headers, Inbound

DOCUMENTS_PER_UNIT = 100
"""Documents in one search unit of Cohere's price list."""

_LARGEST = 2**40


class _Result(Struct, gc=False):
    index: int
    relevance_score: float
    document: Raw = Raw()


class _Units(Struct, gc=False):
    search_units: float | None = None
    input_tokens: float | None = None


class _Meta(Struct, gc=False):
    billed_units: _Units | None = None


class _Tokens(Struct, gc=False):
    total_tokens: int | None = None
    prompt_tokens: int | None = None


class _Ranking(Struct, gc=False):
    results: list[_Result]
    id: str | None = None
    model: str | None = None
    meta: _Meta | None = None
    usage: _Tokens | None = None


_head = msgspec.json.Decoder(RerankRequest)
_documents: msgspec.json.Decoder[Documents] = msgspec.json.Decoder(Documents)
_ranking = msgspec.json.Decoder(_Ranking)


class Rerank(OpenAIDialect):
    """POST /v1/rerank; `bridged`: the vendor speaks Cohere's format."""

    name = "rerank"
    other = "cohere_rerank"  # what the vendor speaks then

    def __init__(self, *, bridged: bool = False) -> None:
        self._bridged = bridged
        if bridged:
            self.name = self.other

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; `text_bytes` counts the query once for each document."""
        envelope = open_request(call)
        head = read_head(envelope, _head, RerankRequest)
        count = len(head.documents)
        return Peek(
            model=head.model,
            envelope=envelope,
            text_bytes=len(call.body) + count_text(head.query) * (count - 1),
            inputs=count,
            n=min(head.top_n or count, count),
        )

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for the vendor; a bridge also rewrites what only one format has."""
        if not self._bridged:
            return super().write_same(peek, body, upstream_model, quirks)
        members = peek.envelope.members
        edits: dict[str, Edit] = {}
        dropped = plan_quirks(peek, quirks, edits) if quirks is not None else ()
        edits["model"] = Edit(value=msgspec.json.encode(upstream_model))
        texts, more = read_documents(peek)
        edits["documents"] = Edit(value=msgspec.json.encode(texts))
        if "return_documents" in members:  # the answer's documents are put in here
            edits["return_documents"] = Edit(remove=True)
        foreign = tuple(name for name in self._unknown() if name in members and name not in dropped)
        edits |= {name: Edit(remove=True) for name in foreign}
        dropped += foreign + more
        return Outgoing("splice", splice(peek.envelope, body, edits), dropped)

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of query and documents."""
        members = peek.envelope.members
        query: Any = msgspec.json.decode(members["query"])
        return min(count_strings([query, *read_texts(peek)]), peek.text_bytes)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None unless it ranks the documents asked about, best first, each once."""
        found = read_json_answer(headers, body, _ranking)
        if found is None:
            return None
        results = found.results
        indices = {each.index for each in results}
        if (
            not 0 < len(results) <= peek.n
            or len(indices) != len(results)
            or min(indices) < 0
            or max(indices) >= peek.inputs
        ):
            return None
        scores = [each.relevance_score for each in results]
        if scores != sorted(scores, reverse=True):
            return None
        usage = _read_usage(found, peek.inputs)
        if usage is None:
            tokens = -(-self.prompt_bytes(peek, b"") // 4)
            usage = Usage(input=tokens, request=count_units(peek.inputs), estimated=True)
        return Answer(usage=usage, text_bytes=0, model=found.model)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:
        """The answer in the caller's format and under the public name."""
        if not self._bridged:
            return super().write_answer(peek, body, upstream, public)
        found = _ranking.decode(body)
        usage = _read_usage(found, peek.inputs)
        return self._write(peek, found, usage, public)

    def _write(self, peek: Peek, found: _Ranking, usage: Usage | None, public: str) -> bytes:
        tokens = usage.input if usage is not None else 0
        return msgspec.json.encode(
            {
                "id": found.id or "",
                "model": public,
                "results": _write_results(peek, found),
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            }
        )

    def _unknown(self) -> tuple[str, ...]:
        return ("max_chunks_per_doc", "overlap_tokens", "rank_fields", "truncation")


class CohereRerank(Rerank):
    """POST /v2/rerank; `bridged`: the vendor speaks Jina's format."""

    name = "cohere_rerank"
    other = "rerank"

    def _write(self, peek: Peek, found: _Ranking, usage: Usage | None, public: str) -> bytes:  # noqa: ARG002  (this format does not name the model)
        units = usage.request if usage is not None else count_units(peek.inputs)
        return msgspec.json.encode(
            {
                "id": found.id or "",
                "results": _write_results(peek, found),
                "meta": {
                    "api_version": {"version": "2"},
                    "billed_units": {"search_units": units},
                },
            }
        )

    def _unknown(self) -> tuple[str, ...]:
        return ("max_tokens_per_doc", "priority", "rank_fields")


def count_units(documents: int) -> int:
    """Search units of so many short documents."""
    return -(-documents // DOCUMENTS_PER_UNIT)


def _wants_documents(peek: Peek) -> bool:
    """Whether the caller wants the documents back in the answer."""
    return bytes(peek.envelope.members.get("return_documents", b"")) == b"true"


def read_texts(peek: Peek) -> list[str]:
    """The documents' texts."""
    found = _documents.decode(peek.envelope.members["documents"])
    return [each if isinstance(each, str) else each.text for each in found]


def read_documents(peek: Peek) -> tuple[list[str], tuple[str, ...]]:
    """The documents' texts, and the names of what else they say, which a vendor of texts does not get."""
    found: list[str | dict[str, Any]] = msgspec.json.decode(peek.envelope.members["documents"])
    more = {name for each in found if isinstance(each, dict) for name in each} - {"text"}
    texts = [each if isinstance(each, str) else each["text"] for each in found]
    return texts, write_names([f"documents.{name}" for name in more])


def _read_usage(found: _Ranking, documents: int) -> Usage | None:
    """What the vendor counted: search units, tokens or both; None when nothing, or no true count."""
    units = found.meta.billed_units if found.meta is not None else None
    searches = (units.search_units if units is not None else None) or 0
    tokens = (units.input_tokens if units is not None else None) or 0
    if found.usage is not None:
        tokens = found.usage.total_tokens or found.usage.prompt_tokens or tokens
    if not (0 <= searches <= _LARGEST and 0 <= tokens <= _LARGEST and searches + tokens > 0):
        return None
    return Usage(input=int(tokens), request=int(searches) or count_units(documents))


def _write_results(peek: Peek, found: _Ranking) -> list[dict[str, Any]]:
    """The results in the order they came in, with the caller's documents where they are wanted."""
    texts = read_texts(peek) if _wants_documents(peek) else None
    written: list[dict[str, Any]] = []
    for each in found.results:
        result: dict[str, Any] = {"index": each.index, "relevance_score": each.relevance_score}
        if texts is not None:
            result["document"] = {"text": texts[each.index]}
        written.append(result)
    return written
