"""A native stream of Responses events on its way to the caller: usage, text, last event, errors.

The event that carries the whole response (completed, incomplete) is the end mark and is held back.
"""

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dialect import VendorError
from nexhina.dialects.openai import count_text, rename_member
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.dialects.sse import read_event, write_event
from nexhina.dialects.watch import EventWatch
from nexhina.domain.usage import Usage

_LAST = frozenset(("response.completed", "response.incomplete"))


class _Event(Struct, gc=False):
    type: str = ""
    delta: Any = None
    response: Raw = Raw()
    error: Any = None
    sequence_number: Any = None


class _Response(Struct, gc=False):
    usage: UsageBody | None = None


_event = msgspec.json.Decoder(_Event)
_response = msgspec.json.Decoder(_Response)
_members = msgspec.json.Decoder(dict[str, Raw])


class ResponsesWatch(EventWatch):
    """See `dialect.StreamWatch`. `answer` is the final Response object, once the stream `ended`.

    `sequence` is the number that the next event has.
    """

    __slots__ = (
        "_public",
        "_upstream",
        "sequence",
    )

    error: VendorError | None
    answer: bytes | None
    usage: Usage | None
    counted_bytes: int | None

    def __init__(self, upstream_model: str, public_model: str) -> None:
        super().__init__()
        self.sequence = 0
        self._upstream = upstream_model
        self._public = public_model

    def take(self, event: bytes) -> bytes:
        """The event as it goes to the caller; b"" when it is held back or an error."""
        name, data = read_event(event)
        if not data or data.strip() == b"[DONE]":
            return event if data is None else b""
        try:
            found = _event.decode(data)
            if name == b"error" or found.type == "error" or found.error is not None:
                self.error = read_stream_error(msgspec.json.decode(data))
                return b""
            if found.response:
                return self._take_response(event, name, data, found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event that is not JSON.")
            return b""
        self._count(found)
        if isinstance(found.delta, str):
            self.text_bytes += count_text(found.delta)
            self.content = True
        return event

    def _count(self, found: _Event) -> None:
        number = found.sequence_number
        self.sequence = (number if isinstance(number, int) else self.sequence) + 1

    def _take_response(self, event: bytes, name: bytes, data: bytes, found: _Event) -> bytes:
        response = bytes(found.response)
        with suppress(msgspec.ValidationError):  # a usage of another shape is none
            usage = read_usage(_response.decode(response).usage)
            if usage is not None:
                self.usage, self.counted_bytes = usage, self.text_bytes
        if found.type == "response.failed":
            self.error = read_stream_error(msgspec.json.decode(response))
            return b""
        if self._public != self._upstream:
            renamed = rename_member(response, self._upstream, self._public)
            if renamed is not response:
                members = _members.decode(data)
                members["response"] = Raw(renamed)
                event = write_event(name, msgspec.json.encode(members)) + b"\n\n"
                response = renamed
        if found.type not in _LAST:
            self._count(found)
            return event
        self.content = self.ended = True
        self.tail = event
        self.answer = response
        return b""
