"""The dialects by name, as routes and provider declarations call them."""

from difflib import get_close_matches

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.dialects.cohere_embed import CohereEmbed, CohereEmbedV1
from nexhina.dialects.cohere_embed_over_openai import (
    CohereEmbedOverOpenAI,
    CohereEmbedV1OverOpenAI,
)
from nexhina.dialects.cohere_embed_v1_over_v2 import CohereEmbedV1OverV2
from nexhina.dialects.dashscope_videos import DashScopeVideos
from nexhina.dialects.dialect import Dialect
from nexhina.dialects.google_videos import GoogleVideos
from nexhina.dialects.image_edits_over_dashscope import ImageEditsOverDashScope
from nexhina.dialects.moderations_over_zhipu import ModerationsOverZhipu
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.openai_completions import OpenAICompletions
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.dialects.openai_embeddings_over_cohere import OpenAIEmbeddingsOverCohere
from nexhina.dialects.openai_image_edits import OpenAIImageEdits
from nexhina.dialects.openai_image_variations import OpenAIImageVariations
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.dialects.openai_images_over_dashscope import OpenAIImagesOverDashScope
from nexhina.dialects.openai_moderations import OpenAIModerations
from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.openai_speech import OpenAISpeech
from nexhina.dialects.openai_transcriptions import OpenAITranscriptions, OpenAITranslations
from nexhina.dialects.openai_videos import OpenAIVideos
from nexhina.dialects.rerank import CohereRerank, Rerank
from nexhina.dialects.rerank_over_dashscope import (
    CohereRerankOverDashScope,
    RerankOverDashScope,
)
from nexhina.dialects.responses_compaction import (
    CompactionOverChat,
    CompactionOverResponses,
    ResponsesCompaction,
)
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.dialects.speech_over_dashscope import SpeechOverDashScope
from nexhina.dialects.speech_over_zhipu import SpeechOverZhipu
from nexhina.dialects.transcriptions_over_dashscope import TranscriptionsOverDashScope
from nexhina.dialects.transcriptions_over_zhipu import TranscriptionsOverZhipu
from nexhina.dialects.video import VideoVendor
from nexhina.dialects.video_call import VideoDialect
from nexhina.dialects.zhipu_videos import ZhipuVideos

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

VIDEO_VENDORS: dict[str, VideoVendor] = {
    vendor.name: vendor
    for vendor in (OpenAIVideos(), DashScopeVideos(), ZhipuVideos(), GoogleVideos())
}
"""The vendors' sides of films, by the name that a provider speaks."""

BRIDGES: dict[tuple[str, str], Dialect] = {
    ("openai_responses", "openai_chat"): ResponsesOverChat(),
    ("openai_compaction", "openai_responses"): CompactionOverResponses(),
    ("openai_compaction", "openai_chat"): CompactionOverChat(),
    ("openai_chat", "openai_responses"): ChatOverResponses(),
    ("rerank", "cohere_rerank"): Rerank(bridged=True),
    ("cohere_rerank", "rerank"): CohereRerank(bridged=True),
    ("openai_embeddings", "cohere_embed"): OpenAIEmbeddingsOverCohere(),
    ("cohere_embed", "openai_embeddings"): CohereEmbedOverOpenAI(),
    ("cohere_embed_v1", "openai_embeddings"): CohereEmbedV1OverOpenAI(),
    ("cohere_embed_v1", "cohere_embed"): CohereEmbedV1OverV2(),
    ("openai_images", "dashscope_tasks"): OpenAIImagesOverDashScope(messages=False),
    ("openai_images", "dashscope_messages"): OpenAIImagesOverDashScope(messages=True),
    ("openai_image_edits", "dashscope_messages"): ImageEditsOverDashScope(),
    ("rerank", "dashscope_rerank"): RerankOverDashScope(),
    ("cohere_rerank", "dashscope_rerank"): CohereRerankOverDashScope(),
    ("openai_moderations", "zhipu_moderations"): ModerationsOverZhipu(),
    ("openai_speech", "dashscope_speech"): SpeechOverDashScope(),
    ("openai_speech", "zhipu_speech"): SpeechOverZhipu(),
    ("openai_transcriptions", "dashscope_recognition"): TranscriptionsOverDashScope(),
    ("openai_transcriptions", "zhipu_transcriptions"): TranscriptionsOverZhipu(),
    **{
        (caller, name): VideoDialect(name, vendor)
        for name, vendor in VIDEO_VENDORS.items()
        for caller in ("openai_videos", "video_generations")
    },
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
