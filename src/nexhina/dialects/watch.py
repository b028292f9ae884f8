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

    __slots__ = ("answer", "content", "ended", "error", "tail", "text_bytes", "usage")

    events = True
    content: bool
    usage: Usage | None
    text_bytes: int
    ended: bool
    tail: bytes
    error: VendorError | None
    answer: bytes | None  # stays None in formats that are not kept

    def __init__(self) -> None:
        self.content = False
        self.usage = None
        self.text_bytes = 0
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
