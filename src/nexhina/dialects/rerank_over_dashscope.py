"""Reranking for DashScope, whose format puts query and documents one storey lower.

`{"model", "input": {"query", "documents"}, "parameters": {"top_n"}}` is answered by
`{"request_id", "output": {"results"}, "usage": {"total_tokens"}}`; results are as Jina's. Source: the
vendor's Python SDK 2.0.2 (seen 2026-11).
"""

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dashscope import list_given
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.rerank import CohereRerank, Rerank, read_documents
from nexhina.ports import Headers

_CARRIED = frozenset({"model", "query", "documents", "top_n", "return_documents", "instruct"})


class _Output(Struct):
    results: Raw


class _Ranked(Struct):
    output: _Output
    usage: Raw = Raw(b"null")
    request_id: str = ""


_ranked = msgspec.json.Decoder(_Ranked)


class RerankOverDashScope(Rerank):
    """POST /v1/rerank towards the caller, DashScope's format towards the vendor."""

    other = "dashscope_rerank"

    def __init__(self) -> None:
        super().__init__(bridged=True)

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its members are in the envelope)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; documents are put into the answer here."""
        members = peek.envelope.members
        parameters: dict[str, object] = {
            name: members[name] for name in list_given(members, ("top_n", "instruct"))
        }
        texts, more = read_documents(peek)
        told = {
            "model": upstream_model,
            "input": {"query": members["query"], "documents": texts},
            "parameters": parameters,
        }
        lost = list_given(members, members.keys() - _CARRIED)
        return Outgoing("translate", msgspec.json.encode(told), (*lost, *more))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None unless it ranks the documents asked about, best first, each once."""
        found = read_json_answer(headers, body, _ranked)
        return None if found is None else super().read_answer(peek, headers, _flatten(found))

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:
        """The answer in the caller's format and under the public name."""
        return super().write_answer(peek, _flatten(_ranked.decode(body)), upstream, public)


class CohereRerankOverDashScope(RerankOverDashScope, CohereRerank):
    """POST /v2/rerank towards the caller, DashScope's format towards the vendor."""


def _flatten(found: _Ranked) -> bytes:
    """The same in Jina's format."""
    return msgspec.json.encode(
        {"id": found.request_id, "results": found.output.results, "usage": found.usage}
    )
