"""The dialects by name, as routes and provider declarations call them."""

from difflib import get_close_matches

from nexhina.dialects.dialect import Dialect
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.openai_completions import OpenAICompletions
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.dialects.openai_moderations import OpenAIModerations
from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.rerank import CohereRerank, Rerank
from nexhina.dialects.responses_over_chat import ResponsesOverChat

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        OpenAIChat(),
        OpenAIEmbeddings(),
        OpenAIImages(),
        OpenAIResponses(),
        OpenAICompletions(),
        OpenAIModerations(),
        Rerank(),
        CohereRerank(),
    )
}

BRIDGES: dict[tuple[str, str], Dialect] = {
    ("openai_responses", "openai_chat"): ResponsesOverChat(),
    ("rerank", "cohere_rerank"): Rerank(bridged=True),
    ("cohere_rerank", "rerank"): CohereRerank(bridged=True),
}
"""By the caller's dialect and the vendor's: what translates between the two."""


def require_dialect(name: str) -> Dialect:
    """The dialect; raises ValueError that names the nearest."""
    dialect = DIALECTS.get(name)
    if dialect is None:
        near = get_close_matches(name, DIALECTS, n=1) or sorted(DIALECTS)
        msg = f"there is no dialect {name!r}; did you mean {near[0]!r}?"
        raise ValueError(msg)
    return dialect
