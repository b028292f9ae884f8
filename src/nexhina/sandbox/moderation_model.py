"""What the sandbox's moderation has learned: how likely a sentence is harmful, and in which way.

Nothing that was learned is stored. A process learns at its first moderation, about a second in small
steps, from the labelled sentences in `sentences/`: a logistic regression tells harmful from
harmless, and naive Bayes tells the categories of what is harmful. Chance has no part in it, so that
every process comes to the same scores.
"""

from array import array
from collections.abc import Iterator
from importlib.resources import files
from math import exp, log, sqrt
from threading import Lock

import msgspec

from nexhina.sandbox.moderation_features import PLACES, prepare, read_places

CATEGORIES: tuple[str, ...] = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
FILES = ("harmful_en.txt", "harmless_en.txt", "harmful_zh.txt", "harmless_zh.txt")

_KIND_PLACES = 1 << 14  # the kinds need fewer: less memory

# Found by cross-validation over the sentences.
_ROUNDS = 8
_RATE = 2.0
_BIAS_RATE = 0.1
_STRIDE = 7919  # a prime: the walk mixes all sentences (their number must not be a multiple of it)
_CERTAIN = 0.05  # an error too small to learn from
_RARE = 0.1  # added to each count, so that what was not seen is not impossible
_WARMTH = 4.0  # divides what naive Bayes is too sure of


class Labelled(msgspec.Struct, frozen=True):
    """A sentence of the learning material; no categories: harmless."""

    text: str
    categories: tuple[str, ...]


def list_sentences(name: str) -> Iterator[Labelled]:
    """The labelled sentences of one file of `sentences/`."""
    categories: tuple[str, ...] = ()
    text = files("nexhina.sandbox").joinpath("sentences", name).read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            label = line.strip("[]")
            categories = () if label == "harmless" else tuple(label.split())
        elif line and not line.startswith("#"):
            yield Labelled(line, categories)


class Model:
    """Weights by place, and for each kind of harm (a set of categories) how common a place is in it."""

    def __init__(self) -> None:
        self._bias = 0.0
        self._weights = array("f", bytes(4 * PLACES))
        self._kinds: dict[tuple[str, ...], array[float]] = {}
        self._priors: dict[tuple[str, ...], float] = {}

    def learn(self, sentences: Iterator[Labelled]) -> Iterator[None]:
        """Learns from the sentences in steps of about a millisecond; the first two take some more."""
        yield from prepare()
        seen: list[tuple[array[int], bool]] = []
        for number, sentence in enumerate(sentences):
            places = read_places(sentence.text)
            seen.append((places, bool(sentence.categories)))
            if sentence.categories:
                self._count(places, sentence.categories)
            if number % 4 == 3:
                yield
        yield from self._fit(seen)
        yield from self._weigh_kinds()

    def _count(self, places: "array[int]", kind: tuple[str, ...]) -> None:
        counts = self._kinds.setdefault(kind, array("f", bytes(4 * _KIND_PLACES)))
        self._priors[kind] = self._priors.get(kind, 0.0) + 1
        for place in places:
            counts[place % _KIND_PLACES] += 1

    def _fit(self, seen: "list[tuple[array[int], bool]]") -> Iterator[None]:
        weights = self._weights
        number = 0
        for round_ in range(_ROUNDS):
            rate = _RATE / (1 + round_ / 2)
            for turn in range(len(seen)):
                number = (number + _STRIDE) % len(seen)
                places, harmful = seen[number]
                error = self.judge(places) - harmful
                if abs(error) > _CERTAIN:
                    step = rate * error / sqrt(len(places) or 1)
                    for place in places:
                        weights[place] -= step
                    self._bias -= rate * _BIAS_RATE * error
                if turn % 32 == 31:
                    yield

    def _weigh_kinds(self) -> Iterator[None]:
        harmful = sum(self._priors.values())
        for kind, counts in self._kinds.items():
            total = log(sum(counts) + _RARE * _KIND_PLACES)
            for start in range(0, _KIND_PLACES, 2048):
                end = start + 2048
                counts[start:end] = array(
                    "f", [log(count + _RARE) - total for count in counts[start:end]]
                )
                yield
            self._priors[kind] = log(self._priors[kind] / harmful)

    def judge(self, places: "array[int]", doubt: float = 0.0) -> float:
        """How likely a text with these places is harmful, 0 to 1; `doubt` is taken off its log odds."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self.weigh(places) - doubt))))

    def weigh(self, places: "array[int]") -> float:
        """The log odds that a text with these places is harmful."""
        total = sum(map(self._weights.__getitem__, places))
        return self._bias + total / sqrt(len(places) or 1)

    def score(self, places: "array[int]", doubt: float = 0.0) -> dict[str, float]:
        """The score of each category; the likeliest one has the likelihood of any harm at all."""
        harmful = self.judge(places, doubt)
        folded = [place % _KIND_PLACES for place in places]
        sums = {
            kind: (prior + sum(map(self._kinds[kind].__getitem__, folded))) / _WARMTH
            for kind, prior in self._priors.items()
        }
        most = max(sums.values())
        shares = dict.fromkeys(CATEGORIES, 0.0)
        for kind, value in sums.items():
            for category in kind:
                shares[category] += exp(value - most)
        whole = max(shares.values())
        return {category: harmful * share / whole for category, share in shares.items()}


class _School:
    """The one model of a process, and the learning that is under way."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self._pupil = Model()
        self._steps: Iterator[None] | None = None
        self._lock = Lock()  # more than one event loop may live in a process

    def step(self) -> None:
        """Learns a little more. All who wait for the model share the work."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._steps is None:
                sentences = (each for name in FILES for each in list_sentences(name))
                self._steps = self._pupil.learn(sentences)
            next(self._steps)
        except StopIteration:
            self.model = self._pupil
        finally:
            self._lock.release()


_SCHOOL = _School()


def learn() -> Iterator[None]:
    """The steps of learning that are still to do in this process; none once it has been done."""
    while _SCHOOL.model is None:
        _SCHOOL.step()
        yield


def require_model() -> Model:
    """The model of this process, which learns the rest at once if need be."""
    for _ in learn():
        pass
    assert _SCHOOL.model is not None
    return _SCHOOL.model
