"""How long a sound is, read from its container: a WAV's header, an MP3's frames. No codec is needed.

Pure. Runs in the child process.
"""

import struct

_BITRATES = {  # kbit/s by version 1 or not, layer 3
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_SEARCH = 64 * 1024  # bytes of rubbish allowed before the first frame


def read_seconds(form: str, data: bytes) -> float:
    """The length in seconds; raises ValueError for what is no such sound."""
    return _read_wav(data) if form == "wav" else _read_mp3(data)


def _read_wav(data: bytes) -> float:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("it is no WAV file")
    place, rate = 12, 0
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        place += 8
        if name == b"fmt ":
            if size < 16 or place + 16 > len(data):
                raise ValueError("its header is cut short")
            rate = struct.unpack_from("<I", data, place + 8)[0]
        elif name == b"data":
            if not rate:
                raise ValueError("its header names no byte rate")
            # A recorder that streams does not know the size and writes the largest, or none.
            return min(size or len(data), len(data) - place) / rate
        place += size + (size & 1)
    raise ValueError("it holds no sound")


def _read_mp3(data: bytes) -> float:
    place = _skip_tag(data)
    limit, seconds, frames = place + _SEARCH, 0.0, 0
    while place + 4 <= len(data):
        found = _read_frame(data, place)
        # What looks like a first frame is one only if another stands behind it, or the end.
        if found is not None and (frames or _is_followed(data, place + found[0])):
            place += found[0]
            seconds += found[1]
            frames += 1
        elif frames:
            break  # a tag at the end
        else:
            place += 1
            if place > limit:
                break
    if not frames:
        raise ValueError("it holds no MP3 frames")
    return seconds


def _skip_tag(data: bytes) -> int:
    """Where the sound begins behind an ID3 tag."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _is_followed(data: bytes, place: int) -> bool:
    return place == len(data) or _read_frame(data, place) is not None


def _read_frame(data: bytes, place: int) -> tuple[int, float] | None:
    """Bytes and seconds of the layer-3 frame at this place; None when none begins here."""
    if place + 4 > len(data) or data[place] != 0xFF or data[place + 1] & 0xE6 != 0xE2:
        return None
    version = data[place + 1] >> 3 & 3
    bits, rate = data[place + 2] >> 4, data[place + 2] >> 2 & 3
    if version == 1 or bits in (0, 15) or rate == 3:
        return None
    samples = 1152 if version == 3 else 576
    hertz = _RATES[version][rate]
    size = samples // 8 * _BITRATES[version == 3][bits] * 1000 // hertz
    return size + (data[place + 2] >> 1 & 1), samples / hertz
