"""What a file of sound is and how long it lasts, from its container, without decoding.

The kind is told from the content: names and types that clients send are often wrong. Reads some
slices of the file and does bounded work, whatever the file says of itself. How each container is
read is in `sound_frames` and `sound_boxes`.

A container may lie about its length. `ms` is what it says, as far as its bytes can hold that much;
`most_ms` is the bound for a hold: the larger of what it says and what its bytes make likely, and
the whole file at 4 kbit/s where it says nothing, or something that so many bytes can't be.
"""

from typing import NamedTuple

from nexhina.domain.sound_boxes import read_mp4, read_webm
from nexhina.domain.sound_frames import read_adts, read_flac, read_mp3, read_ogg, read_wav
from nexhina.domain.sound_reader import Found, Reader, find_frames

EXTENSIONS = {
    "wav": ("wav", "wave"),
    "mp3": ("mp3", "mpga", "mpeg"),
    "ogg": ("ogg", "oga", "opus"),
    "flac": ("flac",),
    "mp4": ("m4a", "mp4", "mpeg4"),
    "webm": ("webm", "mkv"),
    "aac": ("aac",),
    "amr": ("amr",),
    "aiff": ("aiff", "aif"),
    "caf": ("caf",),
    "wma": ("wma", "asf"),
}
"""By kind: the endings of names that fit it, the usual one first."""

TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
    "webm": "audio/webm",
    "aac": "audio/aac",
    "amr": "audio/amr",
    "aiff": "audio/aiff",
    "caf": "audio/x-caf",
    "wma": "audio/x-ms-wma",
}

_SLOWEST = 2  # ms of a byte at 4 kbit/s, for what does not say how long it is
_LOWEST = 8  # … at 1 kbit/s: silence in the containers that can leave it out
_HIGHEST = {"mp3": 320, "ogg": 1_600, "aac": 800, "mp4": 12_000, "webm": 12_000}
"""Most kbit/s, films included; what claims more has more sound in it than it says."""

_STRANGERS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"FLV\x01", "a Flash video"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"<!", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"ID3", "a tag without sound behind it"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"data:", "a data URL; send the bytes themselves"),
)


class Sound(NamedTuple):
    """A file of sound. `ms` None: its container does not say how long it is."""

    kind: str
    ms: int | None
    most_ms: int
    channels: int | None = None
    rate: int | None = None  # samples per second

    @property
    def likely_ms(self) -> int:
        """For a charge when nobody else says how long it was."""
        return self.most_ms if self.ms is None else self.ms


class NotSoundError(ValueError):
    """The bytes are no sound. Its text completes "the file is …"."""


def read_sound(read: Reader, size: int) -> Sound:
    """What the file of `size` bytes is; `read(offset, length)` gives its bytes, fewer at the end.

    Raises NotSoundError.
    """
    if size == 0:
        raise NotSoundError("empty")
    head = read(0, 4096)
    kind = _tell_kind(read, head, size)
    try:
        found = _READERS[kind](read, size) if kind in _READERS else Found()
    except (IndexError, ValueError, OverflowError):  # a broken container: its bytes still count
        found = Found()
    if found.silent:
        raise NotSoundError(f"{found.silent} ({EXTENSIONS[kind][0]})")
    return Sound(kind, *_weigh(kind, found, size), found.channels, found.rate)


def _weigh(kind: str, found: Found, size: int) -> tuple[int | None, int]:
    """What it says as far as it can be, and the bound."""
    said, likely = found.ms, found.likely_ms or 0
    if said is None:
        return (likely or None), max(likely, 0 if likely else size * _SLOWEST)
    if found.exact:  # follows from the bytes themselves
        return said, said
    said = min(said, size * _LOWEST)
    highest = _HIGHEST.get(kind)
    if highest is not None and size * 8 > highest * (said + 1000) and not found.padded:
        return max(said, likely), max(said, likely or size * _SLOWEST)
    return said, max(said, likely)


def _tell_kind(read: Reader, head: bytes, size: int) -> str:
    kind = _tell_container(head)
    if kind is None:
        kind = find_frames(read, head, size)
    if kind is None:
        raise NotSoundError(_name_stranger(head))
    return kind


def _tell_container(head: bytes) -> str | None:
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] in (b"ftyp", b"moov", b"moof", b"styp") or (
        head[4:8] in (b"mdat", b"wide", b"free") and head[:1] == b"\0"
    ):
        return "mp4"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    for mark, kind in (
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"#!AMR", "amr"),
        (b"caff", "caf"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
    ):
        if head.startswith(mark):
            return kind
    return None


def _name_stranger(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return {b"WEBP": "a WebP picture", b"AVI ": "an AVI film"}.get(head[8:12], "a RIFF file")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, name in _STRANGERS:
        if text[: len(start)].lower() == start.lower():
            return name
    if not any(head):
        return "nothing but zeros"
    if _is_text(head):
        return "text"
    return f"of a kind that nobody knows (it begins with {head[:8].hex(' ')})"


def _is_text(head: bytes) -> bool:
    try:
        text = head[:1024].decode()
    except UnicodeDecodeError as error:
        if error.start < len(head[:1024]) - 4:
            return False
        text = head[: error.start].decode()
    return all(each.isprintable() or each in "\r\n\t" for each in text)


_READERS = {
    "wav": read_wav,
    "mp3": read_mp3,
    "ogg": read_ogg,
    "flac": read_flac,
    "mp4": read_mp4,
    "webm": read_webm,
    "aac": read_adts,
}
