"""How long sound lasts that lies in boxes: MP4 and M4A, WebM and Matroska."""

import struct
from collections.abc import Iterator

from nexhina.domain.sound_reader import Found, Reader

_MOST_BOXES = 4096
_MOST_BOX = 256 * 1024  # bytes of a box that is read whole
_TAIL = 512 * 1024

Box = tuple[bytes, int, int]
"""Name, where its content begins, where it ends."""


def _list_boxes(read: Reader, at: int, end: int) -> Iterator[Box]:
    for _ in range(_MOST_BOXES):
        head = read(at, 16)
        if at + 8 > end or len(head) < 8:
            return
        length, skip = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - at
        if length < skip:
            return
        yield head[4:8], at + skip, min(end, at + length)
        at += length


def read_mp4(read: Reader, size: int) -> Found:
    """MP4, M4A, MOV: the sound track's length, else the whole's; fragments by their times."""
    said: list[int] = []
    sound: tuple[int, int, int] | None = None  # id, time scale, ms
    found_moov, last = False, 0
    for name, begin, end in _list_boxes(read, 0, size):
        if name == b"moov":
            found_moov = True
            for inner, start, stop in _list_boxes(read, begin, end):
                if inner == b"mvhd":
                    said.append(_read_length(read(start, 36))[1])
                elif inner == b"mvex":
                    said += _read_extended(read, start, stop)
                elif inner == b"trak" and sound is None:
                    sound = _read_track(read, start, stop)
        elif name == b"moof" and sound is not None:
            last = max(last, _read_fragment(read, begin, end, sound))
    if not found_moov:
        return (
            Found(silent="an MP4 file without its index (moov): it was cut off")
            if size
            else Found()
        )
    if sound is None:
        return Found(silent="a film without sound")
    ms = sound[2] or last or max(said, default=0)
    return Found(max(ms, last) or None, padded=True)


def _read_length(box: bytes) -> tuple[int, int]:
    """Time scale and milliseconds of an mvhd or mdhd box."""
    wide = box[:1] == b"\1"
    at = 20 if wide else 12
    scale = int.from_bytes(box[at : at + 4], "big")
    raw = box[at + 4 : at + (12 if wide else 8)]
    duration = 0 if raw.strip(b"\xff") == b"" else int.from_bytes(raw, "big")
    return scale, duration * 1000 // scale if scale else 0


def _read_extended(read: Reader, begin: int, end: int) -> list[int]:
    """What an mehd box says, in the scale of the movie, which is mostly a thousand."""
    for name, start, _ in _list_boxes(read, begin, end):
        if name == b"mehd":
            box = read(start, 12)
            return [int.from_bytes(box[4:12] if box[:1] == b"\1" else box[4:8], "big")]
    return []


def _read_track(read: Reader, begin: int, end: int) -> tuple[int, int, int] | None:
    """Id, time scale and milliseconds of a track of sound; None of another one."""
    number, scale, ms, is_sound = 0, 0, 0, False
    for name, start, stop in _list_boxes(read, begin, end):
        if name == b"tkhd":
            box = read(start, 24)
            number = int.from_bytes(box[20:24] if box[:1] == b"\1" else box[12:16], "big")
        elif name == b"mdia":
            for inner, place, _ in _list_boxes(read, start, stop):
                if inner == b"mdhd":
                    scale, ms = _read_length(read(place, 36))
                elif inner == b"hdlr":
                    is_sound = read(place, 12)[8:12] == b"soun"
    return (number, scale, ms) if is_sound else None


def _read_fragment(read: Reader, begin: int, end: int, sound: tuple[int, int, int]) -> int:
    """Milliseconds at which a fragment's sound ends; 0 when it has none."""
    number, scale, _ = sound
    for name, start, stop in _list_boxes(read, begin, end):
        if name != b"traf":
            continue
        base = step = count = 0
        told = 0
        for inner, place, limit in _list_boxes(read, start, stop):
            box = read(place, min(limit - place, _MOST_BOX))
            if inner == b"tfhd":
                if int.from_bytes(box[4:8], "big") != number:
                    break
                step = _read_default(box)
            elif inner == b"tfdt":
                base = int.from_bytes(box[4:12] if box[:1] == b"\1" else box[4:8], "big")
            elif inner == b"trun":
                more, sum_of = _read_run(box)
                count, told = count + more, told + sum_of
        else:
            if scale:
                return (base + (told or count * step)) * 1000 // scale
    return 0


def _read_default(box: bytes) -> int:
    """The default length of a sample in a tfhd box."""
    flags = int.from_bytes(box[1:4], "big")
    at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    return int.from_bytes(box[at : at + 4], "big") if flags & 8 else 0


def _read_run(box: bytes) -> tuple[int, int]:
    """Samples of a trun box, and the sum of their lengths where it lists them."""
    flags, count = int.from_bytes(box[1:4], "big"), int.from_bytes(box[4:8], "big")
    if not flags & 0x100:
        return count, 0
    at = 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    width = 4 * (flags >> 8 & 0xF).bit_count()
    places = range(at, min(len(box) - 3, at + width * count), width)
    return count, sum(int.from_bytes(box[place : place + 4], "big") for place in places)


# --- WebM, Matroska -------------------------------------------------------------------------------

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _DURATION, _ENTRY, _TYPE = 0x2AD7B1, 0x4489, 0xAE, 0x83
_TIME, _SIMPLE, _GROUP, _BLOCK = 0xE7, 0xA3, 0xA0, 0xA1
_UNKNOWN = -1


def _read_element(read: Reader, at: int) -> tuple[int, int, int] | None:
    """Id, where the content begins, its length (_UNKNOWN: up to the end)."""
    head = read(at, 12)
    if len(head) < 2 or not head[0] or not head[0] >> 4:
        return None
    wide = 9 - head[0].bit_length()
    name = int.from_bytes(head[:wide], "big")
    if len(head) <= wide or not head[wide]:
        return None
    width = 9 - head[wide].bit_length()
    raw = int.from_bytes(head[wide : wide + width], "big") & (1 << 7 * width) - 1
    length = _UNKNOWN if raw == (1 << 7 * width) - 1 else raw
    return name, at + wide + width, length


def _list_elements(read: Reader, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    for _ in range(_MOST_BOXES):
        found = _read_element(read, at) if at < end else None
        if found is None:
            return
        name, begin, length = found
        stop = end if length == _UNKNOWN else min(end, begin + length)
        yield name, begin, stop
        at = stop


def read_webm(read: Reader, size: int) -> Found:
    """WebM, Matroska: what the segment says, else (browsers that record) the last cluster's time."""
    scale, said, has_sound = 1_000_000, 0.0, None
    segment = next((each for each in _list_elements(read, 0, size) if each[0] == _SEGMENT), None)
    if segment is None:
        return Found()
    for name, begin, end in _list_elements(read, segment[1], segment[2]):
        if name == _INFO:
            scale, said = _read_info(read, begin, end)
        elif name == _TRACKS:
            has_sound = _has_sound(read, begin, end)
        elif name == _CLUSTER:
            break
    if has_sound is False:
        return Found(silent="a film without sound")
    ms = int(said * scale / 1_000_000) if 0 < said < 1e12 else 0
    if not ms:
        ms = _find_last(read, size) * scale // 1_000_000
    return Found(ms or None, padded=True)


def _read_info(read: Reader, begin: int, end: int) -> tuple[int, float]:
    """Nanoseconds of a unit of time, and the length in units; 0 where it is not told."""
    scale, said = 1_000_000, 0.0
    for name, start, stop in _list_elements(read, begin, end):
        raw = read(start, min(8, stop - start))
        if name == _SCALE:
            scale = int.from_bytes(raw, "big") or scale
        elif name == _DURATION and len(raw) in (4, 8):
            said = float(struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0])
    return scale, said


def _has_sound(read: Reader, begin: int, end: int) -> bool:
    """Whether one of the tracks is of sound."""
    return any(
        field == _TYPE and read(place, 1) == b"\2"
        for name, start, stop in _list_elements(read, begin, end)
        if name == _ENTRY
        for field, place, _ in _list_elements(read, start, stop)
    )


def _find_last(read: Reader, size: int) -> int:
    """The time of the last block, in units of the segment; 0 where none is found."""
    begin = max(0, size - _TAIL)
    tail = read(begin, _TAIL)
    at = tail.rfind(_CLUSTER.to_bytes(4, "big"))
    if at < 0:
        return 0
    cluster = _read_element(read, begin + at)
    if cluster is None:
        return 0
    time = step = 0
    for name, start, stop in _list_elements(read, cluster[1], size):
        if name == _TIME:
            time = int.from_bytes(read(start, min(8, stop - start)), "big")
        elif name in (_SIMPLE, _GROUP):
            block = start
            if name == _GROUP:
                inner = next(
                    (each for each in _list_elements(read, start, stop) if each[0] == _BLOCK), None
                )
                if inner is None:
                    continue
                block = inner[1]
            head = read(block, 4)
            step = max(step, int.from_bytes(head[1:3], "big", signed=True))
    return time + step
