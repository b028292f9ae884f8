"""A chat stream as Responses events: what came in, what goes out, and the response at its end.

Each event is split off and read once, for what it says and for the books. Events that differ from
the one before in their text only, which is most of a stream, are not parsed at all.
"""

import re
from typing import Any, cast

import msgspec

from nexhina.dialects.dialect import VendorError
from nexhina.dialects.openai import count_strings, count_text
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.openai_usage import read_usage_object
from nexhina.dialects.responses_frame import Frame, read_ending, write_response
from nexhina.dialects.responses_item import Item
from nexhina.dialects.responses_output import Form, Output
from nexhina.dialects.sse import EventSplitter, read_event
from nexhina.dialects.watch import Watch

_UNUSUAL = re.compile(rb'["\\\x00-\x1f]')
_TEXTS = ("content", "reasoning_content", "reasoning")
_TRIES = 32
"""Forms that are learned before a stream counts as one whose events have nothing in common."""
_ENDS = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
}


class TranslatedWatch(Watch):
    """See `dialect.StreamWatch`. `answer` is the final Response object, once the stream `ended`."""

    __slots__ = (
        "_created",
        "_done",
        "_finish_reason",
        "_finished",
        "_frame",
        "_head",
        "_held",
        "_output",
        "_splitter",
        "_started",
        "_tail",
        "_tier",
        "_tries",
        "_usage",
    )

    error: VendorError | None
    answer: bytes | None
    counted_bytes: int | None

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._output = Output(frame)
        self._splitter = EventSplitter()
        self._held = False  # whether part of an event waits for its rest
        self._done = False  # whether the end mark was seen, or a clean end was as good as one
        self._created = 0
        self._tier: Any = None  # that served, as the newest chunk says
        self._started = False
        self._finish_reason: str | None = None
        self._finished = False  # whether any choice has said why it ended
        self._usage: Any = None
        self._head = b""  # of events that only add text to what `_output.plain` is the form of
        self._tail = b""
        self._tries = _TRIES

    @property
    def sequence(self) -> int:
        """The number that the next event has."""
        return self._output.sequence

    def feed(self, data: bytes) -> bytes:
        """The Responses events that may go to the caller now."""
        if self.ended or self.error is not None:
            return b""
        head, tail = self._head, self._tail
        if head and not self._held and data.startswith(head) and data.endswith(tail):
            content = data[len(head) : -len(tail)]  # most often there is one event
            if content and self._output.plain is not None and _UNUSUAL.search(content) is None:
                ready = self._output.add_plain(content)
                if ready:
                    self.text_bytes += len(content)
                    return ready
        self._translate(self._split(data))
        return self._settle()

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if self.ended or self.error is not None or not clean:
            return self.tail
        rest = self._splitter.rest
        if rest.strip():  # the last event without its empty line
            self._translate([rest.rstrip(b"\r\n")])
        self._done = self._done or self._finished
        self.tail = self._settle() + self.tail
        return self.tail

    def _split(self, data: bytes) -> list[bytes]:
        """The whole events, without their empty lines where these are LF."""
        if data[-2:] == b"\n\n" and not self._held and b"\r" not in data:
            return data[:-2].split(b"\n\n")
        events = self.split(self._splitter, data)
        self._held = not self._splitter.is_empty
        return [event.removesuffix(b"\n\n") for event in events]

    def _translate(self, events: list[bytes]) -> None:
        output = self._output
        for event in events:
            head, tail = self._head, self._tail[:-2]
            if head and output.plain is not None and event.startswith(head):
                content = event[len(head) : -len(tail)]
                if content and event.endswith(tail) and _UNUSUAL.search(content) is None:
                    ready = output.add_plain(content)
                    if ready:
                        output.keep(ready)
                        self.text_bytes += len(content)
                        continue
            form = output.plain
            plain = event.startswith(b"data: {") and b"\n" not in event and b"\r" not in event
            name, data = (b"", event[6:]) if plain else read_event(event)
            if not data:
                continue
            if data.strip() == b"[DONE]":
                self._done = True
                return
            chunk = self._read(name, data)
            if chunk is None:
                return
            self._take(chunk)
            if plain and self._tries:
                self._learn(event, chunk, form)

    def _read(self, name: bytes, data: bytes) -> Item | None:
        """The chunk, whose choices are objects; None when it is an `error`, or none at all."""
        try:
            found: Any = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event that is not JSON.")
            return None
        if not isinstance(found, dict):
            self.error = VendorError(message="The provider sent an event that is no chunk.")
            return None
        chunk = cast("Item", found)
        if chunk.get("error") is not None or name == b"error":
            self.error = read_stream_error(chunk)
            return None
        choices: Any = chunk.get("choices") or []
        if not isinstance(choices, list) or not all(
            isinstance(choice, dict) for choice in cast("list[Any]", choices)
        ):
            self.error = VendorError(message="The provider sent an event that is no chunk.")
            return None
        return chunk

    def _learn(self, event: bytes, chunk: Any, form: Form | None) -> None:
        """Makes the form of events that add only text to the same part as this one.

        The form of the events before stays when this one has it: it had an escape in its text.
        """
        if self._output.plain is None:
            self._head = b""
            return
        tail = self._tail[:-2]
        if (
            self._head
            and self._output.plain is form
            and event.startswith(self._head)
            and event.endswith(tail)
        ):
            return
        self._head = b""
        field, text = _read_plain(chunk)
        mark = b'"%b":' % field.encode()
        start = event.find(mark) + len(mark) + 1
        stop = start + len(text)
        if text and event.count(mark[:-1]) == 1 and event[start - 1 : stop + 1] == b'"%b"' % text:
            self._tries -= 1
            self._head, self._tail = event[:start], event[stop:] + b"\n\n"

    def _settle(self) -> bytes:
        """The events so far, and the end when there is one."""
        ready = self._output.take()
        if self.error is None and self._done:
            if not self._started:
                self.error = VendorError(message="The provider ended its stream without an answer.")
            else:
                self.ended = True
                self._end()
        return ready

    def _take(self, chunk: Item) -> None:
        if not self._started:
            self._start(chunk.get("created"))
        self._tier = chunk.get("service_tier") or self._tier
        usage = chunk.get("usage")
        if usage is not None:
            self._usage = usage
            self.usage = read_usage_object(usage) or self.usage
        choices: list[Item] = chunk.get("choices") or []
        for choice in choices:
            found: Any = choice.get("delta")
            delta = cast("Item", found) if isinstance(found, dict) else {}
            self._count(delta)
            # One answer only, and nothing behind its end.
            told = not choice.get("index") and self._finish_reason is None
            if told and delta:
                self._output.add(delta, choice.get("logprobs"))
            reason = choice.get("finish_reason")
            if reason is None:
                continue
            self._finished = self.content = True
            if told and isinstance(reason, str):
                self._finish_reason = reason
                self._output.finish(read_ending(reason))
        if usage is not None:
            self.counted_bytes = self.text_bytes

    def _count(self, delta: Item) -> None:
        """Notes what a delta adds."""
        before = self.text_bytes
        for text in (
            delta.get("content"),
            delta.get("reasoning_content") or delta.get("reasoning"),
            delta.get("refusal"),
        ):
            if text:
                self.text_bytes += (
                    count_text(text) if isinstance(text, str) else count_strings(text)
                )
        calls: Any = delta.get("tool_calls")
        old: Any = delta.get("function_call")
        if calls or old is not None:
            functions = [call.get("function") for call in _objects(calls)]
            for function in _objects([*functions, old]):
                self.text_bytes += count_strings(function.get("arguments"))
            self.content = True
        if self.text_bytes > before or delta.get("audio") is not None:
            self.content = True

    def _start(self, created: Any) -> None:
        self._started = True
        self._created = int(created) if isinstance(created, int | float) else 0
        response = write_response(self._frame, [], created=self._created, ending=None)
        self._output.emit("response.created", response=response)
        self._output.emit("response.in_progress", response=response)

    def _end(self) -> None:
        ending = read_ending(self._finish_reason)
        self._output.finish(ending)
        response = write_response(
            self._frame,
            self._output.items,
            created=self._created,
            ending=ending,
            usage=self._usage,
            tier=self._tier,
        )
        self._output.emit(_ENDS[ending.status], response=response)
        self.tail = self._output.take()
        self.answer = msgspec.json.encode(response)


def _read_plain(chunk: Any) -> tuple[str, bytes]:
    """Field and text of a chunk that adds nothing else; no text when it adds more, or an escape."""
    found = cast("Item", chunk) if isinstance(chunk, dict) else {}
    choices = found.get("choices")
    listed = cast("list[Any]", choices) if isinstance(choices, list) else []
    if len(listed) != 1 or not isinstance(listed[0], dict) or found.get("usage"):
        return "", b""
    choice = cast("Item", listed[0])
    delta = choice.get("delta")
    if any(map(choice.get, ("index", "finish_reason", "logprobs"))) or not isinstance(delta, dict):
        return "", b""
    said = [(key, value) for key, value in cast("Item", delta).items() if value and key != "role"]
    field, text = said[0] if len(said) == 1 else ("", "")
    if field not in _TEXTS or not isinstance(text, str):
        return "", b""
    raw = text.encode(errors="surrogatepass")
    return field, raw if _UNUSUAL.search(raw) is None else b""


def _objects(found: Any) -> list[Item]:
    """The objects of a list; nothing where there is none."""
    if not isinstance(found, list):
        return []
    return [each for each in cast("list[Any]", found) if isinstance(each, dict)]
