"""Alibaba DashScope (Model Studio): OpenAI's formats in compatible mode, its own for pictures and ranks.

The base URL is the international one; mainland accounts use
https://dashscope.aliyuncs.com/compatible-mode/v1, workspaces
https://{workspace}.{region}.maas.aliyuncs.com/compatible-mode/v1. Grade of these facts: the vendor's
pages "OpenAI compatible - Responses", "Wan text-to-image V2", "Qwen-Image" and "Error messages"
(opened 2026-11), its Python SDK 2.0.2 for task states, ranks and shapes.
"""

from nexhina.contract.operation import Operation
from nexhina.dialects.dashscope import POLICY_CODES
from nexhina.ports import Polling
from nexhina.providers.spec import OPENAI_DIALECTS, ErrorMap, Provider, Service

_SERVICES = "~/api/v1/services/aigc"

_QWEN_TTS = tuple(
    f"qwen3-tts-{each}{ending}" for each in ("flash", "instruct-flash") for ending in ("", "-20*")
)
"""Voices over HTTP; those that are called realtime speak over web sockets only."""

TASK = Polling(
    path="~/api/v1/tasks/{id}",
    id=("output", "task_id"),
    state=("output", "task_status"),
    running=frozenset({"PENDING", "RUNNING", "SUSPENDED"}),
    head=b"X-DashScope-Async: enable\r\n",
)

DASHSCOPE = Provider(
    name="dashscope",
    title="Alibaba DashScope",
    base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    root="/compatible-mode/v1",
    speaks={
        Operation.CHAT: OPENAI_DIALECTS[Operation.CHAT],
        Operation.EMBEDDINGS: OPENAI_DIALECTS[Operation.EMBEDDINGS],
        Operation.MODELS: OPENAI_DIALECTS[Operation.MODELS],
        Operation.RESPONSES: "openai_responses",
        Operation.RERANK: "dashscope_rerank",
        Operation.IMAGES: "dashscope_tasks",
        Operation.VIDEO: "dashscope_videos",
    },
    paths={
        Operation.CHAT: "/chat/completions",
        Operation.EMBEDDINGS: "/embeddings",
        Operation.MODELS: "/models",
        Operation.RESPONSES: "/responses",
        Operation.RERANK: "~/api/v1/services/rerank/text-rerank/text-rerank",
        Operation.IMAGES: f"{_SERVICES}/text2image/image-synthesis",
        Operation.VIDEO: f"{_SERVICES}/video-generation/video-synthesis",
    },
    services=(
        Service(
            operation=Operation.IMAGES,
            models=("wanx*", "wan2.1-*", "wan2.2-*", "wan2.5-*"),
            dialect="dashscope_tasks",
            path=f"{_SERVICES}/text2image/image-synthesis",
            polling=TASK,
        ),
        Service(
            operation=Operation.IMAGES,
            dialect="dashscope_messages",
            path=f"{_SERVICES}/multimodal-generation/generation",
        ),
        Service(
            operation=Operation.IMAGE_EDITS,
            models=("qwen-image-edit*", "qwen-image-2.*", "qwen-image-3.*", "wan2.6-image*"),
            dialect="dashscope_messages",
            path=f"{_SERVICES}/multimodal-generation/generation",
        ),
        Service(
            operation=Operation.SPEECH,
            models=("qwen-tts", "qwen-tts-latest", "qwen-tts-20*", *_QWEN_TTS),
            dialect="dashscope_speech",
            path=f"{_SERVICES}/multimodal-generation/generation",
            headers={"X-DashScope-SSE": "enable"},
        ),
        Service(
            operation=Operation.TRANSCRIPTIONS,
            models=("qwen3-asr-flash", "qwen3-asr-flash-20*", "qwen3-asr-flash-us"),
            dialect="dashscope_recognition",
            path=f"{_SERVICES}/multimodal-generation/generation",
        ),
        Service(
            operation=Operation.VIDEO,
            models=("*kf2v*",),  # first and last frame
            dialect="dashscope_frames",
            path=f"{_SERVICES}/image2video/video-synthesis",
        ),
        Service(
            operation=Operation.VIDEO,
            models=("wan2.7-*", "wan3*"),
            dialect="dashscope_media",
            path=f"{_SERVICES}/video-generation/video-synthesis",
        ),
    ),
    keeps=True,
    errors=ErrorMap(
        account_codes=frozenset({"Arrearage", "AccessDenied.Unpurchased", "AllocationQuota"}),
        policy_codes=POLICY_CODES,
    ),
)
