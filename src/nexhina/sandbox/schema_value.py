"""Makes JSON values that satisfy a JSON schema, out of a user's words where they fit.

Pure: the same schema, text and dice give the same value. Every value is checked (`schema_check`)
before it is handed out; what can't be made is a SchemaError that names the place.
"""

import re
from typing import Any, cast

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.format_text import is_format, lengthen, list_texts
from nexhina.sandbox.pattern import PatternError
from nexhina.sandbox.pattern_text import make_matching
from nexhina.sandbox.schema_check import (
    Effort,
    SchemaError,
    exact,
    find_target,
    is_matching,
    is_valid,
    item_key,
    needed_with,
    schemas_of,
    split_items,
)
from nexhina.sandbox.schema_merge import guess_type, list_types, merge
from nexhina.sandbox.schema_number import choose_number
from nexhina.sandbox.schema_words import find_words

MAX_NODES = 800
MAX_TEXT = 4096
_ROUNDS = (0, 1, 2, 4, *(number % 12 for number in range(48)))
"""How many more rounds of a pattern's repetitions are tried, one after the other."""
_SHORT = (
    8  # characters; a shorter text has no room for a space before the number that tells it apart
)
SHALLOW = 4  # from this depth on only what is required is made
DEEPEST = 24
_TYPES = ("string", "integer", "boolean", "object", "array", "null")
_SPARE: dict[str, tuple[Any, ...]] = {
    "integer": (0, 1, -1, 2, 7, 100, -1000, 1_000_000),
    "number": (0, 1, -1, 0.5, 100, -1000, 1_000_000),
    "string": ("text", "other", "", "a"),
    "boolean": (True, False),
}
_TAKEN = object()  # no item: an equal one is in the array already


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
        self._again = 0  # how often a value for this place was equal to one that is there
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
        for _ in range(SHALLOW):
            if "if" in rules:
                rules = self._branch(rules, place)
        for union in ("anyOf", "oneOf"):
            if union in rules:
                return self._union(rules, union, place, name, depth)
        if "not" in rules:
            return self._other(rules, place, name, depth)
        return self._plain(rules, place, name, depth)

    def _branch(self, rules: dict[str, Any], place: str) -> dict[str, Any]:
        """The rules with what `if` asks and `then`, or with its contrary and `else`."""
        base = {key: value for key, value in rules.items() if key not in {"if", "then", "else"}}
        if self._dice.chance(0.5):
            parts = [rules["if"], rules.get("then", True)]
        else:
            parts = [{"not": rules["if"]}, rules.get("else", True)]
        return self._flat({"allOf": [base, *parts]}, place, 0)

    def _other(self, rules: dict[str, Any], place: str, name: str, depth: int) -> Any:
        """A value that is not what `not` says: the first that fits of some that differ."""
        base = {key: value for key, value in rules.items() if key != "not"}
        kinds = list_types(base.get("type") or [guess_type(base), *_TYPES])
        again = self._again
        for attempt in range(4):
            self._again = again + attempt
            for kind in kinds:
                try:
                    value = self._plain({**base, "type": kind}, place, name, depth)
                except SchemaError:
                    continue
                spare = [value, *(_SPARE.get(kind, ()) if "enum" not in base else ())]
                for found in spare:
                    if is_valid(found, rules, self._root, self._effort):
                        self._again = again
                        return found
        raise SchemaError("No value was found that is not what `not` says.", place)

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
                merged = merge(merged, self._flat(part, place, hops + 1))
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
                value = self.make(merge(base, flat), place, name, depth + 1)
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
            return said[0] if said and not self._again else self._dice.pick(fitting)
        kinds: Any = rules.get("type") or guess_type(rules)
        names = list_types(kinds)
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
        least, most = rules.get("minLength", 0), rules.get("maxLength", MAX_TEXT)
        if least > min(most, MAX_TEXT):
            raise SchemaError("No string of an allowed length exists or it is too long.", place)
        form: str = rules.get("format", "")
        if not is_format(form) and "email" in name.lower() and "pattern" not in rules:
            form = "email"
        if is_format(form):
            for short in list_texts(form, self._text, self._dice, self._again):
                text = lengthen(form, short, least)
                if self._fits(text, rules):
                    return text
        if "pattern" in rules:
            return self._matching(rules, place)
        text = find_words(self._text, name)[:most]
        if self._again:
            mark = f" {self._again}" if most > _SHORT else str(self._again)
            text = text[: max(0, most - len(mark))] + mark[:most]
        return text + "x" * (least - len(text))

    def _fits(self, text: str, rules: dict[str, Any]) -> bool:
        if not rules.get("minLength", 0) <= len(text) <= rules.get("maxLength", MAX_TEXT):
            return False
        pattern = rules.get("pattern")
        return pattern is None or is_matching(pattern, text, self._effort) is True

    def _matching(self, rules: dict[str, Any], place: str) -> str:
        least = min(rules.get("minLength", 0), MAX_TEXT)
        try:
            for extra in (*_ROUNDS, *range(least, least + 3)):
                text = make_matching(rules["pattern"], self._dice, extra)
                more = "x" * (least - len(text))  # where the pattern is open at an end
                for whole in (text, text + more, more + text) if more else (text,):
                    if self._fits(whole, rules):
                        return whole
        except PatternError as error:
            raise SchemaError(f"pattern: {error}", place) from None
        raise SchemaError("No text of this length was found for the pattern.", place)

    def _number(self, rules: dict[str, Any], place: str, *, whole: bool) -> float:
        for number in list(self._numbers):
            value = int(number) if number.denominator == 1 else float(number)
            usable = number.denominator == 1 or not whole
            if usable and is_valid(value, {**rules, "type": "number"}, self._root, self._effort):
                self._numbers.remove(number)
                return value
        return choose_number(rules, place, self._dice, whole=whole, again=self._again > 0)

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
            for attempt in range(24):
                outer, self._again = self._again, (number + attempt if attempt else 0)
                try:
                    item = self.make(item_schema, f"{place}[{number}]", name, depth + 1)
                except SchemaError:
                    if number < least:
                        raise
                    return items
                finally:
                    self._again = outer
                if rules.get("uniqueItems"):
                    item = self._tell_apart(item, seen)
                if item is not _TAKEN:
                    items.append(item)
                    break
        return items

    def _tell_apart(self, item: Any, seen: set[object]) -> Any:
        """The item, or _TAKEN when an equal one was seen."""
        key = item_key(item, self._effort)
        if key in seen:
            return _TAKEN
        seen.add(key)
        return item

    def _object(self, rules: dict[str, Any], place: str, depth: int) -> dict[str, Any]:
        rules, required, names = self._list_names(rules, place, depth)
        fewest = rules.get("minProperties", 0)
        made: dict[str, Any] = {}
        # Who names what must be there gets no guesses at the rest: an agent runs the call.
        spare = [name for name in names if name not in required]
        must_only = bool(required) or depth >= SHALLOW
        coming = [name for name in names if name in required] if must_only else names
        for name in (*coming, *(spare if must_only else ())):
            if name not in required and must_only and len(made) >= fewest:
                break
            where = f"{place}.{name}" if place else name
            try:
                made[name] = self._property(name, rules, where, depth)
            except SchemaError:
                if name in required:
                    raise
        number = 0
        while len(made) < fewest and number < MAX_NODES:
            number += 1
            name = self._new_name(rules, number, place)
            if name not in made:
                made[name] = self._property(name, rules, place, depth)
        return made

    def _list_names(
        self, rules: dict[str, Any], place: str, depth: int
    ) -> tuple[dict[str, Any], list[str], list[str]]:
        """The rules with what depends on properties that will be there; the required, and all names."""
        done: set[str] = set()
        while True:
            required: list[str] = list(rules.get("required", ()))
            names = [*rules.get("properties", {})]
            names += [name for name in required if name not in names]
            coming = required if required or depth >= SHALLOW else names
            new = [name for name in coming if name not in done and needed_with(name, rules)]
            if not new or len(done) > DEEPEST:
                return rules, required, names
            done.update(new)
            more = [schema for name in new for schema in needed_with(name, rules)]
            rules = self._flat({"allOf": [rules, *more]}, place, 0)

    def _property(self, name: str, rules: dict[str, Any], where: str, depth: int) -> Any:
        schemas = schemas_of(name, rules, self._effort)
        schema = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
        return self.make(schema, where, name, depth + 1)

    def _new_name(self, rules: dict[str, Any], number: int, place: str) -> str:
        """A name for a property that the schema does not name."""
        asked = rules.get("propertyNames")
        patterns: list[str] = list(rules.get("patternProperties", {}))
        if asked is None and patterns and rules.get("additionalProperties") is False:
            asked = {"pattern": patterns[number % len(patterns)]}
        if not isinstance(asked, dict):
            return f"extra_{number}"
        outer, self._again = self._again, number
        try:
            return str(
                self.make({"type": "string", **cast("dict[str, Any]", asked)}, place, "", DEEPEST)
            )
        finally:
            self._again = outer
