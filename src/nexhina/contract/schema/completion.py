"""Text completions, the older form of chat: request, and the answer, which is also a stream's event."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.chat import TokenUsage
from nexhina.contract.schema.parameter import (
    Count,
    Flag,
    ModelName,
    Penalty,
    Probability,
    Prompts,
    Seed,
    Stop,
    StreamWish,
    Temperature,
    Text,
)


class CompletionRequest(Struct, kw_only=True, omit_defaults=True):
    """The parameters that are checked; others are passed on as they are."""

    model: ModelName
    prompt: Prompts
    stream: Flag | None = None
    stream_options: StreamWish | None = None
    max_tokens: Annotated[int, Meta(ge=0, description="a whole number from 0")] | None = None
    n: Count | None = None
    best_of: Count | None = None
    echo: Flag | None = None
    suffix: Text | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    stop: Stop | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Seed | None = None
    user: Text | None = None


class CompletionChoice(Struct, kw_only=True, omit_defaults=True):
    """One of the texts."""

    text: str
    index: int
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None


class CompletionResponse(Struct, kw_only=True, omit_defaults=True):
    """A whole answer, or one event of a streamed one."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: TokenUsage | None = None
