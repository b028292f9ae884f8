"""A channel's own prices: one pair of figures for all its models, as dated rows."""

from typing import TYPE_CHECKING

from nexhina.domain.channel import Channel
from nexhina.domain.model import Price
from nexhina.storage import price as prices

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PRICE_KINDS = ("input", "output")
_PER = 1_000_000
_SOURCE = "operator"


def save_prices(
    connection: "Connection",
    channel: Channel,
    names: tuple[str, ...],
    price: tuple[int, int],
    now: float,
) -> None:
    """Dated rows for input and output tokens of each model, in force from `now`."""
    for name in names:
        for kind, nano in zip(_PRICE_KINDS, price, strict=True):
            prices.save_price(
                connection,
                Price(
                    id=0,
                    model=name,
                    channel_id=channel.id,
                    kind=kind,
                    nano=nano,
                    per=_PER,
                    since=now,
                    source=_SOURCE,
                ),
            )


def carry_price(
    connection: "Connection", before: Channel, after: Channel, now: float
) -> tuple[str, ...]:
    """Gives new models the price that all others of the channel have, and says so."""
    added = tuple(name for name in after.models if name not in before.models)
    rows = prices.list_prices(connection, channel_id=after.id)
    priced = {row.model for row in rows}
    added = tuple(name for name in added if name not in priced)
    if not added or not rows:
        return ()
    newest = {(row.model, row.kind): row.nano for row in rows}  # by id: the last one counts
    figures = {
        (newest.get((name, "input")), newest.get((name, "output"))) for name in before.models
    }
    figure = figures.pop()
    if figures or figure[0] is None or figure[1] is None:
        return (f"{', '.join(added)} cost what the catalog says; --price sets a channel's price.",)
    save_prices(connection, after, added, (figure[0], figure[1]), now)
    return (f"{', '.join(added)} cost what the channel's other models cost.",)
