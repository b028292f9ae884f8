"""A file is what its bytes say, not what somebody claims."""

import pytest

from nexhina.blobs.media_type import BINARY, EXTENSIONS, choose_type, is_shown, sniff_type

SAMPLES = {
    b"\x89PNG\r\n\x1a\n....": "image/png",
    b"\xff\xd8\xff\xe0\x00\x10JFIF": "image/jpeg",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ": "image/webp",
    b"RIFF\x24\x00\x00\x00WAVEfmt ": "audio/wav",
    b"GIF89a....": "image/gif",
    b"ID3\x04": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
    b"\x00\x00\x00\x18ftypmp42": "video/mp4",
    b"\x1a\x45\xdf\xa3": "video/webm",
    b"%PDF-1.7": "application/pdf",
}


@pytest.mark.parametrize(("data", "kind"), list(SAMPLES.items()))
def test_known_files_are_known_by_their_first_bytes(data: bytes, kind: str) -> None:
    assert sniff_type(data) == kind
    assert choose_type("text/html", data) == kind
    assert kind in EXTENSIONS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>",
        b"<svg onload=alert(1)>",
        b"RIFF",
        b"RIFF\x24\x00\x00\x00AVI ",
        b"\x89PN",
    ],
)
@pytest.mark.parametrize("claim", ["image/png", "image/svg+xml", "text/html", "video/mp4", ""])
def test_what_claims_to_be_a_picture_or_a_page_and_is_none_is_only_bytes(
    data: bytes, claim: str
) -> None:
    assert choose_type(claim, data) == BINARY


def test_plain_text_is_taken_at_its_word() -> None:
    assert choose_type("Text/Plain; charset=utf-8", b"hello") == "text/plain"
    assert choose_type("application/json", b"{}") == "application/json"


def test_only_pictures_sound_and_films_are_shown_in_place() -> None:
    assert is_shown("image/png")
    assert is_shown("audio/mpeg")
    assert is_shown("video/mp4")
    assert not is_shown("application/pdf")
    assert not is_shown("text/plain")
    assert not is_shown(BINARY)
