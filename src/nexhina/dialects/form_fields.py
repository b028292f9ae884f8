"""The typed text fields of a form, held to the same schemas as members of JSON, in the same words.

Files are checked by the formats that take them. Unknown fields are never refused.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Struct

from nexhina.contract.schema.parameter import must_be
from nexhina.dialects.multipart import Form
from nexhina.dialects.quirk import Quirks
from nexhina.errors import InvalidRequestError

Head = TypeVar("Head", bound=Struct)

_SHOWN = 60


def read_fields(form: Form, schema: type[Head], files: frozenset[str]) -> Head:
    """The text fields of `schema`; those of `files` are left empty. Raises InvalidRequestError."""
    hints: dict[str, Any] = get_type_hints(schema, include_extras=True)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(schema):
        name, kind = field.encode_name, hints[field.name]
        if name in files:
            values[field.name] = None
            continue
        text = form.text(name)
        if text is not None:
            values[field.name] = _read_value(name, text, kind)
        elif field.required:
            raise InvalidRequestError(
                f"'{name}' is missing: it must be {must_be(kind)}.", param=name
            )
    return schema(**values)


def _read_value(name: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
        raise InvalidRequestError(
            f"'{name}' must be {must_be(kind)}, not {shown!r}.", param=name
        ) from None


def plan_field_quirks(
    form: Form, model: str, quirks: Quirks, edits: dict[str, str | None]
) -> tuple[str, ...]:
    """Adds the edits that the quirks ask for; the names to report. Raises InvalidRequestError."""
    dropped: list[str] = []
    names = {part.name for part in form.parts}
    for name in quirks.refuse & names:
        if form.text(name):
            raise InvalidRequestError(
                f"'{name}' is not taken by the model {model!r}; leave it out.", param=name
            )
        edits[name] = None
    for name in (quirks.ours | quirks.drop) & names:
        edits[name] = None
        if name not in quirks.ours:
            dropped.append(name)
    for name in quirks.rename.keys() & names:
        new = quirks.rename[name]
        edits[name] = None
        if new in names:
            dropped.append(name)
        else:
            edits[new] = form.text(name)
    return tuple(sorted(dropped + _clamp(form, quirks.clamp, edits)))


def _clamp(
    form: Form, clamps: Mapping[str, tuple[float, float]], edits: dict[str, str | None]
) -> list[str]:
    """Moves numbers into their bounds; the names that were moved."""
    moved: list[str] = []
    for name, (lowest, highest) in clamps.items():
        text = form.text(name) if name not in edits else None
        try:
            number = float(text or "")
        except ValueError:
            continue
        if not lowest <= number <= highest:
            edits[name] = f"{lowest if number < lowest else highest:g}"
            moved.append(name)
    return moved
