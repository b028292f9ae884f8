"""The list of models as Google's clients read it: `models/…` names, token limits, methods.

No method of Google's format answers yet, so none is listed as supported.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from nexhina.dialects.openai_models import ModelEntry
from nexhina.dialects.query import read_count
from nexhina.errors import InvalidRequestError

_PREFIX = "models/"
_LARGEST_PAGE = 1_000


def write_gemini_models(entries: Sequence[ModelEntry], query: Mapping[str, str]) -> bytes:
    """One page of `entries`; raises InvalidRequestError for a bad `pageSize` or `pageToken`.

    Without `pageSize` the page is as large as it may be. A token is the last name of a page.
    """
    size = read_count(query, "pageSize", _LARGEST_PAGE) or _LARGEST_PAGE
    start = 0
    token = query.get("pageToken")
    if token:
        names = [entry.model.name for entry in entries]
        if token not in names:
            raise InvalidRequestError(
                "This pageToken is unknown, or its model is gone. List from the first page again.",
                param="pageToken",
            )
        start = names.index(token) + 1
    page = entries[start : start + size]
    written: dict[str, Any] = {"models": [_write_entry(entry) for entry in page]}
    if start + size < len(entries):
        written["nextPageToken"] = page[-1].model.name
    return msgspec.json.encode(written)


def write_gemini_model(entry: ModelEntry) -> bytes:
    """The body of GET /v1beta/models/{model}."""
    return msgspec.json.encode(_write_entry(entry))


def _write_entry(entry: ModelEntry) -> dict[str, Any]:
    model = entry.model
    written: dict[str, Any] = {
        "name": _PREFIX + model.name,
        "displayName": model.title or model.name,
        "supportedGenerationMethods": [],
    }
    if model.context is not None:
        written["inputTokenLimit"] = model.context
    if model.output_limit is not None:
        written["outputTokenLimit"] = model.output_limit
    return written
