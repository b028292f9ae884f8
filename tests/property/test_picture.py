"""Whatever bytes come: a picture's header is read to a sensible size or not at all, in few places."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from nexhina.dialects.image_input import read_base64
from nexhina.domain.picture import read_picture

STARTS = st.sampled_from(
    [
        b"",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x10",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBPVP8X",
        b"RIFF\x00\x00\x00\x00WEBPVP8L",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ]
)


@given(STARTS, st.binary(max_size=3000))
def test_any_bytes_are_a_picture_of_some_size_or_none(start: bytes, rest: bytes) -> None:
    data = start + rest
    places: list[int] = []

    def read(offset: int, length: int) -> bytes:
        assert length <= 64
        places.append(offset)
        return data[offset : offset + length]

    found = read_picture(read)
    assert len(places) <= 1001
    if found is not None:
        assert found.width > 0
        assert found.height > 0
        assert found.content_type == f"image/{found.kind}"


@given(st.binary(max_size=300), st.integers(0, 320), st.integers(0, 80))
def test_base64_is_read_at_any_place_as_its_bytes(data: bytes, offset: int, length: int) -> None:
    text = base64.b64encode(data).decode()
    assert read_base64(text.encode())(offset, length) == data[offset : offset + length]
