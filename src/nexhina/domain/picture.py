"""What a file of a picture says of itself in its headers: kind, size, alpha. Nothing is decoded.

A file is read through a function, so that one on disk is touched in a few places only: a photograph
may carry a megabyte of thumbnails and colour profiles in front of its size.
"""

from collections.abc import Callable
from typing import NamedTuple

Read = Callable[[int, int], bytes]
"""Bytes of the file from an offset on; fewer at its end."""

MAX_PIXELS = 64_000_000
"""More is taken for a bomb: above what the largest full-frame cameras make (61 million)."""

HEAD = 64
"""Bytes that tell every kind, and the size of all but JPEG."""

_SEGMENTS = 1000  # of a JPEG, before its size
_CHUNKS = 1000  # of a PNG, before its pixels

_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
"""Media types by kind."""


class Picture(NamedTuple):
    """`kind` as in `output_format`: png, jpeg, webp, gif. Pixels as stored, before any rotation."""

    kind: str
    width: int
    height: int
    alpha: bool  # whether pixels can be transparent, not whether some are

    @property
    def size(self) -> str:
        """As requests name it: "1024x768"."""
        return f"{self.width}x{self.height}"

    @property
    def content_type(self) -> str:
        """The media type."""
        return TYPES[self.kind]


def tell_kind(head: bytes) -> str | None:
    """The kind that the first bytes tell: png, jpeg, webp, gif; None of anything else."""
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return "gif" if head[:6] in (b"GIF87a", b"GIF89a") else None


def read_picture(read: Read) -> Picture | None:
    """What the headers say; None when it is no picture of a known kind, or broken before its size."""
    head = read(0, HEAD)
    kind = tell_kind(head)
    if kind is None:
        return None
    found = _READERS[kind](head, read)
    return found if found is not None and found.width > 0 and found.height > 0 else None


def read_picture_of(data: bytes) -> Picture | None:
    """As `read_picture`, of a file in memory, or of its beginning."""
    return read_picture(lambda offset, length: data[offset : offset + length])


def _read_png(head: bytes, read: Read) -> Picture | None:
    if head[12:16] != b"IHDR" or len(head) < 29:
        return None
    colour = head[25]
    alpha = colour in (4, 6) or _has_transparent_colour(read)
    return Picture("png", _big(head[16:20]), _big(head[20:24]), alpha)


def _has_transparent_colour(read: Read) -> bool:
    """Whether a PNG without an alpha channel names a transparent colour before its pixels."""
    at = 33
    for _ in range(_CHUNKS):
        chunk = read(at, 8)
        if chunk[4:] in (b"IDAT", b"IEND", b""):
            return False
        if chunk[4:] == b"tRNS":
            return True
        at += 12 + _big(chunk[:4])
    return False


def _read_gif(head: bytes, read: Read) -> Picture:  # noqa: ARG001  (as its siblings)
    """A GIF names a transparent colour per frame; every one can have it."""
    return Picture("gif", _little(head[6:8]), _little(head[8:10]), alpha=True)


def _read_webp(head: bytes, read: Read) -> Picture | None:  # noqa: ARG001  (as its siblings)
    form = head[12:16]
    if form == b"VP8X" and len(head) >= 30:
        width, height = _little(head[24:27]) + 1, _little(head[27:30]) + 1
        return Picture("webp", width, height, bool(head[20] & 0x10))
    if form == b"VP8L" and len(head) >= 25 and head[20] == 0x2F:
        bits = _little(head[21:25])
        return Picture("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))
    if form == b"VP8 " and len(head) >= 30 and head[23:26] == b"\x9d\x01\x2a":
        width, height = _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
        return Picture("webp", width, height, alpha=False)
    return None


def _read_jpeg(head: bytes, read: Read) -> Picture | None:  # noqa: ARG001  (as its siblings)
    at = 2
    for _ in range(_SEGMENTS):
        segment = read(at, 9)
        if len(segment) < 4 or segment[0] != 0xFF:
            return None
        marker = segment[1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
        elif marker in _JPEG_ALONE:
            at += 2
        elif marker in _JPEG_FRAMES:
            if len(segment) < 9:
                return None
            return Picture("jpeg", _big(segment[7:9]), _big(segment[5:7]), alpha=False)
        elif marker in (0xD9, 0xDA):  # its end, or its pixels
            return None
        else:
            at += 2 + _big(segment[2:4])
    return None


_READERS: dict[str, Callable[[bytes, Read], Picture | None]] = {
    "png": _read_png,
    "jpeg": _read_jpeg,
    "webp": _read_webp,
    "gif": _read_gif,
}


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
