"""The sandbox's models by name. What they cost is a row of the platform's catalog, not known here."""

CHAT = "sandbox-chat"
EMBEDDING = "sandbox-embedding"
IMAGE = "sandbox-image"

MODELS = (CHAT, EMBEDDING, IMAGE)
CREATED = 1_767_225_600  # 2026-01-01, what /v1/models shows
OWNER = "nexhina-sandbox"

SERVES = {
    "/v1/chat/completions": CHAT,
    "/v1/embeddings": EMBEDDING,
    "/v1/images/generations": IMAGE,
}
"""Which model a path takes."""
