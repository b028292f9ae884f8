"""Rerank: request and answer."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import Flag, ModelName, Tokens

MAX_DOCUMENTS = 10_000


class RerankDocument(Struct, gc=False):
    """A document as an object."""

    text: str


Documents = Annotated[
    list[str | RerankDocument],
    Meta(
        min_length=1,
        max_length=MAX_DOCUMENTS,
        description=f'a list of 1 to {MAX_DOCUMENTS} texts, or objects with "text"',
    ),
]


class RerankRequest(Struct, kw_only=True, omit_defaults=True):
    """Documents to be ordered by what they have to do with a query."""

    model: ModelName
    query: Annotated[str, Meta(min_length=1, description="a string that is not empty")]
    documents: Documents
    top_n: Tokens | None = None
    return_documents: Flag | None = None


class RerankResult(Struct, kw_only=True, omit_defaults=True):
    """One document's place."""

    index: Annotated[int, Meta(ge=0)]
    relevance_score: float
    document: str | RerankDocument | None = None


class RerankResponse(Struct, kw_only=True, omit_defaults=True):
    """The documents, the most relevant first."""

    results: list[RerankResult]
    id: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None


class SearchUnits(Struct, kw_only=True, omit_defaults=True):
    """What is billed; one search unit is a query with up to 100 documents."""

    search_units: Annotated[float, Meta(ge=0)] | None = None


class RerankMeta(Struct, kw_only=True, omit_defaults=True):
    """What Cohere's format tells beside the results."""

    api_version: dict[str, Any] | None = None
    billed_units: SearchUnits | None = None


class CohereRerankResponse(Struct, kw_only=True, omit_defaults=True):
    """The documents in Cohere's format, the most relevant first."""

    results: list[RerankResult]
    id: str | None = None
    meta: RerankMeta | None = None
