"""What the readers of sound containers share: slices of a file, frames of MPEG sound, findings."""

from collections.abc import Callable
from typing import NamedTuple

Reader = Callable[[int, int], bytes]
"""`read(offset, length)`: bytes of the file, fewer at its end."""

SLICE = 64 * 1024
MOST_TAGS = 8


class Found(NamedTuple):
    """What a container says. `exact`: it follows from the bytes, whatever the head says."""

    ms: int | None = None
    channels: int | None = None
    rate: int | None = None
    likely_ms: int | None = None  # what its bytes make likely
    exact: bool = False
    padded: bool = False  # other things than sound take room in it
    silent: str = ""  # why there is no sound in it: completes "the file is …"


class MpegFrame(NamedTuple):
    """The head of one frame: kbit/s, samples per second, samples, bytes, channels, side bytes."""

    bit_rate: int
    rate: int
    samples: int
    length: int
    channels: int
    side: int
    layer: int


_RATES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))
_V1_L1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_V1_L2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_V1_L3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2_L1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_V2_L23 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def read_frame(data: bytes, at: int) -> MpegFrame | None:
    """The MPEG frame that begins at `at`; None when there is none."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    bits, rates = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or layer == 4 or rates == 3 or bits in (0, 15):
        return None
    rate = _RATES[version][rates]
    first = version == 3
    if first:
        bit_rate = (_V1_L1, _V1_L2, _V1_L3)[layer - 1][bits - 1]
    else:
        bit_rate = (_V2_L1 if layer == 1 else _V2_L23)[bits - 1]
    samples = 384 if layer == 1 else 576 if layer == 3 and not first else 1152
    padding = data[at + 2] >> 1 & 1
    if layer == 1:
        length = (12000 * bit_rate // rate + padding) * 4
    else:
        length = samples // 8 * bit_rate * 1000 // rate + padding
    mono = data[at + 3] >> 6 == 3
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return MpegFrame(bit_rate, rate, samples, length, 1 if mono else 2, side, layer)


def read_adts_length(data: bytes, at: int) -> int:
    """Bytes of the ADTS frame that begins at `at`; 0 when there is none."""
    if len(data) < at + 7 or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    if data[at + 2] >> 2 & 15 > 12:
        return 0
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return length if length > 7 else 0


def skip_tags(read: Reader, size: int) -> int:
    """Where the sound begins behind ID3 tags, which may hold large pictures."""
    at = 0
    for _ in range(MOST_TAGS):
        head = read(at, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at = min(size, at + 10 + length + (10 if head[5] & 0x10 else 0))
    return at


def find_mpeg(data: bytes) -> int:
    """Where frames of MPEG sound begin in `data`: two in a row, or one that ends it; -1: nowhere."""
    at = data.find(b"\xff")
    while at >= 0:
        frame = read_frame(data, at)
        if frame is not None and frame.length:
            following = read_frame(data, at + frame.length)
            if following is not None and following[1:2] == frame[1:2]:
                return at
            if at == 0 and at + frame.length >= len(data):
                return at
        at = data.find(b"\xff", at + 1)
    return -1


def find_adts(data: bytes) -> int:
    """Where ADTS frames begin in `data`: two in a row, or one that ends it; -1: nowhere."""
    at = data.find(b"\xff")
    while at >= 0:
        length = read_adts_length(data, at)
        if length and (read_adts_length(data, at + length) or at + length == len(data)):
            return at
        at = data.find(b"\xff", at + 1)
    return -1


def find_frames(read: Reader, head: bytes, size: int) -> str | None:
    """Whether it is mp3 or aac: when the file begins with tags or frames of either."""
    begin = skip_tags(read, size)
    data = read(begin, SLICE) if begin else head + read(len(head), SLICE)
    zeros = len(data) - len(data.lstrip(b"\0"))
    if not begin and data[zeros : zeros + 1] != b"\xff":
        return None  # something else that has such bytes somewhere in it
    if read_adts_length(data, zeros):
        return "aac"
    if find_mpeg(data[zeros:]) >= 0:
        return "mp3"
    return None
