"""Where in a recording something is said: cuts what is too long, and finds the edges and the pauses.

Pure. Times are seconds from the beginning of the samples (float32, `RATE` a second).
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from nexhina.sandbox.sound.decoder import RATE

LONGEST = 12.0  # seconds of a part: the recogniser loses the thread of longer ones
_USUAL = 9.6  # seconds of the parts of what is cut, so that there is room for a better place
_STEP = RATE // 50  # samples whose loudness is told as one
_STEPS = RATE / _STEP  # a second
_DEPTH = 35.0  # decibels below the loud parts that are still speech
_CLOSURE = 6  # steps of silence inside a word: before its p, t and k
_TOUCH = 0.02  # seconds: parts no further from each other are one that was cut

Span = tuple[float, float]
Loudness = NDArray[np.float32]


def measure(samples: bytes) -> Loudness:
    """The decibels of each 20 ms."""
    sound = np.frombuffer(samples, np.float32)
    steps = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP)
    return (10 * np.log10((steps**2).mean(axis=1) + 1e-10)).astype(np.float32)


def cut_long(loudness: Loudness, spans: list[Span]) -> list[Span]:
    """The spans, those that are too long cut at their quietest places into parts of like length."""
    found: list[Span] = []
    for start, end in _join(spans):
        begin = start
        while end - begin > LONGEST:
            length = (end - begin) / ceil((end - begin) / _USUAL)
            last = begin + min(length * 1.25, LONGEST)
            cut = _find_quietest(loudness, begin + length * 0.75, last)
            found.append((begin, cut))
            begin = cut
        found.append((begin, end))
    return found


def _join(spans: list[Span]) -> list[Span]:
    """The spans without overlap; what the detector cut only for its length is one again."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1] + _TOUCH:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _find_quietest(loudness: Loudness, start: float, end: float) -> float:
    """Where between two times there is most likely a gap between words."""
    first, last = int(start * _STEPS), ceil(end * _STEPS)
    level = np.convolve(10 ** (loudness[first:last] / 10), np.ones(5), "same")
    inner = level[2:-2] if len(level) > 4 else level
    return (first + int(inner.argmin()) + (2.5 if len(level) > 4 else 0.5)) / _STEPS


def find_runs(loudness: Loudness, span: Span) -> list[Span]:
    """What is loud in a span, between its pauses; the span itself if nothing stands out."""
    first = max(0, int(span[0] * _STEPS))
    part = loudness[first : ceil(span[1] * _STEPS)]
    if not len(part):
        return [span]
    floor, peak = (float(each) for each in np.percentile(part, (5, 95)))
    loud = np.flatnonzero(part >= max(peak - _DEPTH, floor + 0.25 * (peak - floor)))
    if not len(loud):
        return [span]
    breaks = np.flatnonzero(np.diff(loud) > _CLOSURE)
    starts = loud[np.concatenate(([0], breaks + 1))]
    ends = loud[np.concatenate((breaks, [len(loud) - 1]))] + 1
    return [
        (max(span[0], (first + int(a)) / _STEPS), min(span[1], (first + int(b)) / _STEPS))
        for a, b in zip(starts, ends, strict=True)
    ]
