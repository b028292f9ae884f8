"""The top level of a JSON body as raw slices: read in one pass, changed without touching the rest.

A body may carry megabytes of base64. Such payloads are cut out before the parser runs (a search for
the quote costs a thirtieth of a parse), so `text` is the body without them and `holes` remembers
where they were. Everything here works on `text` and maps positions back only to splice.

Decided for hostile JSON, with a test each: duplicate top-level keys, NaN, Infinity, lone
surrogates, a byte order mark, bad UTF-8 (outside cut payloads, which the vendor decodes), nesting
that the parser can't hold and more keys or values than anybody means are 400: to read them would
keep all others waiting. Duplicate keys further down are the vendor's business.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from nexhina.errors import InvalidRequestError

CUT_FROM = 32 * 1024
"""Bodies below this many bytes are parsed as they are."""

MOST_MEMBERS = 1000
"""Top-level keys; no API has a tenth of that, and each costs time in which nobody else is served."""

MOST_VALUES = 320_000
"""Strings, and values, in one body."""

_COUNTED_FROM = 256 * 1024  # bytes that may hold enough of them to be counted
_SLICE = 64 * 1024
_MIN_PAYLOAD = 1024
_MAX_PAYLOADS = 256
_BEFORE_PAYLOAD = re.compile(rb'(?<!\\)"(?:url|image_url|file_data|data)"[ \t\n\r]*:[ \t\n\r]*\Z')
_KEY = re.compile(rb'[ \t\n\r]*"((?:[^"\\]+|\\.)*+)"[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+"', re.DOTALL)
_NEXT = re.compile(rb"[ \t\n\r]*([,}])")
_BYTE = re.compile(r"\(byte (\d+)\)")
_BOM = b"\xef\xbb\xbf"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_FORMS = 256
_MAX_COLONS = 128

_members = msgspec.json.Decoder(dict[str, Raw])
_forms: dict[tuple[str, ...], bytes] = {}
"""By names of members: the object as `json.dumps` writes it, to be filled with values."""


class Hole(NamedTuple):
    """A payload that was cut: where in `text`, and from where to where in the body."""

    at: int
    start: int
    end: int


Place = tuple[int, int, int]
"""Positions in `text` of a member's key (at its quote), of its value, and of the value's end."""


class Envelope(Struct, kw_only=True, gc=False):
    """A JSON object's members in order, proved to be without duplicate keys."""

    text: bytes | bytearray
    members: dict[str, Raw]
    holes: tuple[Hole, ...] = ()
    places: dict[str, Place] | None = None  # None: to be computed from `gap` when needed
    gap: int = 1  # bytes of each colon and comma: 1 in a compact body, 2 with a blank behind them


class Edit(NamedTuple):
    """What becomes of a member; None leaves that part as it is."""

    name: str | None = None
    value: bytes | None = None
    remove: bool = False


def read_envelope(body: bytes | bytearray) -> Envelope:
    """The body's top level; raises InvalidRequestError."""
    text, holes = cut_payloads(body) if len(body) >= CUT_FROM else (body, ())
    if not text.isascii():
        _require_utf8(text, holes)
    try:
        if len(text) < _COUNTED_FROM:
            members = _members.decode(text)
        else:
            _require_few_values(text)
            members = _count_members(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _malformed(text, holes, error) from None
    if len(members) > MOST_MEMBERS:
        raise _refuse_keys()
    # Every byte of a compact body is accounted for by its distinct members: none can be hidden.
    count = len(members)
    blanks = len(text) - (1 + 4 * count + len("".join(members)) + sum(map(len, members.values())))
    if blanks == 0:
        return Envelope(text=text, members=members, holes=holes)
    if blanks == 2 * count - 1 and len(text) < CUT_FROM and _is_dumped(text, members):
        return Envelope(text=text, members=members, holes=holes, gap=2)
    return Envelope(text=text, members=members, holes=holes, places=_walk(text, members))


class _Name(str):
    """A key, so that the parser asks us about each."""

    __slots__ = ()


def _count_members(text: bytes | bytearray) -> dict[str, Raw]:
    """The members, given up on at the first that is too many."""
    count = 0

    def note(_: object, name: str) -> _Name:
        nonlocal count
        count += 1
        if count > MOST_MEMBERS:
            raise _refuse_keys()
        return _Name(name)

    found = msgspec.json.Decoder(dict[_Name, Raw], dec_hook=note).decode(text)
    return {str(name): raw for name, raw in found.items()}


def _refuse_keys() -> InvalidRequestError:
    return InvalidRequestError(
        f"The request body has more than {MOST_MEMBERS} keys; put data of yours into 'metadata', "
        "or send less."
    )


def _require_few_values(text: bytes | bytearray) -> None:
    if not has_few_values(text):
        raise InvalidRequestError(
            f"The request body has more than {MOST_VALUES} strings or other values; send it in parts."
        )


def has_few_values(text: bytes | bytearray) -> bool:
    """Whether a JSON text is no longer than `MOST_VALUES`; bounded itself, whatever is in the text.

    Values stand between commas, so that where even with those inside strings there are few, nothing
    else is looked at.
    """
    if _count_commas(text, 0, len(text), MOST_VALUES) <= MOST_VALUES:
        return True
    room, position = MOST_VALUES, 0
    for found in _STRING.finditer(text):
        room -= 1
        start = found.start()
        if start - position > 2:
            room -= _count_commas(text, position, start, room)
        if room < 0:
            break
        position = found.end()
    else:
        room -= _count_commas(text, position, len(text), room)
    return room >= 0


def _count_commas(text: bytes | bytearray, start: int, end: int, most: int) -> int:
    """How many there are from `start` to `end`; counted no further than somewhat above `most`."""
    count = 0
    while start < end and count <= most:
        count += text.count(b",", start, min(start + _SLICE, end))
        start += _SLICE
    return count


def _is_dumped(text: bytes | bytearray, members: dict[str, Raw]) -> bool:
    """Whether the text is, byte for byte, what `json.dumps` makes of these members.

    Then it has no others. Lengths would not prove it: a hidden twin could take the blanks' place.
    """
    names = tuple(members)
    form = _forms.get(names)
    if form is None:
        if len(names) > 64 or not all(map(_PLAIN.fullmatch, names)):
            return False
        if len(_forms) >= _MAX_FORMS:
            _forms.clear()
        form = _forms[names] = b"{%b}" % ", ".join(f'"{name}": %b' for name in names).encode()
    return form % tuple(members.values()) == text


def cut_payloads(body: bytes | bytearray) -> tuple[bytes | bytearray, tuple[Hole, ...]]:
    """The body without long data URLs under media keys, and where they were.

    A quote before `data:` that no backslash precedes begins a string (or the body is malformed,
    with and without the cut), and without a backslash inside, the next quote ends it.
    """
    holes: list[Hole] = []
    pieces: list[bytes | bytearray] = []
    copied = removed = position = 0
    for _ in range(_MAX_PAYLOADS):
        quote = _find_data(body, position)
        if quote < 0:
            break
        start = quote + 6
        end = body.find(b'"', start)
        if end < 0:
            break
        position = end
        if (
            end - start < _MIN_PAYLOAD
            or _BEFORE_PAYLOAD.search(body, max(0, quote - 48), quote) is None
            or body.find(b"\\", start, end) >= 0
        ):
            position = start
            continue
        pieces.append(body[copied:start])
        holes.append(Hole(start - removed, start, end))
        removed += end - start
        copied = end
    if not holes:
        return body, ()
    pieces.append(body[copied:])
    return b"".join(pieces), tuple(holes)


def _find_data(body: bytes | bytearray, position: int) -> int:
    """Where `"data:` is next, or -1. A search for one byte is forty times as fast as for six."""
    for _ in range(_MAX_COLONS):
        colon = body.find(b":", position)
        if colon < 0:
            return -1
        start = colon - 5
        if start >= position and body.startswith(b'"data', start):
            return start
        position = colon + 1
    return body.find(b'"data:', position)


def locate(envelope: Envelope) -> dict[str, Place]:
    """Where each member is in `envelope.text`."""
    places = envelope.places
    if places is None:
        places = {}
        position, gap = 1, envelope.gap
        for name, raw in envelope.members.items():
            value = position + len(name) + 2 + gap
            end = value + len(raw)
            places[name] = (position, value, end)
            position = end + gap
        envelope.places = places
    return places


def splice_value(
    envelope: Envelope,
    body: bytes | bytearray,
    name: str | None,
    value: bytes = b"",
    added: bytes = b"",
) -> bytes:
    """As `splice`, for the common case of one new value and something added, or one of them."""
    start = end = 0
    if name is not None:
        start, end = locate_value(envelope, name)
        if envelope.holes:
            start += _shift(envelope.holes, start)
            end += _shift(envelope.holes, end)
    view = memoryview(body)
    if not added:
        return b"".join((view[:start], value, view[end:]))
    close = body.rindex(b"}")
    return b"".join((view[:start], value, view[end:close], b",", added, view[close:]))


def locate_value(envelope: Envelope, name: str) -> tuple[int, int]:
    """Where a member's value begins and ends in `envelope.text`; raises KeyError."""
    if envelope.places is not None:
        return envelope.places[name][1:]
    position, gap = 1, envelope.gap
    for key, raw in envelope.members.items():
        position += len(key) + 2 + gap
        if key == name:
            return position, position + len(raw)
        position += len(raw) + gap
    raise KeyError(name)


def splice(
    envelope: Envelope, body: bytes | bytearray, edits: Mapping[str, Edit], added: bytes = b""
) -> bytes:
    """The body with these members changed and `added` (`"key":value`) behind the last one.

    All other bytes stay, blanks between members too. At least one member must remain.
    """
    places = list(locate(envelope).items())
    last = max(
        index
        for index, (name, _) in enumerate(places)
        if name not in edits or not edits[name].remove
    )
    changes: list[tuple[int, int, bytes]] = []  # from, to, replacement, in `text`
    for index, (name, (key, value, end)) in enumerate(places[: last + 1]):
        edit = edits.get(name)
        if edit is None:
            continue
        if edit.remove:
            changes.append((key, places[index + 1][1][0], b""))
            continue
        if edit.name is not None:
            spelled = envelope.text.rindex(b'"', key, value) + 1
            changes.append((key, spelled, msgspec.json.encode(edit.name)))
        if edit.value is not None:
            changes.append((value, end, edit.value))
    changes.append((places[last][1][2], places[-1][1][2], b"," + added if added else b""))
    view = memoryview(body)
    parts: list[bytes | memoryview] = []
    position = 0
    for start, end, replacement in changes:
        parts += (view[position : start + _shift(envelope.holes, start)], replacement)
        position = end + _shift(envelope.holes, end)
    parts.append(view[position:])
    return b"".join(parts)


def _shift(holes: tuple[Hole, ...], position: int) -> int:
    """How much further a position of the text is in the body."""
    return next((hole.end - hole.at for hole in reversed(holes) if position > hole.at), 0)


def _walk(text: bytes | bytearray, members: dict[str, Raw]) -> dict[str, Place]:
    """Where each member is; raises InvalidRequestError when a key comes twice.

    The parser keeps the last value of a key. So a key met before, or followed by anything but the
    value that was kept, came twice; a number's longer twin is caught by what must follow it.
    """
    places: dict[str, Place] = {}
    position = text.index(b"{") + 1
    while members:
        key = _KEY.match(text, position)
        assert key is not None, "the parser took this body"
        spelled = key[1]
        name = (
            msgspec.json.decode(b'"' + spelled + b'"', type=str)
            if b"\\" in spelled
            else spelled.decode()
        )
        raw = members[name]
        value = key.end()
        end = value + len(raw)
        following = _NEXT.match(text, end)
        if name in places or following is None or not text.startswith(raw, value):
            raise _duplicate(name)
        places[name] = (key.start(1) - 1, value, end)
        if following[1] == b"}":
            break
        position = following.end()
    return places


def _duplicate(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The key {name!r} appears twice in the request body; which value counts is open. "
        "Send it once.",
        param=name,
    )


def _require_utf8(text: bytes | bytearray, holes: tuple[Hole, ...]) -> None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        at = error.start + _shift(holes, error.start)
        raise InvalidRequestError(
            f"The request body is not UTF-8: {error.reason} at byte {at} "
            f"(0x{text[error.start]:02x}). Encode the JSON as UTF-8."
        ) from None


def _malformed(
    text: bytes | bytearray, holes: tuple[Hole, ...], error: Exception
) -> InvalidRequestError:
    """The parser's complaint with its position in the caller's own body."""
    if not text.strip():
        return InvalidRequestError("The request body is empty; send a JSON object.")
    if text.startswith(_BOM):
        return InvalidRequestError(
            "The request body begins with a byte order mark (U+FEFF); send the JSON without it."
        )
    if isinstance(error, RecursionError):
        return InvalidRequestError("The request body is nested too deeply; flatten the JSON.")
    detail = str(error)
    if isinstance(error, msgspec.ValidationError):
        return InvalidRequestError(f"The request body must be a JSON object: {detail}.")
    if "surrogate" in detail or "hex escape" in detail:
        detail += ", half of a surrogate pair"
    if (found := _BYTE.search(detail)) is not None:
        at = int(found[1]) + _shift(holes, int(found[1]))
        detail = f"{detail[: found.start(1)]}{at}{detail[found.end(1) :]}"
    return InvalidRequestError(f"The request body is not valid JSON: {detail}.")
