"""What all watches of streams have in common: the fields that `dialect.StreamWatch` promises.

How events are read and what becomes of them is each format's own.
"""

from nexhina.dialects.dialect import VendorError
from nexhina.dialects.sse import EventSplitter, EventTooLargeError
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList
from nexhina.ports import Headers


class Watch:
    """The promised fields, at the beginning of a stream."""

    __slots__ = (
        "answer",
        "content",
        "counted_bytes",
        "ended",
        "error",
        "tail",
        "text_bytes",
        "usage",
    )

    events = True
    content: bool
    usage: Usage | None
    text_bytes: int
    counted_bytes: int | None
    ended: bool
    tail: bytes
    error: VendorError | None
    answer: bytes | None  # stays None in formats that are not kept

    def __init__(self) -> None:
        self.content = False
        self.usage = None
        self.text_bytes = 0
        self.counted_bytes = None
        self.ended = False
        self.tail = b""
        self.error = None
        self.answer = None

    def write_head(self, headers: Headers) -> HeaderList:
        """Events need none."""
        raise NotImplementedError

    def split(self, splitter: EventSplitter, data: bytes) -> list[bytes]:
        """The whole events; none, and an error, when one grows too large."""
        try:
            return splitter.split(data)
        except EventTooLargeError:
            self.error = VendorError(message="The provider sent an event of more than 32 MiB.")
            return []


class EventWatch(Watch):
    """A watch that looks at one whole event after the other: formats say in `take` what becomes of it."""

    __slots__ = ("_splitter",)

    def __init__(self) -> None:
        super().__init__()
        self._splitter = EventSplitter()

    def feed(self, data: bytes) -> bytes:
        """The whole events that may go to the caller now."""
        if self.ended or self.error is not None:
            return b""
        out: list[bytes] = []
        for event in self.split(self._splitter, data):
            if piece := self.take(event):
                out.append(piece)
            if self.ended or self.error is not None:
                break
        return b"".join(out)

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body."""
        rest = self._splitter.rest
        if clean and rest.strip() and not self.ended and self.error is None:
            self.take(rest.rstrip(b"\r\n") + b"\n\n")
        return self.tail

    def take(self, event: bytes) -> bytes:
        """The event as it goes to the caller; b"" when it is held back or an error."""
        raise NotImplementedError
