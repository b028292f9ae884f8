"""One answer of a vendor that speaks Responses, in both of its shapes: made by the SDK's types.

An answer is a list of finished output items; the stream tells the same items piece by piece.
"""

from typing import Any

import msgspec
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
ID = "resp_0abc"
USAGE: dict[str, Any] = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 0},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 42,
}

Item = dict[str, Any]


def make_response(output: list[Item], *, reason: str | None = None, **fields: Any) -> Item:
    """A Response object that has ended; `reason`: why it is incomplete."""
    response = {
        "id": ID,
        "object": "response",
        "created_at": 7.0,
        "status": "completed" if reason is None else "incomplete",
        "incomplete_details": None if reason is None else {"reason": reason},
        "error": None,
        "instructions": None,
        "metadata": {},
        "model": "up",
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": USAGE,
        **fields,
    }
    Response.model_validate(response, strict=True)
    return response


def message(*parts: Item | str, id: str = "msg_1") -> Item:  # noqa: A002  (the format's word)
    """A message of these parts; a string is text."""
    content = [text(part) if isinstance(part, str) else part for part in parts]
    return {"type": "message", "id": id, "role": "assistant", "status": "completed"} | {
        "content": content
    }


def text(said: str, **fields: Any) -> Item:
    """A text part."""
    return {"type": "output_text", "text": said, "annotations": [], **fields}


def refusal(said: str) -> Item:
    """A refusal part."""
    return {"type": "refusal", "refusal": said}


def call(name: str, arguments: str, call_id: str) -> Item:
    """A function call."""
    head = {"type": "function_call", "id": f"fc_{call_id}", "status": "completed"}
    return {**head, "call_id": call_id, "name": name, "arguments": arguments}


def custom_call(name: str, given: str, call_id: str) -> Item:
    """A custom tool's call."""
    head = {"type": "custom_tool_call", "id": f"ctc_{call_id}"}
    return {**head, "call_id": call_id, "name": name, "input": given}


def reasoning(
    content: tuple[str, ...] = (), summary: tuple[str, ...] = (), sealed: str | None = None
) -> Item:
    """A reasoning item."""
    item: Item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": said} for said in summary],
        "content": [{"type": "reasoning_text", "text": said} for said in content],
    }
    return item if sealed is None else {**item, "encrypted_content": sealed}


def list_events(response: Item, size: int = 3) -> list[Item]:
    """The events of this response, its strings cut to `size` characters."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    begun["incomplete_details"] = None
    events: list[Item] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for at, item in enumerate(response["output"]):
        events += _list_item_events(at, item, size)
    events.append({"type": f"response.{response['status']}", "response": response})
    for number, event in enumerate(events):
        event["sequence_number"] = number
        EVENT.validate_python(event, strict=True)
    return events


def write_events(events: list[Item]) -> bytes:
    """The events as a stream's body."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), msgspec.json.encode(event))
        for event in events
    )


def _list_item_events(at: int, item: Item, size: int) -> list[Item]:
    where = {"item_id": item["id"], "output_index": at}
    hollow, inner = item, list[Item]()
    match item["type"]:
        case "message":
            hollow = {**item, "content": [], "status": "in_progress"}
            for index, part in enumerate(item["content"]):
                inner += _list_part_events({**where, "content_index": index}, part, size)
        case "function_call":
            hollow = {**item, "arguments": "", "status": "in_progress"}
            inner = _cut("response.function_call_arguments", where, item["arguments"], size)
            inner.append(
                {"type": "response.function_call_arguments.done", **where, "name": item["name"]}
                | {"arguments": item["arguments"]}
            )
        case "custom_tool_call":
            hollow = {**item, "input": ""}
            inner = _cut("response.custom_tool_call_input", where, item["input"], size)
        case "reasoning":
            hollow = {**item, "content": [], "summary": []}
            for index, part in enumerate(item["summary"]):
                place = {**where, "summary_index": index}
                inner += _cut("response.reasoning_summary_text", place, part["text"], size)
            for index, part in enumerate(item["content"]):
                place = {**where, "content_index": index}
                inner += _cut("response.reasoning_text", place, part["text"], size)
        case _:
            pass
    return [
        {"type": "response.output_item.added", "output_index": at, "item": hollow},
        *inner,
        {"type": "response.output_item.done", "output_index": at, "item": item},
    ]


def _list_part_events(where: Item, part: Item, size: int) -> list[Item]:
    if part["type"] == "refusal":
        return _cut("response.refusal", where, part["refusal"], size)
    tokens: list[Item] = part.get("logprobs") or []
    if tokens:
        return [
            {"type": "response.output_text.delta", **where, "delta": token["token"]}
            | {"logprobs": [{"token": token["token"], "logprob": token["logprob"]}]}
            for token in tokens
        ]
    return [
        {**event, "logprobs": []}
        for event in _cut("response.output_text", where, part["text"], size)
    ]


def _cut(name: str, where: Item, said: str, size: int) -> list[Item]:
    pieces = [said[start : start + size] for start in range(0, len(said), size)]
    return [{"type": f"{name}.delta", **where, "delta": piece} for piece in pieces]
