"""Recordings of a known length in real containers, made with libav."""

import array
import io
import math
import struct
from functools import cache

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

KINDS: dict[str, tuple[str, str, str]] = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "wav-float": ("wav", "pcm_f32le", "flt"),
    "wav-mulaw": ("wav", "pcm_mulaw", "s16"),
    "wav-adpcm": ("wav", "adpcm_ima_wav", "s16p"),
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "opus": ("ogg", "libopus", "s16"),
    "vorbis": ("ogg", "vorbis", "fltp"),
    "ogg-flac": ("ogg", "flac", "s16"),
    "flac": ("flac", "flac", "s16"),
    "m4a": ("ipod", "aac", "fltp"),
    "mp4": ("mp4", "aac", "fltp"),
    "mp4-fragments": ("mp4", "aac", "fltp"),
    "webm": ("webm", "libopus", "s16"),
    "mkv": ("matroska", "flac", "s16"),
    "aac": ("adts", "aac", "fltp"),
}
"""Container, codec and sample format by name."""

_WIDTHS = {"s16": "h", "s16p": "h", "flt": "f", "fltp": "f"}


@cache
def make_sound(
    name: str, ms: int, rate: int = 48000, channels: int = 1, bit_rate: int = 0
) -> bytes:
    """A tone of `ms` in the container and codec of this name."""
    container, codec, form = KINDS[name]
    if codec == "vorbis":  # the encoder that is at hand knows nothing else
        channels = 2
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
    file = io.BytesIO()
    with av.open(
        file, "w", format=container, options=options if name == "mp4-fragments" else {}
    ) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono" if channels == 1 else "stereo"
        stream.format = form
        stream.options = {"strict": "-2"}
        if bit_rate:
            stream.bit_rate = bit_rate
        total, at = rate * ms // 1000, 0
        while at < total:
            count = min(1024, total - at)
            frame = _make_frame(form, channels, rate, at, count)
            for packet in stream.encode(frame):
                out.mux(packet)
            at += count
        for packet in stream.encode(None):
            out.mux(packet)
    return file.getvalue()


def _make_frame(form: str, channels: int, rate: int, at: int, count: int) -> AudioFrame:
    frame = AudioFrame(format=form, layout="mono" if channels == 1 else "stereo", samples=count)
    wave = [math.sin(2 * math.pi * 440 * (at + k) / rate) * 0.5 for k in range(count)]
    planes = channels if form.endswith("p") else 1
    repeat = channels // planes
    kind = _WIDTHS[form]
    values = [v if kind == "f" else int(v * 32767) for v in wave for _ in range(repeat)]
    data = array.array(kind, values).tobytes()
    for plane in frame.planes:
        plane.update(data.ljust(plane.buffer_size, b"\0"))
    frame.sample_rate = rate
    frame.pts = at
    return frame


def make_wav(samples: bytes, *, rate: int = 8000, size: int | None = None) -> bytes:
    """A WAV file of 16 bit mono whose head says `size` bytes of samples."""
    said = len(samples) if size is None else size
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    head = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", said)
    return b"RIFF" + struct.pack("<I", min(said + 36, 0xFFFFFFFF)) + head + samples
