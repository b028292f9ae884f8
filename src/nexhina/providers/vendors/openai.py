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
    # Served as responses only, says the vendor's own SDK (3.57.0, its type of such models, 2026-11);
    # of other codex and pro models its answers say so. All of them can be asked for responses.
    lacks={
        Operation.CHAT: (
            "*-pro",
            "*-pro-20*",
            "*-codex",
            "*-codex-*",
            "codex-*",
            "*-deep-research",
            "*-deep-research-*",
            "computer-use-*",
            "gpt-daybreak-*",
            "*-cyber",
            "gpt-rosalind-*",
            "gpt-*-rosalind",
            "gpt-*-law",
        )
    },
    keeps=True,
    below={"openai_compaction": "/compact"},
    quirks=(
        # These always answer base64; the gateway makes the link that a caller asked for.
        Quirks(
            operations=("images", "image_edits"),
            models=("gpt-image-*", "chatgpt-image-*"),
            ours=frozenset({"response_format"}),
            since="2025-04",
            source="https://platform.openai.com/docs/api-reference/images/create",
        ),
        # The older voices can't be told how to speak.
        Quirks(
            operations=("speech",),
            models=("tts-1", "tts-1-*"),
            drop=frozenset({"instructions"}),
            since="2025-03",
            source="https://platform.openai.com/docs/api-reference/audio/createSpeech",
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
