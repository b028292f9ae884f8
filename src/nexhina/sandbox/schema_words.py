"""The user's own words for the strings of a JSON schema: places and what stands in quotes."""

import re

_PLACE = re.compile(
    r"\b(?:in|for|at|near|to|from)\s+([A-Z][\w-]*(?:\s[A-Z][\w-]*)*)|([一-鿿]{2,3}?)的?天气"
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|「([^」]+)」|(?<!\w)'([^']+)'(?!\w)")
_PLACE_NAMES = re.compile(r"city|location|place|town|destination|country", re.IGNORECASE)


def find_words(text: str, name: str) -> str:
    """What the user said in `text` that a string of this name may mean."""
    found = _PLACE.search(text) if _PLACE_NAMES.search(name) else None
    quoted = None if found else _QUOTED.search(text)
    for match in (found, quoted):
        if match is not None:
            return next(group for group in match.groups() if group)
    return "Paris" if _PLACE_NAMES.search(name) else " ".join(text.split())[:200] or "text"
