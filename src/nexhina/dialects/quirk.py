"""Quirks: how a vendor's or a model's parameters differ from the dialect, as data.

A deny, rename and clamp table, never an allow-list: a parameter that nobody has heard of passes.
They act on top-level keys only. `plan_changes` decides; JSON (`openai.py`), forms (`form_fields.py`) and
films (`openai_videos.py`) carry its changes out, each in its own way.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct

from nexhina.errors import InvalidRequestError


class Quirks(Struct, frozen=True, kw_only=True):
    """`models` are glob patterns of upstream names and `operations` names; empty = all.

    `refuse` answers 400, `drop` leaves out and reports, `ours` leaves out silently because the
    gateway itself does what the parameter asks for, `rename` maps to the vendor's word, `clamp`
    moves a number into (lowest, highest) and reports it.
    """

    models: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    refuse: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()
    rename: dict[str, str] = {}
    clamp: dict[str, tuple[float, float]] = {}
    no_stream_options: bool = False
    since: str  # when it was seen: "2026-08"
    source: str  # the page that says so

    def applies(self, operation: str, model: str) -> bool:
        """Whether they concern this operation and upstream model."""
        return (not self.operations or operation in self.operations) and (
            not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)
        )


def merge_quirks(quirks: Iterable[Quirks], operation: str, model: str) -> Quirks | None:
    """Those that apply, as one, later ones winning; None when nothing applies."""
    chosen = [each for each in quirks if each.applies(operation, model)]
    if len(chosen) < 2:
        return chosen[0] if chosen else None
    return Quirks(
        refuse=frozenset[str]().union(*(each.refuse for each in chosen)),
        drop=frozenset[str]().union(*(each.drop for each in chosen)),
        ours=frozenset[str]().union(*(each.ours for each in chosen)),
        rename={old: new for each in chosen for old, new in each.rename.items()},
        clamp={name: bounds for each in chosen for name, bounds in each.clamp.items()},
        no_stream_options=any(each.no_stream_options for each in chosen),
        since=max(each.since for each in chosen),
        source="; ".join(dict.fromkeys(each.source for each in chosen)),
    )


class Changes(NamedTuple):
    """What becomes of a request's parameters; a name may be both renamed and moved."""

    removed: list[str]
    renamed: dict[str, str]
    moved: dict[str, float]  # by the name that the caller used: the bound
    dropped: tuple[str, ...]  # to report: what was left out or moved


def plan_changes(
    quirks: Quirks,
    model: str,
    names: AbstractSet[str],
    is_given: Callable[[str], bool],
    read_number: Callable[[str], float | None],
) -> Changes:
    """What the quirks ask for of a request with these parameters; raises InvalidRequestError.

    `is_given`: whether a parameter says something; `read_number`: its number, None when it is none.
    """
    removed: list[str] = []
    renamed: dict[str, str] = {}
    moved: dict[str, float] = {}
    dropped: list[str] = []
    for name in quirks.refuse & names:
        if is_given(name):
            raise InvalidRequestError(
                f"'{name}' is not taken by the model {model!r}; leave it out.", param=name
            )
        removed.append(name)
    for name in (quirks.ours | quirks.drop) & names:
        removed.append(name)
        if name not in quirks.ours:
            dropped.append(name)
    for name in quirks.rename.keys() & (names - set(removed)):
        if quirks.rename[name] in names:
            removed.append(name)
            dropped.append(name)
        else:
            renamed[name] = quirks.rename[name]
    for name in quirks.clamp.keys() & names:
        number = None if name in removed else read_number(name)
        lowest, highest = quirks.clamp[name]
        if number is not None and not lowest <= number <= highest:
            moved[name] = lowest if number < lowest else highest
            dropped.append(name)
    return Changes(removed, renamed, moved, tuple(sorted(dropped)))
