"""What a Response object says besides its output: the request's parameters, status and usage.

Made of a request's peek and of chat's own words for how an answer ended and what it used.
"""

from typing import Any, cast

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Peek
from nexhina.dialects.responses_item import Item, list_items, make_hex
from nexhina.dialects.responses_request import read_tools
from nexhina.dialects.responses_tool import ToolBook, flatten_tool

_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "service_tier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Parameters that the object repeats, with what it says when they were not given."""
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
_FAILURES = frozenset(("error", "insufficient_system_resource"))
_TIERS = frozenset(("auto", "default", "flex", "scale", "priority", "fast", "ultrafast"))
"""What the format calls tiers; a vendor's own names would break its clients."""
_LARGEST = 2**40


class Frame(Struct, frozen=True):
    """The parts of a Response object that are known before its first event."""

    hex: str  # what the response's and its items' ids have in common
    fields: dict[str, Any]
    book: ToolBook
    summarizes: bool  # reasoning is shown as a summary, because the caller asked for one
    seals: bool = False  # reasoning also comes in a form that the caller keeps for the next turn


class Ending(Struct, frozen=True):
    """How the answer ended, in Responses' words."""

    status: str = "completed"  # of the response; items are "completed" or "incomplete"
    reason: str | None = None  # why it is incomplete

    @property
    def item_status(self) -> str:
        """The status of the items that were open when it ended."""
        return "completed" if self.status == "completed" else "incomplete"


def make_frame(peek: Peek, public_model: str) -> Frame:
    """The frame of the answer to this request."""
    members = peek.envelope.members
    asked: Item = {name: msgspec.json.decode(members[name]) for name in members if name != "input"}
    fields: dict[str, Any] = {"model": public_model, "background": peek.detached}
    for name, default in _ECHOED.items():
        value = asked.get(name)
        fields[name] = default if value is None else value
    reasoning: Any = asked.get("reasoning")
    reasoning = cast("Item", reasoning) if isinstance(reasoning, dict) else {}
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    fields["reasoning"] = {"effort": reasoning.get("effort"), "summary": summary}
    text: Any = asked.get("text")
    text = cast("Item", text) if isinstance(text, dict) else {}
    fields["text"] = {
        "format": {"type": "text"},
        **{k: v for k, v in text.items() if v is not None},
    }
    items = [msgspec.json.decode(item) for item in peek.earlier]
    raw = members.get("input", b"")
    if b'"additional_tools"' in bytes(raw):
        items += list_items(msgspec.json.decode(raw))
    book = read_tools(asked, items)  # raises for a list that is none
    fields["tools"] = [flatten_tool(tool) for tool in fields["tools"]]
    include: Any = asked.get("include")
    seals = isinstance(include, list) and "reasoning.encrypted_content" in include
    return Frame(make_hex(peek.call_id), fields, book, summary is not None, seals)


def read_ending(finish_reason: str | None) -> Ending:
    """What a chat `finish_reason` means."""
    if finish_reason in _FAILURES:
        return Ending("failed")
    reason = _REASONS.get(finish_reason or "")
    return Ending("incomplete", reason) if reason is not None else Ending()


def write_response(
    frame: Frame,
    output: list[Item],
    *,
    created: int,
    ending: Ending | None,
    usage: Any = None,
    tier: Any = None,
) -> dict[str, Any]:
    """The Response object; `ending` None while it is in progress, `tier` the one that served."""
    served = {"service_tier": tier} if isinstance(tier, str) and tier in _TIERS else {}
    failed = ending is not None and ending.status == "failed"
    return {
        "id": f"resp_{frame.hex}",
        "object": "response",
        "created_at": created,
        "status": "in_progress" if ending is None else ending.status,
        "error": {"code": "server_error", "message": "The provider could not finish its answer."}
        if failed
        else None,
        "incomplete_details": {"reason": ending.reason}
        if ending is not None and ending.reason is not None
        else None,
        "output": output,
        "usage": write_usage(usage),
        **frame.fields,
        **served,
    }


def write_usage(found: Any) -> dict[str, Any] | None:
    """Chat's usage object in Responses' words; None when there is none."""
    if not isinstance(found, dict):
        return None
    usage = cast("Item", found)
    given = _count(usage.get("completion_tokens"))
    asked = _count(usage.get("prompt_tokens"))
    details = _object(usage.get("prompt_tokens_details"))
    cached = _count(
        details.get("cached_tokens")
        or usage.get("prompt_cache_hit_tokens")
        or usage.get("cached_tokens")
    )
    return {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": min(cached, asked),
            "cache_write_tokens": _count(details.get("cache_write_tokens")),
        },
        "output_tokens": given,
        "output_tokens_details": {
            "reasoning_tokens": _count(
                _object(usage.get("completion_tokens_details")).get("reasoning_tokens")
            )
        },
        "total_tokens": asked + given,
    }


def _object(found: Any) -> Item:
    return cast("Item", found) if isinstance(found, dict) else {}


def _count(found: Any) -> int:
    """A count that can be true, else 0: vendors send null, floats and worse."""
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int):
        return 0
    return found if 0 <= found <= _LARGEST else 0
