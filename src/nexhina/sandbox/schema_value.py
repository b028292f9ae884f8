"""Makes JSON values that satisfy a JSON schema, out of a user's words where they fit.

Pure: the same schema, text and dice give the same value. Every value is checked (`schema_check`)
before it is handed out; what can't be made is a SchemaError that names the place.
"""

import re
from math import ceil, floor
from typing import Any, cast

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.pattern_text import PatternError, make_matching
from nexhina.sandbox.schema_check import (
    Effort,
    SchemaError,
    exact,
    find_target,
    is_same,
    is_valid,
    item_key,
    read_bounds,
    split_items,
)

MAX_NODES = 800
SHALLOW = 4  # from this depth on only what is required is made
DEEPEST = 24
_TAKEN = object()  # no item: an equal one is in the array already

_PLACE = re.compile(
    r"\b(?:in|for|at|near|to|from)\s+([A-Z][\w-]*(?:\s[A-Z][\w-]*)*)|([一-鿿]{2,3}?)的?天气"
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|「([^」]+)」|(?<!\w)'([^']+)'(?!\w)")
_PLACE_NAMES = re.compile(r"city|location|place|town|destination|country", re.IGNORECASE)
_FORMATS = {
    "email": (r"[\w.+-]{1,40}@[\w-]{1,40}\.[a-z]{2,10}\b", "ada@example.com"),
    "uri": (r"https?://[^\s\"'<>]{1,200}", "https://example.com/page"),
    "url": (r"https?://[^\s\"'<>]{1,200}", "https://example.com/page"),
    "date": (r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b", "2026-01-15"),
    "date-time": (
        r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T1\d:\d\d:00Z",
        "2026-01-15T12:00:00Z",
    ),
    "time": (r"\b1\d:[0-5]\d:[0-5]\dZ", "12:00:00Z"),
    "ipv4": (r"\b1\d\.1\d\.1\d\.1\d\b", "192.0.2.1"),
    "ipv6": (r"2001:db8::1", "2001:db8::1"),
    "hostname": (r"\b[a-z]{2,20}\.example\b", "www.example.com"),
    "duration": (r"\bPT\d{1,3}M\b", "PT15M"),
}


def make_value(schema: object, text: str, dice: Dice) -> Any:
    """A value that satisfies the schema; raises SchemaError."""
    last = SchemaError("No value satisfies this schema.", "")
    effort = Effort()
    for _ in range(8):
        maker = _Maker(schema, text[:4000], dice, effort)
        try:
            value = maker.make(schema, "", "", 0)
            if is_valid(value, schema, schema, effort):
                return value
        except SchemaError as error:
            last = error
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            raise SchemaError("The schema can't be read.", "") from error
    raise last


class _Maker:
    """One attempt at a value."""

    def __init__(self, root: object, text: str, dice: Dice, effort: Effort) -> None:
        self._effort = effort
        self._root = root
        self._text = text
        self._dice = dice
        self._nodes = 0
        self._numbers = [
            exact(float(n)) for n in re.findall(r"(?<![\w.])-?\d{1,9}(?:\.\d{1,4})?", text)
        ]

    def make(self, schema: object, place: str, name: str, depth: int) -> Any:
        """A value for one place of the document."""
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > DEEPEST:
            raise SchemaError("The schema asks for too large or endless a value.", place)
        if schema is False:
            raise SchemaError("Nothing is allowed here.", place)
        if schema is True:
            schema = {}
        if not isinstance(schema, dict):
            raise SchemaError("A schema is an object, true or false.", place)
        rules = self._flat(cast("dict[str, Any]", schema), place, 0)
        for union in ("anyOf", "oneOf"):
            if union in rules:
                return self._union(rules, union, place, name, depth)
        return self._plain(rules, place, name, depth)

    def _flat(self, rules: dict[str, Any], place: str, hops: int) -> dict[str, Any]:
        """The schema with its reference and its allOf merged in."""
        self._effort.spend()
        if hops > DEEPEST:
            raise SchemaError("The references go round in a circle.", place)
        parts: list[Any] = list(rules.get("allOf", ()))
        if "$ref" in rules:
            parts.append(find_target(self._root, rules["$ref"], place))
        merged = {key: value for key, value in rules.items() if key not in {"$ref", "allOf"}}
        for part in parts:
            if part is False:
                raise SchemaError("Nothing is allowed here.", place)
            if part is not True:
                merged = _merge(merged, self._flat(part, place, hops + 1))
        return merged

    def _union(self, rules: dict[str, Any], union: str, place: str, name: str, depth: int) -> Any:
        base = {key: value for key, value in rules.items() if key != union}
        branches: list[Any] = list(rules[union])
        if depth >= SHALLOW:
            branches.sort(key=lambda b: len(str(b)) + 1000 * ("$ref" in str(b)))
        else:
            branches = self._dice.shuffled(branches)
        last = SchemaError(f"{union} has no branches.", place)
        for branch in branches:
            try:
                flat = {} if branch is True else self._flat(branch, place, 0)
                value = self.make(_merge(base, flat), place, name, depth + 1)
            except SchemaError as error:
                last = error
                continue
            if is_valid(value, rules, self._root, self._effort):
                return value
        raise last

    def _plain(  # noqa: PLR0911  (one return per JSON type)
        self, rules: dict[str, Any], place: str, name: str, depth: int
    ) -> Any:
        if "const" in rules:
            return rules["const"]
        if "enum" in rules:
            rest = {key: value for key, value in rules.items() if key != "enum"}
            fitting = [
                item for item in rules["enum"] if is_valid(item, rest, self._root, self._effort)
            ]
            if not fitting:
                raise SchemaError("The enum has no value that fits the other rules.", place)
            low = self._text.lower()
            said = [
                item for item in fitting if isinstance(item, str) and item.lower() in low and item
            ]
            return said[0] if said else self._dice.pick(fitting)
        kinds: Any = rules.get("type") or _guess(rules)
        names = _type_names(kinds)
        real = [kind for kind in names if kind != "null"]
        kind = (
            "null" if not real or (depth >= SHALLOW and "null" in names) else self._dice.pick(real)
        )
        match kind:
            case "null":
                return None
            case "boolean":
                return self._dice.chance(0.5)
            case "string":
                return self._string(rules, place, name)
            case "integer" | "number":
                return self._number(rules, place, whole=kind == "integer")
            case "array":
                return self._array(rules, place, name, depth)
            case "object":
                return self._object(rules, place, depth)
            case _:
                raise SchemaError(f"There is no type {str(kind)[:40]!r}.", place)

    def _string(self, rules: dict[str, Any], place: str, name: str) -> str:
        least, most = rules.get("minLength", 0), rules.get("maxLength", 4096)
        if least > min(most, 4096):
            raise SchemaError("No string of an allowed length exists or it is too long.", place)
        if "pattern" in rules:
            try:
                for extra in (0, 1, 2, 4, *range(least, least + 3)):
                    text = make_matching(rules["pattern"], self._dice, extra)
                    if least <= len(text) <= most:
                        return text
            except PatternError as error:
                raise SchemaError(f"pattern: {error}", place) from None
            raise SchemaError("No text of this length was found for the pattern.", place)
        form: str = rules.get("format", "")
        if form == "uuid":
            return make_matching(
                "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", self._dice
            )
        if form in _FORMATS or "email" in name.lower():
            pattern, fallback = _FORMATS.get(form, _FORMATS["email"])
            found = re.search(pattern, self._text)
            text = found.group() if found else fallback
        else:
            text = self._words(name)
        text = text[:most]
        return text + "x" * (least - len(text))

    def _words(self, name: str) -> str:
        """What the user said that this string may mean."""
        found = _PLACE.search(self._text) if _PLACE_NAMES.search(name) else None
        quoted = None if found else _QUOTED.search(self._text)
        for match in (found, quoted):
            if match is not None:
                return next(group for group in match.groups() if group)
        return (
            "Paris" if _PLACE_NAMES.search(name) else " ".join(self._text.split())[:200] or "text"
        )

    def _number(self, rules: dict[str, Any], place: str, *, whole: bool) -> float:
        low, low_out, high, high_out = read_bounds(rules)
        step = exact(rules["multipleOf"]) if "multipleOf" in rules else None
        if whole:
            step = exact(1) if step is None else exact(step.numerator)
        for number in list(self._numbers):
            value = int(number) if number.denominator == 1 else float(number)
            usable = number.denominator == 1 or not whole
            if usable and is_valid(value, {**rules, "type": "number"}, self._root, self._effort):
                self._numbers.remove(number)
                return value
        if low is None:
            low = exact(1) if high is None else min(exact(1), high - 100)
        if high is None:
            high = low + 100 * (step or 1)
        if step is None:
            middle = low if low == high else (low + high) / 2
            return int(middle) if middle.denominator == 1 else float(middle)
        first = ceil(low / step) + (low_out and (low / step).denominator == 1)
        last = floor(high / step) - (high_out and (high / step).denominator == 1)
        if first > last:
            raise SchemaError("No number lies between these limits.", place)
        value = step * (first + self._dice.below(min(last - first, 100) + 1))
        return int(value) if value.denominator == 1 else float(value)

    def _array(self, rules: dict[str, Any], place: str, name: str, depth: int) -> list[Any]:
        first, rest = split_items(rules)
        least, most = rules.get("minItems", 0), rules.get("maxItems", MAX_NODES)
        least = max(least, len(first) if depth < SHALLOW else 0, int("contains" in rules))
        count = least if depth >= SHALLOW else max(least, 1 + self._dice.below(3))
        if least > MAX_NODES:
            raise SchemaError("The schema asks for too large an array.", place)
        items: list[Any] = []
        seen: set[object] = set()
        for number in range(min(count, most)):
            item_schema = first[number] if number < len(first) else rest
            if "contains" in rules and number >= len(first):
                item_schema = {"allOf": [item_schema, rules["contains"]]}
            for _ in range(24):
                try:
                    item = self.make(item_schema, f"{place}[{number}]", name, depth + 1)
                except SchemaError:
                    if number < least:
                        raise
                    return items
                if rules.get("uniqueItems"):
                    item = self._tell_apart(item, seen, number, item_schema)
                if item is not _TAKEN:
                    items.append(item)
                    break
        return items

    def _tell_apart(self, item: Any, seen: set[object], number: int, schema: object) -> Any:
        """The item, or a text like it, that was not seen yet; _TAKEN when there is none."""
        key = item_key(item, self._effort)
        if key in seen and isinstance(item, str):
            item = f"{item} {number}"
            key = item_key(item, self._effort)
            if not is_valid(item, schema, self._root, self._effort):
                return _TAKEN
        if key in seen:
            return _TAKEN
        seen.add(key)
        return item

    def _object(self, rules: dict[str, Any], place: str, depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = rules.get("properties", {})
        required: list[str] = list(rules.get("required", ()))
        fewest = rules.get("minProperties", 0)
        made: dict[str, Any] = {}
        names = [*properties, *(name for name in required if name not in properties)]
        for name in names:
            spare = len(names) - len(made) <= fewest
            # Who names what must be there gets no guesses at the rest: an agent runs the call.
            if name not in required and not spare and (required or depth >= SHALLOW):
                continue
            where = f"{place}.{name}" if place else name
            schema = properties.get(name, rules.get("additionalProperties", True))
            try:
                made[name] = self.make(schema, where, name, depth + 1)
            except SchemaError:
                if name in required:
                    raise
        number = 0
        while len(made) < fewest and number < MAX_NODES:
            number += 1
            extra = rules.get("additionalProperties", True)
            made[f"extra_{number}"] = self.make(extra, place, "", depth + 1)
        return made


def _type_names(kinds: Any) -> list[str]:
    return list(cast("list[str]", kinds)) if isinstance(kinds, list) else [kinds]


def _guess(rules: dict[str, Any]) -> str:
    """The type that a schema without one means."""
    for kind, keys in (
        ("object", ("properties", "required", "additionalProperties", "minProperties")),
        ("array", ("items", "prefixItems", "minItems", "contains")),
        ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
    ):
        if any(key in rules for key in keys):
            return kind
    return "string"


def _merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
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
            first, second = _type_names(a), _type_names(b)
            common = [kind for kind in first if kind in second]
            common += (
                ["integer"] if {"integer", "number"} <= {*first, *second} and not common else []
            )
            merged[key] = common or ["nothing"]
        elif key == "items" and a != b:
            merged[key] = {"allOf": [a, b]}
    return merged
