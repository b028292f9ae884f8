"""Reads a body in chunks (RFC 9112 7.1), strictly, and finds where it ends.

llhttp would do it too, but its binding does not tell at which byte a message ended; here that is
needed, because bytes behind the body belong to a request whose turn has not come.
"""

import re
from collections.abc import Callable

from nexhina.errors import BodyTooLargeError, InvalidRequestError

_MAX_LINE = 4096  # one size line with its extensions, one trailer line
_FREE_OVERHEAD = 64 * 1024  # framing bytes that are always allowed, beyond one per body byte
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
# RFC 9112 7.1.1 without its optional blanks, which llhttp refuses too.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*\Z" % (_TOKEN, _TOKEN, _QUOTED))
_TRAILER = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*\Z")


class ChunkReader:
    """Takes a body's bytes as they come; `body` is whole when `done`."""

    __slots__ = (
        "__weakref__",
        "_cap", "_left", "_line", "_overhead", "_state", "_take", "body", "done", "size",
    )  # fmt: skip

    def __init__(self, cap: int, take: Callable[[bytes], object] | None = None) -> None:
        """`take`: is given the body in pieces; without it they are kept in `body`."""
        self.body = bytearray()
        self.size = 0  # of the body so far
        self.done = False
        self._cap = cap
        self._take = take or self.body.extend
        self._line = b""  # a line's beginning
        self._left = 0  # bytes of the present chunk that are still to come
        self._overhead = 0
        # Of the class: a bound method would lead back here, and keep the body, megabytes of it,
        # until the cycle collector comes by.
        self._state = ChunkReader._size_line

    def feed(self, data: bytes) -> int:
        """How many bytes belong to the body; raises InvalidRequestError or BodyTooLargeError."""
        at = 0
        end = len(data)
        while at < end and not self.done:
            if self._left:
                took = min(self._left, end - at)
                self._take(data[at : at + took])
                self.size += took
                self._left -= took
                at += took
                continue
            at = self._take_line(data, at)
            if self._overhead > _FREE_OVERHEAD + self.size:
                raise InvalidRequestError(
                    "The body's chunks are too small or their extensions too long."
                )
        return at

    def _take_line(self, data: bytes, at: int) -> int:
        newline = data.find(b"\n", at, at + _MAX_LINE)
        stop = len(data) if newline < 0 else newline + 1
        line = self._line + data[at:stop]
        if len(line) > _MAX_LINE:
            raise InvalidRequestError("A line of the body's framing is too long.")
        self._overhead += stop - at
        if newline < 0:
            self._line = line
            return stop
        self._line = b""
        if line[-2:] != b"\r\n":
            raise InvalidRequestError("The body's framing is broken: a line must end with CRLF.")
        self._state(self, line[:-2])
        return stop

    def _size_line(self, line: bytes) -> None:
        found = _SIZE.match(line)
        if found is None:
            raise InvalidRequestError(
                "The body's framing is broken: a chunk's size is not hexadecimal."
            )
        size = int(found[1], 16)
        if self.size + size > self._cap:
            raise BodyTooLargeError(
                f"The body is larger than the {self._cap} bytes this route takes."
            )
        if size:
            self._left = size
            self._state = ChunkReader._after_data
        else:
            self._state = ChunkReader._trailer_line

    def _after_data(self, line: bytes) -> None:
        if line:
            raise InvalidRequestError(
                "The body's framing is broken: a chunk is longer than its size."
            )
        self._state = ChunkReader._size_line

    def _trailer_line(self, line: bytes) -> None:
        """Trailers are checked and dropped: nothing here may add a header to a judged request."""
        if not line:
            self.done = True
        elif not _TRAILER.match(line):
            raise InvalidRequestError(
                "The body's framing is broken: a trailer is not a header field."
            )
