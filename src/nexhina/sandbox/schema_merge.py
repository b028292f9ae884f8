"""Two JSON schemas as one that asks for both, and the type that a schema leaves unsaid."""

from typing import Any, cast

from nexhina.sandbox.schema_check import is_same


def list_types(kinds: Any) -> list[str]:
    """The names of a `type`, which is one or a list."""
    return list(cast("list[str]", kinds)) if isinstance(kinds, list) else [kinds]


def guess_type(rules: dict[str, Any]) -> str:
    """The type that a schema without one means."""
    for kind, keys in (
        ("object", ("properties", "required", "additionalProperties", "minProperties")),
        ("array", ("items", "prefixItems", "minItems", "contains")),
        ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
    ):
        if any(key in rules for key in keys):
            return kind
    return "string"


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A schema that asks for both."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        if key == "properties":
            both = {name: {"allOf": [a[name], b[name]]} for name in a.keys() & b.keys()}
            merged[key] = {**a, **b, **both}
        elif key == "required":
            merged[key] = list(dict.fromkeys([*a, *b]))
        elif key == "enum":
            merged[key] = [item for item in a if any(is_same(item, other) for other in b)]
        elif key in {"minimum", "minLength", "minItems", "minProperties"}:
            merged[key] = max(a, b)
        elif key in {"maximum", "maxLength", "maxItems", "maxProperties"}:
            merged[key] = min(a, b)
        elif key == "type":
            first, second = list_types(a), list_types(b)
            common = [kind for kind in first if kind in second]
            common += (
                ["integer"] if {"integer", "number"} <= {*first, *second} and not common else []
            )
            merged[key] = common or ["nothing"]
        elif key == "items" and a != b:
            merged[key] = {"allOf": [a, b]}
        elif key == "not":
            merged[key] = {"anyOf": [a, b]}
    return merged
