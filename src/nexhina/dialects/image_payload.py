"""Pictures of an answer apart from the answer: tens of megabytes of base64 need no parser.

`cut_pictures` leaves each large picture's beginning in its place (what tells size and kind), so that
everything that reads or rewrites the answer works on a short one; `join_pictures` writes the answer
with each picture as it is to be sent. Only `b64_json` members are cut, in the order of the answer.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Raw

from nexhina.dialects.envelope import Edit, locate_value, read_envelope, splice

if TYPE_CHECKING:
    from nexhina.dialects.image_answer import OnePicture

CUT_FROM = 512 * 1024
"""Characters of base64 from which a picture is cut."""
KEPT = 128 * 1024
"""Characters that stay in its place."""

_KEY = b'"b64_json"'
_VALUE = re.compile(rb'[ \t\n\r]*:[ \t\n\r]*"')
_DATA_URL = re.compile(rb"data:[\w.+/-]{0,80};base64,", re.IGNORECASE)

Parts = Sequence[bytes | memoryview]


class Given(NamedTuple):
    """How one picture is to be sent: a link, or base64 in parts."""

    url: str | None = None
    base64: Parts = ()


def cut_pictures(body: bytes) -> tuple[bytes, tuple[memoryview, ...]]:
    """The answer with only the beginnings of its large pictures, and these pictures' whole base64.

    A key inside another string has a backslash before its last quote, so it is not taken for one.
    """
    if len(body) < CUT_FROM:
        return body, ()
    view = memoryview(body)
    pieces: list[memoryview] = []
    found: list[memoryview] = []
    copied = position = 0
    while (key := body.find(_KEY, position)) >= 0:
        position = key + len(_KEY)
        opening = _VALUE.match(body, position)
        if opening is None:
            continue
        start = opening.end()
        end = body.find(b'"', start)
        if end < 0:
            break
        position = end
        if end - start < CUT_FROM or body.find(b"\\", start, end) >= 0:
            continue
        pieces.append(view[copied : start + KEPT])
        found.append(view[start:end])
        copied = end
    if not found:
        return body, ()
    return b"".join((*pieces, view[copied:])), tuple(found)


def list_pictures(
    short: bytes, cut: Sequence[memoryview]
) -> list[tuple[str | None, bytes | memoryview]]:
    """Link and base64 of each picture, b"" where it has none; a data URL is base64.

    Raises ValueError when the cut pictures are not those of the answer.
    """
    rest = list(cut)
    from nexhina.dialects.image_answer import pictures_of  # on first use

    pictures = [_read_picture(each, rest) for each in pictures_of.decode(short).data]
    if rest:
        msg = f"{len(rest)} pictures of the answer are not in it any more"
        raise ValueError(msg)
    return pictures


def _read_picture(
    picture: "OnePicture", rest: list[memoryview]
) -> tuple[str | None, bytes | memoryview]:
    raw = bytes(picture.b64_json)
    if rest and len(raw) == KEPT + 2 and bytes(rest[0][:KEPT]) == raw[1:-1]:
        return picture.url, _strip(rest.pop(0))
    text = msgspec.json.decode(raw, type=str | None)
    if text:
        return picture.url, _strip(memoryview(text.encode()))
    url = picture.url
    if url is not None and url[:5].lower() == "data:":
        return None, _strip(memoryview(url.encode()))
    return url, b""


def _strip(base64: memoryview) -> memoryview:
    """The base64 without the head of a data URL."""
    head = _DATA_URL.match(base64[:128])
    return base64[head.end() :] if head is not None else base64


def join_pictures(short: bytes, given: Sequence[Given]) -> bytes:
    """The answer with its pictures as they are given; all else byte for byte."""
    envelope = read_envelope(short)
    items = msgspec.json.decode(envelope.members["data"], type=list[Raw])
    if len(items) != len(given):
        msg = f"{len(given)} values for {len(items)} pictures"
        raise ValueError(msg)
    start, end = locate_value(envelope, "data")
    view = memoryview(short)
    parts: list[bytes | memoryview] = [view[:start], b"["]
    for number, (item, value) in enumerate(zip(items, given, strict=True)):
        if number:
            parts.append(b",")
        parts += _write_item(bytes(item), value)
    return b"".join((*parts, b"]", view[end:]))


def _write_item(item: bytes, given: Given) -> Parts:
    new, old = ("url", "b64_json") if given.url is not None else ("b64_json", "url")
    value = msgspec.json.encode(given.url or "")
    envelope = read_envelope(item)
    members = envelope.members
    if new in members:
        edits = {new: Edit(value=value)}
        if old in members:
            edits[old] = Edit(remove=True)
    else:
        edits = {old: Edit(name=new, value=value)}
    item = splice(envelope, item, edits)
    if given.url is not None:
        return (item,)
    start, end = locate_value(read_envelope(item), new)
    return (item[: start + 1], *given.base64, item[end - 1 :])
