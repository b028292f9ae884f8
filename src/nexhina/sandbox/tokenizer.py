"""The sandbox's own way to count tokens, so that its usage can be checked by hand.

A token is one of: a Chinese, Japanese or Korean character; up to 12 letters of other scripts; up to
3 digits; a run of white space; one other character. A single space belongs to the word or number
after it. Tokens joined are the text again. Texts are read in slices of SLICE characters.
"""

import re
from collections.abc import Iterator

SLICE = 16_384  # about a millisecond of work

_CJK = "぀-ヿ㐀-䶿一-鿿가-힯豈-﫿"
_TOKEN = re.compile(rf"[{_CJK}]| ?[^\W\d_{_CJK}]{{1,12}}| ?\d{{1,3}}|\s+|.", re.DOTALL)

MESSAGE_TOKENS = 4  # what a message costs beside its text
IMAGE_TOKENS = 85  # what an image part of a message costs
AUDIO_TOKENS = 100  # what a sound costs


def split_tokens(text: str) -> list[str]:
    """The tokens of a text of ordinary length; joined, they are the text."""
    if len(text) <= SLICE:
        return _TOKEN.findall(text)
    return [token for part in slices(text) for token in _TOKEN.findall(part)]


def slices(text: str) -> Iterator[str]:
    """The text in slices, each cheap enough to count at one go."""
    for start in range(0, len(text), SLICE):
        yield text[start : start + SLICE]


def count_tokens(text: str) -> int:
    """How many tokens the text has."""
    return len(split_tokens(text))
