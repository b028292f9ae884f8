"""How a person writes a channel's prices down, and how they are shown again. Pure.

IN/OUT is text in USD per 1M tokens; all else is KIND[:VARIANT]=USD[/UNIT], as in video:720p=0.10/second.
Either may end in @MODEL, for one of the channel's models in the place of all.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from re import split
from typing import NamedTuple, NoReturn

from nexhina.domain.money import NANO, format_usd, parse_usd
from nexhina.domain.usage import KINDS
from nexhina.errors import InvalidRequestError

_DEAREST = 1_000_000 * NANO  # per unit: a slip of the keyboard, not a price
_LONGEST_VARIANT = 64
_TOKENS = {"1M": 1_000_000, "1K": 1_000}
_PIECES = {"1": 1, "1K": 1_000}
_UNITS = {
    "image": _PIECES,
    "request": _PIECES,
    "audio": {"minute": 60_000, "second": 1_000, "hour": 3_600_000},
    "video": {"second": 1_000, "minute": 60_000, "hour": 3_600_000},
}
"""By kind: units by their names, the usual one first; of all other kinds `_TOKENS`."""

_VARIED = frozenset({"image", "video"})
_FORM = (
    "Write IN/OUT in USD per 1M tokens, like 0.15/0.60, or KIND=USD/UNIT, like image=0.04, "
    "character=15/1M, audio=0.006/minute or video:720p=0.10/second."
)


class WrittenPrice(NamedTuple):
    """One price: nano-USD for `per` units of `kind`."""

    kind: str
    variant: str
    nano: int
    per: int
    model: str | None = None  # None: of all the channel's models


def read_prices(text: str) -> tuple[WrittenPrice, ...]:
    """The prices that are written down, one a line or with semicolons; raises InvalidRequestError."""
    found: dict[tuple[str, str, str | None], WrittenPrice] = {}
    for part in split(r"[;\n]", text):
        if not part.strip():
            continue
        for price in _read_entry(part.strip()):
            place = (price.kind, price.variant, price.model)
            if place in found:
                _refuse(text, f"it says twice what {_name(price.kind, price.variant)} costs")
            found[place] = price
    if not found:
        _refuse(text, "it is empty")
    return tuple(found.values())


def write_prices(prices: Iterable[WrittenPrice]) -> str:
    """The prices as they are written down, with spaces between them."""
    found = {(price.kind, price.variant, price.model): price for price in prices}
    texts: list[str] = []
    for price in found.values():
        ending = "" if price.model is None else f"@{price.model}"
        text = [found.get((kind, "", price.model)) for kind in ("input", "output")]
        pair = [format_usd(each.nano) for each in text if each and each.per == _TOKENS["1M"]]
        if price in text and len(pair) == 2:
            if price.kind == "input":
                texts.append(f"{'/'.join(pair)}{ending}")
            continue
        amount = f"{format_usd(price.nano)}/{write_unit(price.kind, price.per)}"
        texts.append(f"{_name(price.kind, price.variant)}={amount}{ending}")
    return " ".join(texts)


def write_unit(kind: str, per: int) -> str:
    """The name of so many of a kind: "1M" of tokens, "minute" of sound."""
    units = _UNITS.get(kind, _TOKENS)
    return next((name for name, many in units.items() if many == per), str(per))


def _read_entry(text: str) -> tuple[WrittenPrice, ...]:
    head, mark, rest = text.partition("=")
    if not mark:
        pair, _, model = text.partition("@")
        return _read_pair(text, pair, model.strip() or None)
    kind, _, variant = (piece.strip().lower().replace("*", "x") for piece in head.partition(":"))
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}."
        _refuse(text, f"there is no kind {kind!r}; {cure}", form=False)
    if variant and (kind not in _VARIED or len(variant) > _LONGEST_VARIANT):
        _refuse(text, f"{kind} has no sizes; leave ':{variant[:40]}' out.", form=False)
    amount, _, model = rest.partition("@")
    usd, _, unit = (piece.strip() for piece in amount.partition("/"))
    units = _UNITS.get(kind, _TOKENS)
    per = units.get(unit or next(iter(units)))
    if per is None:
        _refuse(text, f"{kind} is priced per {', '.join(units)}, not per {unit!r}.", form=False)
    return (WrittenPrice(kind, variant, _read_usd(text, usd), per, model.strip() or None),)


def _read_pair(text: str, pair: str, model: str | None) -> tuple[WrittenPrice, ...]:
    parts = pair.split("/")
    if len(parts) != 2:
        _refuse(text, "it has no single slash")
    amounts = [_read_usd(text, part) for part in parts]
    per = _TOKENS["1M"]
    return tuple(
        WrittenPrice(kind, "", nano, per, model)
        for kind, nano in zip(("input", "output"), amounts, strict=True)
    )


def _read_usd(text: str, amount: str) -> int:
    try:
        nano = parse_usd(amount)
    except ValueError as error:
        _refuse(text, str(error))
    if not 0 <= nano <= _DEAREST:
        raise InvalidRequestError(
            f"The price {text!r} must lie between 0 and {format_usd(_DEAREST)} USD per unit."
        )
    return nano


def require_models(prices: Iterable[WrittenPrice], names: Collection[str]) -> None:
    """Raises InvalidRequestError for a price of a model that the channel does not have."""
    for price in prices:
        if price.model is not None and price.model not in names:
            near = get_close_matches(price.model, names, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}."
            raise InvalidRequestError(f"The channel has no model {price.model!r} to price; {cure}")


def _name(kind: str, variant: str) -> str:
    return f"{kind}:{variant}" if variant else kind


def _refuse(text: str, why: str, *, form: bool = True) -> NoReturn:
    told = f"The price {text[:80]!r} is not understood: {why}"
    raise InvalidRequestError(f"{told}. {_FORM}" if form else told)
