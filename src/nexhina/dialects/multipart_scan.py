"""Finds the parts of a multipart/form-data body while it arrives (RFC 7578, RFC 2046 5.1). Sans I/O.

Keeps where each value lies, never the value: a body of any size is read in the memory of one part's
head. What a laxer reader could take for another form is refused, since the vendor reads the same
bytes again: lines that begin with the boundary and go on, parts behind the end, bare line feeds.
"""

from collections.abc import Callable

from msgspec import Struct

from nexhina.dialects.part_head import read_part_head
from nexhina.errors import InvalidRequestError

MAX_PARTS = 1000
MAX_PART_HEAD = 16 * 1024
MAX_HEADS = 512 * 1024
"""Bytes of all parts' heads together: they are the only thing that is kept in memory."""

_MAX_PADDING = 256  # blanks behind a boundary
_CRLF = b"\r\n"
_BLANK_LINE = b"\r\n\r\n"
_PADDING = b" \t"


class Part(Struct, frozen=True, gc=False):
    """One field or file. Offsets are those of the whole body; `offset`, `length`: of the value."""

    name: str
    filename: str | None  # its last segment only: it is a label, not a path
    content_type: str | None
    offset: int
    length: int
    begin: int = 0  # of the line with the boundary in front of it

    @property
    def is_file(self) -> bool:
        """Whether it is a file: it has a file's name, or a type that is no text's."""
        if self.filename is not None:
            return True
        kind = (self.content_type or "text/plain").lower()
        return not kind.startswith(("text/", "application/json", "application/x-www-form"))


class Scanner:
    """`feed` it the body in pieces of any size, then `finish`; both raise InvalidRequestError."""

    __slots__ = ("_base", "_begin", "_head", "_heads", "_needle", "_offset", "_rest", "_step",
                 "boundary", "end", "parts")  # fmt: skip

    def __init__(self, boundary: bytes) -> None:
        self.boundary = boundary
        self.parts: list[Part] = []
        self.end = 0  # where the line of the closing boundary begins
        self._needle = b"\r\n--" + boundary
        # A line end that is not there stands before the body, as the first boundary needs none.
        self._rest = _CRLF
        self._base = -len(_CRLF)  # of `_rest` in the body
        self._begin = 0  # of the present part's boundary line
        self._head: tuple[str, str | None, str | None] = ("", None, None)
        self._heads = 0
        self._offset = 0  # of the present part's value
        self._step: Callable[[bytes, int], int] = self._seek

    def feed(self, data: bytes | memoryview) -> None:
        """The next piece of the body."""
        rest = self._rest
        whole = rest + data if rest else bytes(data)
        at = 0
        while True:
            step = self._step
            took = step(whole, at)
            at += took
            if step == self._step and not took:
                break
        self._base += at
        self._rest = whole[at:]

    def finish(self) -> None:
        """The body is over: raises when the form is not."""
        step = self._step
        if step in (self._close, self._pass_epilogue):
            return
        if step == self._seek and not self._head[0]:
            shown = self.boundary.decode("latin-1")
            raise InvalidRequestError(
                f"The boundary {shown!r} of the Content-Type does not begin any line of the body. "
                "Send the body that was made with this Content-Type, its lines ended by CRLF."
            )
        what = "head of a part" if step == self._read_head else "middle of a part"
        name = f" {self._head[0][:64]!r}" if step == self._seek else ""
        raise InvalidRequestError(
            f"The multipart body ends in the {what}{name}: its closing boundary is missing. "
            "Send it whole, with --boundary-- at the end."
        )

    # --- steps: each returns how many bytes are done with; none and the same step = wait for more ---

    def _seek(self, data: bytes, at: int) -> int:
        """The preamble or a value: up to the next boundary, whose line is looked at."""
        needle = self._needle
        found = data.find(needle, at)
        if found < 0:
            return max(0, len(data) - len(needle) + 1 - at)
        after = found + len(needle)
        if len(data) < after + 2:
            return found - at
        line = self._base + found + len(_CRLF)  # where the boundary's line begins
        if data.startswith(b"--", after):
            self._end_part(line)
            self.end = line
            self._step = self._close
            return after + 2 - at
        stop = data.find(_CRLF, after, after + _MAX_PADDING)
        padding = data[after : stop if stop >= 0 else after + _MAX_PADDING]
        if padding.strip(_PADDING).strip(b"\r" if stop < 0 else b"") or (
            stop < 0 and len(padding) >= _MAX_PADDING
        ):
            raise self._boundary_error(padding)
        if stop < 0:
            return found - at
        self._end_part(line)
        self._begin = line
        self._step = self._read_head
        # The line's end stays: a part without any head begins with it and one more.
        return stop - at

    def _end_part(self, line: int) -> None:
        """Closes the present part in front of the boundary's line; the preamble is none."""
        name, filename, kind = self._head
        if not name:
            return
        length = line - len(_CRLF) - self._offset
        if length < 0:
            raise InvalidRequestError(
                f"Part {name[:64]!r} has no line end between its head and the next boundary."
            )
        if len(self.parts) >= MAX_PARTS:
            raise InvalidRequestError(
                f"The multipart body has more than {MAX_PARTS} parts; send fewer."
            )
        self.parts.append(Part(name, filename, kind, self._offset, length, self._begin))
        self._head = ("", None, None)

    def _read_head(self, data: bytes, at: int) -> int:
        """A part's head, from the end of its boundary's line on."""
        found = data.find(_BLANK_LINE, at, at + MAX_PART_HEAD + len(_BLANK_LINE))
        if found < 0:
            if len(data) - at >= MAX_PART_HEAD:
                raise InvalidRequestError(
                    f"A part's head has more than {MAX_PART_HEAD} bytes, or its lines do not end "
                    "with CRLF."
                )
            return 0
        size = found - at
        self._heads += size
        if self._heads > MAX_HEADS:
            raise InvalidRequestError(
                f"The heads of the parts have more than {MAX_HEADS} bytes together; "
                "send fewer parts or shorter names."
            )
        self._head = read_part_head(data[at + len(_CRLF) : found], len(self.parts) + 1)
        self._offset = self._base + found + len(_BLANK_LINE)
        self._step = self._seek
        # The head's last line end stays: a boundary right behind it must be seen.
        return size + len(_CRLF)

    def _close(self, data: bytes, at: int) -> int:
        """The rest of the closing boundary's line: blanks."""
        stop = data.find(_CRLF, at, at + _MAX_PADDING)
        padding = data[at : stop if stop >= 0 else at + _MAX_PADDING]
        if padding.strip(_PADDING).strip(b"\r" if stop < 0 else b""):
            raise self._boundary_error(b"--" + padding)
        if stop >= 0:
            self._step = self._pass_epilogue
            return stop - at
        if len(padding) >= _MAX_PADDING:
            raise self._boundary_error(padding)
        return 0

    def _pass_epilogue(self, data: bytes, at: int) -> int:
        """What follows the end means nothing, so it must not look like parts."""
        needle = self._needle
        if data.find(needle, at) >= 0:
            raise InvalidRequestError(
                "The multipart body goes on with the boundary behind its closing --boundary--; "
                "end the body there."
            )
        return max(0, len(data) - len(needle) + 1 - at)

    def _boundary_error(self, padding: bytes) -> InvalidRequestError:
        if padding.startswith((b"\n", b"--\n")):
            return InvalidRequestError(
                "The lines of the multipart body end with LF; its head lines and boundaries must "
                "end with CRLF (RFC 2046)."
            )
        return InvalidRequestError(
            "A line of the multipart body begins with the boundary and goes on with "
            f"{padding[:32]!r}. Use a boundary that does not occur in the content, and nothing "
            "behind it on its line."
        )
