"""What a file of sound is and how long, by files that real encoders wrote and by files that lie."""

import struct

import pytest

from nexhina.domain.sound import NotSoundError, Sound, read_sound
from support.recordings import KINDS, make_sound, make_wav

EXPECTED = {
    "opus": "ogg",
    "vorbis": "ogg",
    "ogg-flac": "ogg",
    "m4a": "mp4",
    "mp4-fragments": "mp4",
    "mkv": "webm",
    "wav-float": "wav",
    "wav-mulaw": "wav",
    "wav-adpcm": "wav",
}


def look(data: bytes) -> Sound:
    return read_sound(lambda at, length: data[at : at + length], len(data))


@pytest.mark.parametrize("ms", [700, 5_300])
@pytest.mark.parametrize("name", KINDS)
def test_the_length_of_a_real_file_is_read_without_decoding(name: str, ms: int) -> None:
    sound = look(make_sound(name, ms))
    assert sound.kind == EXPECTED.get(name, name)
    assert sound.ms is not None
    assert abs(sound.ms - ms) <= 130  # encoders add a frame or two
    assert ms <= sound.most_ms + 20
    assert sound.most_ms <= 1.35 * ms + 1_000


def test_channels_and_rate_are_told_where_the_head_has_them() -> None:
    for name in ("wav", "mp3", "flac", "aac"):
        sound = look(make_sound(name, 900, 44_100, 2))
        assert (name, sound.channels, sound.rate) == (name, 2, 44_100)
    assert look(make_sound("opus", 900, 48_000, 2)).channels == 2


def test_a_wav_file_is_as_long_as_its_samples_whatever_its_head_says() -> None:
    samples = bytes(16_000)  # a second
    for said in (0, 0xFFFFFFFF, 10**9, 16_000):
        assert look(make_wav(samples, size=said)).most_ms == 1_000
    assert look(make_wav(samples, size=8_000)).ms == 500  # what follows is no sound


def test_the_codec_of_an_extensible_wav_is_found_in_its_name() -> None:
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 2, 48_000, 7, 4, 16, 22, 16, 3) + guid
    body = b"fmt " + struct.pack("<I", len(form)) + form
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd chunk has a byte more
    body += b"data" + struct.pack("<I", 192_000) + bytes(192_000)
    sound = look(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    assert (sound.ms, sound.channels, sound.rate) == (1_000, 2, 48_000)


def test_an_mp3_with_a_large_cover_is_as_long_as_its_sound() -> None:
    sound = make_sound("mp3", 5_300)
    begin = sound.index(b"\xff\xfb")
    size = 300_000
    tag = b"ID3\x04\0\0" + bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    found = look(tag + b"\xff\xfb\x90\x00" * (size // 4) + sound[begin:] + b"TAG" + bytes(125))
    assert found.kind == "mp3"
    assert found.ms is not None
    assert abs(found.ms - 5_300) < 150


def test_an_mp3_that_says_a_second_over_a_minute_is_held_by_its_bytes() -> None:
    data = bytearray(make_sound("mp3", 60_000, bit_rate=64_000))
    at = data.index(b"Xing") if b"Xing" in data else data.index(b"Info")
    data[at + 8 : at + 12] = (40).to_bytes(4, "big")
    sound = look(bytes(data))
    assert sound.ms == sound.most_ms > 55_000


def test_ten_hours_in_ten_kilobytes_are_no_ten_hours() -> None:
    data = bytearray(make_sound("mp3", 1_500, bit_rate=64_000))
    at = data.index(b"Xing") if b"Xing" in data else data.index(b"Info")
    data[at + 8 : at + 12] = (36_000 * 42).to_bytes(4, "big")
    sound = look(bytes(data))
    assert sound.most_ms <= 8 * len(data) < 200_000
    opus = bytearray(make_sound("opus", 1_500))
    last = opus.rindex(b"OggS")
    opus[last + 6 : last + 14] = (36_000 * 48_000).to_bytes(8, "little")
    assert look(bytes(opus)).most_ms <= 8 * len(opus)


def test_a_film_that_says_nothing_of_its_length_is_held_by_its_bytes() -> None:
    data = bytearray(make_sound("m4a", 5_300))
    for box in (b"mvhd", b"mdhd"):
        at = data.index(box) + 4 + 16
        data[at : at + 4] = bytes(4)
    sound = look(bytes(data))
    assert (sound.kind, sound.ms) == ("mp4", None)
    assert sound.most_ms == 2 * len(data)


def test_a_recording_of_a_browser_without_a_length_ends_with_its_last_cluster() -> None:
    data = bytearray(make_sound("webm", 5_300))
    at = data.index(b"\x44\x89")
    data[at : at + 2] = b"\x44\x8a"  # an id that nobody knows
    sound = look(bytes(data))
    assert sound.ms is not None
    assert abs(sound.ms - 5_300) < 150


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "JPEG picture"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"PK\x03\x04" + bytes(30), "ZIP archive"),
        (b"<!DOCTYPE html><html>", "HTML page"),
        (b'{"text": "hello"}', "JSON"),
        (b"Hello, this is a letter.\n", "text"),
        (bytes(4096), "nothing but zeros"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP picture"),
        (b"\x93\x94\x95" * 40, "a kind that nobody knows"),
        (make_wav(b""), "WAV file without samples"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), "a tag without sound"),
    ],
)
def test_what_is_no_sound_is_named(data: bytes, words: str) -> None:
    with pytest.raises(NotSoundError, match=words):
        look(data)


def test_a_film_without_sound_is_named() -> None:
    data = make_sound("m4a", 700).replace(b"soun", b"vide")
    with pytest.raises(NotSoundError, match="a film without sound"):
        look(data)
    with pytest.raises(NotSoundError, match="cut off"):
        look(make_sound("m4a", 5_300)[:2_000])
