"""A whole Response as a chat completion."""

from typing import Any, cast

from nexhina.dialects.chat_frame import (
    Wish,
    read_finish,
    write_head,
    write_moderation,
    write_usage,
)
from nexhina.dialects.chat_output import ChatOutput, count_delta, write_message
from nexhina.dialects.responses_item import Item


def write_completion(response: Item, wish: Wish) -> Item:
    """The completion; `response` has come to its end."""
    output = _read_output(response, is_old=wish.is_old)
    message, logprobs = write_message(output.deltas)
    completion = write_head(response, "chat.completion", wish.public_model)
    finish = read_finish(response, called=output.calls > 0, is_old=wish.is_old)
    completion["choices"] = [
        {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": finish}
    ]
    usage = write_usage(response.get("usage"))
    if usage is not None:
        completion["usage"] = usage
    moderation = write_moderation(response.get("moderation"))
    if moderation is not None:
        completion["moderation"] = moderation
    metadata: Any = response.get("metadata")
    if isinstance(metadata, dict) and metadata:
        completion["metadata"] = metadata
    return completion


def count_answer(output: list[Item]) -> int:
    """UTF-8 bytes of what the output items say, for estimates."""
    deltas = _read_output({"output": output}, is_old=False).deltas
    return sum(count_delta(delta) for delta, _ in deltas)


def _read_output(response: Item, *, is_old: bool) -> ChatOutput:
    output = ChatOutput(is_old=is_old)
    for at, item in enumerate(cast("list[Item]", response.get("output") or [])):
        output.take_item(at, item)
    output.finish()
    return output
