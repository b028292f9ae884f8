"""DeepSeek: chat after OpenAI's pattern, and the completion of a text's middle.

Grade of these facts: the vendor's pages "Error Codes" (402 an empty balance, 422 parameters), "FIM
Completion" (below /beta), opened 2026-11. The base URL is without /v1, which the vendor takes too.
"""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import OPENAI_DIALECTS, Provider

DEEPSEEK = Provider(
    name="deepseek",
    title="DeepSeek",
    base_url="https://api.deepseek.com/v1",
    root="/v1",
    speaks={
        each: OPENAI_DIALECTS[each]
        for each in (Operation.CHAT, Operation.COMPLETIONS, Operation.MODELS)
    },
    paths={
        Operation.CHAT: "/chat/completions",
        Operation.COMPLETIONS: "~/beta/completions",
        Operation.MODELS: "/models",
    },
    quirks=(
        # The vendor knows the old name only.
        Quirks(
            operations=("chat",),
            rename={"max_completion_tokens": "max_tokens"},
            since="2025-02",
            source="https://api-docs.deepseek.com/api/create-chat-completion",
        ),
    ),
)
