"""What a file is, judged by its bytes: the caller's word never decides how a browser reads it.

Markup (SVG, HTML, XML) is none of the types kept: it is bytes to be downloaded, whatever it is called.
Ogg is audio/ogg whatever the codec: audio/opus names a form of packets on a network (RFC 7587).
"""

import re

BINARY = "application/octet-stream"

EXTENSIONS: dict[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heic": "heic",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/x-matroska": "mka",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "application/pdf": "pdf",
    "application/json": "json",
    "text/plain": "txt",
    BINARY: "bin",
}
"""Every type that is kept, and the extension of its links."""

SNIFFED = 8 * 1024
"""First bytes of a file that tell all that is told here."""

_PLAIN = frozenset({"application/json", "text/plain"})
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS = {
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A "), "audio/mp4"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1"), "image/heic"),
    b"qt  ": "video/quicktime",
}
_EBML = b"\x1a\x45\xdf\xa3"
_SOUND_TRACK = re.compile(rb"\x86[\x80-\xff]A_[A-Z]")
_PICTURE_TRACK = re.compile(rb"\x86[\x80-\xff]V_[A-Z]")

# Kilobits per second of MPEG audio by bitrate index, from 1 on: ISO/IEC 11172-3 and 13818-3.
_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES = (44_100, 48_000, 32_000)


def sniff_type(data: bytes) -> str | None:
    """The media type that the first SNIFFED bytes tell, None when they tell none."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    if data[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime before it had brands
        return "video/quicktime"
    if data.startswith(_EBML):
        return _sniff_matroska(data[:SNIFFED])
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    return _sniff_frames(data)


def choose_type(claimed: str, data: bytes) -> str:
    """The type to keep and serve: what the bytes say; a plain text type on the caller's word.

    Everything else is BINARY: it is only ever downloaded.
    """
    bare = claimed.partition(";")[0].strip().lower()
    sniffed = sniff_type(data)
    if sniffed == "video/mp4" and bare == "audio/mp4":  # its tracks may be told at its end only
        return bare
    if sniffed is not None:
        return sniffed
    return bare if bare in _PLAIN else BINARY


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place (image, audio, video) instead of saving it."""
    return content_type.partition("/")[0] in ("image", "audio", "video")


def _sniff_matroska(start: bytes) -> str | None:
    """WebM or another Matroska file, with or without pictures."""
    is_sound = _SOUND_TRACK.search(start) is not None and _PICTURE_TRACK.search(start) is None
    if b"\x42\x82\x84webm" in start or len(start) < 64:
        return "audio/webm" if is_sound else "video/webm"
    if b"\x42\x82\x88matroska" in start:
        return "audio/x-matroska" if is_sound else "video/x-matroska"
    return None


def _sniff_frames(data: bytes) -> str | None:
    """Sound that begins with a frame: two frames in a row, where there are bytes for two."""
    for measure, kind in ((_measure_mpeg, "audio/mpeg"), (_measure_adts, "audio/aac")):
        length = measure(data)
        if length and (len(data) < length + 6 or measure(data[length : length + 6])):
            return kind
    return None


def _measure_mpeg(head: bytes) -> int:
    """Bytes of the MPEG audio frame (any version, layer and rate) that begins here; 0: none does."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = (head[1] >> 3) & 3, 4 - ((head[1] >> 1) & 3)
    bitrate, sampling = head[2] >> 4, (head[2] >> 2) & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or sampling == 3:
        return 0
    bits = _RATES[1 if version == 3 else 2, layer][bitrate - 1] * 1000
    samples = _SAMPLES[sampling] >> (3 - version if version else 2)
    padding = (head[2] >> 1) & 1
    if layer == 1:
        return (12 * bits // samples + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // samples + padding


def _measure_adts(head: bytes) -> int:
    """Bytes of the AAC frame that begins here; 0: none does."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or (head[2] >> 2) & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= 7 else 0
