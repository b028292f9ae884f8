"""What holds where a parameter is left out. The document tells it; no request is completed with it.

Keys are "Schema.field", or ".field" for a field of every request. Where it is the model's or the
vendor's to say, nothing is listed.
"""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Any] = {
    ".async": False,
    ".echo": False,
    ".encoding_format": "float",
    ".frequency_penalty": 0,
    ".logprobs": False,
    ".n": 1,
    ".presence_penalty": 0,
    ".return_documents": False,
    ".store": True,
    ".stream": False,
    ".stream_format": "audio",
    ".truncation": "disabled",
    "ModerationRequest.model": "omni-moderation-latest",
}


def find_default(schema: str, field: str, declared: Any) -> Any:
    """The documented default of a request's field; `declared`: what its type says of it."""
    return DEFAULTS.get(f"{schema}.{field}", DEFAULTS.get(f".{field}", declared))
