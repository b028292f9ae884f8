"""Cohere's reranking, in its second version.

Its chat and embeddings after OpenAI's pattern are a channel of `openai_compatible` with the base
URL https://api.cohere.ai/compatibility/v1. Grade of these facts: an excerpt of the vendor's page for
what the second version dropped; that it returns no documents is not confirmed by a page.
"""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import Provider

COHERE = Provider(
    name="cohere",
    title="Cohere",
    base_url="https://api.cohere.com/v2",
    speaks={Operation.RERANK: "cohere_rerank"},
    paths={Operation.RERANK: "/rerank"},
    quirks=(
        # The second version knows neither; documents are put into the answer by the gateway.
        Quirks(
            operations=("rerank",),
            ours=frozenset({"return_documents"}),
            drop=frozenset({"max_chunks_per_doc"}),
            since="2024-12",
            source="https://docs.cohere.com/changelog/rerank-v3.5",
        ),
    ),
)
