"""The dialects by name, as routes and provider declarations call them."""

from difflib import get_close_matches

from nexhina.dialects.cohere_embed import CohereEmbed, CohereEmbedV1
from nexhina.dialects.dialect import Dialect
from nexhina.dialects.late import Late, LateMapping
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.openai_completions import OpenAICompletions
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.dialects.openai_image_edits import OpenAIImageEdits
from nexhina.dialects.openai_image_variations import OpenAIImageVariations
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.dialects.openai_moderations import OpenAIModerations
from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.openai_speech import OpenAISpeech
from nexhina.dialects.openai_transcriptions import OpenAITranscriptions, OpenAITranslations
from nexhina.dialects.openai_videos import OpenAIVideos
from nexhina.dialects.rerank import CohereRerank, Rerank
from nexhina.dialects.responses_compaction import ResponsesCompaction
from nexhina.dialects.video import VideoVendor
from nexhina.dialects.video_call import VideoDialect

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        OpenAIChat(),
        OpenAIEmbeddings(),
        OpenAIImages(),
        OpenAIImageEdits(),
        OpenAIImageVariations(),
        OpenAISpeech(),
        OpenAITranscriptions(),
        OpenAITranslations(),
        OpenAIResponses(),
        ResponsesCompaction(),
        OpenAICompletions(),
        OpenAIModerations(),
        Rerank(),
        CohereRerank(),
        CohereEmbed(),
        CohereEmbedV1(),
        VideoDialect("openai_videos", OpenAIVideos()),
        VideoDialect("video_generations", OpenAIVideos()),
    )
}

VIDEO_VENDORS: LateMapping[str, VideoVendor] = LateMapping(
    {
        "openai_videos": Late("openai_videos", "OpenAIVideos"),
        "dashscope_videos": Late("dashscope_videos", "DashScopeVideos"),
        "zhipu_videos": Late("zhipu_videos", "ZhipuVideos"),
        "google_videos": Late("google_videos", "GoogleVideos"),
    }
)
"""The vendors' sides of films, by the name that a provider speaks."""


class FilmBridge(VideoDialect):
    """Films for a vendor that is looked up by its name."""

    def __init__(self, vendor: str) -> None:
        super().__init__(vendor, VIDEO_VENDORS[vendor])


BRIDGES: LateMapping[tuple[str, str], Dialect] = LateMapping(
    {
        ("openai_responses", "openai_chat"): Late("responses_over_chat", "ResponsesOverChat"),
        ("openai_compaction", "openai_responses"): Late(
            "responses_compaction", "CompactionOverResponses"
        ),
        ("openai_compaction", "openai_chat"): Late("responses_compaction", "CompactionOverChat"),
        ("openai_chat", "openai_responses"): Late("chat_over_responses", "ChatOverResponses"),
        ("rerank", "cohere_rerank"): Late("rerank", "Rerank", {"bridged": True}),
        ("cohere_rerank", "rerank"): Late("rerank", "CohereRerank", {"bridged": True}),
        ("rerank", "dashscope_rerank"): Late("rerank_over_dashscope", "RerankOverDashScope"),
        ("cohere_rerank", "dashscope_rerank"): Late(
            "rerank_over_dashscope", "CohereRerankOverDashScope"
        ),
        ("openai_embeddings", "cohere_embed"): Late(
            "openai_embeddings_over_cohere", "OpenAIEmbeddingsOverCohere"
        ),
        ("cohere_embed", "openai_embeddings"): Late(
            "cohere_embed_over_openai", "CohereEmbedOverOpenAI"
        ),
        ("cohere_embed_v1", "openai_embeddings"): Late(
            "cohere_embed_over_openai", "CohereEmbedV1OverOpenAI"
        ),
        ("cohere_embed_v1", "cohere_embed"): Late("cohere_embed_v1_over_v2", "CohereEmbedV1OverV2"),
        ("openai_images", "dashscope_tasks"): Late(
            "openai_images_over_dashscope", "OpenAIImagesOverDashScope", {"messages": False}
        ),
        ("openai_images", "dashscope_messages"): Late(
            "openai_images_over_dashscope", "OpenAIImagesOverDashScope", {"messages": True}
        ),
        ("openai_image_edits", "dashscope_messages"): Late(
            "image_edits_over_dashscope", "ImageEditsOverDashScope"
        ),
        ("openai_moderations", "zhipu_moderations"): Late(
            "moderations_over_zhipu", "ModerationsOverZhipu"
        ),
        ("openai_speech", "dashscope_speech"): Late("speech_over_dashscope", "SpeechOverDashScope"),
        ("openai_speech", "zhipu_speech"): Late("speech_over_zhipu", "SpeechOverZhipu"),
        ("openai_transcriptions", "dashscope_recognition"): Late(
            "transcriptions_over_dashscope", "TranscriptionsOverDashScope"
        ),
        ("openai_transcriptions", "zhipu_transcriptions"): Late(
            "transcriptions_over_zhipu", "TranscriptionsOverZhipu"
        ),
        **{
            (caller, vendor): Late("registry", "FilmBridge", {"vendor": vendor})
            for vendor in VIDEO_VENDORS
            for caller in ("openai_videos", "video_generations")
        },
    }
)
"""By the caller's dialect and the vendor's: what translates between the two."""


def require_dialect(name: str) -> Dialect:
    """The dialect; raises ValueError that names the nearest."""
    dialect = DIALECTS.get(name)
    if dialect is None:
        near = get_close_matches(name, DIALECTS, n=1) or sorted(DIALECTS)
        msg = f"there is no dialect {name!r}; did you mean {near[0]!r}?"
        raise ValueError(msg)
    return dialect
