"""Reads the sound of any usual container as 16 kHz mono floats, a stretch at a time."""

from collections.abc import Iterator
from io import BytesIO
from typing import cast

from av import AudioFrame, AudioResampler
from av import open as open_container
from av.container import InputContainer
from av.error import FFmpegError
from av.filter import Graph

from nexhina.sandbox.sound.encoder import read_samples
from nexhina.sandbox.unreadable import UnreadableFile

RATE = 16_000
MOST_SECONDS = 1500  # of a recording

_OPTIONS = {
    # Playlists and the like would have the library open other files: none of them is in this list.
    "format_whitelist": "wav,w64,mp3,ogg,flac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,aiff,au,amr,caf",
    "protocol_whitelist": "none",
}


def decode(data: bytes) -> Iterator[bytes]:
    """The samples (float32, native order) in stretches as they are decoded.

    Raises UnreadableFile for what holds no sound, is broken, or longer than 25 minutes.
    """
    if not data:
        raise UnreadableFile("The file is empty.", "invalid_audio")
    decoded = 0
    try:
        with cast("InputContainer", open_container(BytesIO(data), options=_OPTIONS)) as container:
            if not container.streams.audio:
                raise UnreadableFile("The file has no sound in it.", "invalid_audio")
            if (container.duration or 0) > MOST_SECONDS * 1_000_000:
                _require_short(data)
            for fitted in _resample(container.decode(container.streams.audio[0])):
                decoded += fitted.samples
                yield read_samples(fitted)
    except (FFmpegError, ValueError, OverflowError) as error:
        if isinstance(error, UnreadableFile):
            raise
        if decoded < RATE // 10:  # a file that is cut off is heard as far as it goes
            raise UnreadableFile(
                "The file can't be read as sound. Send flac, m4a, mp3, mp4, ogg, wav or webm.",
                "invalid_audio",
            ) from error
    if not decoded:
        raise UnreadableFile("The file has no sound in it.", "invalid_audio")


def _resample(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """The sound at our rate; raises UnreadableFile before a frame that makes it too long."""
    resampler = AudioResampler("flt", "mono", RATE)
    seconds = 0.0  # as the file's own rate has them: a rate of one makes hours of a few kilobytes
    for frame in frames:
        seconds += frame.samples / max(1, frame.sample_rate)
        if seconds > MOST_SECONDS:
            raise _too_long()
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _require_short(data: bytes) -> None:
    """Raises UnreadableFile when the sound that is really there is too long: nothing is heard then."""
    with cast("InputContainer", open_container(BytesIO(data), options=_OPTIONS)) as container:
        seconds = 0.0
        for packet in container.demux(container.streams.audio[0]):
            if packet.duration and packet.time_base:
                seconds += float(packet.duration * packet.time_base)
            if seconds > MOST_SECONDS:
                raise _too_long()


def _too_long() -> UnreadableFile:
    return UnreadableFile(
        f"The recording is longer than {MOST_SECONDS} seconds; send it in parts.", "audio_too_long"
    )


def change_speed(samples: bytes, speed: float) -> bytes:
    """The samples as if the recording ran faster, its pitch raised with it."""
    resampler = AudioResampler("flt", "mono", RATE)
    frame = AudioFrame("flt", "mono", len(samples) // 4, align=1)
    frame.planes[0].update(samples)
    frame.rate = round(RATE * speed)
    frame.pts = 0
    return b"".join(
        read_samples(each) for part in (frame, None) for each in resampler.resample(part)
    )


def change_tempo(samples: bytes, tempo: float) -> bytes:
    """The samples as if it was spoken faster (0.5 to 2), its pitch as it was."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono")
    filter_, sink = graph.add("atempo", f"{tempo:.3f}"), graph.add("abuffersink")
    source.link_to(filter_)
    filter_.link_to(sink)
    graph.configure()
    frame = AudioFrame("flt", "mono", len(samples) // 4, align=1)
    frame.planes[0].update(samples)
    frame.rate = RATE
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    changed = bytearray()
    while True:
        try:
            changed += read_samples(cast("AudioFrame", graph.pull()))
        except (BlockingIOError, EOFError):
            return bytes(changed)
