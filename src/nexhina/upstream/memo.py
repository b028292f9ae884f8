"""Knows a vendor's head again, so that the usual whole answer need not pass through llhttp. Pure.

A vendor says the same fields in the same order at each answer; only their values change. A head
that llhttp found good is turned into a pattern: the same names, values of characters that llhttp
takes as well. What the pattern finds, llhttp would have read in the same way.
"""

import re
from collections.abc import Callable

import msgspec

from nexhina.ports import Headers

LARGEST = 4096
"""Bytes of a head that is worth a pattern; each connection keeps one."""
MOST_FIELDS = 64

_VALUE = rb": *((?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?)(?<![ \t])\r\n"
_LENGTH = rb": *([0-9]{1,9})\r\n"
_PLAIN_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CHANGES_FRAMING = frozenset(
    (b"transfer-encoding", b"content-encoding", b"proxy-connection", b"upgrade", b"trailer")
)


class Memo(msgspec.Struct, frozen=True, eq=False):
    """The head of an answer 200 with a length."""

    match: Callable[[bytes], re.Match[bytes] | None]
    names: tuple[bytes, ...]  # in lower case
    length: int  # the number of the group that holds Content-Length
    kind: int  # … and of Content-Type; 0 without one


def remember(head: bytes, fields: Headers) -> Memo | None:
    """The memo of a good head with these fields, in their order, all different; None for unusual ones.

    `fields`: by their names as they came.
    """
    names = tuple(name.lower() for name in fields)
    if (
        len(head) > LARGEST
        or len(names) > MOST_FIELDS
        or len(set(names)) != len(names)
        or b"content-length" not in names
        or not _CHANGES_FRAMING.isdisjoint(names)
        or not all(map(_PLAIN_NAME.fullmatch, fields))
    ):
        return None
    pattern = b""
    for name, (raw, value) in zip(names, fields.items(), strict=True):
        if name == b"content-length":
            pattern += re.escape(raw) + _LENGTH
        elif name == b"connection":
            if value.lower() != b"keep-alive":
                return None
            pattern += re.escape(raw) + b": *(%b)\r\n" % re.escape(value)
        else:
            pattern += re.escape(raw) + _VALUE
    compiled = re.compile(rb"HTTP/1\.1 200 [\t\x20-\x7e\x80-\xff]*\r\n" + pattern + rb"\r\n")
    kind = names.index(b"content-type") + 1 if b"content-type" in names else 0
    return Memo(compiled.match, names, names.index(b"content-length") + 1, kind)
