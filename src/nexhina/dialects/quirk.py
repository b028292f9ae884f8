"""Quirks: how a vendor's or a model's parameters differ from the dialect, as data.

A deny, rename and clamp table, never an allow-list: a parameter that nobody has heard of passes.
They act on top-level keys only. Applying them is `envelope.splice`'s business.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct


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
