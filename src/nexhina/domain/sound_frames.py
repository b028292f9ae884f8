"""How long sound lasts that is a run of frames or samples: WAV, MP3, AAC, Ogg, FLAC."""

from typing import Literal

from nexhina.domain.sound_reader import (
    SLICE,
    Found,
    Reader,
    find_adts,
    find_mpeg,
    read_adts_length,
    read_frame,
    skip_tags,
)

_MOST_CHUNKS = 256
_SAMPLED = 16  # places of a file where frames are looked at
_SAMPLE = 8 * 1024
_PLAIN_CODECS = {1, 3, 6, 7}  # PCM, floats, A-law, µ-law: bytes follow from rate and width
_BLOCK_CODECS = {2, 17}  # ADPCM: so many samples in a block
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)  # fmt: skip
_LARGEST_PAGE = 65_307


def read_wav(read: Reader, size: int) -> Found:
    """WAV: bytes of samples that are there, by the bytes of a second; sizes in heads may be wrong."""
    order: Literal["big", "little"] = "big" if read(0, 4) == b"RIFX" else "little"
    at, per_second, channels, rate = 12, 0, None, None
    for _ in range(_MOST_CHUNKS):
        head = read(at, 8)
        if len(head) < 8:
            break
        length = int.from_bytes(head[4:], order)
        if head[:4] == b"fmt ":
            form = read(at + 8, 40)
            if len(form) < 16:
                break
            channels, rate, per_second = _read_format(form, order)
        elif head[:4] == b"data":
            there = max(0, size - at - 8)
            # Streams that did not know their length write 0 or the largest number.
            length = there if length in (0, 0xFFFFFFFF) else min(length, there)
            if not length:
                return Found(silent="a WAV file without samples")
            if not per_second:
                return Found()
            return Found(length * 1000 // per_second or 1, channels, rate, exact=True)
        at += 8 + length + (length & 1)
    return Found(silent="a WAV file without samples")


def _read_format(form: bytes, order: Literal["big", "little"]) -> tuple[int, int, int]:
    """Channels, samples per second and bytes per second of a WAV file's format."""

    def number(at: int, width: int = 2) -> int:
        return int.from_bytes(form[at : at + width], order)

    codec, channels, rate, bits = number(0), number(2), number(4, 4), number(14)
    if codec == 0xFFFE and len(form) >= 26:  # extensible: the codec is in its name
        codec = number(24)
    if codec in _PLAIN_CODECS and channels and bits:
        return channels, rate, channels * (-(-bits // 8)) * rate
    if codec in _BLOCK_CODECS and len(form) >= 20:
        return channels, rate, number(12) * rate // max(1, number(18))
    return channels, rate, number(8, 4)


def read_mp3(read: Reader, size: int) -> Found:
    """MP3: frames by the Xing, Info or VBRI head, and bytes by the bit rates met on the way."""
    begin = skip_tags(read, size)
    end = size - 128 if size >= 128 and read(size - 128, 3) == b"TAG" else size
    data = read(begin, SLICE)
    at = find_mpeg(data)
    frame = read_frame(data, at) if at >= 0 else None
    if frame is None:
        return Found(silent="a tag without sound behind it") if begin >= end else Found()
    begin += at
    rates: list[int] = []
    for step in range(_SAMPLED):
        piece = read(begin + frame.length + (end - begin) * step // _SAMPLED, _SAMPLE)
        place = find_mpeg(piece)
        other = read_frame(piece, place) if place >= 0 else None
        while other is not None and other.rate == frame.rate:
            rates.append(other.bit_rate)
            place += other.length
            other = read_frame(piece, place)
    likely = (end - begin) * 8 * len(rates) // sum(rates) if rates else None
    frames = _count_frames(data, at, frame.side)
    if frames:
        said = frames * frame.samples * 1000 // frame.rate
        return Found(said or 1, frame.channels, frame.rate, likely)
    if likely is None:
        likely = (end - begin) * 8 // frame.bit_rate
    return Found(likely or 1, frame.channels, frame.rate, likely)


def _count_frames(data: bytes, at: int, side: int) -> int:
    """The number of frames that the first one tells; 0 where it does not."""
    head = data[at + 4 + side : at + 4 + side + 12]
    if head[:4] in (b"Xing", b"Info") and len(head) == 12 and head[7] & 1:
        return int.from_bytes(head[8:], "big")
    head = data[at + 36 : at + 36 + 18]
    if head[:4] == b"VBRI" and len(head) == 18:
        return int.from_bytes(head[14:], "big")
    return 0


def read_adts(read: Reader, size: int) -> Found:
    """AAC in ADTS frames, which tell no length: by the mean of frames at several places."""
    begin = skip_tags(read, size)
    head = read(begin, 7)
    if len(head) < 7:
        return Found(silent="a tag without sound behind it")
    index = head[2] >> 2 & 15
    rate = _ADTS_RATES[index] if index < len(_ADTS_RATES) else 8000
    count = total = 0
    for step in range(_SAMPLED):
        piece = read(begin + (size - begin) * step // _SAMPLED, _SAMPLE)
        at = find_adts(piece)
        while at >= 0 and (length := read_adts_length(piece, at)):
            count, total, at = count + 1, total + length, at + length
    if not count:
        return Found(None, None, rate)
    likely = (size - begin) * count // total * 1024 * 1000 // rate
    return Found(likely or 1, (head[2] & 1) << 2 | head[3] >> 6, rate, likely)


def read_ogg(read: Reader, size: int) -> Found:
    """Ogg with Opus, Vorbis, FLAC or Speex: the last page's position in samples."""
    head = read(0, 4096)
    at, stream = 0, None
    while head[at : at + 4] == b"OggS" and stream is None:
        body = at + 27 + head[at + 26]
        stream = _read_stream(head[body : body + 64], head[at + 14 : at + 18])
        at = body + sum(head[at + 27 : body])
    if stream is None:
        return Found(silent="an Ogg file without sound that we know")
    serial, rate, channels, skip = stream
    tail_at = max(0, size - 2 * _LARGEST_PAGE)
    tail = read(tail_at, size - tail_at)
    at = tail.rfind(b"OggS")
    while at >= 0:
        position = tail[at + 6 : at + 14]
        if tail[at + 14 : at + 18] == serial and position != b"\xff" * 8 and len(position) == 8:
            samples = max(0, int.from_bytes(position, "little") - skip)
            if not samples and size < 4096:
                return Found(silent="an Ogg file without sound in it")
            return Found(samples * 1000 // rate or None, channels, rate)
        at = tail.rfind(b"OggS", 0, at)
    return Found(None, channels, rate)


def _read_stream(packet: bytes, serial: bytes) -> tuple[bytes, int, int, int] | None:
    """Serial number, rate, channels and samples to skip of a stream of sound."""
    if packet[:8] == b"OpusHead" and len(packet) >= 12:  # positions count 48,000 whatever it says
        return serial, 48000, packet[9], int.from_bytes(packet[10:12], "little")
    if packet[:7] == b"\x01vorbis" and len(packet) >= 16:
        return serial, int.from_bytes(packet[12:16], "little") or 48000, packet[11], 0
    if packet[:5] == b"\x7fFLAC" and len(packet) >= 51:
        found = _read_streaminfo(packet[17:51])
        return serial, found[0] or 48000, found[1], 0
    if packet[:8] == b"Speex   " and len(packet) >= 52:
        rate, channels = (int.from_bytes(packet[k : k + 4], "little") for k in (36, 48))
        return serial, rate or 16000, channels, 0
    return None


def read_flac(read: Reader, size: int) -> Found:
    """FLAC: the samples that STREAMINFO counts; writers that did not know leave 0."""
    rate, channels, samples, bits = _read_streaminfo(read(8, 34))
    if not rate:
        return Found()
    at_least = size * 8 * 1000 // (rate * channels * bits + 1)  # no frame is larger than samples
    if samples:
        return Found(samples * 1000 // rate or 1, channels, rate, at_least)
    return Found(None, channels, rate)


def _read_streaminfo(block: bytes) -> tuple[int, int, int, int]:
    """Rate, channels, samples, bits."""
    if len(block) < 18:
        return 0, 1, 0, 16
    word = int.from_bytes(block[10:18], "big")
    return word >> 44, (word >> 41 & 7) + 1, word & (1 << 36) - 1, (word >> 36 & 31) + 1
