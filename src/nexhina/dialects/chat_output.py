"""Grows a chat message from the output of a Response, as deltas.

A whole output item is what its events add up to: both ways lead through here, so both give the same
message. Where an item's end says more than its events did, the rest follows then.
"""

from typing import Any, cast

from msgspec import Struct

from nexhina.dialects.chat_message import SEALED
from nexhina.dialects.openai import count_strings
from nexhina.dialects.responses_item import Item

_BREAK = "\n\n"
"""Between what chat has in one string and Responses in several items or summaries."""
_COUNTED = frozenset(("content", "refusal", "reasoning_content", "tool_calls", "function_call"))
_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}


class _Part(Struct, eq=False):
    """What was told of one text: its characters, the probabilities, where it begins in `content`."""

    chars: int = 0
    tokens: int = 0
    start: int = 0


class _Seen(Struct, eq=False):
    """What was told of one output item."""

    parts: dict[tuple[str, int], _Part]
    call: int = -1  # chat's index of the call
    custom: bool = False
    reasons_in: str = ""  # "content" or "summary": the form in which its reasoning came first
    sealed: bool = False


class ChatOutput:
    """Deltas as (delta, logprobs) in `deltas`, which the reader empties."""

    __slots__ = (
        "_annotations",
        "_chars",
        "_details",
        "_is_old",
        "_last",
        "_seen",
        "calls",
        "deltas",
    )

    def __init__(self, *, is_old: bool) -> None:
        self.deltas: list[tuple[Item, Item | None]] = []
        self.calls = 0
        self._chars = 0  # of `content`
        self._is_old = is_old
        self._seen: dict[int, _Seen] = {}
        self._last: dict[str, int] = {}  # the item that each of chat's strings grew from last
        self._annotations: list[Item] = []
        self._details = 0

    @property
    def is_empty(self) -> bool:
        """Whether no item was seen."""
        return not self._seen

    def start_item(self, at: int, item: Item) -> None:
        """An item that still grows, at this place of the output."""
        self._seen[at] = _Seen({})
        if _text(item.get("type")) in _CALLS:
            self._start_call(at, item)

    def take_item(self, at: int, item: Item) -> None:
        """A whole item: tells what its events have not."""
        match item.get("type"):
            case "message":
                for index, part in enumerate(list_objects(item.get("content"))):
                    self.take_part(at, index, part)
                    self._keep_annotations(at, index, part)
            case "reasoning":
                self._take_reasoning(at, item)
            case "function_call" | "custom_tool_call" as kind:
                self._start_call(at, item)
                self.take_arguments(at, _text(item.get(_CALLS[kind])))
            case _:
                pass  # what the vendor did by itself; its findings are in the message

    def take_part(self, at: int, index: int, part: Item) -> None:
        """A whole content part of a message: tells the rest of it."""
        kind = "refusal" if part.get("type") == "refusal" else "text"
        seen = self._require_part(at, kind, index)
        text = _text(part.get(kind))[seen.chars :]
        if kind == "refusal":
            self.add_refusal(at, index, text)
        else:
            self.add_text(at, index, text, list_objects(part.get("logprobs"))[seen.tokens :])

    def add_text(self, at: int, index: int, text: str, logprobs: list[Item]) -> None:
        """More of a message's text."""
        if text or logprobs:
            said = self.grow_text(at, index, text, len(logprobs))
            self.deltas.append(({"content": said}, _write_logprobs(logprobs)))

    def grow_text(self, at: int, index: int, text: str, tokens: int = 0) -> str:
        """Notes that a message says more; returns it as chat's one string goes on."""
        part = self._require_part(at, "text", index)
        if part.chars == 0:
            gap = self._join("content", at)
            part.start = self._chars + len(gap)
            self._chars += len(gap)
        else:
            gap = ""
        self._chars += len(text)
        part.chars += len(text)
        part.tokens += tokens
        return gap + text if gap else text

    def add_refusal(self, at: int, index: int, text: str) -> None:
        """More of a refusal."""
        if text:
            self._require_part(at, "refusal", index).chars += len(text)
            self.deltas.append(({"refusal": self._join("refusal", at) + text}, None))

    def add_reasoning(self, at: int, kind: str, index: int, text: str) -> None:
        """More reasoning, of its `content` or its `summary`: the form that came first counts."""
        seen = self._require(at)
        if not text or (seen.reasons_in or kind) != kind:
            return
        part = self._require_part(at, kind, index)
        first = not seen.reasons_in
        gap = self._join("reasoning", at)
        if part.chars == 0 and not first:
            gap = _BREAK
        seen.reasons_in = kind
        part.chars += len(text)
        self.deltas.append(({"reasoning_content": gap + text}, None))

    def add_arguments(self, at: int, text: str) -> None:
        """More of a call's arguments, or of a custom tool's input."""
        seen = self._require(at)
        if not text or seen.call < 0:
            return
        self._require_part(at, "call", 0).chars += len(text)
        if self._is_old:
            if seen.call == 0:
                self.deltas.append(({"function_call": {"arguments": text}}, None))
            return
        form = {"custom": {"input": text}} if seen.custom else {"function": {"arguments": text}}
        self.deltas.append(({"tool_calls": [{"index": seen.call, **form}]}, None))

    def take_arguments(self, at: int, text: str) -> None:
        """The whole arguments of a call: tells the rest of them."""
        self.add_arguments(at, text[self._require_part(at, "call", 0).chars :])

    def finish(self) -> None:
        """Tells what belongs to the whole message."""
        if self._annotations:
            self.deltas.append(({"annotations": self._annotations}, None))
            self._annotations = []

    def _start_call(self, at: int, item: Item) -> None:
        seen = self._require(at)
        if seen.call >= 0:
            return
        seen.call, seen.custom = self.calls, item.get("type") == "custom_tool_call"
        self.calls += 1
        name = _text(item.get("name"))
        if self._is_old:
            if seen.call == 0:
                self.deltas.append(({"function_call": {"name": name, "arguments": ""}}, None))
            return
        kind = "custom" if seen.custom else "function"
        form = {"name": name, ("input" if seen.custom else "arguments"): ""}
        call_id = _text(item.get("call_id")) or f"call_{seen.call}"
        call = {"index": seen.call, "id": call_id, "type": kind, kind: form}
        self.deltas.append(({"tool_calls": [call]}, None))

    def _take_reasoning(self, at: int, item: Item) -> None:
        for kind in ("content", "summary"):
            for index, part in enumerate(list_objects(item.get(kind))):
                told = self._require_part(at, kind, index).chars
                self.add_reasoning(at, kind, index, _text(part.get("text"))[told:])
        sealed, seen = item.get("encrypted_content"), self._require(at)
        if isinstance(sealed, str) and sealed and not seen.sealed:
            seen.sealed = True
            detail = {"type": SEALED, "id": item.get("id"), "data": sealed, "index": self._details}
            self._details += 1
            self.deltas.append(({"reasoning_details": [detail]}, None))

    def _keep_annotations(self, at: int, index: int, part: Item) -> None:
        """Links to what was found, at their places in chat's one string."""
        start = self._require_part(at, "text", index).start
        for found in list_objects(part.get("annotations")):
            if found.get("type") != "url_citation":
                continue
            places = {
                name: found[name] + start
                for name in ("start_index", "end_index")
                if isinstance(found.get(name), int)
            }
            about = {name: found.get(name) for name in ("title", "url")}
            self._annotations.append({"type": "url_citation", "url_citation": {**places, **about}})

    def _join(self, name: str, at: int) -> str:
        """What goes between the text of one item and that of the next; "" within one."""
        before = self._last.setdefault(name, at)
        self._last[name] = at
        return _BREAK if before != at else ""

    def _require(self, at: int) -> _Seen:
        seen = self._seen.get(at)
        if seen is None:
            seen = self._seen[at] = _Seen({})
        return seen

    def _require_part(self, at: int, kind: str, index: int) -> _Part:
        parts = self._require(at).parts
        part = parts.get((kind, index))
        if part is None:
            part = parts[kind, index] = _Part()
        return part


def count_delta(delta: Item) -> int:
    """UTF-8 bytes of the text in it, for estimates."""
    return count_strings([value for name, value in delta.items() if name in _COUNTED])


def write_message(deltas: list[tuple[Item, Item | None]]) -> tuple[Item, Item | None]:
    """The message that the deltas add up to, and its log probabilities."""
    message: Item = {"role": "assistant", "content": None, "refusal": None}
    tokens: list[Item] = []
    for delta, logprobs in deltas:
        tokens += logprobs["content"] if logprobs is not None else []
        for name, value in delta.items():
            if name == "tool_calls":
                _grow_call(message.setdefault(name, []), value[0])
            elif name == "function_call":
                known = message.setdefault(name, {"name": "", "arguments": ""})
                known["name"] += value.get("name", "")
                known["arguments"] += value["arguments"]
            elif isinstance(value, list):
                message.setdefault(name, []).extend(value)
            else:
                message[name] = (message.get(name) or "") + value
    said = message["content"] is not None or message["refusal"] is not None
    if not said and "tool_calls" not in message and "function_call" not in message:
        message["content"] = ""
    return message, {"content": tokens, "refusal": None} if tokens else None


def _grow_call(calls: list[Item], delta: Item) -> None:
    if "id" in delta:
        kind = delta["type"]
        calls.append({"id": delta["id"], "type": kind, kind: dict(delta[kind])})
        return
    index: int = delta["index"]
    call = calls[index]
    kind: str = call["type"]
    key = "input" if kind == "custom" else "arguments"
    call[kind][key] += delta[kind][key]


def _write_logprobs(found: list[Item]) -> Item | None:
    """Chat has the bytes of a token, which the events of Responses leave out."""
    if not found:
        return None
    tokens = [
        {
            **_complete(token),
            "top_logprobs": [_complete(t) for t in list_objects(token.get("top_logprobs"))],
        }
        for token in found
    ]
    return {"content": tokens, "refusal": None}


def _complete(token: Item) -> Item:
    text = _text(token.get("token"))
    inside = token.get("bytes")
    if inside is None:
        inside = list(text.encode(errors="surrogatepass"))
    return {"token": text, "logprob": token.get("logprob"), "bytes": inside}


def list_objects(found: Any) -> list[Item]:
    """The objects of a list; nothing where there is none."""
    if not isinstance(found, list):
        return []
    return [each for each in cast("list[Any]", found) if isinstance(each, dict)]


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""
