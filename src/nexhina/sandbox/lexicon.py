"""Word knowledge for the vectors: English stems and a small thesaurus across English and Chinese.

The knowledge itself is data (`thesaurus.txt`, `lemmas.txt`), read on first use.
"""

from functools import cache
from importlib.resources import files

import msgspec

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


@cache
def load_lexicon() -> Lexicon:
    """The thesaurus, read once."""
    groups: dict[str, tuple[int, ...]] = {}
    fields: set[int] = set()
    longest = 1
    for number, row in enumerate(_rows("thesaurus.txt")):
        if row[0] == "~":
            fields.add(number)
        for word in row[row[0] == "~" :]:
            if word[0] >= "⺀":
                key = word
                longest = max(longest, len(word))
            else:
                key = "_".join(stem_word(part) for part in word.replace("-", "_").split("_"))
            known = groups.get(key, ())
            if number not in known:
                groups[key] = (*known, number)
    return Lexicon(groups=groups, fields=frozenset(fields), longest=longest)


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
