"""Jina AI: reranking in its own format, embeddings after OpenAI's pattern."""

from nexhina.contract.operation import Operation
from nexhina.providers.spec import Provider

JINA = Provider(
    name="jina",
    title="Jina AI",
    base_url="https://api.jina.ai/v1",
    speaks={Operation.RERANK: "rerank", Operation.EMBEDDINGS: "openai_embeddings"},
    paths={Operation.RERANK: "/rerank", Operation.EMBEDDINGS: "/embeddings"},
)
"""Paths and format: third-party code (LangChain's and New API's documentation, seen 2026-11)."""
