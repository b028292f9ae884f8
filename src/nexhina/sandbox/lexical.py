"""Vectors from the letters and words of a text, without a model: near texts have near vectors.

`mix` adds what the text means, where that can be read (`meaning`).

A text becomes weighted features: stems, their meanings by the thesaurus, letter trigrams, Chinese
words, characters and character pairs, numbers. Words that say little weigh little. Each feature
adds to a few signed places of the vector, chosen by its hash; the sum is scaled to length 1.
"""

import re
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from math import sqrt

from nexhina.sandbox.lexicon import Lexicon, load_lexicon, prepare_lexicon, stem_word
from nexhina.sandbox.words import CHINESE_FUNCTION, CHINESE_LIGHT, ENGLISH_COMMON, ENGLISH_STOP

SLICE = 1024  # characters read at one go: about two milliseconds

_PLACES = 8  # places of the vector that one feature touches
_TOKEN = re.compile(r"([぀-ヿ㐀-䶿一-鿿]+)|(\d+(?:[.,]\d+)*)|([^\W\d_぀-ヿ㐀-鿿]+(?:['’][a-z]+)?|%)")

_HAN_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万]{2,}")
_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}

# Weights, found on sentence pairs of our own; see the tests.
_STOP, _COMMON = 0.05, 0.3
_STEM, _MEANING, _FIELD, _PAIR, _BEGINNING, _LETTERS = 0.6, 1.3, 0.45, 0.3, 0.4, 0.4
_HAN_WORD, _HAN_CHAR, _HAN_PAIR = 0.5, 0.42, 0.5
_HAN_LIGHT, _HAN_FUNCTION = 0.3, 0.05  # factors
_BY_WORDS, _BY_MEANING = 0.35, 0.94  # squared, an eighth and seven eighths

Features = dict[str, float]


def read_features(text: str) -> Features:
    """The features of a whole text with their weights."""
    features: Features = {}
    for _ in add_features(text, features):
        pass
    return features


def add_features(text: str, features: Features) -> Iterator[None]:
    """Adds the features of the text, slice by slice: yields so that others can run in between."""
    yield from prepare_lexicon()
    lexicon = load_lexicon()
    for start in range(0, len(text), SLICE):
        part = unicodedata.normalize("NFKC", text[start : start + SLICE]).casefold()
        last = ""
        for match in _TOKEN.finditer(part):
            han, number, word = match.groups()
            if han:
                _add_han(han, lexicon, features)
                last = ""
            elif number:
                _add_number(number.replace(",", ""), lexicon, features)
            else:
                last = _add_word(word, last, lexicon, features)
        yield


def _add(features: Features, name: str, weight: float) -> None:
    features[name] = features.get(name, 0.0) + weight


def _add_meanings(key: str, weight: float, lexicon: Lexicon, features: Features) -> bool:
    groups = lexicon.groups.get(key)
    if groups is None:
        return False
    fields = lexicon.fields.intersection(groups)
    share = weight * _MEANING / sqrt(max(1, len(groups) - len(fields)))
    for group in groups:
        _add(features, f"m{group}", weight * _FIELD if group in fields else share)
    return True


def _add_word(word: str, last: str, lexicon: Lexicon, features: Features) -> str:
    """Adds one word; returns its stem, or "" when no pair may begin with it."""
    word = word.replace("’", "'")
    base = word.partition("'")[0]
    if word.endswith("n't"):
        _add(features, "wnot", _COMMON)
    stem = stem_word(base)
    if last:
        _add_meanings(f"{last}_{stem}", 1.0, lexicon, features)
    if base in ENGLISH_STOP:
        weight = _STOP
    elif base in ENGLISH_COMMON:
        weight = _COMMON
    else:
        weight = 1.0
    _add(features, "w" + stem, _STEM * weight)
    known = weight > _STOP and _add_meanings(stem, weight, lexicon, features)
    if weight == 1.0:
        if not known:  # what the thesaurus does not know speaks for itself
            _add(features, "w" + stem, 1.0 - _STEM)
        if len(stem) >= 5:  # "infectious" and "infection": what suffix rules miss
            _add(features, "b" + stem[:5], _BEGINNING)
        padded = f"<{stem[:24]}>"
        grams = [padded[place : place + 3] for place in range(len(padded) - 2)]
        for gram in grams:
            _add(features, "l" + gram, _LETTERS / sqrt(len(grams)))
        if last and last not in ENGLISH_STOP:
            _add(features, f"p{last} {stem}", _PAIR)
    return stem


def _add_number(number: str, lexicon: Lexicon, features: Features) -> None:
    whole = number.rstrip("0").rstrip(".") if "." in number else number.lstrip("0") or "0"
    if not _add_meanings(whole, 0.8, lexicon, features):
        _add(features, "n" + whole, 1.0)


def _add_han(run: str, lexicon: Lexicon, features: Features) -> None:
    """Words by longest match, every character, and pairs of neighbours."""
    for match in _HAN_NUMBER.finditer(run):
        _add_number(str(_read_han_number(match.group())), lexicon, features)
    place = 0
    while place < len(run):
        for length in range(min(lexicon.longest, len(run) - place), 0, -1):
            word = run[place : place + length]
            if word in lexicon.groups:
                weight = 1.0 if length > 1 else 0.7 * _char_weight(word)
                _add_meanings(word, weight, lexicon, features)
                if length > 1:
                    _add(features, "h" + word, _HAN_WORD)
                place += length
                break
        else:
            place += 1
    before = 0.0
    for index, char in enumerate(run):
        weight = _char_weight(char)
        _add(features, "c" + char, _HAN_CHAR * weight)
        if index:
            _add(features, "d" + run[index - 1] + char, _HAN_PAIR * min(weight, before))
        before = weight


def _read_han_number(text: str) -> int:
    """The value of a Chinese numeral ("两百零五" is 205), digit by digit without units ("二〇" is 20)."""
    total = part = digit = 0
    for char in text:
        if char in _HAN_DIGITS:
            digit = 10 * digit + _HAN_DIGITS[char]
        elif char == "万":
            total, part, digit = (total + part + digit) * 10_000, 0, 0
        else:
            part += (digit or 1) * _HAN_UNITS[char]
            digit = 0
    return total + part + digit


def _char_weight(char: str) -> float:
    if char in CHINESE_FUNCTION:
        return _HAN_FUNCTION
    return _HAN_LIGHT if char in CHINESE_LIGHT else 1.0


@lru_cache(4096)
def _hashes(feature: str) -> tuple[int, ...]:
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=4 * _PLACES).digest()
    return struct.unpack(f"<{_PLACES}I", digest)


def project(features: Features, dimensions: int) -> list[float]:
    """The vector of the features, of length 1 (never all zero)."""
    vector = [0.0] * dimensions
    for feature, weight in features.items():
        # Repetition counts less than linearly; 1.0 is about one full word.
        strength = weight if weight <= 1.0 else sqrt(weight)
        for number in _hashes(feature):
            place = (number >> 1) % dimensions
            vector[place] += strength if number & 1 else -strength
    length = sqrt(sum(value * value for value in vector))
    if length < 1e-9:  # no words at all, or they cancelled out in very few dimensions
        vector[0] = length = 1.0
    return [value / length for value in vector]


def mix(vector: list[float], meant: Sequence[float]) -> list[float]:
    """The vector of length 1 between that of the words and that of the meaning, of any number of places."""
    dimensions = len(vector)
    numbers = [0.0] * dimensions
    for place, value in enumerate(meant):
        for number in _meant_hashes(place):
            numbers[(number >> 1) % dimensions] += value if number & 1 else -value
    length = sqrt(sum(value * value for value in numbers)) or 1.0
    mixed = [
        _BY_WORDS * word + _BY_MEANING / length * value
        for word, value in zip(vector, numbers, strict=True)
    ]
    length = sqrt(sum(value * value for value in mixed)) or 1.0
    return [value / length for value in mixed]


@cache
def _meant_hashes(place: int) -> tuple[int, ...]:
    """The places that one number of a meaning touches; there are few, so that none is forgotten."""
    return _hashes(f"e{place}")


def embed(text: str, dimensions: int = 1536) -> list[float]:
    """The vector of a text."""
    return project(read_features(text) or {"x" + text[:64]: 1.0}, dimensions)
