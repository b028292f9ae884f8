"""The sandbox's models: what each is called, the paths it answers, and what it can do there.

Everything else that depends on a model (the list, the refusals, the aliases) is made from this
table. What they cost is a row of the platform's catalog, not known here.
"""

import msgspec

CHAT = "sandbox-chat"
REASONING = "sandbox-reasoning"
EMBEDDING = "sandbox-embedding"
IMAGE = "sandbox-image"
MODERATION = "sandbox-moderation"
RERANK = "sandbox-rerank"
SPEECH = "sandbox-speech"
HEARING = "sandbox-hearing"
VIDEO = "sandbox-video"

CREATED = 1_767_225_600  # 2026-01-01, what /v1/models shows
OWNER = "nexhina-sandbox"


class Entry(msgspec.Struct, frozen=True):
    """One model: its name, its paths, and whether it tells its reasoning before it answers."""

    name: str
    paths: tuple[str, ...]
    reasons: bool = False


TABLE = (
    Entry(CHAT, ("/v1/chat/completions", "/v1/completions")),
    Entry(REASONING, ("/v1/chat/completions",), reasons=True),
    Entry(EMBEDDING, ("/v1/embeddings",)),
    Entry(IMAGE, ("/v1/images/generations", "/v1/images/edits", "/v1/images/variations")),
    Entry(MODERATION, ("/v1/moderations",)),
    Entry(RERANK, ("/v1/rerank",)),
    Entry(SPEECH, ("/v1/audio/speech",)),
    Entry(HEARING, ("/v1/audio/transcriptions", "/v1/audio/translations")),
    Entry(VIDEO, ("/v1/videos",)),
)

ENTRIES = {entry.name: entry for entry in TABLE}
MODELS = tuple(ENTRIES)
PATHS = tuple(dict.fromkeys(path for entry in TABLE for path in entry.paths))


def list_models(path: str) -> tuple[str, ...]:
    """The models that answer at a path; none for a path that the sandbox doesn't have."""
    return tuple(entry.name for entry in TABLE if path in entry.paths)
