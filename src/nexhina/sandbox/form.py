"""Uploads to the sandbox: a form in memory or on disk, read piece by piece in fair turns."""

from bisect import bisect_right

from nexhina.dialects.multipart import Form, Part, begin_scan, is_multipart
from nexhina.errors import BodyTooLargeError, InvalidRequestError
from nexhina.ports import Body, Headers, Segments, Spool
from nexhina.sandbox.output import Held
from nexhina.sandbox.turns import Turns

__all__ = ["FilePart", "Form", "Joined", "find_file", "is_multipart", "read_bool", "read_upload"]

_STEP = 128 * 1024  # bytes that are looked at in one turn


class Joined:
    """The pieces of a body as one source."""

    def __init__(self, body: Segments) -> None:
        self._starts: list[int] = []
        self._pieces = body.pieces
        self.size = 0
        for piece in body.pieces:
            self._starts.append(self.size)
            self.size += len(piece) if isinstance(piece, bytes) else piece.length

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        found: list[bytes] = []
        place = bisect_right(self._starts, offset) - 1
        while length > 0 and 0 <= place < len(self._pieces):
            piece = self._pieces[place]
            at = offset - self._starts[place]
            if isinstance(piece, bytes):
                data = piece[at : at + length]
            else:
                data = piece.spool.read(piece.offset + at, max(0, min(length, piece.length - at)))
            found.append(data)
            offset += len(data)
            length -= len(data)
            place += 1
        return b"".join(found)


class FilePart:
    """One file of a form, read where it lies."""

    def __init__(self, form: Form, part: Part) -> None:
        self._form = form
        self._part = part
        self.size = part.length
        self.content_type = part.content_type

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        return self._form.read_at(self._part, offset, length)


async def read_upload(body: Body, headers: Headers, turns: Turns) -> Form:
    """The form of a request; raises what `dialects.multipart.read_form` does."""
    kind = headers.get(b"content-type", b"")
    scanner = begin_scan(kind)
    source: Spool = Joined(body) if isinstance(body, Segments) else Held(body)
    for at in range(0, source.size, _STEP):
        if at:
            await turns.turn()
        scanner.feed(source.read(at, _STEP))
    scanner.finish()
    return Form(source, kind, scanner)


def find_file(form: Form, name: str, most: int) -> FilePart:
    """The only file of this name; raises InvalidRequestError, or BodyTooLargeError above `most`."""
    found = form.files(name)
    if len(found) != 1:
        what = "is missing" if not found else "is given more than once"
        raise InvalidRequestError(f"The file field '{name}' {what}.", param=name)
    if found[0].length > most:
        raise BodyTooLargeError(
            f"The file has {found[0].length} bytes; the most is {most}.", param=name
        )
    return FilePart(form, found[0])


def read_bool(form: Form, name: str) -> bool:
    """The value of a yes-or-no field, False without it; raises InvalidRequestError."""
    text = (form.text(name) or "false").strip().lower()
    if text not in {"true", "false", "1", "0"}:
        raise InvalidRequestError(f"'{name}' is true or false, not {text[:40]!r}.", param=name)
    return text in {"true", "1"}
