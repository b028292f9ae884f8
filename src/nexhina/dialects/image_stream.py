"""Streamed images on their way to the caller: partial pictures, whole ones, usage, errors.

Events are megabytes: each is collected once, passed as it came, and only its short members are
read. The format has no end mark; a stream is whole when all its pictures are, and the event that
brings the last of them waits for the journal.
"""

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dialect import Peek, VendorError
from nexhina.dialects.image_answer import measure_base64, read_image_usage, write_variant
from nexhina.dialects.openai_error import read_stream_error
from nexhina.dialects.openai_usage import UsageBody
from nexhina.dialects.sse import read_event
from nexhina.dialects.watch import EventWatch
from nexhina.domain.usage import Usage

PARTIAL_TEXT = 400
"""What a partial picture counts as where the stream breaks before its usage: 100 output tokens."""


_NULL = Raw(b"null")


class _Event(Struct):
    type: str | None = None
    b64_json: Raw = _NULL
    url: str | None = None
    size: str | None = None
    quality: str | None = None
    usage: UsageBody | None = None
    error: Raw = _NULL


_event = msgspec.json.Decoder(_Event)


class ImageWatch(EventWatch):
    """A `StreamWatch` for as many pictures as the request asks for."""

    __slots__ = ("_left", "_peek", "_whole")

    error: VendorError | None
    usage: Usage | None

    def __init__(self, peek: Peek) -> None:
        super().__init__()
        self._peek = peek
        self._left = peek.n
        self._whole = 0

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        if self.ended or self.error is not None or not clean:
            return self.tail
        last = b""
        rest = self._splitter.rest.rstrip(b"\r\n")
        if rest:  # the last event without its empty line
            event = rest + b"\n\n"
            last = self.take(event)
            if self.ended or self.error is not None:
                return self.tail
        if self._whole:  # fewer than asked for: those that came are the answer
            self.ended = True
            self.tail = last
        return self.tail

    def take(self, event: bytes) -> bytes:
        """The event as it goes to the caller; b"" when it is held back or an error."""
        return event if self._passes(event) else b""

    def _passes(self, event: bytes) -> bool:
        """Whether the event passes now; notes what it says."""
        name, data = _read_fields(event)
        if data is None:
            return True
        if bytes(data[:16]).strip() == b"[DONE]":  # not of this format, but vendors send it
            self.ended = self._whole > 0
            return False
        try:
            found = _event.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.error = VendorError(message="The provider sent an event that is no picture's.")
            return False
        kind = found.type or name.decode("latin-1")
        if kind == "error" or found.error != _NULL:
            self.error = read_stream_error(msgspec.json.decode(data))
            return False
        if kind.endswith(".completed"):
            return self._complete(found, event)
        if kind.endswith(".partial_image"):
            self.content = True
            self.text_bytes += PARTIAL_TEXT
        return True

    def _complete(self, found: _Event, event: bytes) -> bool:
        """Notes a whole picture; the last one's event does not pass yet."""
        if len(found.b64_json) <= len('""') + 2 and not found.url:
            self.error = VendorError(message="The provider ended a picture without its bytes.")
            return False
        self.content = True
        self._whole += 1
        before = self.usage or Usage()
        told = read_image_usage(found.usage)
        picture = measure_base64(found.b64_json)
        self.usage = Usage(
            input=before.input + told.input,
            cached_input=before.cached_input + told.cached_input,
            output=before.output + told.output,
            image_input=before.image_input + told.image_input,
            image=self._whole,
            image_variant=write_variant(self._peek, found.size, found.quality, picture),
        )
        if self._whole < self._left:
            return True
        self.tail = event
        self.ended = True
        return False


def _read_fields(event: bytes) -> tuple[bytes, bytes | memoryview | None]:
    """As `read_event`, which copies line by line, for the usual form of a large event."""
    start = event.find(b"data:")
    end = event.find(b"\n", start)
    if start < 0 or end < 0 or event[end:].strip(b"\r\n") or (start and event[start - 1] != 0x0A):
        return read_event(event)
    name, _ = read_event(event[:start])
    return name, memoryview(event)[start + 5 : end]
