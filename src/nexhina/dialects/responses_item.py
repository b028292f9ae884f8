"""Items of the Responses format as they are kept: input made uniform and numbered, output as it is.

What an item means to a chat vendor is in `responses_message`.
"""

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
}


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
