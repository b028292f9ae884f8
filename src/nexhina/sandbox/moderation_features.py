"""What a sentence is made of, for `moderation_model`: numbers of places, one for each thing seen.

Seen are words, stems, meanings, pairs of neighbours, Chinese characters and pairs of them, and the
families a word belongs to (`sentences/families.txt`), alone, two by two and beside a word: "hurt" near
"you" is told by families, so that words no sentence of the learning material has are understood too.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise
from zlib import crc32

import msgspec

from nexhina.sandbox.lexicon import load_lexicon, prepare_lexicon, stem_word

PLACES = 1 << 16  # what an array of "H" can hold; things share a place by chance

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[㐀-䶿一-鿿]+|\d+|[?!]")
_HAN = "㐀"  # the first Chinese character
_PREFIX = 5
_HARM = (
    "slur", "insult", "kill", "hurt", "gore", "weapon", "drug", "crime", "lewd", "suicide", "despair",
    "group", "child",
)  # fmt: skip
"""Families without which hardly anything harmful is said."""

_SHOWN = ("lewd", "gore")  # families of what does harm by being told
_TELLS = re.compile(
    r"\b(?:he|she|they|his|her|their|was|were|had)\b|[他她]|据说|当时|曾", re.IGNORECASE
)
_ADDRESSES = re.compile(
    r"\b(?:you|your|yours|i'll|i'm|we'll|will|should|deserves?|anybody|anyone|how|let's|going to)\b"
    r"|[你您]|我[要会就想]|应该|怎么|如何|谁有|都[是该]|活该|教我|告诉我",
    re.IGNORECASE,
)


class _Families(msgspec.Struct, frozen=True):
    """The families of each English word, English stem and Chinese word."""

    words: dict[str, tuple[str, ...]]
    stems: dict[str, tuple[str, ...]]
    han: dict[str, tuple[str, ...]]
    longest: int  # characters of the longest Chinese word


@cache
def _load_families() -> _Families:
    families = _Families(words={}, stems={}, han={}, longest=8)
    text = files("nexhina.sandbox").joinpath("sentences", "families.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, *words = line.split()
        for word in words:
            if word[0] >= _HAN:
                _join(families.han, word, name)
            else:
                _join(families.words, word, name)
                _join(families.stems, stem_word(word), name)
    return families


def _join(table: dict[str, tuple[str, ...]], word: str, name: str) -> None:
    known = table.get(word, ())
    if name not in known:
        table[word] = (*known, name)


def prepare() -> Iterator[None]:
    """Loads what reading needs, in steps; without it the first text read is held up by all at once."""
    yield from prepare_lexicon()
    _load_families()
    yield


def read_places(text: str) -> "array[int]":
    """The places of what the text holds, each once, in ascending order."""
    seen: set[str] = set()
    families: set[str] = set()
    words: list[str] = []
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for token in _TOKEN.findall(text):
        if token[0] >= _HAN:
            _read_han(token, seen, families)
        elif token[0].isdigit():
            seen.update(("#", "#" + token))
        else:
            words.append(token)
    _read_words(words, seen, families)
    seen.update("@" + name for name in families)
    seen.update(f"@{one}@{other}" for one, other in combinations(sorted(families), 2))
    places = {_place(each) for each in seen}
    return array("H", sorted(places))


def names_harm(places: "array[int]") -> bool:
    """Whether a text with these places has a word of a family that harm is told with."""
    return not _harm_places().isdisjoint(places)


def shows_harm(places: "array[int]") -> bool:
    """Whether a text with these places has a word of what is harmful even in a tale."""
    return not _shown_places().isdisjoint(places)


def is_told(text: str) -> bool:
    """Whether the text tells of others, and neither speaks to anybody nor of what is to be done."""
    return _TELLS.search(text) is not None and _ADDRESSES.search(text) is None


@cache
def _harm_places() -> frozenset[int]:
    return frozenset(_place("@" + name) for name in _HARM)


@cache
def _shown_places() -> frozenset[int]:
    return frozenset(_place("@" + name) for name in _SHOWN)


def _place(seen: str) -> int:
    return crc32(seen.encode()) % PLACES


def _read_han(run: str, seen: set[str], families: set[str]) -> None:
    known, lexicon = _load_families(), load_lexicon()
    seen.update(run)
    seen.update(one + other for one, other in pairwise(run))
    seen.update(("^" + run[:2], run[-2:] + "$"))
    longest = max(known.longest, lexicon.longest)
    for start in range(len(run)):
        for end in range(start + 1, min(len(run), start + longest) + 1):
            word = run[start:end]
            families.update(known.han.get(word, ()))
            if end - start > 1:
                seen.update(f"m{meaning}" for meaning in lexicon.groups.get(word, ()))


def _read_words(words: list[str], seen: set[str], families: set[str]) -> None:
    if not any(word.isalpha() for word in words):  # the marks of a Chinese sentence
        seen.update(words)
        return
    known, lexicon = _load_families(), load_lexicon()
    kin: list[tuple[str, ...]] = []
    for word in words:
        stem = stem_word(word.partition("'")[0])
        seen.update(("w" + stem, "u" + word))
        if len(stem) > _PREFIX:
            seen.add("p" + stem[:_PREFIX])
        seen.update(f"m{meaning}" for meaning in lexicon.groups.get(stem, ()))
        kin.append(known.words.get(word) or known.stems.get(stem, ()))
        families.update(kin[-1])
    for (word, ours), (after, theirs) in pairwise(
        zip(["^", *words, "$"], [(), *kin, ()], strict=True)
    ):
        seen.add(f"{word} {after}")
        seen.update(f"{name}> {after}" for name in ours)
        seen.update(f"{word} >{name}" for name in theirs)
        seen.update(f"{name}>{other}" for name in ours for other in theirs)
