"""Which of its shapes the model routes answer in: four kinds of clients ask the same address.

Told apart by what only they send: a `client_version`, a Google key, the /v1beta path. Everyone else
gets the object that serves OpenAI's and Anthropic's clients at once.
"""

from collections.abc import Mapping, Sequence

from nexhina.contract.route import GOOGLE
from nexhina.dialects.codex_models import write_codex_models
from nexhina.dialects.gemini_models import write_gemini_model, write_gemini_models
from nexhina.dialects.openai_models import LARGEST_PAGE, ModelEntry, write_model, write_models
from nexhina.dialects.query import read_count, read_query


def write_model_list(
    entries: Sequence[ModelEntry], path: str, query: bytes, headers: Mapping[bytes, bytes]
) -> bytes:
    """The list in the caller's shape; raises InvalidRequestError when its paging can't be read."""
    wishes = read_query(query)
    if _is_beta(path):
        return write_gemini_models(entries, wishes)
    read_count(wishes, "limit", LARGEST_PAGE)  # a bad one is refused in every shape
    if "client_version" in wishes:
        return write_codex_models(entries)
    if _has_google_key(wishes, headers):
        return write_gemini_models(entries, wishes)
    return write_models(entries, wishes)


def write_one_model(
    entry: ModelEntry, path: str, query: bytes, headers: Mapping[bytes, bytes]
) -> bytes:
    """One model in the caller's shape."""
    if wants_google(path, query, headers):
        return write_gemini_model(entry)
    return write_model(entry)


def wants_google(path: str, query: bytes, headers: Mapping[bytes, bytes]) -> bool:
    """Whether one of Google's clients asks, so that errors too are in its shape."""
    return _is_beta(path) or _has_google_key(read_query(query), headers)


def _is_beta(path: str) -> bool:
    return path.startswith(GOOGLE)


def _has_google_key(wishes: Mapping[str, str], headers: Mapping[bytes, bytes]) -> bool:
    return b"x-goog-api-key" in headers or "key" in wishes
