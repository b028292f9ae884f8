"""Grows the output items of a Response from chat deltas, and writes the events of each step.

A whole chat message is one large delta: both ways lead through here, so both give the same items.
Reasoning and message items end where another item begins; tool calls stay open to the end, because
vendors may send the pieces of parallel calls in turn.
"""

from typing import Any, NamedTuple, cast

import msgspec
from msgspec import Struct

from nexhina.dialects.chat_message import SEALED
from nexhina.dialects.responses_frame import Ending, Frame
from nexhina.dialects.responses_item import Item, seal_reasoning
from nexhina.dialects.responses_note import read_citations, read_logprobs

_PART = {
    "output_text": "text",
    "refusal": "refusal",
    "reasoning_text": "text",
    "summary_text": "text",
}

_TEXT_END = b',"logprobs":[]}\n\n'
_END = b"}\n\n"


class Form(NamedTuple):
    """What never changes in the delta events of one part, around their number and their string."""

    texts: list[str]  # the part's
    head: bytes
    place: bytes
    end: bytes


class _Open(Struct, eq=False):
    """An item that still grows: `texts` are the pieces of its open part or of its arguments."""

    item: Item
    at: int  # output_index
    texts: list[str]
    part: Item | None = None
    custom: bool = False
    form: Form | None = None  # of the open part's deltas, or of the arguments'


class Output:
    """The items so far; `events` are written as they come and taken by `take`."""

    __slots__ = ("_calls", "_details", "_events", "_frame", "_open", "items", "plain", "sequence")

    def __init__(self, frame: Frame, *, silent: bool = False) -> None:
        self.items: list[Item] = []
        self.plain: Form | None = None
        """Of the newest delta, while its part is open and nothing but text was added to it."""
        self._frame = frame
        self._open: _Open | None = None  # the message or the reasoning
        self._calls: dict[int, _Open] = {}  # by chat's index
        self._details: list[Any] = []  # of the open reasoning, for its seal
        self.sequence = 0
        self._events: list[bytes] | None = None if silent else []

    def take(self) -> bytes:
        """The events since the last time."""
        if not self._events:
            return b""
        data = b"".join(self._events)
        self._events.clear()
        return data

    def emit(self, kind: str, **fields: Any) -> None:
        """Writes one event with the next sequence number."""
        if self._events is None:
            return
        event = {"type": kind, "sequence_number": self.sequence, **fields}
        self.sequence += 1
        self._events.append(
            b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n"
        )

    def add_plain(self, content: bytes) -> bytes:
        """The event of one more delta like the newest, which is not kept for `take`.

        `content` is a JSON string without quotes and escapes. Returns b"" when it is not UTF-8.
        `plain` must be there.
        """
        assert self.plain is not None
        texts, head, place, end = self.plain
        try:
            texts.append(content.decode())
        except UnicodeDecodeError:
            return b""
        number = self.sequence
        self.sequence = number + 1
        return b'%b%d%b"%b"%b' % (head, number, place, content, end)

    def keep(self, event: bytes) -> None:
        """Puts an event of `add_plain` among those that `take` gives."""
        if self._events is not None:
            self._events.append(event)

    def add(self, delta: Item, logprobs: Any = None) -> None:
        """Takes in what a delta, or a whole message, adds."""
        self.plain = None
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            self._add_reasoning(reasoning)
        details = delta.get("reasoning_details")
        if self._frame.seals and isinstance(details, list):
            self._add_details(cast("list[Any]", details))
        content = delta.get("content")
        if isinstance(content, list):  # parts, as some vendors send them
            content = "".join(map(_read_text, cast("list[Any]", content)))
        if isinstance(content, str) and content:
            self._add_text("output_text", content, logprobs)
        notes = delta.get("annotations")
        if notes:
            self._add_citations(read_citations(notes))
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._add_text("refusal", refusal, None)
        calls = delta.get("tool_calls")
        for place, call in enumerate(cast("list[Any]", calls) if isinstance(calls, list) else []):
            if isinstance(call, dict):
                self._add_call(cast("Item", call), place)
        old = delta.get("function_call")
        if isinstance(old, dict):
            self._add_call({"index": 0, "function": old}, 0)

    def finish(self, ending: Ending) -> None:
        """Closes all that is open."""
        self._close_open(ending.item_status)
        for call in self._calls.values():
            self._close_call(call, ending.item_status)
        self._calls.clear()

    # --- text ---------------------------------------------------------------------------------

    def _add_reasoning(self, text: str) -> None:
        found = self._require_open("reasoning")
        summarizes = self._frame.summarizes
        if found.part is None:
            kind = "summary_text" if summarizes else "reasoning_text"
            index = {"summary_index": 0} if summarizes else {"content_index": 0}
            found.part = {"type": kind, "text": ""}
            added = "response.reasoning_summary_part" if summarizes else "response.content_part"
            self._emit_item(f"{added}.added", found, **index, part=found.part)
        if summarizes:
            self._emit_delta("response.reasoning_summary_text.delta", found, text, "summary_index")
        else:
            self._emit_delta("response.reasoning_text.delta", found, text, "content_index")

    def _add_details(self, details: list[Any]) -> None:
        """Keeps what the vendor sealed; its readable details are the text once more."""
        for detail in details:
            if isinstance(detail, dict) and cast("Item", detail).get("type") == SEALED:
                self._details.append(detail)
                self._require_open("reasoning")

    def _add_text(self, kind: str, text: str, logprobs: Any) -> None:
        found = self._require_open("message")
        content: list[Item] = found.item["content"]
        if found.part is not None and found.part["type"] != kind:
            self._close_part(found)
        if found.part is None:
            found.part = _new_part(kind)
            self._emit_item(
                "response.content_part.added", found, content_index=len(content), part=found.part
            )
        if kind == "refusal":
            self._emit_delta("response.refusal.delta", found, text, "content_index", len(content))
            return
        name, tokens = "response.output_text.delta", read_logprobs(logprobs)
        if not tokens:
            self._emit_delta(name, found, text, "content_index", len(content), _TEXT_END)
            return
        found.texts.append(text)
        found.part["logprobs"] += tokens
        self._emit_item(name, found, content_index=len(content), delta=text, logprobs=tokens)

    def _add_citations(self, notes: list[Item]) -> None:
        """Links belong to the text that they come behind; those that have none are left out."""
        found = self._open
        if found is None or found.part is None or found.part["type"] != "output_text":
            return
        known: list[Item] = found.part["annotations"]
        for note in notes:
            self._emit_item(
                "response.output_text.annotation.added",
                found,
                content_index=len(found.item["content"]),
                annotation_index=len(known),
                annotation=note,
            )
            known.append(note)
            self.plain = None

    def _emit_delta(
        self,
        kind: str,
        found: _Open,
        text: str,
        index: str = "",
        at: int = 0,
        end: bytes = _END,
    ) -> None:
        """The most frequent events, without an encoder for what never changes in them."""
        if self._events is None:
            found.texts.append(text)
            return
        form = found.form
        if form is None:
            where = {"item_id": found.item["id"], "output_index": found.at}
            if index:
                where[index] = at
            name, place = kind.encode(), msgspec.json.encode(where)[1:-1]
            head = b'event: %b\ndata: {"type":"%b","sequence_number":' % (name, name)
            form = found.form = Form(found.texts, head, b',%b,"delta":' % place, end)
        found.texts.append(text)
        self.plain = form
        self._events.append(
            b"%b%d%b%b%b"
            % (form.head, self.sequence, form.place, msgspec.json.encode(text), form.end)
        )
        self.sequence += 1

    def _require_open(self, kind: str) -> _Open:
        if self._open is not None and self._open.item["type"] == kind:
            return self._open
        self._close_open("completed")
        prefix = "msg" if kind == "message" else "rs"
        item: Item = {"id": self._make_id(prefix), "type": kind, "status": "in_progress"}
        if kind == "message":
            item |= {"role": "assistant", "content": []}
        else:
            item |= {"summary": []} if self._frame.summarizes else {"summary": [], "content": []}
        self._open = self._begin(item)
        return self._open

    def _close_part(self, found: _Open) -> None:
        part = found.part
        if part is None:
            return
        kind: str = part["type"]
        field = _PART[kind]
        text = part[field] = "".join(found.texts)
        found.texts.clear()
        found.part = found.form = self.plain = None
        if kind == "summary_text":
            parts, prefix, index = "summary", "response.reasoning_summary_text", "summary_index"
            done = "response.reasoning_summary_part.done"
        else:
            parts, prefix, index = "content", f"response.{kind}", "content_index"
            done = "response.content_part.done"
        at = len(found.item[parts])
        found.item[parts].append(part)
        extra = {"logprobs": part["logprobs"]} if kind == "output_text" else {}
        self._emit_item(f"{prefix}.done", found, **{index: at}, **{field: text}, **extra)
        self._emit_item(done, found, **{index: at}, part=part)

    def _close_open(self, status: str) -> None:
        found = self._open
        if found is None:
            return
        self._open = None
        self._close_part(found)
        if self._frame.seals and found.item["type"] == "reasoning":
            parts: list[Item] = found.item.get("content") or found.item["summary"]
            told = "".join(part["text"] for part in parts)
            found.item["encrypted_content"] = seal_reasoning(told, self._details)
            self._details = []
        found.item["status"] = status
        self.emit("response.output_item.done", output_index=found.at, item=found.item)

    # --- calls --------------------------------------------------------------------------------

    def _add_call(self, call: Item, place: int) -> None:
        index = call.get("index")
        index = index if isinstance(index, int) else place
        function = call.get("function")
        function = cast("Item", function) if isinstance(function, dict) else {}
        found = self._calls.get(index)
        if found is None:
            self._close_open("completed")
            found = self._calls[index] = self._begin_call(call, str(function.get("name") or ""))
        arguments = function.get("arguments")
        if isinstance(arguments, dict):  # an object where the format has text
            arguments = msgspec.json.encode(arguments).decode()
        if isinstance(arguments, str) and arguments:
            if found.custom:
                found.texts.append(arguments)
            else:
                self._emit_delta("response.function_call_arguments.delta", found, arguments)
                self.plain = None  # which call the next piece belongs to stands beside its text

    def _begin_call(self, call: Item, chat_name: str) -> _Open:
        tool = self._frame.book.find(chat_name)
        call_id = call.get("id")
        if not isinstance(call_id, str) or not call_id:
            call_id = self._make_id("call")
        item: Item = {
            "id": self._make_id("ctc" if tool.is_custom else "fc"),
            "type": "custom_tool_call" if tool.is_custom else "function_call",
            "status": "in_progress",
            "call_id": call_id,
            "name": tool.name,
            "input" if tool.is_custom else "arguments": "",
        }
        if tool.namespace is not None:
            item["namespace"] = tool.namespace
        found = self._begin(item)
        found.custom = tool.is_custom
        return found

    def _close_call(self, found: _Open, status: str) -> None:
        text = "".join(found.texts)
        item, self.plain = found.item, None
        if found.custom:
            item["input"] = text = _read_input(text)
            if text:
                self._emit_item("response.custom_tool_call_input.delta", found, delta=text)
            self._emit_item("response.custom_tool_call_input.done", found, input=text)
        else:
            item["arguments"] = text
            self._emit_item(
                "response.function_call_arguments.done", found, name=item["name"], arguments=text
            )
        item["status"] = status
        self.emit("response.output_item.done", output_index=found.at, item=item)

    # --- items --------------------------------------------------------------------------------

    def _begin(self, item: Item) -> _Open:
        found = _Open(item, len(self.items), [])
        self.items.append(item)
        self.emit("response.output_item.added", output_index=found.at, item=item)
        return found

    def _emit_item(self, kind: str, found: _Open, **fields: Any) -> None:
        self.emit(kind, item_id=found.item["id"], output_index=found.at, **fields)

    def _make_id(self, prefix: str) -> str:
        return f"{prefix}_{self._frame.hex}_{len(self.items)}"


def _new_part(kind: str) -> Item:
    if kind == "refusal":
        return {"type": "refusal", "refusal": ""}
    return {"type": "output_text", "text": "", "annotations": [], "logprobs": []}


def _read_text(part: Any) -> str:
    if isinstance(part, dict):
        text = cast("Item", part).get("text")
        return text if isinstance(text, str) else ""
    return part if isinstance(part, str) else ""


def _read_input(arguments: str) -> str:
    """The free text in a custom tool's arguments; arguments of another form are the text itself."""
    try:
        found: Any = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return arguments
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        text = cast("Item", found).get("input")
        if isinstance(text, str):
            return text
    return arguments
