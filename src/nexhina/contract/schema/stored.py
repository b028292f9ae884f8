"""What is asked about responses that are kept, and one event of a streamed response."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import ModelName, Text
from nexhina.contract.schema.response import ResponseInput, ResponseUsage


class ResponseEvent(Struct, kw_only=True):
    """One event of a streamed response; what else it has depends on its type."""

    type: str
    sequence_number: Annotated[int, Meta(ge=0)]


class ResponseDeleted(Struct, kw_only=True):
    """A response that is no longer kept."""

    id: str
    object: Literal["response"]
    deleted: bool


class ResponseItem(Struct, kw_only=True):
    """An item that a response was asked; what else it has depends on its type."""

    id: str
    type: str


class ResponseItemList(Struct, kw_only=True):
    """One page of the items that a response was asked."""

    object: Literal["list"]
    data: list[ResponseItem]
    has_more: bool
    first_id: str | None
    last_id: str | None


class InputTokenCount(Struct, kw_only=True):
    """How many tokens a request would put in, as an estimate."""

    object: Literal["response.input_tokens"]
    input_tokens: Annotated[int, Meta(ge=0)]


class CompactionRequest(Struct, kw_only=True, omit_defaults=True):
    """A conversation that has grown too long; other parameters are passed on as they are."""

    model: ModelName
    input: ResponseInput | None = None
    instructions: Text | None = None
    previous_response_id: Text | None = None


class CompactedItem(Struct, kw_only=True):
    """The item that stands for a conversation, to be sent in the place of its items."""

    id: str
    type: str


class CompactedResponse(Struct, kw_only=True):
    """A conversation as few items."""

    id: str
    object: Literal["response.compaction"]
    created_at: Annotated[float, Meta(ge=0)]
    output: list[CompactedItem]
    usage: ResponseUsage
