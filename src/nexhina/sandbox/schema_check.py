"""Checks a JSON value against a JSON schema: the proof behind what `schema_value` makes.

Pure. It knows the keywords that say something about values in drafts 4 to 2020-12, formats excepted;
`unevaluated*` and references to other documents it does not.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, cast

from nexhina.sandbox.pattern import PatternError
from nexhina.sandbox.pattern_match import find_match

MAX_DEPTH = 64
_STEPS_A_UNIT = 1  # steps of matching that cost as much as a look at a schema


class SchemaError(ValueError):
    """A schema that can't be read or satisfied; `place` is where, like `properties.city`."""

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.place = place


def find_target(root: object, reference: object, place: str) -> object:
    """What a `$ref` inside the document points at."""
    own: Any = cast("dict[str, object]", root).get("$id") if isinstance(root, dict) else None
    if isinstance(reference, str) and isinstance(own, str) and own:
        reference = reference.removeprefix(own.rstrip("#"))
    if not isinstance(reference, str) or (reference and not reference.startswith("#")):
        raise SchemaError("Only references inside the schema, like #/$defs/name, are known.", place)
    if reference not in {"", "#"} and not reference.startswith("#/"):
        return _find_anchor(cast("object", root), reference[1:], place)
    found: Any = cast("object", root)
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = cast("dict[str, object]", found)[key]
        elif isinstance(found, list) and key.isdecimal():
            items = cast("list[object]", found)
            if int(key) >= len(items):
                raise SchemaError(f"The reference {reference[:80]} points at nothing.", place)
            found = items[int(key)]
        else:
            raise SchemaError(f"The reference {reference[:80]} points at nothing.", place)
    return cast("object", found)


def _find_anchor(root: object, name: str, place: str) -> object:
    """The schema with that `$anchor` among the definitions, where anchors are."""
    for key in ("$defs", "definitions"):
        rules: Any = cast("dict[str, Any]", root).get(key) if isinstance(root, dict) else None
        for schema in cast("dict[str, Any]", rules).values() if isinstance(rules, dict) else ():
            if isinstance(schema, dict) and cast("dict[str, Any]", schema).get("$anchor") == name:
                return cast("object", schema)
    raise SchemaError(f"The reference #{name[:80]} points at nothing.", place)


def is_type(value: object, name: object) -> bool:  # noqa: PLR0911  (one per JSON type)
    """Whether the value is of a JSON type."""
    match name:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, float) and value.is_integer()
            return (isinstance(value, int) and not isinstance(value, bool)) or whole
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case _:
            return name == "object" and isinstance(value, dict)


def is_same(one: object, other: object) -> bool:
    """JSON equality: true is not 1."""
    return _key(one) == _key(other)


def _key(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, list):
        return ("list", tuple(_key(item) for item in cast("list[object]", value)))
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return ("dict", frozenset((key, _key(item)) for key, item in items))
    return value


def item_key(value: object, effort: "Effort") -> object:
    """What equal JSON values have in common; each value inside is charged."""
    effort.spend()
    if isinstance(value, list):
        return ("list", tuple(item_key(item, effort) for item in cast("list[object]", value)))
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return ("dict", frozenset((key, item_key(item, effort)) for key, item in items))
    return _key(value)


def is_unique(items: list[object], effort: "Effort") -> bool:
    """Whether no two items are equal."""
    return len({item_key(item, effort) for item in items}) == len(items)


class Effort:
    """How many more schemas may be looked at: a small document can ask for endless work."""

    def __init__(self, left: int = 20_000) -> None:
        self.left = left

    def spend(self, units: int = 1) -> None:
        """Raises SchemaError when all is spent."""
        self.left -= units
        if self.left < 0:
            raise SchemaError("The schema asks for too much work.", "")


def is_valid(
    value: object, schema: object, root: object, effort: Effort | None = None, depth: int = 0
) -> bool:
    """Whether the value satisfies the schema; raises SchemaError for what can't be read."""
    effort = effort or Effort()
    effort.spend()
    if isinstance(schema, bool):
        return schema
    if depth > MAX_DEPTH:
        raise SchemaError("The schema is nested too deeply.", "")
    if not isinstance(schema, dict):
        raise SchemaError("A schema is an object, true or false.", "")
    rules = cast("dict[str, Any]", schema)
    return all(_checks(value, rules, root, effort, depth + 1))


def _checks(
    value: Any, rules: dict[str, Any], root: object, effort: Effort, depth: int
) -> Iterator[bool]:
    if "$ref" in rules:
        yield is_valid(value, find_target(root, rules["$ref"], "$ref"), root, effort, depth)
    if "type" in rules:
        kinds: Any = rules["type"]
        names = cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]
        nullable = value is None and rules.get("nullable") is True
        yield nullable or any(is_type(value, name) for name in names)
    if "enum" in rules:
        yield any(is_same(value, item) for item in rules["enum"])
    if "const" in rules:
        yield is_same(value, rules["const"])
    yield from _combinations(value, rules, root, effort, depth)
    if isinstance(value, str):
        yield rules.get("minLength", 0) <= len(value) <= rules.get("maxLength", len(value))
        if "pattern" in rules:
            yield is_matching(rules["pattern"], value, effort) is not False
    elif isinstance(value, list):
        yield from _array(cast("list[object]", value), rules, root, effort, depth)
    elif isinstance(value, dict):
        yield from _object(cast("dict[str, object]", value), rules, root, effort, depth)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _number(value, rules)


def _combinations(
    value: object, rules: dict[str, Any], root: object, effort: Effort, depth: int
) -> Iterator[bool]:
    for part in rules.get("allOf", ()):
        yield is_valid(value, part, root, effort, depth)
    if "anyOf" in rules:
        yield any(is_valid(value, part, root, effort, depth) for part in rules["anyOf"])
    if "oneOf" in rules:
        yield sum(is_valid(value, part, root, effort, depth) for part in rules["oneOf"]) == 1
    if "not" in rules:
        yield not is_valid(value, rules["not"], root, effort, depth)
    if "if" in rules:
        branch = "then" if is_valid(value, rules["if"], root, effort, depth) else "else"
        yield is_valid(value, rules.get(branch, True), root, effort, depth)


def read_bounds(
    rules: Mapping[str, Any],
) -> tuple[Fraction | None, bool, Fraction | None, bool]:
    """Low, whether low itself is out, high, whether high itself is out; the draft 4 form too."""
    low, high = rules.get("minimum"), rules.get("maximum")
    low_out, high_out = rules.get("exclusiveMinimum"), rules.get("exclusiveMaximum")
    least = None if low is None else exact(low)
    most = None if high is None else exact(high)
    least_out, most_out = low_out is True, high_out is True
    if low_out is not None and not isinstance(low_out, bool):
        edge = exact(low_out)
        if least is None or edge >= least:
            least, least_out = edge, True
    if high_out is not None and not isinstance(high_out, bool):
        edge = exact(high_out)
        if most is None or edge <= most:
            most, most_out = edge, True
    return least, least_out, most, most_out


def exact(number: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def _number(value: float, rules: dict[str, Any]) -> bool:
    number = exact(value)
    low, low_out, high, high_out = read_bounds(rules)
    if low is not None and (number < low or (low_out and number == low)):
        return False
    if high is not None and (number > high or (high_out and number == high)):
        return False
    step = rules.get("multipleOf")
    return step is None or (number / exact(step)).denominator == 1


def _array(
    items: list[object], rules: dict[str, Any], root: object, effort: Effort, depth: int
) -> Iterator[bool]:
    yield rules.get("minItems", 0) <= len(items) <= rules.get("maxItems", len(items))
    yield not rules.get("uniqueItems") or is_unique(items, effort)
    first, rest = split_items(rules)
    for place, item in enumerate(items):
        yield is_valid(item, first[place] if place < len(first) else rest, root, effort, depth)
    if "contains" in rules:
        found = sum(is_valid(item, rules["contains"], root, effort, depth) for item in items)
        yield rules.get("minContains", 1) <= found <= rules.get("maxContains", found)


def split_items(rules: Mapping[str, Any]) -> tuple[list[object], object]:
    """The schemas of the first items, and the schema of all others."""
    items: Any = rules.get("items", True)
    if isinstance(items, list):
        return cast("list[object]", items), rules.get("additionalItems", True)
    return rules.get("prefixItems", []), items


def _object(
    value: dict[str, object], rules: dict[str, Any], root: object, effort: Effort, depth: int
) -> Iterator[bool]:
    yield rules.get("minProperties", 0) <= len(value) <= rules.get("maxProperties", len(value))
    yield all(name in value for name in rules.get("required", ()))
    for name in value:
        for other in needed_with(name, rules):
            yield is_valid(value, other, root, effort, depth)
    for name, item in value.items():
        if "propertyNames" in rules:
            yield is_valid(name, rules["propertyNames"], root, effort, depth)
        for schema in schemas_of(name, rules, effort):
            yield is_valid(item, schema, root, effort, depth)


def needed_with(name: str, rules: Mapping[str, Any]) -> list[object]:
    """Schemas of an object that has the property of that name; draft 7's `dependencies` too."""
    found: list[object] = []
    for key in ("dependentRequired", "dependentSchemas", "dependencies"):
        if name in rules.get(key, {}):
            needed = rules[key][name]
            is_list = isinstance(needed, list)
            found.append({"required": cast("list[object]", needed)} if is_list else needed)
    return found


def schemas_of(name: str, rules: Mapping[str, Any], effort: Effort) -> list[object]:
    """What an object's schema asks of the property of that name."""
    found = [rules["properties"][name]] if name in rules.get("properties", {}) else []
    found += [
        schema
        for pattern, schema in rules.get("patternProperties", {}).items()
        if is_matching(pattern, name, effort)
    ]
    return found or [rules.get("additionalProperties", True)]


def is_matching(pattern: str, text: str, effort: Effort) -> bool | None:
    """Whether the pattern matches in the text; None when that can't be told."""
    if is_cheap(pattern):
        return re.search(pattern, text) is not None
    try:
        found, steps = find_match(pattern, text)
    except PatternError:
        return None
    effort.spend(1 + steps // _STEPS_A_UNIT)
    return found


def is_cheap(pattern: str) -> bool:
    """Whether matching can't run away: no repeated group, no more than two open repetitions."""
    if len(pattern) > 200 or re.search(r"\)[*+{?]|\(\?[=!<P]|\\[1-9]", pattern):
        return False
    if len(re.findall(r"(?<!\\)(?:[*+]|\{\d*,\d*\})", pattern)) > 2:
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
