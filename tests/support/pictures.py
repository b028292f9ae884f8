"""Small files of pictures, written by hand: true headers, and as little behind them as will do."""

import struct
import zlib
from collections.abc import Sequence
from typing import Any

from nexhina.ports import Inbound
from support.inbound import make_inbound

BOUNDARY = b"----the-boundary"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def make_png(width: int, height: int, *, alpha: bool = False, before: bytes = b"") -> bytes:
    """A PNG of one colour, transparent where it has `alpha`; `before`: chunks before its pixels."""
    pixel = b"\x30\x70\xc0\x00" if alpha else b"\x30\x70\xc0"
    head = struct.pack(">IIBBBBB", width, height, 8, 6 if alpha else 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + pixel * min(width, 512)) * min(height, 512))
    chunks = (_chunk(b"IHDR", head), before, _chunk(b"IDAT", rows), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def make_transparent_colour() -> bytes:
    """The chunk that makes a colour of a PNG without an alpha channel transparent."""
    return _chunk(b"tRNS", b"\0\x30\0\x70\0\xc0")


def make_jpeg(width: int, height: int, *, before: int = 0) -> bytes:
    """A JPEG's headers; `before`: bytes of notes in front of its size, in segments of 64 KiB."""
    notes = b""
    while before > 0:
        size = min(before, 65_533)
        notes += b"\xff\xe1" + struct.pack(">H", size + 2) + bytes(size)
        before -= size
    frame = b"\xff\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + notes + frame + b"\xff\xda"


def make_webp(width: int, height: int, form: str = "VP8X", *, alpha: bool = False) -> bytes:
    """A WebP's headers in one of its three forms."""
    if form == "VP8X":
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = b"VP8X" + struct.pack("<I", 10) + bytes([0x10 * alpha, 0, 0, 0]) + sides
    elif form == "VP8L":
        bits = (width - 1) | (height - 1) << 14 | alpha << 28
        body = b"VP8L" + struct.pack("<IBI", 5, 0x2F, bits)
    else:
        body = b"VP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a"
        body += struct.pack("<HH", width, height)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def make_gif(width: int, height: int) -> bytes:
    """A GIF's header."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes(6) + b";"


def write_form(
    fields: dict[str, Any], files: Sequence[tuple[str, str | None, str | None, bytes]] = ()
) -> bytes:
    """A form; `files`: name, file name, type, bytes."""
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (BOUNDARY, name.encode(), str(value).encode())
        for name, value in fields.items()
    ]
    for name, filename, kind, data in files:
        line = f'Content-Disposition: form-data; name="{name}"'
        line += "" if filename is None else f'; filename="{filename}"'
        line += "" if kind is None else f"\r\nContent-Type: {kind}"
        parts.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY, line.encode(), data))
    return b"".join(parts) + b"--%b--\r\n" % BOUNDARY


FORM = {b"content-type": b"multipart/form-data; boundary=" + BOUNDARY}


def make_form(
    fields: dict[str, Any], files: Sequence[tuple[str, str | None, str | None, bytes]] = ()
) -> Inbound:
    """A POST with this form."""
    return make_inbound(write_form(fields, files), FORM)
