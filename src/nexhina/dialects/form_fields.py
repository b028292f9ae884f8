"""The typed text fields of a form, held to the same schemas as members of JSON, in the same words.

Files are checked by the formats that take them. Unknown fields are never refused.
"""

from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Struct

from nexhina.contract.schema.parameter import must_be
from nexhina.dialects.multipart import Form
from nexhina.dialects.quirk import Quirks, plan_changes
from nexhina.errors import InvalidRequestError

Head = TypeVar("Head", bound=Struct)

_SHOWN = 60


def read_fields(form: Form, schema: type[Head], files: frozenset[str]) -> Head:
    """The text fields of `schema`; those of `files` are left empty. Raises InvalidRequestError.

    An empty field that need not be there counts as none: Go's clients write what nobody set.
    """
    hints: dict[str, Any] = get_type_hints(schema, include_extras=True)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(schema):
        name, kind = field.encode_name, hints[field.name]
        if name in files:
            values[field.name] = None
            continue
        text = form.text(name)
        if text or (text is not None and field.required):
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
    changes = plan_changes(
        quirks,
        model,
        {part.name for part in form.parts},
        lambda name: bool(form.text(name)),
        lambda name: read_text_number(form.text(name)),
    )
    edits |= dict.fromkeys(changes.removed)
    edits |= {name: f"{bound:g}" for name, bound in changes.moved.items()}
    for name, new in changes.renamed.items():
        edits[new] = edits.get(name) or form.text(name)
        edits[name] = None
    return changes.dropped


def read_text_number(text: str | None) -> float | None:
    """The number in a text, None when it is none."""
    try:
        return float(text or "")
    except ValueError:
        return None
