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


def make_mpeg(second: int, third: int, length: int) -> bytes:
    frame = bytes((0xFF, second, third, 0)).ljust(length, b"\0")
    return frame + frame[:6]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (make_mpeg(0xFB, 0x90, 417), "audio/mpeg"),  # version 1, layer 3, 128 kbit/s, 44.1 kHz
        (make_mpeg(0xFA, 0x92, 418), "audio/mpeg"),  # … with a checksum, and padded
        (make_mpeg(0xF3, 0x84, 192), "audio/mpeg"),  # version 2, 64 kbit/s, 24 kHz
        (make_mpeg(0xE3, 0x48, 288), "audio/mpeg"),  # version 2.5, 32 kbit/s, 8 kHz
        (make_mpeg(0xFD, 0xA4, 576), "audio/mpeg"),  # layer 2, 192 kbit/s, 48 kHz
        (make_mpeg(0xFF, 0xC4, 384), "audio/mpeg"),  # layer 1, 384 kbit/s, 48 kHz
        (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9) + b"\xff\xf1\x50\x80\x02\x1f", "audio/aac"),
        (b"\xff\xf9\x50\x80\x02\x1f\xfc", "audio/aac"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", "audio/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00", "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00", "video/quicktime"),
        (b"\x00\x00\x00\x1cftypisom\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "image/avif"),
        (b"\x1a\x45\xdf\xa3\x42\x82\x84webm" + bytes(64) + b"\x86\x85V_VP8", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x42\x82\x84webm" + bytes(64) + b"\x86\x86A_OPUS", "audio/webm"),
        (
            b"\x1a\x45\xdf\xa3\x42\x82\x88matroska" + bytes(64) + b"\x86\x8fV_MPEG4",
            "video/x-matroska",
        ),
        (
            b"\x1a\x45\xdf\xa3\x42\x82\x88matroska" + bytes(64) + b"\x86\x85A_AAC",
            "audio/x-matroska",
        ),
    ],
)
def test_sound_and_films_of_all_makes_are_known(data: bytes, kind: str) -> None:
    assert choose_type("text/plain", data) == kind
    assert is_shown(kind)
    assert kind in EXTENSIONS


@pytest.mark.parametrize(
    "data",
    [
        "<svg onload=alert(1)>".encode("utf-16"),
        b"\xff\xfb\x90\x00" + bytes(600),  # one frame, and no second one where it must be
        b"\xff\xf1\x50\x80\x00\x1f\xfc",  # a frame without length
        b"\xff\xe9\x90\x00",  # a version that there is not
        b"\x1a\x45\xdf\xa3" + bytes(80),
    ],
)
def test_what_only_begins_like_sound_or_a_film_is_only_bytes(data: bytes) -> None:
    assert choose_type("audio/mpeg", data) == BINARY


def test_an_mp4_that_is_sent_as_sound_is_sound() -> None:
    data = b"\x00\x00\x00\x1cftypisom\x00\x00"
    assert choose_type("audio/mp4", data) == "audio/mp4"
    assert choose_type("text/html", data) == "video/mp4"
