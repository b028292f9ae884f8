"""Input items of the Responses format as chat messages.

Calls of one turn join its assistant message; pictures and files in a tool's output follow the tool
messages as a user message, because a chat tool message holds text only.
"""

from typing import Any, cast

import msgspec

from nexhina.dialects.responses_item import Item, read_compaction, read_reasoning
from nexhina.dialects.responses_tool import write_name
from nexhina.errors import InvalidRequestError

Message = dict[str, Any]

_STRUCTURE = frozenset(("type", "id", "status", "role"))
_TEXTS = frozenset(("input_text", "output_text", "text", "summary_text", "reasoning_text"))
_KNOWN = {
    "message": frozenset(("content",)),
    "function_call": frozenset(("call_id", "name", "namespace", "arguments")),
    "custom_tool_call": frozenset(("call_id", "name", "namespace", "input")),
    "function_call_output": frozenset(("call_id", "output", "name", "namespace")),
    "custom_tool_call_output": frozenset(("call_id", "output", "name", "namespace")),
    "reasoning": frozenset(("content", "summary", "encrypted_content")),
    "additional_tools": frozenset(("tools",)),
    "compaction": frozenset(("encrypted_content",)),
}
_PARTS = {
    "refusal": frozenset(("refusal",)),
    "input_image": frozenset(("image_url", "detail")),
    "input_file": frozenset(("file_data", "filename")),
    "input_audio": frozenset(("input_audio",)),
} | dict.fromkeys(_TEXTS, frozenset(("text",)))
"""What of each kind of part has a place in chat."""
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}


class MessageList:
    """Collects messages item by item; `dropped` names what could not be carried."""

    __slots__ = ("_assistant", "_details", "_media", "_reasoning", "dropped", "messages")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.dropped: list[str] = []
        self._assistant: Message | None = None  # the turn that calls may still join
        self._reasoning = ""  # of the turn that comes next
        self._details: list[Any] = []  # of the same, as the vendor gave them
        self._media: list[Item] = []  # parts that wait for the end of the tool messages

    def add(self, item: Item, place: str) -> None:
        """Takes one item in; raises InvalidRequestError that names the place."""
        kind = str(item["type"])
        known = _KNOWN.get(kind)
        if kind == "item_reference":
            raise InvalidRequestError(
                f"'{place}' refers to an item that this model's provider does not keep; send the item itself.",
                param=place,
            )
        if known is None:
            self.dropped.append(f"input.{kind}")
            return
        for key in item:
            if key not in known and key not in _STRUCTURE and item[key] is not None:
                self.dropped.append(f"input.{key}")
        match kind:
            case "message":
                self._add_message(item, place)
            case "function_call" | "custom_tool_call":
                self._add_call(item, place)
            case "reasoning":
                self._add_reasoning(item)
            case "compaction":
                self._add_compaction(item, place)
            case "additional_tools":
                pass  # the tool book has them
            case _:
                self._add_output(item, place)

    def finish(self) -> list[Message]:
        """All messages."""
        self._flush_media()
        self._forget_reasoning()
        return self.messages

    def _add_message(self, item: Item, place: str) -> None:
        role = _ROLES.get(str(item.get("role")))
        if role is None:
            raise InvalidRequestError(
                f"'{place}.role' must be user, assistant, system or developer.",
                param=f"{place}.role",
            )
        self._flush_media()
        parts = self._read_parts(item.get("content"), f"{place}.content")
        if role == "assistant":
            self._add_assistant(parts)
            return
        self._forget_reasoning()
        self._assistant = None
        self.messages.append({"role": role, "content": _join_if_text(parts)})

    def _add_compaction(self, item: Item, place: str) -> None:
        told = read_compaction(item)
        if told is None:
            raise InvalidRequestError(
                f"'{place}' was sealed by another provider, and only that one can read it. Use a "
                "model of its channel, or compact the conversation anew with this model.",
                param=place,
            )
        self._flush_media()
        self._forget_reasoning()
        self._assistant = None
        self.messages.append({"role": "user", "content": told})

    def _add_assistant(self, parts: list[Item]) -> None:
        refusal = "".join(part["refusal"] for part in parts if part["type"] == "refusal")
        text = "".join(part["text"] for part in parts if part["type"] == "text")
        turn = self._open_turn()
        if turn.get("content") is not None or "tool_calls" in turn:
            self._assistant = None
            turn = self._open_turn()
        turn["content"] = text if text or not refusal else None
        if refusal:
            turn["refusal"] = refusal

    def _add_call(self, item: Item, place: str) -> None:
        self._flush_media()
        name = _require_text(item, "name", place)
        if item["type"] == "custom_tool_call":
            text = {"input": _require_text(item, "input", place)}
            arguments = msgspec.json.encode(text).decode()
        else:
            arguments = _require_text(item, "arguments", place) or "{}"
        namespace = item.get("namespace")
        chat_name = write_name(namespace if isinstance(namespace, str) else None, name)
        self._open_turn().setdefault("tool_calls", []).append(
            {
                "id": _require_text(item, "call_id", place),
                "type": "function",
                "function": {"name": chat_name, "arguments": arguments},
            }
        )

    def _open_turn(self) -> Message:
        """The assistant's message that the next part of its turn joins."""
        turn = self._assistant
        if turn is None:
            turn = self._assistant = {"role": "assistant", "content": None}
            self.messages.append(turn)
        if self._reasoning:
            turn["reasoning_content"] = turn.get("reasoning_content", "") + self._reasoning
            self._reasoning = ""
        if self._details:
            turn["reasoning_details"] = turn.get("reasoning_details", []) + self._details
            self._details = []
        return turn

    def _add_output(self, item: Item, place: str) -> None:
        self._assistant = None
        parts = self._read_parts(item.get("output"), f"{place}.output")
        texts = [part["text"] for part in parts if part["type"] == "text"]
        media = [part for part in parts if part["type"] not in ("text", "refusal")]
        call_id = _require_text(item, "call_id", place)
        if media:
            label = f"Attached to the result of the tool call {call_id}:"
            self._media += [{"type": "text", "text": label}, *media]
        content = "\n".join(texts)
        if not content and media:
            content = "(see the attachment that follows)"
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def _add_reasoning(self, item: Item) -> None:
        """Adds reasoning to the turn it led to: what can be read, and what we sealed ourselves;
        what others sealed is dropped.
        """
        self._flush_media()
        found: Any = item.get("content") or item.get("summary")
        parts = cast("list[Any]", found) if isinstance(found, list) else []
        texts = [
            part["text"]
            for part in cast("list[Item]", [each for each in parts if isinstance(each, dict)])
            if isinstance(part.get("text"), str)
        ]
        sealed = read_reasoning(item.get("encrypted_content"))
        if item.get("encrypted_content") and sealed is None:
            self.dropped.append("input.encrypted_content")
        if not any(texts) and sealed is None:
            self.dropped.append("input.reasoning")
            return
        if sealed is not None:  # it says what was thought; a summary may be shorter
            texts = [sealed[0]]
            self._details += sealed[1]
        if self._assistant is not None and "tool_calls" in self._assistant:
            self._assistant = None
        self._reasoning += "\n\n".join(texts)

    def _forget_reasoning(self) -> None:
        """Names reasoning that led to nothing: it has no place outside of its own turn."""
        if self._reasoning or self._details:
            self.dropped.append("input.reasoning")
            self._reasoning, self._details = "", []

    def _flush_media(self) -> None:
        if self._media:
            self.messages.append({"role": "user", "content": self._media})
            self._media = []

    def _read_parts(self, content: Any, place: str) -> list[Item]:
        """Content as chat parts."""
        if content is None:
            return []
        if isinstance(content, str):
            return [{"type": "text", "text": content}]
        if not isinstance(content, list):
            raise InvalidRequestError(f"'{place}' must be a string or a list.", param=place)
        parts: list[Item] = []
        for at, each in enumerate(cast("list[Any]", content)):
            if not isinstance(each, dict):
                raise InvalidRequestError(
                    f"'{place}[{at}]' must be an object.", param=f"{place}[{at}]"
                )
            part = self._read_part(cast("Item", each), f"{place}[{at}]")
            if part is not None:
                parts.append(part)
        return parts

    def _read_part(self, part: Item, place: str) -> Item | None:
        kind = _require_text(part, "type", place)
        known = _PARTS.get(kind, frozenset(part))
        for key, value in part.items():
            if key not in known and key != "type" and value is not None and value != []:
                self.dropped.append(f"input.{key}")
        if kind in _TEXTS:
            return {"type": "text", "text": _require_text(part, "text", place)}
        match kind:
            case "refusal":
                return {"type": "refusal", "refusal": _require_text(part, "refusal", place)}
            case "input_image":
                return self._read_image(part, place)
            case "input_file":
                return self._read_file(part, place)
            case "input_audio":
                return {"type": "input_audio", "input_audio": part.get("input_audio")}
            case _:
                self.dropped.append(f"input.{kind}")
                return None

    def _read_image(self, part: Item, place: str) -> Item:
        url = part.get("image_url")
        if not isinstance(url, str):
            raise InvalidRequestError(
                f"'{place}' must carry its picture in 'image_url', as a link or data URL; "
                "this model's provider keeps no files.",
                param=f"{place}.image_url",
            )
        image: Item = {"url": url}
        detail = part.get("detail")
        if detail in ("low", "high", "auto"):
            image["detail"] = detail
        elif detail is not None:
            self.dropped.append("input.detail")
        return {"type": "image_url", "image_url": image}

    def _read_file(self, part: Item, place: str) -> Item:
        data = part.get("file_data")
        if not isinstance(data, str):
            raise InvalidRequestError(
                f"'{place}' must carry its file in 'file_data'; this model's provider neither keeps "
                "files nor fetches them.",
                param=f"{place}.file_data",
            )
        file = {"file_data": data}
        if isinstance(part.get("filename"), str):
            file["filename"] = part["filename"]
        return {"type": "file", "file": file}


def _join_if_text(parts: list[Item]) -> str | list[Item]:
    """Plain text where there is one part of it only: every chat vendor takes that."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return [
        {"type": "text", "text": part["refusal"]} if part["type"] == "refusal" else part
        for part in parts
    ]


def _require_text(item: Item, key: str, place: str) -> str:
    found = item.get(key)
    if not isinstance(found, str):
        raise InvalidRequestError(f"'{place}.{key}' must be a string.", param=f"{place}.{key}")
    return found
