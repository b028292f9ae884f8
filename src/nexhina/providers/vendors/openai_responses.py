"""Any server that speaks OpenAI's Responses and not its chat: chat reaches it translated."""

from nexhina.contract.operation import Operation
from nexhina.providers.spec import OPENAI_DIALECTS, OPENAI_PATHS, Provider

OPENAI_RESPONSES = Provider(
    name="openai_responses",
    title="Responses-only server",
    base_url=None,
    speaks={
        Operation.RESPONSES: "openai_responses",
        Operation.MODELS: OPENAI_DIALECTS[Operation.MODELS],
    },
    paths={
        Operation.RESPONSES: "/responses",
        Operation.MODELS: OPENAI_PATHS[Operation.MODELS],
    },
    key_required=False,
)
