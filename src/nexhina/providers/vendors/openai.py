"""OpenAI."""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import OPENAI_DIALECTS, OPENAI_PATHS, Provider

OPENAI = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    speaks={
        **{each: name for each, name in OPENAI_DIALECTS.items() if each is not Operation.RERANK},
        Operation.RESPONSES: "openai_responses",
    },
    paths={**OPENAI_PATHS, Operation.RESPONSES: "/responses"},
    forward=(b"openai-beta",),
    quirks=(
        # These always answer base64; the gateway makes the link that a caller asked for.
        Quirks(
            operations=("images",),
            models=("gpt-image-*", "chatgpt-image-*"),
            ours=frozenset({"response_format"}),
            since="2025-04",
            source="https://platform.openai.com/docs/api-reference/images/create",
        ),
        # Reasoning models refuse the old name.
        Quirks(
            operations=("chat",),
            models=("o1*", "o3*", "o4*", "gpt-5*", "gpt-6*"),
            rename={"max_tokens": "max_completion_tokens"},
            since="2024-09",
            source="https://platform.openai.com/docs/api-reference/chat/create",
        ),
    ),
)
