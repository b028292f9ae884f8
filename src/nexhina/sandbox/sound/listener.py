"""Writes down English speech: cuts a recording at its pauses and hears every part several times."""

import os
from array import array
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexhina.sandbox.order import Heard, Segment
from nexhina.sandbox.sound.agreement import CERTAIN, ENOUGH, LIKELY, choose, guess_tempo, settle
from nexhina.sandbox.sound.decoder import RATE, change_speed, change_tempo, decode
from nexhina.sandbox.sound.parts import Span, cut_long, find_runs, measure
from nexhina.sandbox.sound.sentences import cut_sentences
from nexhina.sandbox.sound.timing import spread_words
from nexhina.sandbox.sound.vocabulary import read_common_words

if TYPE_CHECKING:
    from moonshine_voice.transcriber import Transcriber  # pyright: ignore[reportMissingTypeStubs]

_STRETCH = 30 * RATE * 4  # bytes of sound that are searched for pauses at once
_SHORTEST = 0.2  # seconds of a part that can be a word
_LEAD = 0.1  # seconds of sound that a part takes along into the next stretch
_ONSET = 0.5  # seconds before the end of a stretch in which a word may have begun
_ENOUGH_HEARINGS = 3
_HEARINGS = ((1.0, 0.05, 0.2), (0.9, 0.08, 0.05), (1.1, 0.02, 0.05), (0.85, 0.05, 0.05))
"""How a part is heard: its speed, and the seconds of sound before and behind it, where there is room.

English comes out the same each time. The last one is for parts that the others leave in doubt.
"""


class Recogniser:
    """The recogniser of the package, with the model that its wheel brings. Loads 150 MB."""

    def __init__(self) -> None:
        # Its threads wait by spinning: on a busy machine one alone is four times as fast as all.
        os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "1"
        from moonshine_voice import get_model_path  # pyright: ignore[reportMissingTypeStubs]

        self._model = str(get_model_path("tiny-en"))
        self._hearer = self._load(vad_threshold="0")
        self.common = read_common_words(Path(self._model) / "tokenizer.bin")

    def _load(self, **options: str) -> "Transcriber":
        from moonshine_voice import ModelArch  # pyright: ignore[reportMissingTypeStubs]
        from moonshine_voice.transcriber import Transcriber  # pyright: ignore[reportMissingTypeStubs]

        options["return_audio_data"] = "false"
        return Transcriber(self._model, ModelArch.TINY, options=options)

    def find_speech(self, samples: bytes) -> list[Span]:
        """Where there is speech, as begin and end in seconds, in order."""
        # The detector goes on in the mood of what it was last asked: each stretch gets a new one.
        finder = self._load(skip_transcription="true", vad_max_segment_duration="25")
        length = len(samples) / 4 / RATE
        try:
            return [
                (
                    max(0.0, float(line.start_time)),
                    min(length, float(line.start_time + line.duration)),
                )
                for line in _ask(finder, samples).lines
            ]
        finally:
            finder.close()

    def hear(self, samples: bytes) -> str:
        """What is said, if it is English."""
        return " ".join(line.text.strip() for line in _ask(self._hearer, samples).lines).strip()


def _ask(transcriber: "Transcriber", samples: bytes) -> Any:
    return transcriber.transcribe_without_streaming(array("f", samples), RATE)  # pyright: ignore[reportArgumentType]  (any sequence of floats)


_kept: list[Recogniser] = []


def listen(data: bytes) -> Iterator[Segment | Heard]:
    """A Segment for each sentence of the speech that was understood, as it is heard, then Heard.

    A part that is not certain waits for the next one that is, or the end: what surrounds it tells
    whether the recording is English.
    """
    if not _kept:
        _kept.append(Recogniser())
    waiting: list[Segment] = []
    certain = strange = seconds = 0.0
    for part in hear_parts(_kept[0], data):
        if isinstance(part, Heard):
            seconds = part.seconds
            break
        if part.confidence < LIKELY:
            strange += part.end - part.start
            continue
        waiting.append(part)
        if part.confidence >= CERTAIN:
            certain += part.end - part.start
            yield from _judge(waiting, certain, strange)
            waiting.clear()
    yield from _judge(waiting, certain, strange)
    yield Heard(seconds)


def _judge(parts: list[Segment], certain: float, strange: float) -> Iterator[Segment]:
    """The sentences of the parts that are sure enough, beside so many seconds of both kinds."""
    doubted = CERTAIN if strange else ENOUGH
    enough = LIKELY if certain > strange else doubted
    sure = [part for part in parts if part.confidence >= enough]
    return (sentence for part in sure for sentence in cut_sentences(part))


def hear_parts(recogniser: Recogniser, data: bytes) -> Iterator[Segment | Heard]:
    """A Segment for each part, whatever is thought of it, then Heard."""
    waiting = bytearray()
    done = 0  # samples before `waiting`
    for samples in decode(data):
        waiting += samples
        if len(waiting) >= _STRETCH:
            stretch = bytes(waiting)
            parts, rest = _cut(recogniser, stretch, final=False)
            yield from _hear_stretch(recogniser, stretch, parts, done)
            done += rest
            del waiting[: rest * 4]
    stretch = bytes(waiting)
    yield from _hear_stretch(recogniser, stretch, _cut(recogniser, stretch, final=True)[0], done)
    yield Heard((done + len(stretch) // 4) / RATE)


def _cut(recogniser: Recogniser, samples: bytes, *, final: bool) -> tuple[list[Span], int]:
    """The parts of a stretch, and how many of its samples are done with them.

    Unless it is the final one, a last part that may go on is left to the next stretch.
    """
    length = len(samples) / 4 / RATE
    parts = cut_long(measure(samples), recogniser.find_speech(samples))
    if final:
        return parts, len(samples) // 4
    rest = length - _ONSET
    if parts and parts[-1][1] > rest:
        start = parts[-1][0]
        before = parts[-2][1] if len(parts) > 1 else 0.0
        if start > 1.0:
            parts.pop()
            rest = max(before, start - _LEAD)
        else:
            rest = parts[-1][1]
    return parts, round(rest * RATE)


def _hear_stretch(
    recogniser: Recogniser, samples: bytes, parts: list[Span], done: int
) -> Iterator[Segment]:
    loudness = measure(samples)
    length, offset = len(samples) / 4 / RATE, done / RATE
    for place, (start, end) in enumerate(parts):
        if end - start < _SHORTEST:
            continue
        before = parts[place - 1][1] if place else 0.0
        after = parts[place + 1][0] if place + 1 < len(parts) else length
        runs = find_runs(loudness, (start, end))  # the detector leaves half a second around
        text, confidence = _understand(
            recogniser, samples, (runs[0][0], runs[-1][1]), room=(before, after)
        )
        runs = [(offset + a, offset + b) for a, b in runs]
        words = spread_words(text, runs)
        yield Segment(runs[0][0], runs[-1][1], text, round(confidence, 3), words)


def _understand(
    recogniser: Recogniser, samples: bytes, span: Span, room: Span
) -> tuple[str, float]:
    """What is said in the span, and how sure that is; `room` is the span between its neighbours.

    What is in doubt and was said slowly or fast is heard again at an even pace.
    """
    hear = partial(_hear_all, recogniser, samples, span, room)
    seconds = span[1] - span[0]
    hearings, heard = hear(1.0)
    tempo = guess_tempo(hearings, heard[1], seconds)
    return heard if tempo == 1.0 else settle(heard, hear(tempo)[1])


def _hear_all(
    recogniser: Recogniser, samples: bytes, span: Span, room: Span, tempo: float
) -> tuple[list[str], tuple[str, float]]:
    """Every hearing at this tempo, and what is made of them."""
    hearings: list[str] = []
    text, confidence = "", 0.0
    for speed, lead, tail in _HEARINGS:
        first = round(max(room[0], span[0] - lead) * RATE) * 4
        last = round(min(room[1], span[1] + tail) * RATE) * 4
        part = samples[first:last]
        if tempo != 1.0:
            part = change_tempo(part, tempo)
        hearings.append(recogniser.hear(part if speed == 1.0 else change_speed(part, speed)))
        if len(hearings) >= _ENOUGH_HEARINGS:
            text, confidence = choose(hearings, recogniser.common, span[1] - span[0])
            if not LIKELY <= confidence < CERTAIN:
                break
    return hearings, (text, confidence)
