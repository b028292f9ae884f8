"""A streamed chat completion on its way to the caller: usage, text, end mark, errors.

Most events of a stream differ in one string only. Once an event was parsed, its bytes before and
after that string are a template; the next event that begins and ends like it, with neither quote
nor backslash between, has the same structure and needs no parser. Everything else is parsed.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import VendorError
from nexhina.dialects.openai import count_strings, count_text, is_top_level, rename_member
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.openai_usage import UsageBody, read_usage, read_usage_object
from nexhina.dialects.sse import EventSplitter, read_event, write_event
from nexhina.dialects.watch import Watch
from nexhina.domain.usage import Usage

_DONE = b"data: [DONE]\n\n"
_PAD = b'"obfuscation":"'
_CONTENT = b'"content":"'
_NO_CHOICES: list[dict[str, Any]] = []
_UNUSUAL = re.compile(rb'["\\\r\n]')
_TRIES = 4
"""Templates that are made before a stream counts as one whose events have no common form."""


class _Function(Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct, gc=False):
    function: _Function | None = None


class _Delta(Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None
    audio: object = None


class _Choice(Struct, gc=False):
    delta: _Delta | None = None
    text: str | None = None  # of completions, which have no delta
    finish_reason: str | None = None


class _Chunk(Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: UsageBody | None = None
    error: Any = None


class _LooseChunk(Struct):
    """For events whose fields have types of the vendor's own."""

    choices: list[dict[str, Any]] | None = None
    usage: Any = None
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk)
_loose_chunk = msgspec.json.Decoder(_LooseChunk)


class ChatWatch(Watch):
    """See `dialect.StreamWatch`."""

    __slots__ = (
        "_dropped",
        "_ending",
        "_finished",
        "_head",
        "_held",
        "_include_usage",
        "_padded",
        "_public",
        "_renamed",
        "_renamed_head",
        "_splitter",
        "_tail",
        "_tries",
        "_upstream",
    )

    error: VendorError | None
    usage: Usage | None
    counted_bytes: int | None

    def __init__(self, upstream_model: str, public_model: str, *, include_usage: bool) -> None:
        super().__init__()
        self._include_usage = include_usage
        self._upstream = upstream_model
        self._public = public_model
        self._splitter: EventSplitter | None = None  # made when an event arrives in pieces
        self._held = False  # whether part of an event waits for its rest
        self._padded = False
        self._dropped = False  # the event before this one did not go on
        self._finished = False
        self._head = b""
        self._tail = b""
        self._ending = b"\n"  # the tail with its line ends, where nothing else in it differs
        self._renamed_head = b""
        self._renamed = public_model != upstream_model
        self._tries = _TRIES

    def feed(self, data: bytes) -> bytes:
        """The whole events that may go to the caller now."""
        head, ending = self._head, self._ending
        if head and data.startswith(head) and data.endswith(ending) and not self._held:
            start, stop = len(head), len(data) - len(ending)
            if self._padded:
                contents = self._find_padded(data, start, stop)
            elif _UNUSUAL.search(data, start, stop) is None and start <= stop:
                contents = [data[start:stop]]
            else:
                contents = self._split_contents(data[start:stop])
            if contents and not self.ended and self.error is None:
                self.text_bytes += sum(map(len, contents))
                if not self._renamed:
                    return data
                head = self._renamed_head
                if len(contents) == 1:
                    return head + data[start:]
                return head + (ending + head).join(contents) + ending
        return self._feed_events(data)

    def _split_contents(self, inner: bytes) -> list[bytes]:
        """The contents of events of the known form between the first's head and the last's ending.

        Empty when there is anything else: a quote, a backslash or a line end outside these.
        """
        contents = inner.split(self._ending + self._head)
        if len(contents) == 1 or _UNUSUAL.search(b"".join(contents)) is not None:
            return []
        return contents

    def _find_padded(self, data: bytes, start: int, stop: int) -> list[bytes]:
        """The content of a lone event whose last string, the padding, differs too."""
        at = data.find(b'"', start)
        pad = at + len(self._tail)
        if (
            data.startswith(self._tail, at)
            and pad <= stop
            and _UNUSUAL.search(data, pad, stop) is None
            and _UNUSUAL.search(data, start, at) is None
        ):
            return [data[start:at]]
        return []

    def _feed_events(self, data: bytes) -> bytes:
        """As `feed`, for any number of events and parts of them."""
        if self.ended or self.error is not None:
            return b""
        if data[-2:] == b"\n\n" and not self._held and b"\r" not in data:
            end = b"\n\n"
            events = data.split(end)
            events.pop()
        else:
            events, end = self._split(data)
        renamed = self._renamed
        same = end != b"" and not renamed  # nothing was cut or kept back: `data` itself goes on
        out: list[bytes] = []
        for event in events:
            at = self._match(event)
            if at > 0:
                self._dropped = False
                self.text_bytes += at - len(self._head)
                out.append(self._renamed_head + event[len(self._head) :] if renamed else event)
                continue
            passed = self._take(event, end)
            if passed is not None:
                self._dropped = False
                out.append(passed)
                continue
            same = False
            self._dropped = True
            if self.ended or self.error is not None:
                break
        if same:
            return data
        if end and out:
            out.append(b"")
        return end.join(out)

    def _match(self, event: bytes) -> int:
        """Where the content of an event of the known form ends; 0 when it has another form."""
        head = self._head
        if not head or not event.startswith(head):
            return 0
        start = len(head)
        at = event.find(b'"', start)
        tail = self._tail
        if not event.startswith(tail, at) or event.find(b"\\", start) > 0:
            return 0
        rest = at + len(tail)
        if self._padded:  # one more string, which ends the object
            return at if event.find(b'"', rest) == len(event) - 2 and event[-1] == 0x7D else 0
        return at if rest == len(event) else 0

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if self.error is not None or self.ended:
            return self.tail
        rest = self._splitter.rest if self._splitter is not None else b""
        if not clean:
            return b""
        last = b""
        if rest.strip():  # the last event without its empty line
            passed = self._take(rest.rstrip(b"\r\n"), b"\n\n")
            if self.error is not None or self.ended:
                return self.tail
            last = passed + b"\n\n" if passed is not None else b""
        if self._finished:
            self.ended = True
            self.tail = last + _DONE
        return self.tail

    def _split(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Whole events and what ends each; with b"" they carry their own ends."""
        if not self._held and data[-4:] == b"\r\n\r\n":
            breaks = data.count(b"\r\n")
            if breaks == data.count(b"\n") == data.count(b"\r"):
                end = b"\r\n\r\n"
                return data.split(end)[:-1], end
        if self._splitter is None:
            self._splitter = EventSplitter()
        events = self.split(self._splitter, data)
        self._held = not self._splitter.is_empty
        return events, b""

    def _take(self, event: bytes, end: bytes) -> bytes | None:
        """The parsed event as it goes to the caller; None when it does not."""
        name = b""
        if event.startswith(b"data: {") and b"\n" not in event and b"\r" not in event:
            data = event[6:]
        else:
            name, found = read_event(event)
            if not found:  # the LF behind a CR that ended an event belongs to that event
                return None if self._dropped and event == b"\n" else event
            if found.strip() == b"[DONE]":
                self.tail = event + end
                self.ended = True
                return None
            data = found
        try:
            chunk = _chunk.decode(data)
            usage = read_usage(chunk.usage)
            has_usage = chunk.usage is not None
        except msgspec.ValidationError:
            return self._take_loosely(event, data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._take_mended(event, end)
        if chunk.error is not None or name == b"error":
            self.error = read_stream_error(msgspec.json.decode(data))
            return None
        content = self._count_choices(chunk.choices) if chunk.choices else ""
        if content and not has_usage and self._tries:
            self._learn(event, content, end)
        return self._pass(event, data, usage, lone=has_usage and not chunk.choices)

    def _take_mended(self, event: bytes, end: bytes) -> bytes | None:
        """As `_take`, for an event that is no JSON to a strict reader."""
        from nexhina.dialects.surrogate import replace_halves  # on first use

        mended = replace_halves(event)
        if mended is not event:
            return self._take(mended, end)
        self.error = VendorError(message="The provider sent an event that is not JSON.")
        return None

    def _pass(self, event: bytes, data: bytes, usage: Usage | None, *, lone: bool) -> bytes | None:
        """The event under the public name; None for a usage chunk that nobody asked for."""
        if usage is not None:
            self.usage, self.counted_bytes = usage, self.text_bytes
        if lone and not self._include_usage:
            return None
        return self._rename(event, data) if self._renamed else event

    def _count_choices(self, choices: list[_Choice]) -> str:
        """Notes what an event adds; the content of its only choice when it adds nothing else."""
        content = ""
        for choice in choices:
            if choice.delta is not None:
                content = self._count(choice.delta)
            if choice.text:
                self.text_bytes += count_text(choice.text)
                self.content = True
            if choice.finish_reason is not None:
                self._finished = self.content = True
                content = ""
        return content if len(choices) == 1 else ""

    def _count(self, delta: _Delta) -> str:
        """Notes what a delta adds; its content when it adds nothing else."""
        content = delta.content or ""
        only = True
        if content:
            self.text_bytes += count_text(content)
            self.content = True
        for text in (delta.reasoning_content or delta.reasoning, delta.refusal):
            if text:
                self.text_bytes += count_text(text)
                self.content = True
                only = False
        if delta.audio is not None:
            self.content = True
            only = False
        if delta.tool_calls or delta.function_call is not None:
            self.content = True
            only = False
            calls = [call.function for call in delta.tool_calls or ()]
            for function in (*calls, delta.function_call):
                if function is not None and function.arguments:
                    self.text_bytes += count_text(function.arguments)
        return content if only else ""

    def _take_loosely(self, event: bytes, data: bytes) -> bytes | None:
        """As `_take`, for an event with fields of unknown types."""
        try:
            chunk = _loose_chunk.decode(data)
        except msgspec.DecodeError:
            what = "no chunk" if _is_json(data) else "not JSON"
            self.error = VendorError(message=f"The provider sent an event that is {what}.")
            return None
        if chunk.error is not None:
            self.error = read_stream_error(msgspec.json.decode(data))
            return None
        choices: list[dict[str, Any]] = chunk.choices or _NO_CHOICES
        for choice in choices:
            if choice.get("finish_reason") is not None:
                self._finished = self.content = True
            size = count_strings([choice.get("delta"), choice.get("text")])
            self.text_bytes += size
            self.content = self.content or size > 0
        usage = read_usage_object(chunk.usage)
        return self._pass(event, data, usage, lone=chunk.usage is not None and not chunk.choices)

    def _learn(self, event: bytes, content: str, end: bytes) -> None:
        """Makes the form for events that differ from this one in their content only.

        OpenAI pads its events with a random string at the end, which differs too (2026-11).
        """
        start = event.find(_CONTENT) + len(_CONTENT)
        stop = event.find(b'"', start)
        if b"\\" in event[start:]:
            return  # the next one may be plain
        self._tries -= 1
        if event[start:stop] != content.encode() or event.find(_CONTENT, start) >= 0:
            return
        pad = event.find(_PAD, stop)
        pad_end = pad + len(_PAD)
        self._padded = pad > 0 and event.find(b'"', pad_end) == len(event) - 2
        self._head = event[:start]
        self._tail = event[stop : pad_end if self._padded else len(event)]
        self._ending = b'"}' + end if self._padded else self._tail + end
        if self._renamed:
            self._renamed_head = self._rename(self._head, b"")
            if self._renamed_head is self._head:  # the name comes after the content
                self._head = b""

    def _rename(self, event: bytes, data: bytes) -> bytes:
        """The event under the public model name; `event` itself when it names another model.

        `data` may be b"": then only the quick way is tried.
        """
        old = b'"model":' + msgspec.json.encode(self._upstream)
        at = event.find(old)
        if at > 0 and event.startswith(b"data:") and is_top_level(event, at):
            new = b'"model":' + msgspec.json.encode(self._public)
            return event[:at] + new + event[at + len(old) :]
        if not data:
            return event
        new_data = rename_member(data, self._upstream, self._public)
        if new_data is data:
            return event
        at = event.find(data)
        if at < 0:  # its data came in several lines
            end = b"\n\n" if event.endswith((b"\n", b"\r")) else b""
            return write_event(read_event(event)[0], new_data) + end
        return event[:at] + new_data + event[at + len(data) :]


def _is_json(data: bytes) -> bool:
    """Whether this is JSON at all: of a wrong first character the types complain before its syntax."""
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
