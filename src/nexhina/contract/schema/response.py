"""Responses: the site's five schemas. The full wire format belongs to the dialect."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import (
    Flag,
    ModelName,
    Options,
    Probability,
    Temperature,
    Text,
    Tokens,
    Tools,
)

Tally = Annotated[int, Meta(ge=0)]
ResponseInput = Annotated[
    str | list[dict[str, Any]], Meta(description="a string or a list of item objects")
]
ToolChoice = Annotated[
    str | dict[str, Any], Meta(description="none, auto, required or an object that names a tool")
]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
    Meta(
        max_length=16,
        description="an object of at most 16 texts of up to 512 characters, with names of up to 64",
    ),
]
Truncation = Annotated[Literal["auto", "disabled"], Meta(description='"auto" or "disabled"')]


class ResponseInputText(Struct, kw_only=True):
    """A piece of text that is given to the model."""

    type: Literal["input_text"] = "input_text"
    text: str


class ResponseRequest(Struct, kw_only=True, omit_defaults=True):
    """The documented parameters; others are passed on as they are."""

    model: ModelName
    input: ResponseInput | None = None
    instructions: Text | None = None
    max_output_tokens: Tokens | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    stream: Flag | None = None
    background: Flag | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    reasoning: Options | None = None
    previous_response_id: Text | None = None
    store: Flag | None = None
    metadata: Metadata | None = None
    truncation: Truncation | None = None


class ResponseOutputText(Struct, kw_only=True):
    """A piece of text that the model wrote."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[dict[str, Any]]


class ResponseOutputMessage(Struct, kw_only=True):
    """A message that the model wrote."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[ResponseOutputText]


class ResponseUsage(Struct, kw_only=True, omit_defaults=True):
    """Tokens of a response."""

    input_tokens: Tally
    output_tokens: Tally
    total_tokens: Tally
    input_tokens_details: dict[str, int] | None = None
    output_tokens_details: dict[str, int] | None = None


class ResponseObject(Struct, kw_only=True, omit_defaults=True):
    """A response, whole or as far as it is."""

    id: str
    object: Literal["response"]
    created_at: Annotated[float, Meta(ge=0)]
    status: Literal["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"]
    model: str
    output: list[dict[str, Any]]
    usage: ResponseUsage | None = None
    error: dict[str, Any] | None = None
