"""Why parameters were refused, in words: runs only after the typed pass has failed.

Also the content type that JSON routes take. Unknown parameters are never refused.
"""

import re
from typing import Any, Never, get_type_hints

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.parameter import must_be
from nexhina.errors import InvalidRequestError, UnsupportedMediaTypeError
from nexhina.ports import Headers

_SHOWN = 60
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_PLACE = re.compile(r" - at `\$([^`]*)`\Z")


def require_json(headers: Headers, *, form: bool = False) -> None:
    """Raises UnsupportedMediaTypeError unless the body is announced as JSON in UTF-8, or not at all.

    `form`: the route takes forms too.
    """
    announced = headers.get(b"content-type")
    if announced is None or announced == b"application/json":
        return
    kind, _, rest = announced.partition(b";")
    kind = kind.strip().lower()
    charset = b"utf-8"
    for parameter in rest.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"charset":
            charset = value.strip().strip(b'"').lower()
    if kind in (b"application/json", b"") and charset in (b"utf-8", b"utf8", b"us-ascii"):
        return
    shown = announced[:_SHOWN].decode("latin-1")
    raise UnsupportedMediaTypeError(
        f"The content type is {shown!r}; send the body as 'application/json' in UTF-8"
        f"{', or as multipart/form-data' if form else ''}.",
        param="Content-Type",
    )


def refuse_parameters(
    members: dict[str, Raw], schema: type[Struct], failure: msgspec.ValidationError
) -> Never:
    """Raises InvalidRequestError for the first member that does not fit `schema`.

    `failure` is what the typed pass said; it is shown when no single member can be blamed.
    """
    hints: dict[str, Any] = get_type_hints(schema, include_extras=True)
    for field in msgspec.structs.fields(schema):
        name, kind = field.encode_name, hints[field.name]
        raw = members.get(name)
        if raw is None:
            if field.required:
                raise InvalidRequestError(
                    f"'{name}' is missing: it must be {must_be(kind) or 'given'}.", param=name
                )
            continue
        try:
            msgspec.json.decode(raw, type=kind)
        except msgspec.ValidationError as error:
            place = name + read_place(error)
            raise InvalidRequestError(_explain(name, raw, kind, error), param=place) from None
    raise InvalidRequestError(f"The request body does not fit: {failure}.")


def read_place(error: msgspec.ValidationError) -> str:
    """Where in the value the fault is, such as "[0].content"; "" for the value itself."""
    said = str(error)
    found = _PLACE.search(said)
    place = found[1].removesuffix("[...]") if found is not None else ""
    missing = _MISSING.match(said)
    return f"{place}.{missing[1]}" if missing is not None else place


def _explain(name: str, raw: Raw, kind: Any, error: msgspec.ValidationError) -> str:
    wanted = must_be(kind)
    text = bytes(raw).decode(errors="replace")
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if not wanted:
        return f"'{name}' is {shown}, which does not fit: {error}."
    detail = str(error)
    place = f" ({detail})" if read_place(error) else ""
    return f"'{name}' must be {wanted}, not {shown}{place}."
