"""Zhipu AI (Z.ai, BigModel): chat, embeddings, pictures, films, sound, reranking and moderation.

Mainland accounts use the base URL https://open.bigmodel.cn/api/paas/v4 instead. Grade of these facts:
the vendor's pages "Generate image", "文本重排序", "内容安全" and "Errors" (opened 2026-11), its Python
SDK 0.2.3 for paths and parameters; of sound see the dialects. An account in arrears is a 429 with the code 1113.
"""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import OPENAI_DIALECTS, OPENAI_PATHS, ErrorMap, Provider

_IMAGE_PAGE = "https://docs.z.ai/api-reference/image/generate-image"
_OPERATIONS = (
    Operation.CHAT,
    Operation.EMBEDDINGS,
    Operation.IMAGES,
    Operation.RERANK,
    Operation.MODELS,
)

ZHIPU = Provider(
    name="zhipu",
    title="Zhipu AI",
    base_url="https://api.z.ai/api/paas/v4",
    speaks={
        **{each: OPENAI_DIALECTS[each] for each in _OPERATIONS},
        Operation.MODERATIONS: "zhipu_moderations",
        Operation.SPEECH: "zhipu_speech",
        Operation.TRANSCRIPTIONS: "zhipu_transcriptions",
        Operation.VIDEO: "zhipu_videos",
    },
    paths={
        **{each: OPENAI_PATHS[each] for each in _OPERATIONS},
        Operation.MODERATIONS: "/moderations",
        Operation.SPEECH: OPENAI_PATHS[Operation.SPEECH],
        Operation.TRANSCRIPTIONS: OPENAI_PATHS[Operation.TRANSCRIPTIONS],
        Operation.VIDEO: "/videos/generations",
    },
    errors=ErrorMap(
        caller=frozenset({400, 413, 422, 435}),  # 435: the file is too large
        ours=frozenset({401, 402, 403, 404, 434}),  # 434: the account may not use this API
        account_codes=frozenset({"1110", "1111", "1112", "1113", "1121"}),
        policy_codes=frozenset({"1300", "1301"}),
    ),
    quirks=(
        # Answers links, one picture; "standard" and "hd" are its only qualities.
        Quirks(
            operations=("images",),
            ours=frozenset({"response_format"}),
            drop=frozenset(
                {"n", "style", "background", "moderation", "output_format", "output_compression"}
            ),
            since="2025-07",
            source=_IMAGE_PAGE,
        ),
        Quirks(
            operations=("chat",),
            rename={"max_completion_tokens": "max_tokens", "user": "user_id"},
            since="2025-07",
            source="https://docs.z.ai/api-reference/llm/chat-completion",
        ),
        # Answers JSON with the text; the gateway makes the text and the events of it.
        Quirks(
            operations=("transcriptions",),
            ours=frozenset({"response_format", "stream"}),
            drop=frozenset(
                {
                    "language",
                    "temperature",
                    "timestamp_granularities",
                    "timestamp_granularities[]",
                    "include",
                    "include[]",
                    "chunking_strategy",
                }
            ),
            rename={"user": "user_id"},
            since="2026-02",
            source="https://docs.z.ai/api-reference/audio/audio-transcriptions",
        ),
    ),
)
