"""Items of the Responses format as they are kept: input made uniform and numbered, output as it is.

What an item means to a chat vendor is in `responses_message`. A compaction of ours stands for the
turns before it: its content is a mark and the summary in base64, which no vendor can read.
"""

from base64 import b64decode, urlsafe_b64encode
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dialect import Peek
from nexhina.errors import InvalidRequestError

Item = dict[str, Any]

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "additional_tools": "at",
    "compaction": "cmp",
}
_SEAL = "nexhina1."
_THOUGHT = "nexhina-chat1."  # of a chat vendor's reasoning, as a caller keeps it
SEAL_MARK = b'"' + _SEAL.encode()
"""What a request's bytes contain when a compaction of ours is in them."""


class _Output(Struct):
    output: list[Raw]


_input = msgspec.json.Decoder(dict[str, Raw])
_output = msgspec.json.Decoder(_Output)


def read_input_items(peek: Peek, body: bytes | bytearray) -> list[bytes]:
    """The request's own input items as JSON, each with type and id, in order; not `peek.earlier`."""
    raw = _input.decode(body).get("input")
    found = None if raw is None else msgspec.json.decode(raw)
    items = list_items(found)
    return [msgspec.json.encode(_complete(item, peek.call_id, at)) for at, item in enumerate(items)]


def read_output_items(answer: bytes) -> list[bytes]:
    """The output items of a Response object as JSON, in order."""
    return [bytes(item) for item in _output.decode(answer).output]


def write_compaction(name: str, summary: str) -> Item:
    """The item that stands for a conversation of this summary."""
    content = _SEAL + urlsafe_b64encode(summary.encode()).decode()
    return {"id": name, "type": "compaction", "encrypted_content": content}


def read_compaction(item: Item) -> str | None:
    """What a compaction of ours tells its reader; None: it is another's, or damaged."""
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content.startswith(_SEAL):
        return None
    try:
        summary = b64decode(content.removeprefix(_SEAL), b"-_", validate=True).decode()
    except ValueError:
        return None
    return f"Summary of the conversation up to here:\n\n{summary}" if summary else None


def seal_reasoning(text: str, details: list[Any]) -> str:
    """A chat vendor's reasoning as `encrypted_content`: what it gave comes back to it exactly."""
    return _THOUGHT + urlsafe_b64encode(msgspec.json.encode((text, details))).decode("ascii")


def read_reasoning(sealed: Any) -> tuple[str, list[Any]] | None:
    """Text and details of what `seal_reasoning` wrote; None for a seal of others."""
    if not isinstance(sealed, str) or not sealed.startswith(_THOUGHT):
        return None
    try:
        raw = b64decode(sealed.removeprefix(_THOUGHT), b"-_", validate=True)
        return msgspec.json.decode(raw, type=tuple[str, list[Any]])
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None


def write_input(earlier: tuple[bytes, ...], own: Raw | None) -> bytes:
    """An `input` of our earlier items and the request's own, as a vendor takes it that knows none.

    Ids that the vendor did not give are left out, and so is reasoning that it did not seal.
    """
    items = [_forget(msgspec.json.decode(item)) for item in earlier]
    known = [item for item in items if item is not None]
    known += map(_open, list_items(None if own is None else msgspec.json.decode(own)))
    return msgspec.json.encode(known)


def _open(item: Item) -> Item:
    """The item; a compaction of ours as a message that any vendor can read."""
    told = read_compaction(item) if item.get("type") == "compaction" else None
    if told is None:
        return item
    part = {"type": "input_text", "text": told}
    return {"type": "message", "role": "user", "content": [part]}


def _forget(item: Item) -> Item | None:
    """An earlier item without what only we know; None when nothing is left of it."""
    kind = item.get("type")
    if kind == "reasoning":
        sealed: Any = item.get("encrypted_content")
        return item if sealed and read_reasoning(sealed) is None else None
    if kind == "compaction":
        return _open(item)
    if kind not in _PREFIXES:
        return item
    return {name: value for name, value in item.items() if name not in ("id", "status")}


def list_items(found: Any) -> list[Item]:
    """A request's `input` as items, each with a type; raises InvalidRequestError."""
    if found is None:
        return []
    if isinstance(found, str):
        return [{"type": "message", "role": "user", "content": found}]
    if not isinstance(found, list):
        raise InvalidRequestError(
            "'input' must be a string or a list of item objects.", param="input"
        )
    items: list[Item] = []
    for at, each in enumerate(cast("list[Any]", found)):
        if not isinstance(each, dict):
            raise InvalidRequestError(f"'input[{at}]' must be an object.", param=f"input[{at}]")
        item = cast("Item", each)
        if item.get("type") is None:
            kind = "message" if "role" in item else "item_reference"
            item = {"type": kind, **{key: item[key] for key in item if key != "type"}}
        elif not isinstance(item["type"], str):
            place = f"input[{at}].type"
            raise InvalidRequestError(f"'{place}' must be a string.", param=place)
        items.append(item)
    return items


def make_hex(call_id: str) -> str:
    """What the ids of a call's response and items have in common."""
    return call_id.replace("-", "")


def _complete(item: Item, call_id: str, at: int) -> Item:
    """The item with id, and a message with its content as a list of parts."""
    kind = str(item["type"])
    done = dict(item)
    if not item.get("id"):
        done["id"] = f"{_PREFIXES.get(kind, 'item')}_{make_hex(call_id)}_in{at}"
    if kind != "message":
        return done
    content = item.get("content")
    if isinstance(content, str):
        if item.get("role") == "assistant":
            done["content"] = [{"type": "output_text", "text": content, "annotations": []}]
        else:
            done["content"] = [{"type": "input_text", "text": content}]
    done.setdefault("status", "completed")
    return done
