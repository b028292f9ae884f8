"""How records stand in a journal file: mark, length, CRC-32, bytes. Pure.

The mark begins with a byte that no UTF-8 text contains, so that a text which a caller sent (a
model name, a request id) can never look like a record when the reader searches for one.
"""

import struct
from zlib import crc32

import msgspec

MARK = b"\xff\xfeNJ"
MAX_PAYLOAD = 16 * 1024 * 1024

_HEAD = struct.Struct("<4sII")
HEAD_SIZE = _HEAD.size


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. `lost` counts bytes between readable records, `torn` those after the last."""

    payloads: list[bytes]
    lost: int
    torn: int


def write_head(payload: bytes) -> bytes:
    """The bytes that stand before a payload."""
    return _HEAD.pack(MARK, len(payload), crc32(payload))


def read_frames(data: bytes) -> Frames:
    """Every whole record, in order; after a damaged place it goes on at the next whole one."""
    payloads: list[bytes] = []
    lost = 0
    place = end = 0
    while (payload := _read_at(data, place)) is not None or (
        place := data.find(MARK, place + 1)
    ) != -1:
        if payload is None:
            continue
        lost += place - end
        payloads.append(payload)
        place = end = place + HEAD_SIZE + len(payload)
    return Frames(payloads=payloads, lost=lost, torn=len(data) - end)


def _read_at(data: bytes, place: int) -> bytes | None:
    start = place + HEAD_SIZE
    if start > len(data):
        return None
    mark, length, checksum = _HEAD.unpack_from(data, place)
    if mark != MARK or length > MAX_PAYLOAD or start + length > len(data):
        return None
    payload = data[start : start + length]
    return payload if crc32(payload) == checksum else None
