"""A regular expression as a tree: what JSON schemas use of ECMAScript's.

Literals, classes, Unicode properties, groups, alternatives, repetitions, anchors and lookarounds; back
references it refuses. Pure. `pattern_text` makes texts from the tree, `pattern_match` matches with it.
"""

import unicodedata
from functools import lru_cache

import msgspec

MOST = 1024  # rounds of a repetition, and parts of a pattern
_DEEPEST = 24
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SPACES = " \t\n\r\f\v\u00a0\ufeff\u2028\u2029"
_PROPERTIES = {"letter": "L", "lowercase_letter": "Ll", "uppercase_letter": "Lu", "number": "N",
               "decimal_number": "Nd", "punctuation": "P", "alphabetic": "L", "alpha": "L"}  # fmt: skip
_SCRIPTS = {"han": ("一", "鿿"), "latin": ("A", "ɏ"), "cyrillic": ("Ѐ", "ӿ"), "greek": ("Ͱ", "Ͽ")}


class PatternError(ValueError):
    """The pattern can't be read, or uses what this module does not know."""


class Chars(msgspec.Struct, frozen=True):
    """One character: of these spans and classes ("d", "W", "pL"), or of none of them."""

    spans: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()
    negated: bool = False

    def has(self, char: str) -> bool:
        """Whether the character is one of them."""
        found = any(low <= char <= high for low, high in self.spans) or any(
            _is_of(char, name) for name in self.classes
        )
        return found is not self.negated


class Sequence(msgspec.Struct, frozen=True):
    """One part after the other."""

    parts: "tuple[Node, ...]"


class Choice(msgspec.Struct, frozen=True):
    """One of the options."""

    options: "tuple[Node, ...]"


class Repeat(msgspec.Struct, frozen=True):
    """The part so many times; as often as possible, or as seldom."""

    part: "Node"
    least: int
    most: int
    greedy: bool


class Edge(msgspec.Struct, frozen=True):
    """A place: "^", "$", "b" or "B"."""

    kind: str


class Look(msgspec.Struct, frozen=True):
    """What must stand, or must not, in front of a place or behind it."""

    part: "Node"
    ahead: bool
    negated: bool


Node = Chars | Sequence | Choice | Repeat | Edge | Look


def _is_of(char: str, name: str) -> bool:
    if name[0] in "pP":
        return _is_property(char, name[1:]) is (name[0] == "p")
    match name.lower():
        case "d":
            found = "0" <= char <= "9"
        case "w":
            found = char.isascii() and (char.isalnum() or char == "_")
        case _:
            found = char in _SPACES
    return found is name.islower()


def _is_property(char: str, name: str) -> bool:
    script = _SCRIPTS.get(name.lower())
    if script is not None:
        return script[0] <= char <= script[1] and char.isalpha()
    return unicodedata.category(char).startswith(_PROPERTIES.get(name.lower(), name))


@lru_cache(256)
def parse_pattern(pattern: str) -> Node:
    """The tree of a pattern; raises PatternError."""
    reader = _Reader(pattern)
    node = reader.choice(0)
    if reader.place != len(pattern):
        raise PatternError(f"The pattern has a ')' too many at {reader.place}.")
    return node


class _Reader:
    """A place in the pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._parts = 0
        self.place = 0

    def _peek(self, length: int = 1) -> str:
        return self._pattern[self.place : self.place + length]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise PatternError("The pattern ends too early.")
        self.place += 1
        return char

    def choice(self, depth: int) -> Node:
        """The alternatives up to a closing bracket or the end."""
        if depth > _DEEPEST:
            raise PatternError("The pattern is nested too deeply.")
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self.place += 1
            found.append(self._sequence(depth))
        return found[0] if len(found) == 1 else Choice(tuple(found))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while (char := self._peek()) and char not in "|)":
            part = self._part(depth)
            least, most, greedy = self._repetition()
            parts.append(part if (least, most) == (1, 1) else Repeat(part, least, most, greedy))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self, depth: int) -> Node:  # noqa: PLR0911  (one per kind of part)
        self._parts += 1
        if self._parts > MOST:
            raise PatternError("The pattern has too many parts.")
        char = self._take()
        if char in "^$":
            return Edge(char)
        if char == ".":
            return Chars((("\n", "\n"), ("\r", "\r")), negated=True)
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            if self._peek() in {"b", "B"}:
                return Edge(self._take())
            if self._peek() in {"A", "Z", "z"}:
                return Edge("^" if self._take() == "A" else "$")
            return self._escape()
        if char in "*+?":
            raise PatternError(f"Nothing to repeat at {self.place}.")
        return Chars(((char, char),))

    def _group(self, depth: int) -> Node:
        look: tuple[bool, bool] | None = None
        if self._peek() == "?":
            self.place += 1
            if self._peek() in {"=", "!"}:
                look = True, self._take() == "!"
            elif self._peek(2) in {"<=", "<!"}:
                look = False, self._peek(2) == "<!"
                self.place += 2
            elif self._take() != ":":  # a name: (?<name>…) or (?P<name>…)
                self.place -= 1
                self.place += self._peek() == "P"
                if self._take() != "<":
                    raise PatternError("This kind of group is not known.")
                while self._take() != ">":
                    pass
        node = self.choice(depth + 1)
        if self._take() != ")":
            raise PatternError("A group is not closed.")
        return node if look is None else Look(node, look[0], look[1])

    def _escape(self) -> Chars:
        char = self._take()
        if char in "dDwWsS":
            return Chars(classes=(char,))
        if char in "pP":
            return Chars(classes=(char + self._property(),))
        if char in "ux":
            return Chars(((code := self._code(char), code),))
        if (char.isdigit() and char != "0") or char == "k":
            raise PatternError("Back references are not known.")
        char = _CONTROLS.get(char, char)
        return Chars(((char, char),))

    def _property(self) -> str:
        if self._take() != "{":
            raise PatternError("A property needs braces.")
        end = self._pattern.find("}", self.place)
        name = self._pattern[self.place : end].rpartition("=")[2]
        if end < 0 or not name.replace("_", "").isalpha():
            raise PatternError(f"A property at {self.place} can't be read.")
        self.place = end + 1
        return name

    def _code(self, kind: str) -> str:
        braced = kind == "u" and self._peek() == "{"
        end = (
            self._pattern.find("}", self.place)
            if braced
            else self.place + (4 if kind == "u" else 2)
        )
        digits = self._pattern[self.place + braced : max(end, 0)]
        self.place = end + braced
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise PatternError(f"An escape at {self.place} can't be read.") from None

    def _class(self) -> Chars:
        negated = self._peek() == "^"
        self.place += negated
        spans: list[tuple[str, str]] = []
        classes: list[str] = []
        start = self.place
        while (char := self._take()) != "]" or self.place == start + 1:
            found = self._in_class(char)
            if self._peek() == "-" and self._peek(2)[1:] not in {"]", ""} and found.spans:
                self.place += 1
                last = self._in_class(self._take())
                if not last.spans or last.spans[0][1] < found.spans[0][0]:
                    raise PatternError(f"A span at {self.place} can't be read.")
                found = Chars(((found.spans[0][0], last.spans[0][1]),))
            spans.extend(found.spans)
            classes.extend(found.classes)
        return Chars(tuple(spans), tuple(classes), negated)

    def _in_class(self, char: str) -> Chars:
        if char != "\\":
            return Chars(((char, char),))
        if self._peek() == "b":
            self.place += 1
            return Chars((("\b", "\b"),))
        return self._escape()

    def _repetition(self) -> tuple[int, int, bool]:
        """Least and most rounds of what was just read, and whether it takes what it can."""
        least, most = 1, 1
        char = self._peek()
        if char and char in "*+?":
            self.place += 1
            least, most = (1 if char == "+" else 0), (1 if char == "?" else MOST)
        elif char == "{":
            end = self._pattern.find("}", self.place)
            low, comma, high = self._pattern[self.place + 1 : end].partition(",")
            if end < 0 or not low.isdecimal() or (high and not high.isdecimal()):
                raise PatternError(f"A repetition at {self.place} can't be read.")
            self.place = end + 1
            least = int(low[:6])
            most = int(high[:6]) if high else max(MOST, least) if comma else least
            if least > MOST or most < least:
                raise PatternError(f"A repetition at {end} can't be made.")
        else:
            return 1, 1, True
        greedy = self._peek() != "?"
        if self._peek() in {"?", "+"}:
            self.place += 1
        return least, most, greedy
