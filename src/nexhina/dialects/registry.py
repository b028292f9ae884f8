"""The dialects by name, as routes and provider declarations call them."""

from difflib import get_close_matches
from typing import Any, cast

from nexhina.dialects.dialect import Dialect
from nexhina.dialects.late import Late
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.video import VideoVendor


def _late(name: str, module: str, kind: str, /, **options: Any) -> Dialect:
    return cast("Dialect", Late(name, module, kind, **options))


def _list_dialects(*others: Dialect) -> dict[str, Dialect]:
    """By name, after the one that nearly every call is in."""
    return {each.name: each for each in (OpenAIChat(), *others)}


def _vendor(name: str, module: str, kind: str, /, **options: Any) -> VideoVendor:
    return cast("VideoVendor", Late(name, module, kind, **options))


VIDEO_VENDORS = {
    each.name: each
    for each in (
        _vendor("openai_videos", "openai_videos", "OpenAIVideos"),
        _vendor("dashscope_videos", "dashscope_videos", "DashScopeVideos"),
        _vendor("dashscope_frames", "dashscope_videos", "DashScopeVideos", way="frames"),
        _vendor("dashscope_media", "dashscope_videos", "DashScopeVideos", way="media"),
        _vendor("zhipu_videos", "zhipu_videos", "ZhipuVideos"),
        _vendor("google_videos", "google_videos", "GoogleVideos"),
    )
}
"""The vendors' sides of films, by the name that a provider speaks."""


def _film(vendor: str) -> Dialect:
    return _late(vendor, "video_call", "VideoDialect", name=vendor)


DIALECTS = _list_dialects(
    _late("openai_embeddings", "openai_embeddings", "OpenAIEmbeddings"),
    _late("openai_images", "openai_images", "OpenAIImages"),
    _late("openai_image_edits", "openai_image_edits", "OpenAIImageEdits"),
    _late("openai_image_variations", "openai_image_variations", "OpenAIImageVariations"),
    _late("openai_speech", "openai_speech", "OpenAISpeech"),
    _late("openai_transcriptions", "openai_transcriptions", "OpenAITranscriptions"),
    _late("openai_translations", "openai_transcriptions", "OpenAITranslations"),
    _late("openai_responses", "openai_responses", "OpenAIResponses"),
    _late("openai_compaction", "responses_compaction", "ResponsesCompaction"),
    _late("openai_completions", "openai_completions", "OpenAICompletions"),
    _late("openai_moderations", "openai_moderations", "OpenAIModerations"),
    _late("rerank", "rerank", "Rerank"),
    _late("cohere_rerank", "rerank", "CohereRerank"),
    _late("cohere_embed", "cohere_embed", "CohereEmbed"),
    _late("cohere_embed_v1", "cohere_embed", "CohereEmbedV1"),
    _film("openai_videos"),
    _film("video_generations"),
)
"""The callers' formats, by name; where vendors speak them too, also theirs."""


def _bridge(
    caller: str, vendor: str, module: str, kind: str, **options: Any
) -> tuple[tuple[str, str], Dialect]:
    """Both formats and the bridge, which bears the vendor's name: it tells what was sent."""
    return (caller, vendor), _late(vendor, module, kind, **options)


BRIDGES = dict(
    (
        _bridge("openai_responses", "openai_chat", "responses_over_chat", "ResponsesOverChat"),
        _bridge(
            "openai_compaction",
            "openai_responses",
            "responses_compaction",
            "CompactionOverResponses",
        ),
        _bridge("openai_compaction", "openai_chat", "responses_compaction", "CompactionOverChat"),
        _bridge("openai_chat", "openai_responses", "chat_over_responses", "ChatOverResponses"),
        _bridge("rerank", "cohere_rerank", "rerank", "Rerank", bridged=True),
        _bridge("cohere_rerank", "rerank", "rerank", "CohereRerank", bridged=True),
        _bridge("rerank", "dashscope_rerank", "rerank_over_dashscope", "RerankOverDashScope"),
        _bridge(
            "cohere_rerank",
            "dashscope_rerank",
            "rerank_over_dashscope",
            "CohereRerankOverDashScope",
        ),
        _bridge(
            "openai_embeddings",
            "cohere_embed",
            "openai_embeddings_over_cohere",
            "OpenAIEmbeddingsOverCohere",
        ),
        _bridge(
            "cohere_embed", "openai_embeddings", "cohere_embed_over_openai", "CohereEmbedOverOpenAI"
        ),
        _bridge(
            "cohere_embed_v1",
            "openai_embeddings",
            "cohere_embed_over_openai",
            "CohereEmbedV1OverOpenAI",
        ),
        _bridge(
            "cohere_embed_v1", "cohere_embed", "cohere_embed_v1_over_v2", "CohereEmbedV1OverV2"
        ),
        _bridge(
            "openai_images",
            "dashscope_tasks",
            "openai_images_over_dashscope",
            "OpenAIImagesOverDashScope",
            messages=False,
        ),
        _bridge(
            "openai_images",
            "dashscope_messages",
            "openai_images_over_dashscope",
            "OpenAIImagesOverDashScope",
            messages=True,
        ),
        _bridge(
            "openai_image_edits",
            "dashscope_messages",
            "image_edits_over_dashscope",
            "ImageEditsOverDashScope",
        ),
        _bridge(
            "openai_moderations",
            "zhipu_moderations",
            "moderations_over_zhipu",
            "ModerationsOverZhipu",
        ),
        _bridge(
            "openai_speech", "dashscope_speech", "speech_over_dashscope", "SpeechOverDashScope"
        ),
        _bridge("openai_speech", "zhipu_speech", "speech_over_zhipu", "SpeechOverZhipu"),
        _bridge(
            "openai_transcriptions",
            "dashscope_recognition",
            "transcriptions_over_dashscope",
            "TranscriptionsOverDashScope",
        ),
        _bridge(
            "openai_transcriptions",
            "zhipu_transcriptions",
            "transcriptions_over_zhipu",
            "TranscriptionsOverZhipu",
        ),
    )
) | {
    (caller, vendor): _film(vendor)
    for vendor in VIDEO_VENDORS
    for caller in ("openai_videos", "video_generations")
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
