"""The head of one part of a form: name, file name and type, as clients really write them. Pure.

Names are UTF-8 as browsers and SDKs send them. A file's name is a label: its last segment in any
spelling (quoted, RFC 5987, RFC 2047), never a path, never a reason to refuse but where it is broken.
"""

import re
from urllib.parse import unquote_to_bytes

from nexhina.errors import InvalidRequestError

MAX_NAME = 256  # characters of a field's name
MAX_FILENAME = 255
_MAX_LINES = 32

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\Z")
_PARAMETER = re.compile(
    r"[ \t]*;[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*"
    r'(?:"((?:[^"\\]|\\.)*+)"|([^"; \t][^;"]*?))[ \t]*(?=;|\Z)|(?=;|\Z))',
    re.DOTALL,
)
_ESCAPED = re.compile(r'\\(["\\])')
_EXTENDED = re.compile(r"([A-Za-z0-9-]+)'[A-Za-z0-9-]*'(.*)\Z", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_ENCODINGS = frozenset({"7bit", "8bit", "binary"})


def is_part_name(name: str) -> bool:
    """Whether a part of a form may be called so."""
    return bool(name) and not (
        len(name) > MAX_NAME or "\ufffd" in name or _UNPRINTABLE.search(name)
    )


def read_part_head(head: bytes, number: int) -> tuple[str, str | None, str | None]:
    """Name, file name and content type of part `number`; raises InvalidRequestError with the cure."""
    fields = _read_lines(head, number)
    disposition = fields.get(b"content-disposition")
    if disposition is None:
        raise InvalidRequestError(
            f"Part {number} of the form has no Content-Disposition; "
            'send Content-Disposition: form-data; name="…".'
        )
    encoding = fields.get(b"content-transfer-encoding", b"binary").decode("latin-1")
    if encoding.lower() not in _PLAIN_ENCODINGS:
        raise InvalidRequestError(
            f"Part {number} of the form has the Content-Transfer-Encoding {encoding[:64]!r}; "
            "send its bytes as they are (RFC 7578 4.7)."
        )
    kind, parameters = read_parameters(_decode(disposition), f"Part {number}'s Content-Disposition")
    if kind != "form-data":
        raise InvalidRequestError(
            f"Part {number} of the form has the Content-Disposition {kind[:64]!r}; "
            'send form-data; name="…".'
        )
    name = parameters.get("name")
    if not name:
        raise InvalidRequestError(
            f'Part {number} of the form has no name; send Content-Disposition: form-data; name="…".'
        )
    if not is_part_name(name):
        raise InvalidRequestError(
            f"The name {name[:64]!r} of part {number} is not one: at most {MAX_NAME} printable "
            "characters of UTF-8."
        )
    content_type = fields.get(b"content-type")
    return (
        name,
        _choose_filename(parameters, number),
        None if content_type is None else content_type.decode("latin-1"),
    )


def read_parameters(text: str, where: str) -> tuple[str, dict[str, str]]:
    """The value in front of the first ";", in lower case, and the parameters behind it.

    Raises InvalidRequestError where one comes twice or the text is not of that form.
    """
    kind, _, _ = text.partition(";")
    at = len(kind)
    parameters: dict[str, str] = {}
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            raise InvalidRequestError(f"{where} is not well-formed: {text[:128]!r}.")
        at = found.end()
        name, quoted, token = found.groups()
        if name is None:
            continue
        name = name.lower()
        if name in parameters:
            raise InvalidRequestError(f"{where} says {name!r} twice; send it once.")
        # Only quotes and backslashes are escaped in earnest: old browsers send C:\bare\paths.
        parameters[name] = token if quoted is None else _ESCAPED.sub(r"\1", quoted)
    return kind.strip().lower(), parameters


def _read_lines(head: bytes, number: int) -> dict[bytes, bytes]:
    """The head's fields by lower-case name."""
    fields: dict[bytes, bytes] = {}
    lines = head.split(b"\r\n") if head else []
    if len(lines) > _MAX_LINES:
        raise InvalidRequestError(
            f"Part {number} of the form has {len(lines)} header lines; at most {_MAX_LINES} are read."
        )
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            raise InvalidRequestError(
                f"Part {number} of the form has a line in its head that is no header field: "
                f"{line[:64]!r}. Lines end with CRLF, and a blank one ends the head."
            )
        name = found[1].lower()
        if name in fields:
            shown = found[1].decode("ascii")
            raise InvalidRequestError(
                f"Part {number} of the form has two {shown} headers; send one."
            )
        fields[name] = found[2]
    return fields


def _decode(value: bytes) -> str:
    """UTF-8, with U+FFFD for what is none: whether that matters depends on where it stands."""
    return value.decode("utf-8", "replace")


def _choose_filename(parameters: dict[str, str], number: int) -> str | None:
    """The file's name; the extended spelling wins (RFC 6266 4.3)."""
    extended = parameters.get("filename*")
    if extended is not None:
        return _keep_base(_read_extended(extended, number))
    name = parameters.get("filename")
    if name is None:
        return None
    if _ENCODED_WORD.search(name):
        name = _read_encoded_words(name)
    return _keep_base(name)


def _read_extended(value: str, number: int) -> str:
    """The text of RFC 5987's `charset'language'percent-escapes`."""
    found = _EXTENDED.match(value)
    charset = found[1].lower() if found is not None else ""
    if found is None or charset not in {"utf-8", "iso-8859-1", "us-ascii"}:
        raise InvalidRequestError(
            f"The filename* of part {number} is not one: {value[:64]!r}. "
            "Send UTF-8'' and the name percent-encoded, or a plain filename."
        )
    return unquote_to_bytes(found[2]).decode(charset, "replace")


def _read_encoded_words(name: str) -> str:
    """The text of RFC 2047's words, which do not belong here but come; as it is where they are broken."""
    from email.errors import HeaderParseError  # hardly anybody sends them
    from email.header import decode_header

    try:
        return "".join(
            piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
            for piece, charset in decode_header(name)
        )
    except (HeaderParseError, ValueError, LookupError):
        return name


def _keep_base(name: str) -> str:
    """The last segment of what may be a path, without control characters, of bounded length."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return _UNPRINTABLE.sub("", base)[-MAX_FILENAME:]
