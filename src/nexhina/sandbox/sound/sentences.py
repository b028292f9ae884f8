"""Cuts what was heard in one part into its sentences, as subtitles and streams are read. Pure."""

import re

from nexhina.sandbox.order import Segment

_END = re.compile(r"[.!?]+[\"'”’)]*")
_TITLES = frozenset({"dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "jr.", "sr.", "vs.", "no."})
_INITIAL = re.compile(r"(?:[^\W\d_]\.)+")


def cut_sentences(part: Segment) -> list[Segment]:
    """A segment for each sentence, from its first word's begin to its last word's end."""
    if not part.words:
        return [part]
    found: list[Segment] = []
    begin = 0
    for place, word in enumerate(part.words, 1):
        rest = part.words[place:]
        if rest and not (_is_end(word.text) and not rest[0].text[0].islower()):
            continue
        words = part.words[begin:place]
        text = " ".join(each.text for each in words)
        found.append(Segment(words[0].start, words[-1].end, text, part.confidence, words))
        begin = place
    return found


def _is_end(word: str) -> bool:
    match = _END.search(word)
    if match is None or match.end() != len(word):
        return False
    return word.lower() not in _TITLES and not _INITIAL.fullmatch(word)
