"""Parts of a registry that are imported when they are first asked for.

Most installations use two or three vendors; the formats of all others would only cost time at start.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

Key = TypeVar("Key")
Part = TypeVar("Part")


class Late(NamedTuple):
    """A class of a module beside this one, and what it is made with."""

    module: str
    name: str
    options: dict[str, Any] = {}  # noqa: RUF012  (never changed)


class LateMapping(Mapping[Key, Part], Generic[Key, Part]):
    """A mapping whose values are made, once, when they are first read."""

    def __init__(self, parts: Mapping[Key, Late]) -> None:
        self._parts = parts
        self._made: dict[Key, Part] = {}

    def __getitem__(self, key: Key) -> Part:
        made = self._made.get(key)
        if made is None:
            part = self._parts[key]
            module = import_module(f"nexhina.dialects.{part.module}")
            made = self._made[key] = getattr(module, part.name)(**part.options)
        return made

    def __contains__(self, key: object) -> bool:
        return key in self._parts

    def __iter__(self) -> Iterator[Key]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
