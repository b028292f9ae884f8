"""A chat stream as Responses events: what came in, what goes out, and the response at its end.

Usage, text and errors are counted by the chat format's own watch, which sees the same bytes.
"""

from typing import Any, cast

import msgspec

from nexhina.dialects.dialect import VendorError
from nexhina.dialects.openai_stream import ChatWatch
from nexhina.dialects.responses_frame import Frame, read_ending, write_response
from nexhina.dialects.responses_item import Item
from nexhina.dialects.responses_output import Output
from nexhina.dialects.sse import EventSplitter, read_event
from nexhina.domain.usage import Usage

_ENDS = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
}


class TranslatedWatch:
    """See `dialect.StreamWatch`. `answer` is the final Response object, once the stream `ended`."""

    __slots__ = (
        "_chat",
        "_created",
        "_finish_reason",
        "_finished",
        "_frame",
        "_output",
        "_splitter",
        "_started",
        "_usage",
        "answer",
        "content",
        "ended",
        "error",
        "tail",
        "text_bytes",
        "usage",
    )

    def __init__(self, frame: Frame, upstream_model: str) -> None:
        self.content = False
        self.usage: Usage | None = None
        self.text_bytes = 0
        self.ended = False
        self.tail = b""
        self.error: VendorError | None = None
        self.answer: bytes | None = None
        self._chat = ChatWatch(upstream_model, upstream_model, include_usage=True)
        self._frame = frame
        self._output = Output(frame)
        self._splitter = EventSplitter()
        self._created = 0
        self._started = False
        self._finish_reason: str | None = None
        self._finished = False
        self._usage: Any = None

    def feed(self, data: bytes) -> bytes:
        """The Responses events that may go to the caller now."""
        if self.ended or self.error is not None:
            return b""
        passed = self._chat.feed(data)
        self._translate(passed)
        return self._settle()

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if self.ended or self.error is not None:
            return self.tail
        self._translate(self._chat.finish(clean=clean))
        self.tail = self._settle() + self.tail
        return self.tail

    def _translate(self, events: bytes) -> None:
        """Whole chat events, which the chat watch has let pass."""
        if events[-2:] == b"\n\n" and b"\r" not in events:
            whole = events[:-2].split(b"\n\n")
        else:
            whole = self._splitter.split(events)
        for event in whole:
            plain = event.startswith(b"data: {") and b"\n" not in event
            data = event[6:] if plain else read_event(event)[1]
            if not data or data.strip() == b"[DONE]":
                continue
            try:
                chunk = msgspec.json.decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.error = VendorError(message="The provider sent an event that is not JSON.")
                return
            self._take(chunk)

    def _settle(self) -> bytes:
        """The events so far, and the end when there is one."""
        chat = self._chat
        self.content, self.text_bytes, self.usage = chat.content, chat.text_bytes, chat.usage
        self.error = self.error or chat.error
        if self.error is not None:
            return self._output.take()
        ready = self._output.take()
        if chat.ended:
            if not self._started:
                self.error = VendorError(message="The provider ended its stream without an answer.")
            else:
                self.ended = True
                self._end()
        return ready

    def _take(self, chunk: Any) -> None:
        if not isinstance(chunk, dict):
            return
        found = cast("Item", chunk)
        if not self._started:
            self._start(found.get("created"))
        if found.get("usage") is not None:
            self._usage = found["usage"]
        choices = found.get("choices")
        for each in cast("list[Any]", choices) if isinstance(choices, list) else []:
            if not isinstance(each, dict):
                continue
            choice = cast("Item", each)
            if choice.get("index") or self._finished:  # one answer only, and nothing behind its end
                continue
            delta = choice.get("delta")
            if isinstance(delta, dict):
                self._output.add(cast("Item", delta), choice.get("logprobs"))
            reason = choice.get("finish_reason")
            if isinstance(reason, str):
                self._finished = True
                self._finish_reason = reason
                self._output.finish(read_ending(reason))

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
        )
        self._output.emit(_ENDS[ending.status], response=response)
        self.tail = self._output.take()
        self.answer = msgspec.json.encode(response)
