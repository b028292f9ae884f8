"""What a chat answer says besides its message: ids, why it ended, what it used.

Read from a Response object, the whole one or that of a stream's first and last event.
"""

from typing import Any, cast

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Peek
from nexhina.dialects.responses_item import Item

_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


class Wish(Struct, frozen=True):
    """What of the request decides about the answer's form."""

    public_model: str
    include_usage: bool
    is_old: bool  # calls are told as `function_call`: the request has `functions` and no `tools`


class _Input(Struct):
    cached_tokens: int = 0
    cache_write_tokens: int = 0


class _Output(Struct):
    reasoning_tokens: int = 0


class _Usage(Struct):
    input_tokens: int
    output_tokens: int
    input_tokens_details: _Input | None = None
    output_tokens_details: _Output | None = None


def read_wish(peek: Peek, public_model: str) -> Wish:
    """The wish of this request."""
    members = peek.envelope.members
    is_old = "functions" in members and "tools" not in members
    return Wish(public_model, peek.include_usage, is_old)


def write_head(response: Item, kind: str, public_model: str) -> Item:
    """Id, time and model of an answer of this `kind` (the `object`), and the tier that served it."""
    made: Any = response.get("created_at")
    mark = str(response.get("id") or "0").removeprefix("resp_")
    head: Item = {
        "id": f"chatcmpl-{mark}",
        "object": kind,
        "created": int(made) if isinstance(made, int | float) else 0,
        "model": public_model,
    }
    if isinstance(response.get("service_tier"), str):
        head["service_tier"] = response["service_tier"]
    return head


def read_finish(response: Item, *, called: bool, is_old: bool) -> str:
    """The `finish_reason` of a response that completed or stayed incomplete."""
    if response.get("status") == "incomplete":
        details: Any = response.get("incomplete_details")
        reason = cast("Item", details).get("reason") if isinstance(details, dict) else None
        return _REASONS.get(str(reason), "length")
    if called:
        return "function_call" if is_old else "tool_calls"
    return "stop"


def write_usage(found: Any) -> Item | None:
    """A Response's usage in chat's words; None when it is none."""
    try:
        usage = msgspec.convert(found, _Usage, strict=False)
    except msgspec.ValidationError:
        return None
    asked = usage.input_tokens_details or _Input()
    given = usage.output_tokens_details or _Output()
    prompt: Item = {"cached_tokens": asked.cached_tokens}
    if asked.cache_write_tokens:
        prompt["cache_write_tokens"] = asked.cache_write_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": given.reasoning_tokens},
    }


def write_moderation(found: Any) -> Item | None:
    """A Response's moderation in chat's form, which holds its one result in a list; None: none."""
    if not isinstance(found, dict):
        return None
    return {name: _write_verdict(part) for name, part in cast("Item", found).items()}


def _write_verdict(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    part = cast("Item", found)
    if part.get("type") != "moderation_result":
        return part
    return {"type": "moderation_results", "model": part.get("model"), "results": [part]}
