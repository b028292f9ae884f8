"""Knows a chat request again by what stands around its messages, so that only these are parsed.

A program that calls again and again changes its messages and little else. What stood before and
behind the messages of a good request is good again, byte for byte, around any other list that is a
whole JSON value: the keys are the same, none comes twice, and the parameters say the same.
"""

from collections.abc import Callable
from typing import Annotated, cast

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.chat import AT_LEAST_ONE_MESSAGE
from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import CUT_FROM, Envelope, locate_value

MOST = 256
"""Requests that are remembered; with one more all are forgotten."""
LARGEST = 1024
"""Bytes around the messages of a request that is worth remembering."""


class _Message(Struct, gc=False):
    """Any object."""


class _Memo(Struct, frozen=True, eq=False):
    copy: Callable[[], Peek]  # what such a request asks for, but for its text
    members: dict[str, Raw]
    gap: int


_decode = msgspec.json.Decoder(Annotated[list[_Message], AT_LEAST_ONE_MESSAGE]).decode
_memos: dict[tuple[bytes, bytes], _Memo | None] = {}
"""By what stands before and behind; None at first: much that comes once does not come again."""


def recall(body: bytes | bytearray) -> Peek | None:
    """What the body asks for; None when none like it is known, it is at fault, or has a list inside.

    With one bracket in the messages, no content is a list of parts.
    """
    if len(body) >= CUT_FROM or not isinstance(body, bytes):
        return None
    start = body.find(b"[")
    end = body.rfind(b"]") + 1
    memo = _memos.get((body[:start], body[end:]))
    if memo is None:
        return None
    messages = body[start:end]
    if messages.find(b"[", 1) >= 0:
        return None
    try:
        _decode(messages)
        if not messages.isascii():
            messages.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    members = memo.members.copy()
    members["messages"] = Raw(messages)
    peek = memo.copy()
    peek.envelope = Envelope(text=body, members=members, gap=memo.gap)
    peek.text_bytes = len(body)
    return peek


def remember(body: bytes | bytearray, peek: Peek) -> None:
    """Keeps what a good request without lists inside says, when one like it came before."""
    start, end = body.find(b"["), body.rfind(b"]") + 1
    envelope = peek.envelope
    if (
        not isinstance(body, bytes)
        or envelope.places is not None  # blanks in unusual places
        or envelope.holes
        or len(body) - (end - start) > LARGEST
        or locate_value(envelope, "messages") != (start, end)
    ):
        return
    key = (body[:start], body[end:])
    if key not in _memos:
        if len(_memos) >= MOST:
            forget()
        _memos[key] = None
        return
    # Of their own: a slice would keep the body that it was cut from.
    members = {name: Raw(bytes(raw)) for name, raw in envelope.members.items()}
    members["messages"] = Raw()
    kept = msgspec.structs.replace(peek, envelope=Envelope(text=b"", members={}))
    copy = cast("Callable[[], Peek]", kept.__copy__)  # pyright: ignore[reportAttributeAccessIssue]  (every Struct has it)
    _memos[key] = _Memo(copy, members, envelope.gap)


def forget() -> None:
    """Forgets all requests."""
    _memos.clear()
