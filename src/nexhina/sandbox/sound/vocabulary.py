"""The common words of English: those that the recogniser's own vocabulary writes in one piece, and
those that the sandbox knows for its vectors.

Of speech that is not English the recogniser makes words that nobody uses; this is how they are told.
"""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from nexhina.sandbox.sound.numerals import WORDS

_START = "\u2581"  # stands for the space before a word
_LONE = frozenset("aio")  # the letters that are words
_LATIN = re.compile(r"[a-z]{3,}")


@cache
def read_common_words(file: Path) -> frozenset[str]:
    """The words, in small letters, of a vocabulary file (pieces, each behind its length) and our own."""
    data = file.read_bytes()
    words = {*WORDS}
    for name in ("thesaurus.txt", "lemmas.txt"):
        for row in files("nexhina.sandbox").joinpath(name).read_text("utf-8").splitlines():
            if not row.startswith("#"):
                words.update(_LATIN.findall(row))
    place = 0
    while place < len(data):
        length = data[place]
        place += 1
        if length >= 0x80 and place < len(data):
            length = length - 0x80 + data[place] * 0x80
            place += 1
        piece = data[place : place + length].decode(errors="replace")
        place += length
        word = piece.removeprefix(_START)
        if word != piece and _is_word(word):
            words.add(word.lower())
    return frozenset(words)


def _is_word(piece: str) -> bool:
    if len(piece) == 1:
        return piece in _LONE
    return piece.isalpha() and (piece.islower() or (piece.istitle() and len(piece) > 2))
