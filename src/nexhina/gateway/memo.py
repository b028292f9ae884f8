"""Remembers a head, so that the same head need not be parsed and checked again. Pure.

A client that keeps its connection repeats itself: from one request to the next its head is the same
but for the digits of Content-Length. A head that was found good once is good again, byte for byte;
with other digits in that one place it says the same about another length. Nothing else may differ,
and heads whose effect goes beyond their own request are not remembered.
"""

import re
from collections.abc import Callable
from typing import cast

import msgspec

from nexhina.gateway.request import CHUNKED, Request
from nexhina.ports import Headers

LARGEST = 4096
"""Bytes that a remembered head may have: each open connection keeps one."""

MAX_DIGITS = 8  # no int() of an attacker's length, and no overflow that llhttp would have refused
# A remembered head has no bare CR or LF and no folded line, so this begins and ends a whole field.
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: ([0-9]{1,%d})\r\n" % MAX_DIGITS)
_KEPT = frozenset({None, b"keep-alive", b"Keep-Alive"})


class Memo(msgspec.Struct, frozen=True, eq=False):
    """A good head: `start`, the digits of Content-Length, `end`; without `end` the whole is `start`."""

    start: bytes
    end: bytes
    size: int  # of `start`
    headers: Headers  # to be copied
    copy: Callable[[], Request]  # a new request, which shares these headers
    cap: int  # of the body


def remember(head: bytes, request: Request, cap: int) -> Memo | None:
    """The memo of an admitted request whose body is not taken yet; None when it is not one of the plain kind."""
    headers = request.headers
    if (
        len(head) > LARGEST
        or request.length == CHUNKED
        or request.expect
        or not request.keep_alive
        or headers.get(b"connection") not in _KEPT
        or b"upgrade" in headers
        or b"proxy-connection" in headers  # llhttp heeds it
    ):
        return None
    kept = msgspec.structs.replace(request, headers=headers.copy())
    copy = cast("Callable[[], Request]", kept.__copy__)  # pyright: ignore[reportAttributeAccessIssue]  (every Struct has it)
    found = _LENGTH.search(head)
    if found is None or found[1] != headers.get(b"content-length"):
        return Memo(head, b"", len(head), kept.headers, copy, cap)
    start = head[: found.start(1)]
    return Memo(start, head[found.end(1) :], len(start), kept.headers, copy, cap)
