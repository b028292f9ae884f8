"""Writes down English speech: cuts a recording at its pauses and hears every part several times."""

from array import array
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nexhina.sandbox.order import Heard, Segment
from nexhina.sandbox.sound.agreement import ENOUGH, choose
from nexhina.sandbox.sound.decoder import RATE, change_speed, decode

if TYPE_CHECKING:
    from moonshine_voice.transcriber import Transcriber  # pyright: ignore[reportMissingTypeStubs]

_STRETCH = 30 * RATE * 4  # bytes of sound that are searched for pauses at once
_LONGEST = 12.0  # seconds of a part: the recogniser loses the thread of longer ones
_SHORTEST = 0.4  # seconds of a part that can be a word
_MARGIN = 0.1  # of sound around a part, where its neighbour leaves room
_SURE = 0.92  # two hearings that agree so far need no third


class Recogniser:
    """The recogniser of the package, with the model that its wheel brings. Loads 150 MB."""

    def __init__(self) -> None:
        from moonshine_voice import ModelArch, get_model_path  # pyright: ignore[reportMissingTypeStubs]
        from moonshine_voice.transcriber import Transcriber  # pyright: ignore[reportMissingTypeStubs]

        model = str(get_model_path("tiny-en"))

        def load(**options: str) -> "Transcriber":
            return Transcriber(
                model, ModelArch.TINY, options={"return_audio_data": "false", **options}
            )

        self._finder = load(skip_transcription="true", vad_max_segment_duration="25")
        self._hearer = load(vad_threshold="0")

    def find_speech(self, samples: bytes) -> list[tuple[float, float]]:
        """Where there is speech, as begin and end in seconds, in order, none overlapping."""
        found: list[tuple[float, float]] = []
        for line in _ask(self._finder, samples).lines:
            start = max(float(line.start_time), found[-1][1] if found else 0.0)
            end = float(line.start_time) + float(line.duration)
            while end - start > _LONGEST:
                cut = _find_quietest(samples, start + _LONGEST / 2, start + _LONGEST)
                found.append((start, cut))
                start = cut
            if end - start >= _SHORTEST:
                found.append((start, end))
        return found

    def hear(self, samples: bytes) -> str:
        """What is said, if it is English."""
        return " ".join(line.text.strip() for line in _ask(self._hearer, samples).lines).strip()


def _find_quietest(samples: bytes, start: float, end: float) -> float:
    """Where between two times, in seconds, there is most likely a gap between words."""
    step = RATE // 50
    sound = np.frombuffer(samples, np.float32)[round(start * RATE) : round(end * RATE)]
    steps = sound[: len(sound) // step * step].reshape(-1, step)
    energy = np.convolve((steps**2).mean(axis=1), np.ones(5), "same")[2:-2]
    return start + (int(energy.argmin()) + 2.5) * step / RATE


def _ask(transcriber: "Transcriber", samples: bytes) -> Any:
    return transcriber.transcribe_without_streaming(array("f", samples), RATE)  # pyright: ignore[reportArgumentType]  (any sequence of floats)


_kept: list[Recogniser] = []


def listen(data: bytes) -> Iterator[Segment | Heard]:
    """A Segment for each stretch of speech as it is heard, then Heard."""
    if not _kept:
        _kept.append(Recogniser())
    recogniser = _kept[0]
    waiting = bytearray()
    done = 0  # samples before `waiting`
    for samples in decode(data):
        waiting += samples
        if len(waiting) >= _STRETCH:
            rest = yield from _hear_stretch(recogniser, waiting, done, final=False)
            done += rest
            del waiting[: rest * 4]
    total = done + len(waiting) // 4
    yield from _hear_stretch(recogniser, waiting, done, final=True)
    yield Heard(total / RATE)


def _hear_stretch(
    recogniser: Recogniser, waiting: bytearray, done: int, *, final: bool
) -> Generator[Segment, None, int]:
    """Hears what is there, but for a last part that may go on; returns how many samples are done."""
    samples = bytes(waiting)
    length = len(samples) // 4
    parts = recogniser.find_speech(samples)
    for place, (start, end) in enumerate(parts):
        open_end = end * RATE >= length - RATE // 2
        if not final and open_end and start > 1.0:
            return max(0, round((start - _MARGIN) * RATE))
        before = parts[place - 1][1] if place else 0.0
        after = parts[place + 1][0] if place + 1 < len(parts) else length / RATE
        first = round(max(before, start - _MARGIN) * RATE)
        last = round(min(after, end + _MARGIN) * RATE)
        text, confidence = _understand(recogniser, samples[first * 4 : last * 4])
        offset = done / RATE
        kept = text if confidence >= ENOUGH else ""
        yield Segment(offset + start, offset + end, kept, round(confidence, 3))
    return length


def _understand(recogniser: Recogniser, samples: bytes) -> tuple[str, float]:
    hearings = [recogniser.hear(samples), recogniser.hear(change_speed(samples, 1.1))]
    text, confidence = choose(hearings)
    if confidence < _SURE:
        hearings.append(recogniser.hear(change_speed(samples, 0.9)))
        text, confidence = choose(hearings)
    return text, confidence
