"""What a caller can want done."""

from enum import StrEnum


class Operation(StrEnum):
    """The operations that are built."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    MODELS = "models"
