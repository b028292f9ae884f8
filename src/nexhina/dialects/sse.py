"""Server-sent events: where one ends, and the data it carries.

Line ends may be LF, CRLF or CR, and an event ends at its empty line at once: the LF that may still
follow a final CR comes out by itself. Meaning belongs to the formats.
"""

import re

MAX_EVENT = 32 * 1024 * 1024
"""An event that grows beyond this many bytes is no event."""

_END = re.compile(rb"\n(?:\r\n?|\n)|\r(?:\n(?:\r\n?|\n)|\r\n?)")  # never "\r\n" as two line ends
_LINE = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """An event is larger than 32 MiB."""


class EventSplitter:
    """Cuts bytes into whole events, each with its line ends; keeps what is not whole yet."""

    __slots__ = ("_rest", "_searched")

    def __init__(self) -> None:
        self._rest: bytes | bytearray = b""
        self._searched = 0

    @property
    def rest(self) -> bytes:
        """The bytes of an event that has not ended."""
        return bytes(self._rest)

    @property
    def is_empty(self) -> bool:
        """Whether no part of an event is held."""
        return not self._rest

    def split(self, data: bytes) -> list[bytes]:
        """The events that are whole now, in order; raises EventTooLargeError.

        A field of many reads is collected in a bytearray and searched once, not at every read.
        """
        rest = self._rest
        if rest:
            if not isinstance(rest, bytearray):
                rest = self._rest = bytearray(rest)
            rest += data
            buffer: bytes | bytearray = rest
        else:
            buffer = data
        events: list[bytes] = []
        start = 0
        if buffer is data and data[:1] == b"\n":  # the LF of a CR that ended the event before it
            start = len(data) - len(data.lstrip(b"\n"))
            events.append(data[:start])
        position = max(self._searched - 3, start)
        if buffer.find(b"\r", position) < 0:  # the usual kind, found many times faster
            while (end := buffer.find(b"\n\n", position)) >= 0:
                position = end + 2
                events.append(bytes(buffer[start:position]))
                start = position
        else:
            while (found := _END.search(buffer, position)) is not None:
                position = found.end()
                events.append(bytes(buffer[start:position]))
                start = position
        kept = buffer[start:] if start else buffer
        if len(kept) > MAX_EVENT:
            raise EventTooLargeError
        self._rest = bytes(kept) if start else kept
        self._searched = len(kept)
        return events


def read_event(event: bytes) -> tuple[bytes, bytes | None]:
    """Name and data of a whole event; data None when it has none (comments, pings, empty lines)."""
    name = b""
    data: list[bytes] = []
    text = event.removeprefix(_BOM)
    for line in _LINE.split(text) if b"\r" in text else text.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return name, b"\n".join(data) if data else None


def write_event(name: bytes, data: bytes) -> bytes:
    """An event without its empty line; data of several lines gets a field for each."""
    head = b"event: " + name + b"\n" if name else b""
    return head + b"data: " + data.replace(b"\n", b"\ndata: ")
