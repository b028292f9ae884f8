"""Whether a text has a place that matches a pattern, in a bounded number of steps.

A user's pattern may take for ever by `re`; here it is given up. Pure.
"""

from collections.abc import Callable

from nexhina.sandbox.pattern import (
    Chars,
    Choice,
    Edge,
    Look,
    Node,
    Repeat,
    Sequence,
    parse_pattern,
)

_STEPS = 4000  # some ten milliseconds
_Rest = Callable[[int], bool]


def find_match(pattern: str, text: str) -> tuple[bool | None, int]:
    """Whether the pattern matches anywhere, None when that takes too long, and the steps it took.

    Raises PatternError for a pattern that can't be read.
    """
    matcher = _Matcher(text)
    node = parse_pattern(pattern)
    try:
        found = any(matcher.match(node, start, _arrive) for start in range(len(text) + 1))
    except (RecursionError, _TooLongError):
        return None, _STEPS
    return found, _STEPS - matcher.left


class _TooLongError(Exception):
    """All steps are spent."""


def _arrive(_: int) -> bool:
    return True


class _Matcher:
    """Backtracking over the tree, with what is left to match as a function."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left = _STEPS

    def match(  # noqa: PLR0911  (one per kind of node)
        self, node: Node, place: int, rest: _Rest
    ) -> bool:
        """Whether the node matches at the place, and the rest behind it."""
        self.left -= 1
        if self.left < 0:
            raise _TooLongError
        match node:
            case Chars():
                return self._is_at(node, place) and rest(place + 1)
            case Sequence():
                return self._sequence(node.parts, 0, place, rest)
            case Choice():
                return any(self.match(option, place, rest) for option in node.options)
            case Repeat():
                if isinstance(node.part, Chars):
                    return self._run(node, node.part, place, rest)
                return self._repeat(node, 0, place, rest)
            case Edge():
                return self._is_edge(node.kind, place) and rest(place)
            case Look():
                return self._look(node, place) is not node.negated and rest(place)

    def _is_at(self, chars: Chars, place: int) -> bool:
        return place < len(self._text) and chars.has(self._text[place])

    def _sequence(self, parts: tuple[Node, ...], number: int, place: int, rest: _Rest) -> bool:
        if number == len(parts):
            return rest(place)
        return self.match(
            parts[number], place, lambda after: self._sequence(parts, number + 1, after, rest)
        )

    def _run(self, node: Repeat, chars: Chars, place: int, rest: _Rest) -> bool:
        """A repeated character, without recursion."""
        count = 0
        while count < node.most and self._is_at(chars, place + count):
            count += 1
        self.left -= count
        counts = range(node.least, count + 1)
        return any(rest(place + rounds) for rounds in (reversed(counts) if node.greedy else counts))

    def _repeat(self, node: Repeat, rounds: int, place: int, rest: _Rest) -> bool:
        def again(after: int) -> bool:
            # A round without a character would come again for ever.
            return after > place and self._repeat(node, rounds + 1, after, rest)

        def more() -> bool:
            return rounds < node.most and self.match(node.part, place, again)

        if rounds < node.least:
            empty = self.match(node.part, place, lambda after: after == place and rest(place))
            return more() or empty
        return more() or rest(place) if node.greedy else rest(place) or more()

    def _is_edge(self, kind: str, place: int) -> bool:
        if kind in "^$":
            return place == (0 if kind == "^" else len(self._text))
        word = Chars(classes=("w",))
        sides = (place > 0 and self._is_at(word, place - 1)) is not self._is_at(word, place)
        return sides is (kind == "b")

    def _look(self, node: Look, place: int) -> bool:
        if node.ahead:
            return self.match(node.part, place, _arrive)
        return any(
            self.match(node.part, start, lambda after: after == place) for start in range(place + 1)
        )
