"""Speaks a text sentence by sentence and encodes it as it goes."""

from collections.abc import Iterator
from contextlib import closing

from nexhina.sandbox.order import Say
from nexhina.sandbox.sound.encoder import RATE, Stretcher, encode
from nexhina.sandbox.sound.runs import Run, cut_runs, cut_sentences
from nexhina.sandbox.sound.synthesizer import FASTEST, SLOWEST, Phrase, Synthesizer

_PAUSE = bytes(RATE // 5 * 2)  # between sentences
_MANDARIN_PACE = 0.85  # a Mandarin voice counts syllables as words
_kept: list[Synthesizer] = []  # the library can be started once


def speak(order: Say) -> Iterator[bytes | float]:
    """The file of the spoken text piece by piece, then its length in seconds.

    A text without a word is a short silence.
    """
    counted = 0

    def count() -> Iterator[bytes]:
        nonlocal counted
        for samples in _make_sound(order):
            counted += len(samples)
            yield samples

    yield from encode(count(), order.format)
    yield counted / 2 / RATE


def _make_sound(order: Say) -> Iterator[bytes]:
    if not _kept:
        _kept.append(Synthesizer())
    synthesizer = _kept[0]
    wanted = order.pace * order.speed
    pace = max(float(SLOWEST), min(float(FASTEST), wanted))
    stretcher = Stretcher(synthesizer.rate, wanted / pace)
    sentences = [cut_runs(sentence) for sentence in cut_sentences(order.text)]
    phrases = [_plan(run, order, pace) for runs in sentences for run in runs]
    yield _PAUSE[: len(_PAUSE) // 2 & ~1]
    with closing(synthesizer.speak(phrases)) as spoken:
        for runs in sentences:
            for _ in runs:
                yield stretcher.change(next(spoken))
            yield stretcher.change(bytes(synthesizer.rate // 4 * 2))
    yield stretcher.finish()
    yield _PAUSE


def _plan(run: Run, order: Say, pace: float) -> Phrase:
    text, language = run
    tempo = pace * _MANDARIN_PACE if language == "cmn" else pace
    return Phrase(text, language + order.variant, order.pitch, round(tempo))
