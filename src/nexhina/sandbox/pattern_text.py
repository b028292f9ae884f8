"""Texts that match a regular expression, made by walking through its tree (`pattern`).

Pure. What lookarounds ask for is not made on purpose but tried for: the caller checks the text.
"""

from functools import lru_cache

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.pattern import (
    MOST,
    Chars,
    Choice,
    Edge,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
    parse_pattern,
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ASCII = _LETTERS + _LETTERS.upper() + "0123456789_" + "".join(map(chr, range(32, 127)))
_OTHERS = "éñßΩЖ天气你好"
_WIDEST = 512  # characters of a span that are picked from


def make_matching(pattern: str, dice: Dice, extra: int = 0) -> str:
    """A text that matches, but for lookarounds; `extra` more rounds of each repetition if allowed."""
    return _Walk(dice, extra).make(parse_pattern(pattern))


@lru_cache(256)
def _sample(chars: Chars) -> str:
    """Characters that it has; raises PatternError when none is found."""
    if not chars.negated and not chars.classes:
        return "".join(
            chr(code)
            for low, high in chars.spans
            for code in range(ord(low), min(ord(high), ord(low) + _WIDEST) + 1)
        )
    if chars.spans == (("\n", "\n"), ("\r", "\r")) and not chars.classes:
        return _LETTERS  # "." stands for a letter
    edges = "".join(low + high for low, high in chars.spans)
    found = "".join(char for char in _ASCII if chars.has(char)) or "".join(
        char for char in edges + _OTHERS + "\t\n" if chars.has(char)
    )
    if not found:
        raise PatternError("A class has no characters.")
    return found


class _Walk:
    """One text. Every part is made as many times as it is repeated."""

    def __init__(self, dice: Dice, extra: int) -> None:
        self._dice = dice
        self._extra = extra
        self._parts = 0

    def make(self, node: Node) -> str:
        """A text for this part of the tree."""
        self._parts += 1
        if self._parts > MOST:
            raise PatternError("The pattern asks for too long a text.")
        match node:
            case Chars():
                return self._dice.pick(_sample(node))
            case Sequence():
                return "".join(map(self.make, node.parts))
            case Choice():
                return self.make(self._dice.pick(node.options))
            case Repeat():
                rounds = node.least + min(self._extra, node.most - node.least)
                if rounds == 0 and node.most > 0 and self._dice.chance(0.5):
                    rounds = 1
                return "".join(self.make(node.part) for _ in range(rounds))
            case Edge() | Look():
                return ""
