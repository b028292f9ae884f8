"""The documentation site's examples, by schema."""

from typing import Any

_USAGE = {
    "total_tokens": 100,
    "input_tokens": 50,
    "output_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}
_PICTURE = {"url": "https://cdn.example.com/img-001.png"}
_VECTOR = {"object": "embedding", "index": 0, "embedding": [0.0023, -0.0094, 0.0151]}
_CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": "你好!有什么可以帮你的吗?"},
    "finish_reason": "stop",
}
_JUDGEMENT = {
    "flagged": False,
    "categories": {"violence": False, "hate": False, "sexual": False},
    "category_scores": {"violence": 0.001, "hate": 0.0001, "sexual": 0.0002},
}
_CHAT: dict[str, Any] = {
    "model": "deepseek-v3",
    "messages": [
        {"role": "system", "content": "你是一个有帮助的助手"},
        {"role": "user", "content": "你好"},
    ],
    "stream": False,
    "temperature": 0.7,
}

EXAMPLES: dict[str, Any] = {
    "ChatRequest": _CHAT,
    "ChatCompletionRequest": _CHAT,
    "ChatMessage": _CHAT["messages"][1],
    "ChatCompletionChoice": _CHOICE,
    "ChatCompletionResponse": {
        "id": "chatcmpl-abc123",
        "object": "chat.completion",
        "created": 1713833628,
        "model": "deepseek-v3",
        "choices": [_CHOICE],
        "usage": {"prompt_tokens": 15, "completion_tokens": 8, "total_tokens": 23},
    },
    "EmbeddingRequest": {"model": "text-embedding-v3", "input": "人工智能"},
    "EmbeddingData": _VECTOR,
    "EmbeddingResponse": {
        "object": "list",
        "data": [_VECTOR],
        "model": "text-embedding-v3",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    },
    "ImageGenerationRequest": {
        "model": "wanx-v2",
        "prompt": "Futuristic technology city",
        "size": "1024x1024",
        "quality": "high",
        "n": 1,
    },
    "ImageData": _PICTURE,
    "ImageUsageInputTokensDetails": _USAGE["input_tokens_details"],
    "ImageUsage": _USAGE,
    "ImageGenerationResponse": {"created": 1713833628, "data": [_PICTURE], "usage": _USAGE},
    "ModerationRequest": {"model": "content-moderation-latest", "input": "这是一条测试文本"},
    "ModerationCategory": _JUDGEMENT["categories"],
    "ModerationResult": _JUDGEMENT,
    "ModerationResponse": {
        "id": "modr-abc123",
        "model": "content-moderation-latest",
        "results": [_JUDGEMENT],
    },
    "Error": {
        "error": {
            "message": "Incorrect API key provided",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    },
}
