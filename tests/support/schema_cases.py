"""JSON schemas as tools and structured outputs have them, by name; each of them can be satisfied."""

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}


def exact(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: Any, **more: Any) -> dict[str, Any]:
    """An array of such items."""
    return {"type": "array", "items": items, **more}


def text(**more: Any) -> dict[str, Any]:
    """A string with these rules."""
    return {"type": "string", **more}


FORMATS = [
    "date", "date-time", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "duration",
    "uri-reference", "iri", "json-pointer", "relative-json-pointer", "regex", "uri-template",
    "idn-email",
]  # fmt: skip
ZOD_EMAIL = r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"
ZOD_DATE = (
    r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48])-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|"
    r"[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))$"
)

SCHEMAS: dict[str, dict[str, Any]] = {
    "formats": exact(**{form.replace("-", "_"): text(format=form) for form in FORMATS}),
    "formats with length and pattern": exact(
        mail=text(format="email", minLength=30, maxLength=40),
        link=text(format="uri", maxLength=15),
        day=text(format="date", pattern="^2024-"),
        id=text(format="uuid", pattern="^[0-9a-f-]{36}$"),
    ),
    "what zod writes": exact(
        mail=text(format="email", pattern=ZOD_EMAIL),
        day=text(format="date", pattern=ZOD_DATE),
        number={"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
    ),
    "patterns": exact(
        one=text(pattern=r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$"),
        two=text(pattern=r"^(?!foo)[a-z]{4}$"),
        three=text(pattern=r"^\p{L}+$"),
        four=text(pattern="foo", minLength=10),
        five=text(pattern=r"^\+?[1-9]\d{1,14}$", minLength=8),
    ),
    "a tree": {
        "$defs": {"node": exact(value=WHOLE, children=listed({"$ref": "#/$defs/node"}))},
        "$ref": "#/$defs/node",
    },
    "a linked list": {
        **exact(list={"$ref": "#/$defs/n"}),
        "$defs": {"n": exact(v=TEXT, next={"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]})},
    },
    "an expression": {
        **exact(e={"$ref": "#/$defs/e"}),
        "$defs": {
            "e": {
                "anyOf": [
                    {"type": "number"},
                    exact(
                        op={"enum": ["+", "-"]}, l={"$ref": "#/$defs/e"}, r={"$ref": "#/$defs/e"}
                    ),
                ]
            }
        },
    },
    "an interface": exact(
        type={"enum": ["div", "button"]}, label=TEXT, children=listed({"$ref": "#"})
    ),
    "nullable": exact(
        a={"type": ["string", "null"]},
        b={"type": ["integer", "null"], "minimum": 5},
        c={"type": ["string", "integer", "null"], "enum": ["x", 3, None]},
    ),
    "constants": exact(a={"const": None}, b={"const": {"z": [1, 2]}}, c={"const": False}),
    "narrow ranges": exact(
        a={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        b={"type": "integer", "minimum": -7, "maximum": -7},
        c={"type": "number", "multipleOf": 0.01, "minimum": 0.005, "maximum": 0.015},
        d={"type": "integer", "multipleOf": 2.5, "minimum": 1},
        e={"allOf": [{"type": "integer", "multipleOf": 4}, {"minimum": 13}]},
    ),
    "unique items": exact(
        a=listed(WHOLE, minItems=5, uniqueItems=True),
        b=listed({"enum": ["a", "b", "c"]}, uniqueItems=True, minItems=3),
        c=listed({"type": "boolean"}, uniqueItems=True, minItems=2),
        d=listed({"type": "number", "minimum": 0, "maximum": 1}, minItems=4, uniqueItems=True),
        e=listed(text(format="email"), minItems=3, uniqueItems=True),
        f=listed(text(format="date"), minItems=3, uniqueItems=True),
        g=listed(text(maxLength=3), minItems=4, uniqueItems=True),
        h=listed(exact(q=WHOLE), minItems=3, uniqueItems=True),
    ),
    "tuples and contains": exact(
        a={"type": "array", "prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2},
        b={"type": "array", "contains": {"const": 7}, "minItems": 3},
        c=listed(WHOLE, contains={"minimum": 100}, minContains=2, maxContains=3),
    ),
    "names by pattern": exact(
        m={"type": "object", "additionalProperties": WHOLE, "minProperties": 2},
        p={
            "type": "object",
            "patternProperties": {"^x-": TEXT},
            "additionalProperties": False,
            "minProperties": 1,
        },
        n={"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
        r={"required": ["x-a"], "patternProperties": {"^x-": WHOLE}, "additionalProperties": False},
    ),
    "one of two by a constant": exact(
        pet={
            "oneOf": [
                exact(kind={"const": "cat"}, lives={"type": "integer", "minimum": 1, "maximum": 9}),
                exact(kind={"const": "dog"}, breed=TEXT),
            ]
        }
    ),
    "one of two required": {
        "type": "object",
        "properties": {"id": TEXT, "mail": text(format="email")},
        "oneOf": [{"required": ["id"]}, {"required": ["mail"]}],
    },
    "exactly one divides": exact(
        x={"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]}
    ),
    "all of": {
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"y": WHOLE}, "required": ["y"]}],
        "$defs": {"base": {"type": "object", "properties": {"x": TEXT}, "required": ["x"]}},
    },
    "what depends on another": {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT, "c": WHOLE},
        "required": ["a"],
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"b": {"required": ["c"]}},
        "additionalProperties": False,
    },
    "if, then, else": {
        **exact(country={"enum": ["US", "CA"]}, zip=TEXT),
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"zip": {"pattern": r"^\d{5}$"}}},
        "else": {"properties": {"zip": {"pattern": r"^[A-Z]\d[A-Z]$"}}},
    },
    "not": exact(
        a=text(**{"not": {"const": "Hello"}}),
        b={"not": {"type": "string"}},
        c={"type": "integer", "not": {"minimum": 10}},
    ),
    "references of all kinds": {
        "$id": "https://example.com/s.json",
        **exact(
            a={"$ref": "#/properties/b"},
            b={"type": "integer", "minimum": 3},
            c={"$ref": "#/definitions/x~1y"},
            d={"$ref": "#thing"},
            e={"$ref": "https://example.com/s.json#/$defs/t", "maximum": 5},
        ),
        "definitions": {"x/y": {"enum": ["q"]}},
        "$defs": {"t": {"$anchor": "thing", "type": "integer", "minimum": 3}},
    },
    "few of many": {
        "type": "object",
        "properties": {"a": {}, "b": TEXT, "c": {"const": 1}},
        "required": ["b"],
        "minProperties": 2,
        "additionalProperties": False,
    },
    "a calendar": {
        "type": "object",
        "properties": {
            "summary": TEXT,
            "start": exact(dateTime=text(format="date-time"), timeZone=TEXT),
            "attendees": listed(exact(email=text(format="email")), minItems=1),
            "reminders": {"type": "object", "properties": {"minutes": WHOLE}},
        },
        "required": ["summary", "start", "attendees"],
    },
}
