"""A channel's own prices, as dated rows: for all its models alike, or for one of them."""

from typing import TYPE_CHECKING

from nexhina.domain.channel import Channel
from nexhina.domain.model import Price
from nexhina.errors import InvalidRequestError
from nexhina.services.price_text import WrittenPrice, write_prices
from nexhina.storage import model as models
from nexhina.storage import price as prices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_SOURCE = "operator"

_USED_BY = {
    "image": frozenset({"images", "image_edits", "image_variations"}),
    "character": frozenset({"speech"}),
    "audio": frozenset({"speech", "transcriptions", "translations"}),
    "video": frozenset({"video"}),
}
"""Operations that count a kind. A price for all models is none of a model that the catalog knows to do
nothing of the kind: it would be priced then, and free.
"""


def save_prices(
    connection: "Connection",
    channel: Channel,
    names: tuple[str, ...],
    written: "Iterable[WrittenPrice]",
    now: float,
    *,
    carried: bool = False,
) -> None:
    """Dated rows for those of these models that are meant, one model's own over all models'.

    Raises InvalidRequestError where none is meant, unless the prices are `carried` over from others.
    """
    facts = {model.name: model for model in models.list_models(connection)}
    # An operator's own name is charged by what the model behind it is.
    known = {name: facts.get(name) or facts.get(channel.models[name]) for name in names}
    for price in sorted(written, key=lambda each: each.model is not None):  # the last one counts
        used_by = None if price.model else _USED_BY.get(price.kind)
        fitting = [
            name
            for name in names
            if price.model in (None, name)
            and (used_by is None or (model := known[name]) is None or used_by & {*model.operations})
        ]
        if not fitting and not carried:
            raise InvalidRequestError(
                f"No model of this channel is known to be charged by {price.kind!r}; name the one "
                f"that is: {write_prices([price])}@{names[0]}."
            )
        for name in fitting:
            row = Price(
                id=0,
                model=name,
                channel_id=channel.id,
                kind=price.kind,
                variant=price.variant,
                nano=price.nano,
                per=price.per,
                since=now,
                source=_SOURCE,
            )
            prices.save_price(connection, row)


def list_own(connection: "Connection", channel: Channel, now: float) -> tuple[WrittenPrice, ...]:
    """The channel's prices in force; without a model where all its models cost the same."""
    by_model = _list_by_model(connection, channel, now)
    sheets = [by_model.get(name, frozenset[WrittenPrice]()) for name in channel.models]
    if len(set(sheets)) == 1:
        return tuple(sorted(sheets[0]))
    return tuple(
        price._replace(model=name)
        for name, sheet in zip(channel.models, sheets, strict=True)
        for price in sorted(sheet)
    )


def carry_price(
    connection: "Connection", before: Channel, after: Channel, now: float
) -> tuple[str, ...]:
    """Gives new models the price that all others of the channel have, and says so."""
    by_model = _list_by_model(connection, after, now)
    added = tuple(
        name for name in after.models if name not in before.models and name not in by_model
    )
    if not added or not by_model:
        return ()
    sheets = {by_model.get(name, frozenset[WrittenPrice]()) for name in before.models}
    sheet = sheets.pop()
    if sheets or not sheet:
        return (f"{', '.join(added)} cost what the catalog says; --price sets a channel's price.",)
    save_prices(connection, after, added, sorted(sheet), now, carried=True)
    return (f"{', '.join(added)} cost what the channel's other models cost.",)


def _list_by_model(
    connection: "Connection", channel: Channel, now: float
) -> dict[str, frozenset[WrittenPrice]]:
    newest: dict[tuple[str, str, str], Price] = {}
    for row in prices.list_prices(connection, channel_id=channel.id):  # by id: the last one counts
        place = (row.model, row.kind, row.variant)
        if row.since <= now and (place not in newest or newest[place].since <= row.since):
            newest[place] = row
    sheets: dict[str, set[WrittenPrice]] = {}
    for row in newest.values():
        price = WrittenPrice(row.kind, row.variant, row.nano, row.per)
        sheets.setdefault(row.model, set()).add(price)
    return {model: frozenset(sheet) for model, sheet in sheets.items()}
