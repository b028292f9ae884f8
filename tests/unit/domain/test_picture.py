import io
import struct

import pytest
from PIL import Image

from nexhina.domain.picture import Picture, read_picture, read_picture_of, tell_kind
from support.pictures import make_gif, make_jpeg, make_png, make_transparent_colour, make_webp


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (make_png(300, 200), Picture("png", 300, 200, alpha=False)),
        (make_png(300, 200, alpha=True), Picture("png", 300, 200, alpha=True)),
        (
            make_png(3, 2, before=make_transparent_colour()),
            Picture("png", 3, 2, alpha=True),
        ),
        (make_jpeg(4000, 3000), Picture("jpeg", 4000, 3000, alpha=False)),
        (make_webp(70_000, 5), Picture("webp", 70_000, 5, alpha=False)),
        (make_webp(512, 256, alpha=True), Picture("webp", 512, 256, alpha=True)),
        (make_webp(16_384, 1, "VP8L"), Picture("webp", 16_384, 1, alpha=False)),
        (make_webp(640, 480, "VP8L", alpha=True), Picture("webp", 640, 480, alpha=True)),
        (make_webp(640, 480, "VP8 "), Picture("webp", 640, 480, alpha=False)),
        (make_gif(12, 34), Picture("gif", 12, 34, alpha=True)),
    ],
)
def test_kind_size_and_alpha_are_read_from_the_header(data: bytes, found: Picture) -> None:
    assert read_picture_of(data) == found


@pytest.mark.parametrize(
    ("form", "mode", "alpha"),
    [
        *(("PNG", mode, mode in ("RGBA", "LA")) for mode in ("RGB", "RGBA", "L", "LA", "P", "1")),
        ("JPEG", "RGB", False),
        ("JPEG", "CMYK", False),
        ("WEBP", "RGB", False),
        ("WEBP", "RGBA", True),
        ("GIF", "P", True),
    ],
)
def test_files_of_a_real_library_are_read(form: str, mode: str, alpha: bool) -> None:
    for options in ({}, {"lossless": True}) if form == "WEBP" else ({},):
        file = io.BytesIO()
        Image.new(mode, (123, 45)).save(file, form, **options)
        found = read_picture_of(file.getvalue())
        assert found is not None
        assert (found.kind, found.width, found.height) == (form.lower(), 123, 45)
        if form != "WEBP":  # its writer leaves out an alpha channel that hides nothing
            assert found.alpha == alpha
        assert found.content_type == f"image/{form.lower()}"


def test_a_progressive_jpeg_with_its_size_behind_a_megabyte_of_notes_is_read_in_few_places() -> (
    None
):
    data = make_jpeg(640, 480, before=1_000_000)
    read: list[int] = []

    def look(offset: int, length: int) -> bytes:
        piece = data[offset : offset + length]
        read.append(len(piece))
        return piece

    assert read_picture(look) == Picture("jpeg", 640, 480, alpha=False)
    assert sum(read) < 1000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"\x89PNG\r\n\x1a\n",
        make_png(1, 1)[:24],
        make_png(0, 5),
        b"\xff\xd8\xff\xd9",
        make_jpeg(5, 5)[:10],
        make_jpeg(0, 5),
        b"\xff\xd8\xff\xe0\x00\x04JF\x00\x00" + bytes(40),
        make_webp(5, 5)[:20],
        b"RIFF\0\0\0\0WEBPODD " + bytes(40),
        b"RIFF\0\0\0\0WAVE" + bytes(40),
    ],
)
def test_what_is_no_picture_or_breaks_before_its_size_is_none(data: bytes) -> None:
    assert read_picture_of(data) is None


def test_a_header_that_claims_endless_segments_is_given_up() -> None:
    loop = b"\xff\xd8\xff\xe0" + struct.pack(">H", 0) * 2

    def look(offset: int, length: int) -> bytes:
        return (loop if offset == 0 else b"\xff\xff" * length)[:length]

    assert read_picture(look) is None


def test_the_kind_is_told_without_a_size() -> None:
    assert tell_kind(b"\xff\xd8\xff") == "jpeg"
    assert tell_kind(b"RIFF1234WEBP") == "webp"
    assert tell_kind(b"GIF90a") is None
