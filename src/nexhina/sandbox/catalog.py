"""The sandbox's models by name. What they cost is a row of the platform's catalog, not known here."""

CHAT = "sandbox-chat"
EMBEDDING = "sandbox-embedding"
IMAGE = "sandbox-image"
MODERATION = "sandbox-moderation"
RERANK = "sandbox-rerank"

MODELS = (CHAT, EMBEDDING, IMAGE, MODERATION, RERANK)
CREATED = 1_767_225_600  # 2026-01-01, what /v1/models shows
OWNER = "nexhina-sandbox"

SERVES = {
    "/v1/chat/completions": CHAT,
    "/v1/embeddings": EMBEDDING,
    "/v1/images/generations": IMAGE,
    "/v1/moderations": MODERATION,
    "/v1/rerank": RERANK,
    "/v1/completions": CHAT,
}
"""Which model a path takes."""
