"""Texts that match a regular expression, made by walking through it, without matching anything.

Pure. It reads what schemas use: literals, classes, groups, alternatives, repetitions, anchors.
Lookarounds and back references it refuses.
"""

from nexhina.sandbox.dice import Dice

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = _LETTERS + _LETTERS.upper() + _DIGITS + "_"
_PRINTABLE = "".join(map(chr, range(32, 127)))
_ESCAPES = {"d": _DIGITS, "w": _WORD, "s": " "}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_MOST = 1024  # characters, and steps of the walk; what needs more is refused


class PatternError(ValueError):
    """The pattern uses what this module does not know."""


def make_matching(pattern: str, dice: Dice, extra: int = 0) -> str:
    """A text that matches; `extra` more rounds of every repetition that allows them."""
    walk = _Walk(pattern, dice, extra)
    text = walk.alternatives(0)
    if walk.place != len(pattern):
        raise PatternError(f"The pattern has a ')' too many at {walk.place}.")
    return text


class _Walk:
    """A place in the pattern. Every part is read as many times as it is repeated."""

    def __init__(self, pattern: str, dice: Dice, extra: int) -> None:
        self._pattern = pattern
        self._dice = dice
        self._extra = extra
        self._atoms = 0
        self.place = 0

    def _peek(self) -> str:
        return self._pattern[self.place : self.place + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise PatternError("The pattern ends too early.")
        self.place += 1
        return char

    def alternatives(self, depth: int) -> str:
        """One of the alternatives up to a closing bracket or the end."""
        if depth > 24:
            raise PatternError("The pattern is nested too deeply.")
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self.place += 1
            found.append(self._sequence(depth))
        return self._dice.pick(found)

    def _sequence(self, depth: int) -> str:
        parts: list[str] = []
        while (char := self._peek()) and char not in "|)":
            start = self.place
            part = self._atom(depth)
            least, most = self._repetition()
            end = self.place
            rounds = least + min(self._extra, most - least)
            if least == 0 and most > 0 and rounds == 0 and self._dice.chance(0.5):
                rounds = 1
            parts.extend([part] if rounds else [])
            for _ in range(rounds - 1):
                self.place = start
                parts.append(self._atom(depth))
            self.place = end
        return "".join(parts)

    def _atom(self, depth: int) -> str:  # noqa: PLR0911  (one per kind of atom)
        self._atoms += 1
        if self._atoms > _MOST:
            raise PatternError("The pattern asks for too long a text.")
        char = self._take()
        if char in "^$":
            return ""
        if char == ".":
            return self._dice.pick(_LETTERS)
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._dice.pick(self._class())
        if char == "\\":
            if self._peek() in {"b", "A", "Z"}:
                self.place += 1
                return ""
            return self._dice.pick(self._escape())
        if char in "*+?":
            raise PatternError(f"Nothing to repeat at {self.place}.")
        return char

    def _group(self, depth: int) -> str:
        if self._peek() == "?":
            self.place += 1
            kind = self._take()
            if kind == "P" or (kind == "<" and self._peek() not in {"=", "!"}):
                while self._take() != ">":
                    pass
            elif kind != ":":
                raise PatternError("Lookarounds are not known.")
        text = self.alternatives(depth + 1)
        if self._take() != ")":
            raise PatternError("A group is not closed.")
        return text

    def _escape(self) -> str:
        """The characters that an escape stands for."""
        char = self._take()
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char in "DWS":
            return "".join(c for c in _PRINTABLE if c not in _ESCAPES[char.lower()])
        if char in "ux":
            size = 4 if char == "u" else 2
            digits = self._pattern[self.place : self.place + size]
            self.place += size
            try:
                return chr(int(digits, 16))
            except ValueError:
                raise PatternError(f"An escape at {self.place} can't be read.") from None
        if char.isdigit() or char in "pPkB":
            raise PatternError(f"The escape \\{char} is not known.")
        return _CONTROLS.get(char, char)

    def _class(self) -> str:
        negated = self._peek() == "^"
        self.place += negated
        found: list[str] = []
        while (char := self._take()) != "]" or not found:
            chars = self._escape() if char == "\\" else char
            if self._peek() == "-" and self._pattern[self.place + 1 : self.place + 2] not in {
                "]",
                "",
            }:
                self.place += 1
                last = self._take()
                last = self._escape() if last == "\\" else last
                span = range(ord(chars[0]), min(ord(last[0]), ord(chars[0]) + 512) + 1)
                chars = "".join(map(chr, span))
            found.append(chars)
        allowed = "".join(found)
        if negated:
            allowed = "".join(c for c in _WORD + _PRINTABLE if c not in allowed)
        if not allowed:
            raise PatternError("A class has no characters.")
        return allowed

    def _repetition(self) -> tuple[int, int]:
        """Least and most rounds of what was just read."""
        least, most = 1, 1
        char = self._peek()
        if char and char in "*+?":
            self.place += 1
            least, most = (1 if char == "+" else 0), (1 if char == "?" else _MOST)
        elif char == "{":
            end = self._pattern.find("}", self.place)
            low, comma, high = self._pattern[self.place + 1 : end].partition(",")
            if end < 0 or not low.isdecimal() or (high and not high.isdecimal()):
                raise PatternError(f"A repetition at {self.place} can't be read.")
            self.place = end + 1
            least = int(low[:6])
            most = int(high[:6]) if high else _MOST if comma else least
            if least > _MOST or most < least:
                raise PatternError(f"A repetition at {end} can't be made.")
        else:
            return 1, 1
        if self._peek() in {"?", "+"}:
            self.place += 1
        return least, most
