"""Examples by schema: the documentation site's, and ours of the schemas that it shows none of."""

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

_RESPONSE: dict[str, Any] = {
    "id": "resp_abc123",
    "object": "response",
    "created_at": 1713833628,
    "status": "completed",
    "model": "deepseek-v3",
    "output": [
        {
            "id": "msg_abc123",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "你好！", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 15, "output_tokens": 8, "total_tokens": 23},
}
_RESULTS = [{"index": 1, "relevance_score": 0.92}, {"index": 0, "relevance_score": 0.05}]

_BLUE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsItkNCMazQi+"
    "hcEKLNXzWgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgtKygFL"
    "v7Xp7gAAAABJRU5ErkJggg=="
)
"""A blue square of 64 pixels a side."""

_FUNCTION = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
_FILM = {"url": "https://cdn.example.com/video-001.mp4", "duration": 5}

_OURS: dict[str, Any] = {
    "ToolCall": {
        "id": "call_abc123",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
    },
    "FunctionDefinition": _FUNCTION,
    "ToolDefinition": {"type": "function", "function": _FUNCTION},
    "ChatCompletionChunk": {
        "id": "chatcmpl-abc123",
        "object": "chat.completion.chunk",
        "created": 1713833628,
        "model": "deepseek-v3",
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": "你好"},
                "finish_reason": None,
            }
        ],
        "usage": None,
    },
    "ResponseInputText": {"type": "input_text", "text": "你好"},
    "ResponseOutputText": _RESPONSE["output"][0]["content"][0],
    "VideoData": _FILM,
    "VideoGenerationResponse": {
        "created": 1713833628,
        "data": [_FILM],
        "id": "video_abc123",
        "status": "completed",
        "model": "sandbox-video",
        "progress": 100,
    },
    "Log": {
        "id": 7,
        "user_id": 1,
        "username": "ada",
        "created_at": 1713833628,
        "type": 2,
        "content": "gpt-4o-mini",
        "token_name": "app",
        "model_name": "gpt-4o-mini",
        "quota": 14,
        "prompt_tokens": 15,
        "completion_tokens": 8,
        "channel": 1,
        "is_stream": True,
        "request_id": "my-trace-7",
    },
    "User": {
        "id": 1,
        "username": "ada",
        "display_name": "Ada",
        "role": 1,
        "status": 1,
        "email": "ada@example.com",
        "quota": 500_000,
        "used_quota": 14,
        "request_count": 1,
        "group": "team",
    },
    "Channel": {
        "id": 1,
        "name": "main",
        "type": 1,
        "status": 1,
        "weight": 1,
        "priority": 0,
        "base_url": "https://api.example.com/v1",
        "models": "gpt-4o,gpt-4o-mini",
        "group": "team",
        "created_time": 1713833628,
        "test_time": 0,
        "response_time": 0,
        "used_quota": 14,
    },
    "Token": {
        "id": 1,
        "user_id": 1,
        "name": "app",
        "key": "sk-…",
        "status": 1,
        "created_time": 1713833628,
        "accessed_time": 1713833628,
        "expired_time": 1767225600,
        "remain_quota": 500_000,
        "used_quota": 14,
    },
    "Redemption": {
        "id": 1,
        "user_id": 1,
        "name": "spring",
        "key": "0123456789abcdef0123456789abcdef",
        "status": 1,
        "quota": 500_000,
        "created_time": 1713833628,
        "redeemed_time": 0,
    },
    "SpeechRequest": {"model": "sandbox-speech", "input": "Good morning!", "voice": "alloy"},
    "SpeechEvent": {"type": "speech.audio.delta", "audio": "SUQzBAAAAAAAAA=="},
    "TranscriptionRequest": {"model": "sandbox-hearing", "file": "(a file)", "language": "en"},
    "TranscriptionResponse": {"text": "Good morning!"},
    "TranscriptEvent": {"type": "transcript.text.delta", "delta": "Good morning!"},
    "TranslationRequest": {"model": "sandbox-hearing", "file": "(a file)"},
    "TranslationResponse": {"text": "Good morning!"},
    "VideoGenerationRequest": {
        "model": "sandbox-video",
        "prompt": "A paper boat on a pond, soft light",
        "size": "320x240",
        "duration": 2,
    },
    "VideoCreateRequest": {
        "model": "sandbox-video",
        "prompt": "A paper boat on a pond, soft light",
        "seconds": "2",
        "size": "320x240",
    },
    "VideoRemixRequest": {"prompt": "The same boat at night"},
    "ImageEditRequest": {
        "model": "sandbox-image",
        "prompt": "Add a lighthouse",
        "image": ["(a file)"],
    },
    "ImageReferenceEditRequest": {
        "model": "sandbox-image",
        "prompt": "Add a lighthouse",
        "images": [{"image_url": _BLUE}],
    },
    "ImageVariationRequest": {"model": "sandbox-image", "image": "(a file)"},
    "ImageEvent": {
        "type": "image_generation.partial_image",
        "b64_json": "iVBORw0KGgo=",
        "partial_image_index": 0,
        "created_at": 1713833628,
        "size": "1024x1024",
        "quality": "high",
        "background": "opaque",
        "output_format": "png",
    },
    "CohereEmbedRequest": {
        "model": "text-embedding-v3",
        "texts": ["人工智能", "artificial intelligence"],
        "input_type": "search_document",
        "embedding_types": ["float"],
    },
    "CompletionRequest": {
        "model": "sandbox-chat",
        "prompt": "Once upon a time",
        "max_tokens": 32,
        "temperature": 0.7,
    },
    "CompletionResponse": {
        "id": "cmpl-abc123",
        "object": "text_completion",
        "created": 1713833628,
        "model": "sandbox-chat",
        "choices": [{"text": " there was a lake.", "index": 0, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9},
    },
    "ResponseRequest": {
        "model": "deepseek-v3",
        "instructions": "你是一个有帮助的助手",
        "input": "你好",
    },
    "CompactionRequest": {
        "model": "sandbox-chat",
        "input": "My name is Ada. Tell me how lighthouses work.",
    },
    "ResponseObject": _RESPONSE,
    "ResponseOutputMessage": _RESPONSE["output"][0],
    "RerankRequest": {
        "model": "rerank-v3.5",
        "query": "Which city is the capital of France?",
        "documents": ["Apples ripen in autumn.", "Paris is the capital of France."],
        "top_n": 2,
    },
    "RerankResult": _RESULTS[0],
    "RerankResponse": {
        "id": "rerank-abc123",
        "model": "rerank-v3.5",
        "results": _RESULTS,
        "usage": {"prompt_tokens": 21, "total_tokens": 21},
    },
    "CohereRerankResponse": {
        "id": "rerank-abc123",
        "results": _RESULTS,
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    },
}

EXAMPLES: dict[str, Any] = {
    **_OURS,
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
