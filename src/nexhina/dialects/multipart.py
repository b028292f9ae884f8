"""A multipart/form-data request as fields and files, and the same request with fields changed.

Reads from memory or from a Spool; values stay where they are until somebody asks. Writing touches
only what was edited: boundary, heads, order and file bytes go on as the caller sent them.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from nexhina.dialects.multipart_scan import Part, Scanner
from nexhina.dialects.part_head import read_parameters
from nexhina.errors import InvalidRequestError, UnsupportedMediaTypeError
from nexhina.ports import Headers, Inbound, Segments, Slice, Spool

__all__ = ["Form", "Part", "begin_scan", "is_multipart", "read_form", "read_form_of"]

MAX_TEXT = 1024 * 1024
"""Bytes that the value of a text field, or of all of one name, may have."""
HEAD_BYTES = 64 * 1024

_MAX_BOUNDARY = 200  # RFC 2046 says 70; nobody is hurt by a longer one
_STEP = 256 * 1024
_FORM = b"multipart/form-data"
_TYPE_LINE = re.compile(rb"\r\nContent-Type:[^\r\n]*", re.IGNORECASE)
_NAME_LINE = re.compile(rb"\r\nContent-Disposition:[^\r\n]*", re.IGNORECASE)
_FILE_NAME = re.compile(
    rb';[ \t]*filename\*?[ \t]*=[ \t]*(?:"(?:[^"\\\r\n]|\\.)*"|[^;\r\n]*)', re.IGNORECASE
)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Form:
    """One form. `parts` in the order of the body."""

    __slots__ = ("_end", "_source", "boundary", "content_type", "parts")

    def __init__(self, source: bytes | bytearray | Spool, kind: bytes, scanner: Scanner) -> None:
        """`kind`: the request's Content-Type; `scanner` has seen the whole source."""
        self._source = source
        self._end = scanner.end
        self.boundary = scanner.boundary
        self.content_type = kind
        self.parts = tuple(scanner.parts)

    @property
    def text_bytes(self) -> int:
        """Bytes of all values that are no files: an upper bound of the prompt's text."""
        return sum(part.length for part in self.parts if not part.is_file)

    def has(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return any(part.name == name for part in self.parts)

    def text(self, name: str) -> str | None:
        """The value of the text field; None where there is none.

        Raises InvalidRequestError when it comes twice, is a file, is no UTF-8 or above 1 MiB.
        """
        found = [part for part in self.parts if part.name == name]
        if not found:
            return None
        if len(found) > 1:
            raise InvalidRequestError(
                f"The field {name!r} appears {len(found)} times in the form; which value counts "
                "is open. Send it once.",
                param=name,
            )
        return self._read_text(found[0])

    def texts(self, name: str) -> list[str]:
        """The values of all text fields `name` and `name[]`, together at most 1 MiB."""
        found = self._find(name)
        _require_text_size(name, sum(part.length for part in found))
        return [self._read_text(part) for part in found]

    def files(self, name: str) -> list[Part]:
        """The file parts `name` and `name[]`."""
        return [part for part in self._find(name) if part.is_file]

    def head(self, part: Part, size: int = HEAD_BYTES) -> bytes:
        """The value's first bytes, to tell its kind."""
        return self._slice(part.offset, min(part.length, size))

    def read(self, part: Part) -> bytes:
        """The whole value: for those that are known to be small."""
        return self._slice(part.offset, part.length)

    def read_at(self, part: Part, offset: int, length: int) -> bytes:
        """Bytes of the value from `offset` on; fewer at its end."""
        left = max(0, part.length - offset)
        return self._slice(part.offset + offset, min(length, left))

    def read_pieces(self) -> Iterator[bytes]:
        """What the form says, whatever its boundary is, in pieces of bounded size: for a digest."""
        for part in self.parts:
            label = (part.name, part.filename, part.content_type, part.length)
            yield msgspec.json.encode(label)
            for at in range(0, part.length, _STEP):
                yield self.read_at(part, at, _STEP)

    def write(
        self,
        edits: Mapping[str, str | None],
        types: Mapping[int, str] | None = None,
        names: Mapping[int, str] | None = None,
    ) -> tuple[bytes | Segments, bytes]:
        """Body and content type with text fields set or (None) removed; the rest stays as it came.

        A field that is not there is added behind the last part. `types`: the content types that
        parts get, by their `begin`; `names`: the file names of some of these, in plain ASCII.
        Without any: the same bytes.
        """
        cuts: list[tuple[int, int, bytes]] = []  # from, to, what stands there instead
        left = {name: value for name, value in edits.items() if value is not None}
        for number, part in enumerate(self.parts, 1):
            if part.name not in edits:
                if types and part.begin in types:
                    cuts.append((part.begin, part.offset, self._retype(part, types, names or {})))
                continue
            value = left.pop(part.name, None)
            if value is None:
                last = number == len(self.parts)
                following = self._end if last else self.parts[number].begin
                cuts.append((part.begin, following, b""))
            else:
                cuts.append((part.offset, part.offset + part.length, self._encode(value)))
        if left:
            cuts.append((self._end, self._end, b"".join(map(self._write_field, left.items()))))
        return self._splice(cuts), self.content_type

    # --- inside -----------------------------------------------------------------------------------

    def _retype(self, part: Part, types: Mapping[int, str], names: Mapping[int, str]) -> bytes:
        """The part's boundary line and head with its new content type and file name."""
        head = self._slice(part.begin, part.offset - part.begin)
        line = b"\r\nContent-Type: " + types[part.begin].encode()
        name = names.get(part.begin)
        if name is not None:
            head = _NAME_LINE.sub(
                rb'\g<0>; filename="%b"' % name.encode(), _FILE_NAME.sub(b"", head)
            )
        if _TYPE_LINE.search(head):
            return _TYPE_LINE.sub(line, head)
        return head.removesuffix(b"\r\n\r\n") + line + b"\r\n\r\n"

    def _find(self, name: str) -> list[Part]:
        listed = f"{name}[]"
        return [part for part in self.parts if part.name in (name, listed)]

    def _read_text(self, part: Part) -> str:
        name = part.name
        if part.is_file:
            raise InvalidRequestError(
                f"The field {name!r} must be text; this form sends a file there. "
                "Leave its file name and type away.",
                param=name,
            )
        _require_text_size(name, part.length)
        if part.content_type is not None and "charset" in part.content_type.lower():
            _, parameters = read_parameters(part.content_type, f"The type of field {name!r}")
            charset = parameters.get("charset", "utf-8")
            if charset.lower() not in _UTF8:
                raise InvalidRequestError(
                    f"The field {name!r} is in {charset[:32]!r}; send it in UTF-8.", param=name
                )
        raw = self.read(part)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"The field {name!r} is not UTF-8: {error.reason} at its byte {error.start} "
                f"(0x{raw[error.start]:02x}). Encode text fields as UTF-8.",
                param=name,
            ) from None

    def _slice(self, offset: int, length: int) -> bytes:
        source = self._source
        if isinstance(source, (bytes, bytearray)):
            return bytes(source[offset : offset + length])
        return source.read(offset, length)

    def _encode(self, value: str) -> bytes:
        raw = value.encode()
        if b"--" + self.boundary in raw:
            shown = self.boundary.decode("latin-1")
            raise InvalidRequestError(
                f"The boundary {shown!r} occurs in a value of the form; use another one."
            )
        return raw

    def _write_field(self, field: tuple[str, str]) -> bytes:
        name, value = field
        for character, escape in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
            name = name.replace(character, escape)
        return b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
            self.boundary,
            name.encode(),
            self._encode(value),
        )

    def _splice(self, cuts: list[tuple[int, int, bytes]]) -> bytes | Segments:
        source = self._source
        if isinstance(source, (bytes, bytearray)):
            view = memoryview(source)
            pieces: list[bytes | memoryview] = []
            at = 0
            for start, end, instead in cuts:
                pieces += (view[at:start], instead)
                at = end
            pieces.append(view[at:])
            return b"".join(pieces)
        segments: list[bytes | Slice] = []
        at = 0
        for start, end, instead in (*cuts, (source.size, source.size, b"")):
            if start > at:
                segments.append(Slice(source, at, start - at))
            if instead:
                segments.append(instead)
            at = end
        return Segments(tuple(segments))


def is_multipart(headers: Headers) -> bool:
    """Whether the request says that its body is a form with parts."""
    return headers.get(b"content-type", b"")[: len(_FORM)].lower() == _FORM


def begin_scan(kind: bytes) -> Scanner:
    """The scanner of a body with this Content-Type.

    Raises UnsupportedMediaTypeError where that is no form, InvalidRequestError without a boundary.
    """
    text = kind.decode("latin-1")
    media, parameters = (
        read_parameters(text, "The Content-Type")
        if kind[:10].lower() == b"multipart/"
        else (text, {})
    )
    if media != _FORM.decode():
        shown = f"not {text[:100]!r}" if text else "and the request names none"
        raise UnsupportedMediaTypeError(f"The body must be multipart/form-data, {shown}.")
    boundary = parameters.get("boundary", "")
    if not boundary:
        raise InvalidRequestError(
            "The Content-Type multipart/form-data has no boundary. Let your HTTP library write "
            "this header, or add the boundary that the body uses."
        )
    if len(boundary) > _MAX_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise InvalidRequestError(
            f"The boundary {boundary[:64]!r} is not one: up to 70 printable ASCII characters."
        )
    return Scanner(boundary.encode())


def read_form(call: Inbound) -> Form:
    """The request's form; raises UnsupportedMediaTypeError, InvalidRequestError with the cure."""
    kind = call.headers.get(b"content-type", b"")
    source = call.body if call.upload is None else call.upload
    if isinstance(call.scan, Scanner):  # it was looked at while it arrived
        return Form(source, kind, call.scan)
    return read_form_of(source, kind)


def read_form_of(source: bytes | bytearray | Spool, kind: bytes) -> Form:
    """As `read_form`, of a body with this Content-Type."""
    scanner = begin_scan(kind)
    size = len(source) if isinstance(source, (bytes, bytearray)) else source.size
    for at in range(0, size, _STEP):
        piece = (
            source[at : at + _STEP]
            if isinstance(source, (bytes, bytearray))
            else source.read(at, _STEP)
        )
        scanner.feed(bytes(piece))
    scanner.finish()
    return Form(source, kind, scanner)


def _require_text_size(name: str, size: int) -> None:
    if size > MAX_TEXT:
        raise InvalidRequestError(
            f"The field {name!r} has {size} bytes; a text field takes at most {MAX_TEXT}.",
            param=name,
        )
