"""Chat completions: request, answer, chunk of a stream."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import (
    Count,
    Flag,
    ModelName,
    Options,
    Penalty,
    Probability,
    Seed,
    Stop,
    StreamWish,
    Temperature,
    Text,
    Tokens,
    Tools,
    TopLogprobs,
)

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
AT_LEAST_ONE_MESSAGE = Meta(min_length=1, description="a list of at least one message object")


class FunctionCall(Struct, kw_only=True, omit_defaults=True):
    """Name of a function and its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(Struct, kw_only=True, omit_defaults=True):
    """A tool that the model wants called: a function, or one that takes free text (`custom`)."""

    id: str
    type: Literal["function", "custom"]
    function: FunctionCall | None = None


class FunctionDefinition(Struct, kw_only=True, omit_defaults=True):
    """A function that the model may call; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolDefinition(Struct, kw_only=True):
    """A tool that the model may call."""

    type: Literal["function"] = "function"
    function: FunctionDefinition


class ContentPart(Struct, kw_only=True, omit_defaults=True):
    """A piece of a message: text, or what its type names, in a field that is called like the type."""

    type: str
    text: str | None = None


class ChatMessage(Struct, kw_only=True, omit_defaults=True):
    """One turn. `content` is text, or parts of text, images, audio and files."""

    role: Role
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None


class ChatCompletionRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters; others are passed on as they are."""

    model: ModelName
    messages: Annotated[list[ChatMessage], AT_LEAST_ONE_MESSAGE]
    stream: Flag | None = None
    stream_options: StreamWish | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    n: Count | None = None
    stop: Stop | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Seed | None = None
    tools: Tools | None = None
    tool_choice: Any = None
    response_format: Options | None = None
    logprobs: Flag | None = None
    top_logprobs: TopLogprobs | None = None
    user: Text | None = None


class ChatRequest(Struct, kw_only=True, omit_defaults=True):
    """The short form of a chat request that the site lists beside the full one."""

    model: ModelName
    messages: Annotated[list[ChatMessage], AT_LEAST_ONE_MESSAGE]
    temperature: Temperature | None = None
    max_tokens: Tokens | None = None
    stream: Flag | None = None


class TokenUsage(Struct, kw_only=True):
    """Tokens of a call."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletionChoice(Struct, kw_only=True, omit_defaults=True):
    """One of `n` answers."""

    index: int
    message: ChatMessage
    finish_reason: str | None
    logprobs: dict[str, Any] | None = None


class ChatCompletionResponse(Struct, kw_only=True, omit_defaults=True):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatCompletionChoice]
    usage: TokenUsage | None = None


class ChunkDelta(Struct, kw_only=True, omit_defaults=True):
    """What a chunk adds to a choice."""

    role: str | None = None
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChunkChoice(Struct, kw_only=True):
    """A choice in a chunk."""

    index: int
    delta: ChunkDelta
    finish_reason: str | None = None


class ChatCompletionChunk(Struct, kw_only=True):
    """One event of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: TokenUsage | None = None
