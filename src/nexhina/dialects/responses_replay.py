"""A stored Response as the events of a stream that would have ended in it.

Every text is one delta and the numbering is the replay's own: how the first stream was cut into
pieces is not kept. Items of kinds that have no events of their own are added and done.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from nexhina.dialects.responses_item import Item
from nexhina.dialects.sse import write_event

LAST = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.incomplete",  # there is no event of its own
}
_PARTS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text"}
_ARGUMENTS = {
    "function_call": ("arguments", "response.function_call_arguments"),
    "mcp_call": ("arguments", "response.mcp_call_arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input"),
    "code_interpreter_call": ("code", "response.code_interpreter_call_code"),
}
_STEPS = {
    "web_search_call": ("in_progress", "searching"),
    "file_search_call": ("in_progress", "searching"),
    "code_interpreter_call": ("in_progress", "interpreting"),
    "image_generation_call": ("in_progress", "generating"),
    "mcp_call": ("in_progress",),
    "mcp_list_tools": ("in_progress",),
}
"""What tools that run at the vendor go through before they are completed."""
_FAILS = frozenset(("mcp_call", "mcp_list_tools"))

Event = dict[str, Any]


def write_replay(answer: bytes) -> list[bytes]:
    """The events of this Response object, numbered from 0; the list's places are the numbers."""
    response: Item = msgspec.json.decode(answer)
    written: list[bytes] = []
    for number, (kind, fields) in enumerate(_list_events(response)):
        written.append(write_numbered(kind, number, fields))
    return written


def write_numbered(kind: str, number: int, members: Mapping[str, Any]) -> bytes:
    """An event with its number in the stream, whatever number its members have."""
    data = msgspec.json.encode({**members, "type": kind, "sequence_number": number})
    return write_event(kind.encode(), data) + b"\n\n"


def _list_events(response: Item) -> Iterator[tuple[str, Event]]:
    begun: Item = {
        **response,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
    }
    begun.pop("completed_at", None)
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    output: Any = response.get("output")
    for at, item in enumerate(cast("list[Any]", output) if isinstance(output, list) else []):
        if isinstance(item, dict):  # what is none, some vendor has said
            yield from _list_item(at, cast("Item", item))
    yield (
        LAST.get(str(response.get("status")), "response.completed"),
        {"response": response},
    )


def _list_item(at: int, item: Item) -> Iterator[tuple[str, Event]]:
    kind, where = str(item.get("type")), {"item_id": item.get("id"), "output_index": at}
    yield "response.output_item.added", {"output_index": at, "item": _empty(item)}
    if kind in {"message", "reasoning"}:
        yield from _list_parts(item, where)
    for step in _STEPS.get(kind, ()):
        yield f"response.{kind}.{step}", where
    field, name = _ARGUMENTS.get(kind, ("", ""))
    text = item.get(field)
    if isinstance(text, str):
        if text:
            yield f"{name}.delta", {**where, "delta": text}
        named = {"name": item.get("name")} if kind == "function_call" else {}
        yield f"{name}.done", {**where, **named, field: text}
    if kind in _STEPS:
        failed = kind in _FAILS and item.get("error")
        yield f"response.{kind}.{'failed' if failed else 'completed'}", where
    yield "response.output_item.done", {"output_index": at, "item": item}


def _empty(item: Item) -> Item:
    """The item as it began."""
    begun: Item = {**item}
    if "status" in item:
        begun["status"] = "in_progress"
    if item.get("type") in {"message", "reasoning"} and "content" in item:
        begun["content"] = []
    field, _ = _ARGUMENTS.get(str(item.get("type")), ("", ""))
    if field in item:
        begun[field] = ""
    if item.get("type") == "reasoning":
        begun["summary"] = []
        begun.pop("encrypted_content", None)
    return begun


def _list_parts(item: Item, where: Event) -> Iterator[tuple[str, Event]]:
    for index, part in enumerate(_list_objects(item.get("summary"))):
        place = {**where, "summary_index": index}
        name, text = "response.reasoning_summary", part.get("text")
        yield f"{name}_part.added", {**place, "part": {**part, "text": ""}}
        yield f"{name}_text.delta", {**place, "delta": text}
        yield f"{name}_text.done", {**place, "text": text}
        yield f"{name}_part.done", {**place, "part": part}
    for index, part in enumerate(_list_objects(item.get("content"))):
        yield from _list_part(part, {**where, "content_index": index})


def _list_part(part: Item, place: Event) -> Iterator[tuple[str, Event]]:
    kind = str(part.get("type"))
    field = _PARTS.get(kind)
    if field is None:  # of a kind that is newer than this
        yield "response.content_part.added", {**place, "part": part}
        yield "response.content_part.done", {**place, "part": part}
        return
    text = part.get(field)
    begun: Item = {**part, field: ""}
    more: Item = {}
    if kind == "output_text":
        begun |= {"annotations": [], "logprobs": []}
        more = {"logprobs": part.get("logprobs") or []}
    yield "response.content_part.added", {**place, "part": begun}
    if text:
        yield f"response.{kind}.delta", {**place, "delta": text, **more}
    for number, found in enumerate(_list_objects(part.get("annotations"))):
        yield (
            "response.output_text.annotation.added",
            {**place, "annotation_index": number, "annotation": found},
        )
    yield f"response.{kind}.done", {**place, field: text, **more}
    yield "response.content_part.done", {**place, "part": part}


def _list_objects(found: Any) -> list[Item]:
    each = cast("list[Any]", found) if isinstance(found, list) else []
    return [cast("Item", one) for one in each if isinstance(one, dict)]
