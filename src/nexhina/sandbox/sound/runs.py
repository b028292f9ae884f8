"""Cuts a text into sentences, and these into runs of one language: English or Mandarin. Pure."""

import re

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"'”’)])\s+|(?<=[。！？；])|\n+")
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 240  # characters of a sentence; a longer one is cut at a space

Run = tuple[str, str]
"""A text and the voice of its language: "en-us" or "cmn"."""


def cut_sentences(text: str) -> list[str]:
    """The sentences of a text that have something to say."""
    found: list[str] = []
    for each in _SENTENCE.split(text):
        rest = each.strip()
        while len(rest) > _LONGEST:
            at = rest.rfind(" ", 80, _LONGEST)
            at = at if at > 0 else _LONGEST
            found.append(rest[:at])
            rest = rest[at:].strip()
        if rest:
            found.append(rest)
    return found


def cut_runs(sentence: str) -> list[Run]:
    """The runs of a sentence in their order; digits and marks go with the letters before them."""
    runs: list[Run] = []
    text, voice = "", ""
    for char in sentence:
        mine = "cmn" if _HAN.match(char) else "en-us" if _LETTER.match(char) else voice
        if voice and mine != voice:
            runs.append((text, voice))
            text = ""
        text += char
        voice = mine
    if text.strip():
        runs.append((text, voice or "en-us"))
    return runs
