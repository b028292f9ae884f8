"""Names of what a translation could not carry, as a header can hold them.

Bridges name what they find, and what they find may be a caller's own invention.
"""

import re
from collections.abc import Iterable

_REPORTABLE = re.compile(r"[A-Za-z0-9_.-]{1,80}(?:\[\])?")  # [] behind lists of a form
_MOST_REPORTED = 24


def write_names(dropped: Iterable[str]) -> tuple[str, ...]:
    """Each name once, by name; "other" for those that are no plain names, and for the last of many."""
    names = sorted({name if _REPORTABLE.fullmatch(name) else "other" for name in dropped})
    if len(names) <= _MOST_REPORTED:
        return tuple(names)
    return (*names[: _MOST_REPORTED - 1], "other")


def write_header(dropped: Iterable[str]) -> bytes:
    """The value of x-nexhina-dropped."""
    return ", ".join(write_names(dropped)).encode("ascii")
