"""Rerank: request and answer."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import Flag, ModelName, Tokens

Document = str | dict[str, Any]


class RerankRequest(Struct, kw_only=True, omit_defaults=True):
    """Documents to be ordered by what they have to do with a query."""

    model: ModelName
    query: str
    documents: Annotated[list[Document], Meta(min_length=1)]
    top_n: Tokens | None = None
    return_documents: Flag | None = None


class RerankResult(Struct, kw_only=True, omit_defaults=True):
    """One document's place."""

    index: Annotated[int, Meta(ge=0)]
    relevance_score: float
    document: Document | None = None


class RerankResponse(Struct, kw_only=True, omit_defaults=True):
    """The documents, the most relevant first."""

    results: list[RerankResult]
    id: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
