"""Moderation by concepts: what a sentence speaks of, in whatever order and words, tells its category.

It finds what the ordered patterns of `moderation_rules` miss. The word lists are data (`concepts_en`,
`concepts_zh`, and the wider `families_en`, `families_zh`); a sentence's concepts are looked up once, and only where a rule needs them.
"""

import re
from collections.abc import Iterator

import msgspec

from nexhina.sandbox import concepts_en, concepts_zh, families_en, families_zh

_ENDS = re.compile(r"[.!?。！？\n;；]+")

_RULES_AT_A_GO = 12


class Finding(msgspec.Struct, frozen=True):
    """What a sentence was found to be, and how surely."""

    categories: tuple[str, ...]
    weight: float


class _Rule(msgspec.Struct, frozen=True):
    finding: Finding
    needs: tuple[str, ...]
    bars: tuple[str, ...]


class Concepts:
    """The concepts of one language."""

    def __init__(
        self,
        lists: dict[str, str],
        rules: tuple[tuple[str, float, tuple[str, ...], tuple[str, ...]], ...],
        *,
        spaced: bool,
    ) -> None:
        self._edge = r"\b" if spaced else ""
        self._lists = lists
        self._patterns: dict[str, re.Pattern[str]] = {}  # made when needed: the start is not slowed
        self._rules = [
            _Rule(Finding(tuple(categories.split()), weight), needs, bars)
            for categories, weight, needs, bars in rules
        ]

    def find(self, text: str) -> Iterator[Finding | None]:
        """The findings of each sentence of a text in lower case; None is a place to let others run."""
        for sentence in _ENDS.split(text):
            if len(sentence) > 3:
                known: dict[str, bool] = {}
                for place, rule in enumerate(self._rules, 1):
                    if self._fits(rule, sentence, known):
                        yield rule.finding
                    if place % _RULES_AT_A_GO == 0:
                        yield None

    def _fits(self, rule: _Rule, sentence: str, known: dict[str, bool]) -> bool:
        return all(self._has(name, sentence, known) for name in rule.needs) and not any(
            self._has(name, sentence, known) for name in rule.bars
        )

    def _has(self, name: str, sentence: str, known: dict[str, bool]) -> bool:
        found = known.get(name)
        if found is None:
            pattern = self._patterns.get(name)
            if pattern is None:
                pattern = re.compile(f"{self._edge}(?:{self._lists[name]}){self._edge}")
                self._patterns[name] = pattern
            found = known[name] = pattern.search(sentence) is not None
        return found


ENGLISH = Concepts(
    concepts_en.LISTS | families_en.LISTS, concepts_en.RULES + families_en.RULES, spaced=True
)
CHINESE = Concepts(
    concepts_zh.LISTS | families_zh.LISTS, concepts_zh.RULES + families_zh.RULES, spaced=False
)
