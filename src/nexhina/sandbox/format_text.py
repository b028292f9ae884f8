"""Texts of the formats that JSON schemas name: one that the user wrote, or made ones.

Pure.
"""

import re
from collections.abc import Iterator

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.pattern_text import make_matching

_URL = r"https?://[^\s\"'<>]{1,200}"
_SAID = {
    "email": r"[\w.+-]{1,40}@[\w-]{1,40}\.[a-z]{2,10}\b",
    "uri": _URL,
    "date": r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b",
    "date-time": r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T1\d:\d\d:00Z",
    "time": r"\b1\d:[0-5]\d:[0-5]\dZ",
    "ipv4": r"\b1\d\.1\d\.1\d\.1\d\b",
    "hostname": r"\b[a-z]{2,20}\.example\b",
    "duration": r"\bPT\d{1,3}M\b",
}
"""What a user may have written of a format; it is taken only if it surely is of it."""

# {n} is a number from 0 on, {y} a year, {d} and {m} two digits of a day and of a month.
_MADE = {
    "email": ("ada@example.com", "ada{n}@example.com"),
    "uri": ("https://example.com/page", "https://example.com/{n}", "http://a.io/{n}"),
    "uri-reference": ("/page", "/page/{n}"),
    "uri-template": ("https://example.com/{id}", "https://example.com/{n}/{{id}}"),
    "date": ("2026-01-15", "{y}-{m}-{d}"),
    "date-time": ("2026-01-15T12:00:00Z", "{y}-{m}-{d}T12:00:00Z", "{y}-{m}-{d}T12:00:00.000Z",
                  "{y}-{m}-{d}T12:00:00+00:00"),
    "time": ("12:00:00Z", "12:{m}:{d}Z", "12:{m}:{d}+00:00"),
    "ipv4": ("192.0.2.1", "192.0.2.{n}"),
    "ipv6": ("2001:db8::1", "2001:db8::{n}"),
    "hostname": ("www.example.com", "www{n}.example.com"),
    "duration": ("PT15M", "PT{n}M", "P{n}D"),
    "json-pointer": ("/a/b", "/a/{n}"),
    "relative-json-pointer": ("0/a", "{n}/a"),
    "regex": ("^a$", "^a{n}$"),
    "byte": ("aGVsbG8=",),
}  # fmt: skip
_LIKE = {"url": "uri", "iri": "uri", "iri-reference": "uri-reference", "idn-email": "email",
         "idn-hostname": "hostname"}  # fmt: skip
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"
_YEARS = (2026, 2025, 2024, 2027, 2023, 2028, 2022, 2021, 2020, 2030, 1999, 1990)


def is_format(form: str) -> bool:
    """Whether texts of the format can be made."""
    form = _LIKE.get(form, form)
    return form in _MADE or form == "uuid"


def lengthen(form: str, text: str, least: int) -> str:
    """The text of the format made so long, where the format allows it."""
    more = "x" * (least - len(text))
    return more + text if _LIKE.get(form, form) in {"email", "hostname"} else text + more


def list_texts(form: str, said: str, dice: Dice, skip: int = 0) -> Iterator[str]:
    """Texts of the format, all of them different: from what was `said` first, but for `skip` of them."""
    form = _LIKE.get(form, form)
    if form == "uuid":
        for _ in range(32):
            yield make_matching(_UUID, dice)
        return
    if form in _SAID and not skip and (found := re.search(_SAID[form], said)):
        yield found.group()
    first, *others = _MADE[form]
    if not skip:
        yield first
    for number in range(max(skip, 1), skip + len(_YEARS) * 3):
        year = _YEARS[number % len(_YEARS)]
        values = {
            "n": number,
            "y": year,
            "d": f"{1 + number % 28:02}",
            "m": f"{1 + number % 12:02}",
        }
        for other in others:
            yield other.format_map(values)
