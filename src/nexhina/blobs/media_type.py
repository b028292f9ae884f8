"""What a file is, judged by its bytes: the caller's word never decides how a browser reads it."""

BINARY = "application/octet-stream"

EXTENSIONS: dict[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "application/pdf": "pdf",
    "application/json": "json",
    "text/plain": "txt",
    BINARY: "bin",
}
"""Every type that is kept, and the extension of its links."""

_PLAIN = frozenset({"application/json", "text/plain"})
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
)


def sniff_type(data: bytes) -> str | None:
    """The media type that the first bytes tell, None when they tell none."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "video/mp4"
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    return None


def choose_type(claimed: str, data: bytes) -> str:
    """The type to keep and serve: what the bytes say; a plain text type on the caller's word.

    Everything else is BINARY: it is only ever downloaded.
    """
    sniffed = sniff_type(data)
    if sniffed is not None:
        return sniffed
    bare = claimed.partition(";")[0].strip().lower()
    return bare if bare in _PLAIN else BINARY


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place (image, audio, video) instead of saving it."""
    return content_type.partition("/")[0] in ("image", "audio", "video")
