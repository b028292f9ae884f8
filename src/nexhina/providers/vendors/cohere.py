"""Cohere's embeddings and reranking, in its second version.

Its chat after OpenAI's pattern is a channel of `openai_compatible` with the base URL
https://api.cohere.ai/compatibility/v1. Grade of these facts: of reranking, an excerpt of the vendor's
page for what the second version dropped; that it returns no documents is not confirmed by a page.
Of embeddings, the vendor's own Python SDK (7.3.1, seen 2026-11) for paths, parameters, the answer's
shape and what base64 holds; third-party code (vLLM's server for the same format) for how bits are
packed. How pictures' tokens stand in `billed_units` is not confirmed by a page.
"""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import Provider

COHERE = Provider(
    name="cohere",
    title="Cohere",
    base_url="https://api.cohere.com/v2",
    speaks={Operation.RERANK: "cohere_rerank", Operation.EMBEDDINGS: "cohere_embed"},
    paths={Operation.RERANK: "/rerank", Operation.EMBEDDINGS: "/embed"},
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
