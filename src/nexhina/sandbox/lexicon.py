"""Word knowledge for the vectors: English stems and a small thesaurus across English and Chinese.

The knowledge itself is data (`thesaurus.txt`, `lemmas.txt`), read on first use, in steps where others wait.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from threading import RLock

import msgspec

_AT_ONCE = 64  # rows of the thesaurus read in one step
_VOWELS = frozenset("aeiouy")
_ENDINGS = ("ization", "isation", "fulness", "ousness", "iveness", "ingly", "edly", "ement")


class Lexicon(msgspec.Struct, frozen=True, kw_only=True):
    """`groups` maps a stem, a pair of stems joined by "_" or a Chinese word to its meanings."""

    groups: dict[str, tuple[int, ...]]
    fields: frozenset[int]  # groups of words that are related and not the same
    longest: int  # characters of the longest Chinese word


def _rows(name: str) -> list[list[str]]:
    text = files("nexhina.sandbox").joinpath(name).read_text("utf-8")
    return [line.split() for line in text.splitlines() if line and line[0] != "#"]


@cache
def _lemmas() -> dict[str, str]:
    return {form: row[0] for row in _rows("lemmas.txt") for form in row[1:]}


class _Building:
    """The one thesaurus of a process, and how far it has been read."""

    def __init__(self) -> None:
        self._rows: list[list[str]] | None = None
        self._groups: dict[str, tuple[int, ...]] = {}
        self._fields: set[int] = set()
        self._longest = 1
        self._next = 0
        self._lock = RLock()  # more than one event loop may live in a process
        self.lexicon: Lexicon | None = None

    def step(self) -> None:
        """Reads some more of it: two milliseconds or so."""
        with self._lock:
            if self._rows is None:
                self._rows = _rows("thesaurus.txt")
            for number in range(self._next, min(self._next + _AT_ONCE, len(self._rows))):
                self._add(number, self._rows[number])
            self._next += _AT_ONCE
            if self._next >= len(self._rows) and self.lexicon is None:
                self.lexicon = Lexicon(
                    groups=self._groups, fields=frozenset(self._fields), longest=self._longest
                )

    def _add(self, number: int, row: list[str]) -> None:
        if row[0] == "~":
            self._fields.add(number)
        for word in row[row[0] == "~" :]:
            if word[0] >= "⺀":
                key = word
                self._longest = max(self._longest, len(word))
            else:
                key = "_".join(stem_word(part) for part in word.replace("-", "_").split("_"))
            known = self._groups.get(key, ())
            if number not in known:
                self._groups[key] = (*known, number)


_BUILDING = _Building()


def prepare_lexicon() -> Iterator[None]:
    """The steps that are still to do before `load_lexicon` has nothing to wait for."""
    while _BUILDING.lexicon is None:
        _BUILDING.step()
        yield


def load_lexicon() -> Lexicon:
    """The thesaurus, read once; what is not read yet is read now."""
    lexicon = _BUILDING.lexicon
    while lexicon is None:
        _BUILDING.step()
        lexicon = _BUILDING.lexicon
    return lexicon


def stem_word(word: str) -> str:
    """The word without its English inflection ("purchased", "purchasing" -> "purchas").

    Takes lower case. Words of four letters or fewer only lose a plural s; other scripts stay.
    """
    word = _lemmas().get(word, word)
    if len(word) <= 3 or not word.isascii():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _strip(_strip_verb(word))


def _strip_verb(word: str) -> str:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and not _VOWELS.isdisjoint(rest):
            if rest[-1] == rest[-2] and rest[-1] not in "lsz":
                rest = rest[:-1]
            return _lemmas().get(rest, rest)
    return word


def _strip(word: str) -> str:
    """Without a derivational ending, a final e and with i for a final y."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    else:
        if word.endswith("ly") and len(word) >= 6:
            word = word[:-2]
        elif word.endswith("ness") and len(word) >= 7:
            word = word[:-4]
    if len(word) >= 4 and word[-1] == "e":
        word = word[:-1]
    if len(word) >= 4 and word[-1] == "y":
        word = word[:-1] + "i"
    return word
