"""What a caller can want done."""

from enum import StrEnum


class Operation(StrEnum):
    """The operations that are built."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    MODELS = "models"
    RESPONSES = "responses"
    COMPLETIONS = "completions"
    MODERATIONS = "moderations"
    RERANK = "rerank"
    IMAGE_EDITS = "image_edits"
    IMAGE_VARIATIONS = "image_variations"
    SPEECH = "speech"
    TRANSCRIPTIONS = "transcriptions"
    TRANSLATIONS = "translations"
    VIDEO = "video"

    # Every call looks an offer up by its operation; the enum's own hash is a Python function.
    __hash__ = str.__hash__
