"""The bridges whose callers' formats OpenAI's SDK types, and what is typed on both of their sides."""

from typing import Any, NamedTuple

from openai.types.audio.speech_create_params import SpeechCreateParams
from openai.types.beta.response_create_params import ResponseCreateParamsStreaming as BetaParams
from openai.types.chat.completion_create_params import (
    CompletionCreateParams,
    CompletionCreateParamsStreaming,
)
from openai.types.embedding_create_params import EmbeddingCreateParams
from openai.types.image_generate_params import ImageGenerateParamsNonStreaming
from openai.types.moderation_create_params import ModerationCreateParams
from openai.types.responses.response_compact_params import ResponseCompactParams
from openai.types.responses.response_create_params import (
    ResponseCreateParams,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.dialects.registry import BRIDGES
from nexhina.dialects.responses_over_chat import ResponsesOverChat


class Bridge(NamedTuple):
    """A bridge, the SDK's types on both of its sides, and the changes that need not be told."""

    dialect: Any
    asked: Any
    sent: TypeAdapter[Any]
    plain: dict[str, Any]
    same: dict[str, str]
    """Places (as patterns) where a change asks the vendor for nothing else, and why."""
    newer: dict[str, str]
    """Places where this format's types have what the other's do not, though vendors may take it."""


RESPONSES = Bridge(
    ResponsesOverChat(),
    ResponseCreateParamsStreaming,
    TypeAdapter(CompletionCreateParams),
    {"input": "x", "tools": [{"type": "function", "name": "f"}], "stream": True},
    {
        r"truncation='disabled'|stream=True": "what is so anyway",
        r"background=.*|store=.*|metadata=.*|previous_response_id=.*": "the gateway's own work",
        r"reasoning=Reasoning\.(generate_)?summary=.*": "decides how the answer shows reasoning",
        r"stream_options=StreamOptions\.include_obfuscation=False": "nothing is obfuscated",
        r"include=List\['(message\.output_text\.logprobs|message\.input_image\.image_url|reasoning\.encrypted_content)'\]": "the gateway's own work",
        r"input=List\[\w+\]\.(id|status)\b.*": "marks of items as they are kept",
        r"input=List\[\w+\]\.(content|output)=(List|Iterable)": "a text, and a list of that text",
        r".*\.content=List\[input_text\]": "a text that is empty",
        r"text=\w+\.format=text|(.*\.)?tools=?.*\[custom\]\.format=text": "text is free anyway",
    },
    {r"service_tier='ultrafast'": "a tier that chat's types do not name"},
)
CHAT = Bridge(
    ChatOverResponses(),
    CompletionCreateParamsStreaming,
    TypeAdapter(ResponseCreateParams),
    {
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "stream": True,
    },
    {
        r"logprobs=False|n=int|store=False|stream=True": "what is so anyway",
        r"modalities=List(\['text'\])?": "what is so anyway",
        r".*\.image_url\.detail='auto'|.*\.function\.strict=False": "what is so anyway",
        r"stream_options=\w+\.include_usage=.*": "the last event has it; who sees it is ours",
        r"messages\[ChatCompletionAssistantMessageParam\]": "a turn that says nothing",
    },
    {},
)


ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
MADE_HERE = "made here of what the vendor gives"
OTHERS = {
    ("openai_compaction", "openai_chat"): Bridge(
        BRIDGES["openai_compaction", "openai_chat"],
        ResponseCompactParams,
        RESPONSES.sent,
        {"input": "x"},
        {
            pattern.replace("input=List", "input=Iterable"): why
            for pattern, why in RESPONSES.same.items()
        },
        {},
    ),
    ("openai_embeddings", "cohere_embed"): Bridge(
        BRIDGES["openai_embeddings", "cohere_embed"],
        EmbeddingCreateParams,
        ANYTHING,
        {"input": "x"},
        {r"input=Sequence": "a text, and a list of that text", r"encoding_format=.*": MADE_HERE},
        {},
    ),
    ("openai_moderations", "zhipu_moderations"): Bridge(
        BRIDGES["openai_moderations", "zhipu_moderations"],
        ModerationCreateParams,
        ANYTHING,
        {"input": "x"},
        {r"input=Sequence": "a text, and a list of that text"},
        {},
    ),
    **{
        ("openai_images", vendor): Bridge(
            BRIDGES["openai_images", vendor],
            ImageGenerateParamsNonStreaming,
            ANYTHING,
            {"prompt": "x"},
            {
                r"n=int|size='auto'|stream=False": "what is so anyway",
                r"response_format=.*": MADE_HERE,
            },
            {},
        )
        for vendor in ("dashscope_tasks", "dashscope_messages")
    },
    **{
        ("openai_speech", vendor): Bridge(
            BRIDGES["openai_speech", vendor],
            SpeechCreateParams,
            ANYTHING,
            {"input": "x", "voice": "v"},
            {
                r"response_format='(wav|pcm)'|stream_format=.*": MADE_HERE,
                r"voice=VoiceID": "a name, and an object with that name",
            },
            {},
        )
        for vendor in ("dashscope_speech", "zhipu_speech")
    },
}

BETA = RESPONSES._replace(asked=BetaParams)
