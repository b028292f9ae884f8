"""The length of a film, from bytes that come in any pieces."""

import struct

import pytest

from nexhina.domain.film import FilmLength


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def make_head(length: int, scale: int = 600, *, wide: bool = False) -> bytes:
    if wide:
        return box(b"mvhd", b"\1\0\0\0" + bytes(16) + struct.pack(">IQ", scale, length) + bytes(80))
    return box(b"mvhd", bytes(12) + struct.pack(">II", scale, length) + bytes(80))


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
SOUND_AND_PICTURES = box(b"mdat", b"frames" * 999)
WIDE_MDAT = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + 700) + bytes(700)


def measure(film: bytes, size: int) -> int | None:
    length = FilmLength()
    for start in range(0, len(film), size):
        length.feed(film[start : start + size])
    return length.ms


@pytest.mark.parametrize("size", [1, 3, 7, 16, 1000, 10**6])
@pytest.mark.parametrize(
    ("film", "ms"),
    [
        (FTYP + box(b"moov", make_head(2400)) + SOUND_AND_PICTURES, 4000),
        (FTYP + SOUND_AND_PICTURES + box(b"moov", make_head(1, 1)), 1000),
        (FTYP + box(b"free", b"") + WIDE_MDAT + box(b"moov", make_head(5, 2, wide=True)), 2500),
        (FTYP + box(b"moov", box(b"udta", b"x") + make_head(600)) + box(b"moof", b"x"), 1000),
        (FTYP + box(b"moov", make_head(0)), None),  # in pieces
        (FTYP + box(b"moov", make_head(0xFFFFFFFF)), None),  # says that it does not know
        (FTYP + box(b"moov", make_head(600, 0)), None),
        (FTYP + box(b"moov", b""), None),
        (FTYP + box(b"moov", make_head(2**63, 1, wide=True)), None),  # ages
        (FTYP + box(b"free", b"") * 2000 + box(b"moov", make_head(600)), None),
        (FTYP + SOUND_AND_PICTURES, None),
        (FTYP + struct.pack(">I", 0) + b"mdat" + b"x" * 99, None),  # up to the end
        (FTYP + struct.pack(">I", 7) + b"moov" + make_head(600), None),
        (FTYP + box(b"moov", struct.pack(">I", 2**31) + b"mvhd" + b"\0\0"), None),
        (b"\x1aE\xdf\xa3" + b"webm" * 99, None),
        (b"<html>no film</html>", None),
        (b"", None),
    ],
)
def test_a_films_index_says_its_length(film: bytes, ms: int | None, size: int) -> None:
    assert measure(film, size) == ms


def test_an_endless_index_is_not_kept() -> None:
    length = FilmLength()
    length.feed(FTYP + struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**40))
    length.feed(make_head(1200))
    for _ in range(100):
        length.feed(bytes(64 * 1024))
    assert length.ms == 2000
    assert len(length._index or b"") <= 64 * 1024
