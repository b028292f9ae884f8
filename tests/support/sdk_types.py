"""Requests made from an SDK's own types: each field, each kind and each word of it, at any depth.

A `Change` is one difference between two requests that both fit the types: a field that is there or
not, another kind of item in a list, another value. Fields that are not required are left out of
everything but the change that is about them.
"""

from collections.abc import Callable, Iterable, Iterator
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import typing_extensions

_REQUIRED = (Required, typing_extensions.Required)
_NOT_REQUIRED = (NotRequired, typing_extensions.NotRequired)
_SCALARS: dict[Any, tuple[Any, Any]] = {int: (1, 2), float: (0.5, 0.25)}
WORDS = ("one", "two", "three")


class Change(NamedTuple):
    """Two requests, the difference between them by its place, and the differences inside of it."""

    place: str
    before: Any
    after: Any
    inside: Callable[[], Iterator["Change"]]
    is_empty: bool = False
    """What came is an object that says nothing yet: what it can say is inside."""

    def lift(self, wrap: Callable[[Any], Any]) -> "Change":
        """The same change with each value wrapped into what it is a part of."""
        inside = self.inside
        return Change(
            self.place,
            wrap(self.before),
            wrap(self.after),
            lambda: (each.lift(wrap) for each in inside()),
            self.is_empty,
        )


def list_changes(kind: Any, place: str = "", above: tuple[Any, ...] = ()) -> Iterator[Change]:
    """The changes inside a value of this one kind; a type inside itself is not opened again."""
    if kind is str:
        yield Change(place, WORDS[0], WORDS[2], _nothing)
    elif kind in _SCALARS:
        yield Change(place, *_SCALARS[kind], _nothing)
    elif _is_object(kind):
        if kind not in above:
            yield from _list_fields(kind, place, (*above, kind))
    elif get_origin(kind) is dict:
        for member in list_kinds(get_args(kind)[1]):
            yield Change(f"{place}{{}}", {}, {"k": make_sample(member)}, _nothing)
    elif get_origin(kind) is not None and get_origin(kind) is not Literal:
        yield from _list_entries(kind, place, above)


def list_kinds(kind: Any) -> list[Any]:
    """What a value may be: the members of a union, each word of a `Literal`, both truth values."""
    kind = _strip(kind)
    if get_origin(kind) in (Union, UnionType):
        return [one for each in get_args(kind) if each is not NoneType for one in list_kinds(each)]
    if get_origin(kind) is Literal:
        return [Literal[word] for word in get_args(kind)]
    return [Literal[True], Literal[False]] if kind is bool else [kind]


def make_sample(kind: Any, word: str = WORDS[0]) -> Any:
    """A value with what is required and nothing else; its texts are `word`."""
    kind = list_kinds(kind)[0]
    if kind is str:
        return word
    if kind in _SCALARS:
        return _SCALARS[kind][0]
    if _is_object(kind):
        fields = read_fields(kind).items()
        return {
            name: make_sample(inner, word)
            for name, (inner, is_required) in fields
            if is_required or name == "type"
        }
    origin = get_origin(kind)
    if origin is Literal:
        return get_args(kind)[0]
    if origin is dict:
        return {"k": make_sample(get_args(kind)[1], word)}
    return {"a": 1} if origin is None else [make_sample(get_args(kind)[0], word)]


def read_fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Type of each field of a `TypedDict`, and whether it is required.

    `__required_keys__` alone does not tell: it knows no marks where annotations are strings.
    """
    hints = get_type_hints(kind, include_extras=True)
    return {name: (_strip(hint), _is_required(kind, name, hint)) for name, hint in hints.items()}


def name_kind(kind: Any) -> str:
    """The word for one kind: what its `type` says, the value itself, or the type's name."""
    if get_origin(kind) is Literal:
        return repr(get_args(kind)[0])
    if _is_object(kind):
        tag = read_fields(kind).get("type")
        if tag is not None and get_origin(tag[0]) is Literal:
            return str(get_args(tag[0])[0])
    return str(getattr(kind, "__name__", kind))


def _list_fields(kind: Any, place: str, above: tuple[Any, ...]) -> Iterator[Change]:
    base = make_sample(kind)
    for name, (inner, is_required) in read_fields(kind).items():
        first, *others = list_kinds(inner)
        if name in base:
            yield from _list_inside(base, name, first, f"{place}.{name}", above)
        else:
            others.insert(0, first)
        for member in others:
            here = f"{place}.{name}={name_kind(member)}"
            sample = make_sample(member)
            yield Change(
                here,
                {**base, name: make_sample(first)} if is_required else base,
                {**base, name: sample},
                _opener(base, name, member, here, above),
                sample == {},
            )


def _opener(
    base: Any, name: str, member: Any, place: str, above: tuple[Any, ...]
) -> Callable[[], Iterator[Change]]:
    return lambda: _list_inside(base, name, member, place, above)


def _list_inside(
    base: Any, name: str, member: Any, place: str, above: tuple[Any, ...]
) -> Iterator[Change]:
    for change in list_changes(member, place, above):
        yield change.lift(lambda value: {**base, name: value})


def _list_entries(kind: Any, place: str, above: tuple[Any, ...]) -> Iterator[Change]:
    """Each kind of entry behind one of the first kind, and what is inside of that entry."""
    members = list_kinds(get_args(kind)[0])
    first = make_sample(members[0], WORDS[1])
    for member in members:
        here = f"{place}[{name_kind(member)}]"
        sample = make_sample(member)
        opener = _entry_opener(first, member, here, above)
        yield Change(here, [first], [first, sample], opener, sample == {})


def _entry_opener(
    first: Any, member: Any, place: str, above: tuple[Any, ...]
) -> Callable[[], Iterator[Change]]:
    return lambda: (
        change.lift(lambda value: [first, value]) for change in list_changes(member, place, above)
    )


def _nothing() -> Iterator[Change]:
    return iter(())


def _strip(kind: Any) -> Any:
    while get_origin(kind) is Annotated or get_origin(kind) in (*_REQUIRED, *_NOT_REQUIRED):
        kind = get_args(kind)[0]
    return kind


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, dict) and hasattr(kind, "__total__")


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    mark = get_origin(hint)
    if mark in _REQUIRED:
        return True
    return name in kind.__required_keys__ and mark not in _NOT_REQUIRED


def exhaust(found: Any) -> None:
    """Looks at everything: what an SDK types as an iterable is validated only then."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, Iterable) and not isinstance(found, str):
        for each in found:
            exhaust(each)
