"""Chat messages as input items of the Responses format.

An assistant's message becomes up to three kinds of items, in the order in which a vendor made them:
its reasoning, what it said, its tool calls. Sealed reasoning that a caller sends back goes back as
it came.
"""

from hashlib import blake2s
from typing import Any, cast

from nexhina.dialects.chat_tool import require_object, require_text
from nexhina.dialects.responses_item import Item
from nexhina.errors import InvalidRequestError

SEALED = "reasoning.encrypted"
"""The type of those `reasoning_details` that hold sealed reasoning."""

_KNOWN = {
    "system": frozenset(("role", "content")),
    "developer": frozenset(("role", "content")),
    "user": frozenset(("role", "content")),
    "tool": frozenset(("role", "content", "tool_call_id")),
    "function": frozenset(("role", "content", "name")),
    "assistant": frozenset(
        (
            "role",
            "content",
            "refusal",
            "tool_calls",
            "function_call",
            "reasoning_content",
            "reasoning",
            "reasoning_details",
        )
    ),
}


class ItemList:
    """Collects items message by message; `dropped` names what could not be carried."""

    __slots__ = ("_custom", "_old_call", "_old_calls", "dropped", "items", "sealed")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.dropped: list[str] = []
        self.sealed = False  # whether there is sealed reasoning
        self._custom: set[str] = set()  # ids of calls that a custom tool answers
        self._old_calls = 0
        self._old_call = ""  # id that the last call of the old form got

    def add(self, found: Any, place: str) -> None:
        """Takes one message in; raises InvalidRequestError that names the place."""
        message = require_object(found, place)
        role = str(message.get("role"))
        known = _KNOWN.get(role)
        if known is None:
            raise InvalidRequestError(
                f"'{place}.role' must be {', '.join(_KNOWN)}.", param=f"{place}.role"
            )
        for key, value in message.items():
            if key not in known and value is not None and value != []:
                self.dropped.append(f"messages.{key}")
        match role:
            case "assistant":
                self._add_assistant(message, place)
            case "tool":
                self._add_output(message, require_text(message, "tool_call_id", place), place)
            case "function":
                if not self._old_call:
                    raise InvalidRequestError(
                        f"'{place}' answers no function call before it.", param=place
                    )
                self._add_output(message, self._old_call, place)
            case _:
                content = self._read_content(message, place)
                self.items.append({"type": "message", "role": role, "content": content})

    # --- what the assistant said ----------------------------------------------------------------

    def _add_assistant(self, message: Item, place: str) -> None:
        self._add_reasoning(message, place)
        content = message.get("content")
        refusal = message.get("refusal")
        if isinstance(content, str) and not refusal:
            if content or not _calls(message):
                self.items.append({"type": "message", "role": "assistant", "content": content})
        else:
            parts = self._read_said(content, f"{place}.content")
            if isinstance(refusal, str) and refusal:
                parts.append({"type": "refusal", "refusal": refusal})
            if parts:
                self.items.append(
                    {
                        "type": "message",
                        "id": f"msg_{_mark(str(len(self.items)))}",
                        "role": "assistant",
                        "status": "completed",
                        "content": parts,
                    }
                )
        calls: Any = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise InvalidRequestError(
                f"'{place}.tool_calls' must be a list.", param=f"{place}.tool_calls"
            )
        for at, call in enumerate(cast("list[Any]", calls)):
            self._add_call(call, f"{place}.tool_calls[{at}]")
        if message.get("function_call") is not None:
            inside = f"{place}.function_call"
            self._old_calls += 1
            self._old_call = f"call_{self._old_calls}"
            self._add_function(
                require_object(message["function_call"], inside), self._old_call, inside
            )

    def _add_reasoning(self, message: Item, place: str) -> None:
        """Sealed reasoning as it came; what could be read, where nothing is sealed, as text."""
        text = message.get("reasoning_content") or message.get("reasoning")
        details: Any = message.get("reasoning_details") or []
        if not isinstance(details, list):
            raise InvalidRequestError(
                f"'{place}.reasoning_details' must be a list.", param=f"{place}.reasoning_details"
            )
        sealed = [detail for detail in cast("list[Any]", details) if _is_sealed(detail)]
        if len(sealed) < len(cast("list[Any]", details)):
            self.dropped.append("messages.reasoning_details")
        for at, detail in enumerate(cast("list[Item]", sealed)):
            self.sealed = True
            summary = [{"type": "summary_text", "text": text}] if text and at == 0 else []
            self.items.append(
                {
                    "type": "reasoning",
                    "id": detail.get("id") or f"rs_{_mark(detail['data'])}",
                    "summary": summary,
                    "encrypted_content": detail["data"],
                }
            )
        if not sealed and isinstance(text, str) and text:
            self.items.append(
                {
                    "type": "reasoning",
                    "id": f"rs_{_mark(text)}",
                    "summary": [],
                    "content": [{"type": "reasoning_text", "text": text}],
                }
            )

    def _add_call(self, found: Any, place: str) -> None:
        call = require_object(found, place)
        kind = call.get("type", "function")
        call_id = require_text(call, "id", place)
        if kind == "function":
            function = require_object(call.get("function"), f"{place}.function")
            self._add_function(function, call_id, f"{place}.function")
            return
        if kind != "custom":
            raise InvalidRequestError(
                f"'{place}.type' must be function or custom.", param=f"{place}.type"
            )
        custom = require_object(call.get("custom"), f"{place}.custom")
        self._custom.add(call_id)
        self.items.append(
            {
                "type": "custom_tool_call",
                "call_id": call_id,
                "name": require_text(custom, "name", f"{place}.custom"),
                "input": require_text(custom, "input", f"{place}.custom"),
            }
        )

    def _add_function(self, function: Item, call_id: str, place: str) -> None:
        self.items.append(
            {
                "type": "function_call",
                "call_id": call_id,
                "name": require_text(function, "name", place),
                "arguments": require_text(function, "arguments", place),
            }
        )

    # --- content --------------------------------------------------------------------------------

    def _add_output(self, message: Item, call_id: str, place: str) -> None:
        kind = "custom_tool_call_output" if call_id in self._custom else "function_call_output"
        output = self._read_content(message, place)
        self.items.append({"type": kind, "call_id": call_id, "output": output})

    def _read_content(self, message: Item, place: str) -> str | list[Item]:
        content = message.get("content")
        if content is None:
            return ""
        if isinstance(content, str):
            return content
        return [
            self._read_part(part, inside)
            for part, inside in _list_parts(content, f"{place}.content")
        ]

    def _read_said(self, content: Any, place: str) -> list[Item]:
        """What an assistant said, in the form that it had as output."""
        if content is None or content == "":
            return []
        if isinstance(content, str):
            return [{"type": "output_text", "text": content, "annotations": []}]
        said: list[Item] = []
        for part, inside in _list_parts(content, place):
            if part.get("type") == "refusal":
                said.append({"type": "refusal", "refusal": require_text(part, "refusal", inside)})
            elif part.get("type") == "text":
                text = require_text(part, "text", inside)
                said.append({"type": "output_text", "text": text, "annotations": []})
            else:
                raise InvalidRequestError(
                    f"'{inside}.type' must be text or refusal.", param=f"{inside}.type"
                )
        return said

    def _read_part(self, part: Item, place: str) -> Item:
        match part.get("type"):
            case "text":
                written: Item = {"type": "input_text", "text": require_text(part, "text", place)}
            case "image_url":
                written = self._read_image(part, place)
            case "file":
                file = require_object(part.get("file"), f"{place}.file")
                known = ("file_data", "file_id", "filename")
                self.dropped += [f"messages.file.{key}" for key in file if key not in known]
                written = {"type": "input_file", **{k: file[k] for k in known if file.get(k)}}
            case _:
                raise InvalidRequestError(
                    f"'{place}.type' must be text, image_url or file: the provider of this model "
                    "takes nothing else.",
                    param=f"{place}.type",
                )
        if part.get("prompt_cache_breakpoint") is not None:
            written["prompt_cache_breakpoint"] = part["prompt_cache_breakpoint"]
        return written

    def _read_image(self, part: Item, place: str) -> Item:
        image = require_object(part.get("image_url"), f"{place}.image_url")
        known = ("url", "detail")
        self.dropped += [f"messages.image_url.{key}" for key in image if key not in known]
        url = require_text(image, "url", f"{place}.image_url")
        return {"type": "input_image", "image_url": url, "detail": image.get("detail") or "auto"}


def _list_parts(content: Any, place: str) -> list[tuple[Item, str]]:
    """Content parts with their places."""
    if not isinstance(content, list):
        raise InvalidRequestError(f"'{place}' must be a string or a list.", param=place)
    return [
        (require_object(part, f"{place}[{at}]"), f"{place}[{at}]")
        for at, part in enumerate(cast("list[Any]", content))
    ]


def _calls(message: Item) -> bool:
    return bool(message.get("tool_calls") or message.get("function_call"))


def _is_sealed(found: Any) -> bool:
    if not isinstance(found, dict):
        return False
    detail = cast("Item", found)
    return detail.get("type") == SEALED and isinstance(detail.get("data"), str)


def _mark(text: str) -> str:
    """What makes an id of its own for this text: the same one each turn, so that caches hold."""
    return blake2s(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()
