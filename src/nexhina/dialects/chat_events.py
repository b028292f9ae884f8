"""A stream of Responses events as chat chunks: each event is read once and told at once.

The event that carries the whole response is the end: what it has that was not told yet, why it
ended and what it used go out with the end mark.
"""

from collections.abc import Callable
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.chat_frame import (
    Wish,
    read_finish,
    write_head,
    write_moderation,
    write_usage,
)
from nexhina.dialects.chat_output import ChatOutput, count_delta, list_objects
from nexhina.dialects.dialect import VendorError
from nexhina.dialects.openai import count_text
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.openai_usage import read_usage_object
from nexhina.dialects.responses_item import Item
from nexhina.dialects.sse import read_event
from nexhina.dialects.watch import EventWatch

_DONE = b"data: [DONE]\n\n"
_TEXT_END = b'},"logprobs":null,"finish_reason":null}]'
_LAST = frozenset(("response.completed", "response.incomplete"))


class _Event(Struct, gc=False):
    type: str = ""
    delta: str = ""
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    item: Any = None
    part: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    input: Any = None
    logprobs: Any = None
    obfuscation: Any = None
    response: Raw = Raw()
    error: Any = None


class _Begun(Struct, gc=False):
    """The few things of a response in progress that a chunk repeats; it also repeats the request."""

    id: Any = None
    created_at: Any = None
    service_tier: Any = None


_event = msgspec.json.Decoder(_Event)
_begun = msgspec.json.Decoder(_Begun)


class ChatOverResponsesWatch(EventWatch):
    """See `dialect.StreamWatch`."""

    __slots__ = (
        "_end",
        "_head",
        "_output",
        "_text_head",
        "_wish",
    )

    error: VendorError | None
    counted_bytes: int | None

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish
        self._output = ChatOutput(is_old=wish.is_old)
        self._head = b""  # of every chunk, up to its choices
        self._text_head = b""  # of those that say more text, up to it
        self._end = b',"usage":null' if wish.include_usage else b""

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        rest = self._splitter.rest
        if clean and rest.strip() and not self.ended and self.error is None:
            self.tail = self.take(rest.rstrip(b"\r\n") + b"\n\n") + self.tail
        return self.tail

    def take(self, event: bytes) -> bytes:
        """The chunks that say what the event says."""
        name, data = _read_lines(event)
        if data is None:
            return event  # a comment: it keeps connections open
        if data.strip() in (b"", b"[DONE]"):
            return b""
        out: list[bytes] = []
        try:
            found = _event.decode(data)
            if name == b"error" or found.type == "error" or found.error is not None:
                self.error = read_stream_error(msgspec.json.decode(data))
            elif found.response:
                self._take_response(found, out)
            else:
                self._take_output(found, out)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event that can't be read.")
        return b"".join(out)

    def _take_output(self, found: _Event, out: list[bytes]) -> None:
        take = _TAKES.get(found.type)
        if take is None:
            return
        if not self._head:
            self._start(Raw(b"{}"), out)
        output = self._output
        if take is _take_text and found.delta and not found.logprobs:  # most of a stream
            text = output.grow_text(found.output_index, found.content_index, found.delta)
            self.content = True
            self.text_bytes += count_text(text)
            content = msgspec.json.encode(text)
            pad = _write_pad(found.obfuscation) if found.obfuscation else b""
            out.append(b"%b%b%b%b%b}\n\n" % (self._text_head, content, _TEXT_END, self._end, pad))
            return
        take(output, found)
        if output.deltas:
            self._write_deltas(out, _write_pad(found.obfuscation))

    def _write_deltas(self, out: list[bytes], pad: bytes = b"") -> None:
        for delta, logprobs in self._output.deltas:
            self.content = True
            self.text_bytes += count_delta(delta)
            out.append(
                b'%b[{"index":0,"delta":%b,"logprobs":%b,"finish_reason":null}]%b%b}\n\n'
                % (
                    self._head,
                    msgspec.json.encode(delta),
                    b"null" if logprobs is None else msgspec.json.encode(logprobs),
                    self._end,
                    pad,
                )
            )
        self._output.deltas.clear()

    def _start(self, response: Raw, out: list[bytes]) -> None:
        """The chunk that says who speaks."""
        begun = msgspec.structs.asdict(_begun.decode(response))
        head = write_head(begun, "chat.completion.chunk", self._wish.public_model)
        self._head = b"data: " + msgspec.json.encode(head)[:-1] + b',"choices":'
        self._text_head = self._head + b'[{"index":0,"delta":{"content":'
        delta = b'{"role":"assistant","content":""}'
        out.append(
            b'%b[{"index":0,"delta":%b,"logprobs":null,"finish_reason":null}]%b}\n\n'
            % (self._head, delta, self._end)
        )

    def _take_response(self, found: _Event, out: list[bytes]) -> None:
        if found.type == "response.failed":
            self.error = read_stream_error(msgspec.json.decode(found.response))
            return
        if not self._head:
            self._start(found.response, out)
        if found.type in _LAST:
            response: Any = msgspec.json.decode(found.response)
            if isinstance(response, dict):
                self._take_last(cast("Item", response), found.type)

    def _take_last(self, response: Item, kind: str) -> None:
        """The end: what was not told, and all that stands at a chat stream's end."""
        self.usage = read_usage_object(response.get("usage"))
        output, out = self._output, list[bytes]()
        items: Any = response.get("output")
        if output.is_empty and isinstance(items, list):
            for at, item in enumerate(cast("list[Any]", items)):
                if isinstance(item, dict):
                    output.take_item(at, cast("Item", item))
        output.finish()
        self._write_deltas(out)
        if self.usage is not None:
            self.counted_bytes = self.text_bytes
        response = {**response, "status": kind.removeprefix("response.")}
        called, is_old = output.calls > 0, self._wish.is_old
        finish = msgspec.json.encode(read_finish(response, called=called, is_old=is_old))
        last = b'[{"index":0,"delta":{},"logprobs":null,"finish_reason":%b}]' % finish
        moderation = write_moderation(response.get("moderation"))
        if moderation is not None:
            last += b',"moderation":' + msgspec.json.encode(moderation)
        out.append(b"%b%b%b}\n\n" % (self._head, last, self._end))
        usage = write_usage(response.get("usage")) if self._wish.include_usage else None
        if usage is not None:
            out.append(b'%b[],"usage":%b}\n\n' % (self._head, msgspec.json.encode(usage)))
        self.content = self.ended = True
        self.tail = b"".join(out) + _DONE


def _read_lines(event: bytes) -> tuple[bytes, bytes | None]:
    """As `read_event`, sooner for the form that all have: a name, one line of data."""
    if event.startswith(b"event: ") and event.endswith(b"}\n\n") and event.count(b"\n") == 3:
        at = event.find(b"\ndata: ")
        if at > 0 and b"\r" not in event:
            return event[7:at], event[at + 7 : -2]
    return read_event(event)


def _write_pad(obfuscation: Any) -> bytes:
    """The padding of an event, as the last member of its chunk."""
    if not isinstance(obfuscation, str):
        return b""
    return b',"obfuscation":' + msgspec.json.encode(obfuscation)


def _object(found: Any) -> Item:
    return cast("Item", found) if isinstance(found, dict) else {}


def _take_text(output: ChatOutput, event: _Event) -> None:
    output.add_text(
        event.output_index, event.content_index, event.delta, list_objects(event.logprobs)
    )


_TAKES: dict[str, Callable[[ChatOutput, _Event], None]] = {
    "response.output_text.delta": _take_text,
    "response.refusal.delta": lambda output, event: output.add_refusal(
        event.output_index, event.content_index, event.delta
    ),
    "response.reasoning_text.delta": lambda output, event: output.add_reasoning(
        event.output_index, "content", event.content_index, event.delta
    ),
    "response.reasoning_summary_text.delta": lambda output, event: output.add_reasoning(
        event.output_index, "summary", event.summary_index, event.delta
    ),
    "response.function_call_arguments.delta": lambda output, event: output.add_arguments(
        event.output_index, event.delta
    ),
    "response.custom_tool_call_input.delta": lambda output, event: output.add_arguments(
        event.output_index, event.delta
    ),
    "response.output_item.added": lambda output, event: output.start_item(
        event.output_index, _object(event.item)
    ),
    "response.output_item.done": lambda output, event: output.take_item(
        event.output_index, _object(event.item)
    ),
}
"""What each event adds; the ends of single parts say nothing that their item's end does not."""
