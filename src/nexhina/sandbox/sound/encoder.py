"""Encodes samples as they come: 24 kHz, mono, in the formats of OpenAI's speech.

wav and pcm are written by hand: a WAV that is streamed does not know its length and says so.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import struct
from collections.abc import Iterator
from typing import cast

from av import AudioFrame, AudioResampler
from av import open as open_container
from av.audio.stream import AudioStream
from av.filter import Graph

from nexhina.sandbox.order import SoundFormat

RATE = 24_000  # samples a second of all that is spoken

_CODECS = {  # codec, container, options of the container, bits a second
    "mp3": ("libmp3lame", "mp3", {"write_xing": "0", "id3v2_version": "0"}, 64_000),
    "opus": ("libopus", "ogg", {"page_duration": "200000"}, 32_000),
    "aac": ("aac", "adts", {}, 64_000),
    "flac": ("flac", "flac", {}, 0),
}
_UNKNOWN = 0xFFFFFFFF


class _Sink:
    """What the container writes, until it is taken. It has no `seek`: it is a stream."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class Stretcher:
    """Changes the pace of samples without changing their pitch, and their rate to 24 kHz."""

    def __init__(self, rate: int, speed: float) -> None:
        self._rate = rate
        self._resampler = AudioResampler("s16", "mono", RATE)
        self._graph = None if abs(speed - 1) < 0.01 else _open_graph(rate, speed)
        self._time = 0

    def change(self, samples: bytes) -> bytes:
        """What can be told of the changed samples so far."""
        if not samples:
            return b""
        frame = make_frame(samples, self._rate)
        frame.pts = self._time
        self._time += frame.samples
        if self._graph is None:
            return self._resample(frame)
        self._graph.push(frame)
        return self._drain()

    def finish(self) -> bytes:
        """The rest."""
        rest = b""
        if self._graph is not None:
            self._graph.push(None)
            rest = self._drain()
        return rest + self._resample(None)

    def _drain(self) -> bytes:
        changed = bytearray()
        while self._graph is not None:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                break
            if isinstance(frame, AudioFrame):
                changed += self._resample(frame)
        return bytes(changed)

    def _resample(self, frame: AudioFrame | None) -> bytes:
        return b"".join(read_samples(each) for each in self._resampler.resample(frame))


def _open_graph(rate: int, speed: float) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="s16", layout="mono")
    last = source
    while speed < 0.5:  # the filter's lower bound
        tempo = graph.add("atempo", "0.5")
        last.link_to(tempo)
        last, speed = tempo, speed * 2
    tempo = graph.add("atempo", f"{speed:.4f}")
    last.link_to(tempo)
    tempo.link_to(graph.add("abuffersink"))
    graph.configure()
    return graph


def make_frame(samples: bytes, rate: int) -> AudioFrame:
    """16-bit mono samples as a frame."""
    frame = AudioFrame("s16", "mono", len(samples) // 2, align=1)
    frame.planes[0].update(samples)
    frame.rate = rate
    return frame


def read_samples(frame: AudioFrame) -> bytes:
    """The samples of a mono frame; its plane may be longer than they are."""
    return bytes(frame.planes[0])[: frame.samples * frame.format.bytes]


def encode(sound: Iterator[bytes], form: SoundFormat) -> Iterator[bytes]:
    """The file of 24 kHz samples, in pieces as they are ready."""
    if form == "pcm":
        yield from sound
    elif form == "wav":
        head = struct.pack(
            "<4sI4s4sIHHIIHH", b"RIFF", _UNKNOWN, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16
        )
        yield head + struct.pack("<4sI", b"data", _UNKNOWN - 36)
        yield from sound
    else:
        yield from _compress(sound, form)


def _compress(sound: Iterator[bytes], form: str) -> Iterator[bytes]:
    codec, kind, options, bits = _CODECS[form]
    sink = _Sink()
    container = open_container(sink, "w", format=kind, container_options=options)
    with container:
        stream = cast("AudioStream", container.add_stream(codec, rate=RATE))
        context = stream.codec_context
        context.layout = "mono"
        context.format = context.codec.audio_formats[0] if context.codec.audio_formats else "s16"
        if bits:
            context.bit_rate = bits
        context.open(strict=False)
        fit = AudioResampler(context.format, "mono", RATE, frame_size=context.frame_size or 4096)
        time = 0
        for samples in sound:
            if samples:
                frame = make_frame(samples, RATE)
                frame.pts = time
                time += frame.samples
                for fitted in fit.resample(frame):
                    container.mux(stream.encode(fitted))
                if piece := sink.take():
                    yield piece
        for fitted in fit.resample(None):
            container.mux(stream.encode(fitted))
        container.mux(stream.encode(None))
    yield sink.take()
