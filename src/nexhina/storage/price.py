"""Prices by date. Built-in rows come from the catalog's files, the others from operators."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from nexhina.domain.model import Price
from nexhina.storage import meta
from nexhina.storage.row import read_fields
from nexhina.storage.tables import price


def list_prices(
    connection: Connection, model: str | None = None, channel_id: int | None = None
) -> list[Price]:
    """All prices, or those of a model or channel, by id."""
    wanted = select(price).order_by(price.c.id)
    if model is not None:
        wanted = wanted.where(price.c.model == model)
    if channel_id is not None:
        wanted = wanted.where(price.c.channel_id == channel_id)
    return [_read(row) for row in connection.execute(wanted)]


def save_price(connection: Connection, wanted: Price, *, builtin: bool = False) -> Price:
    """The price as saved: a new one for id 0, else every field replaced (KeyError: unknown id).

    A price that was charged should get a successor with a later `since`, not new figures.
    """
    saved = write_row(connection, wanted, builtin=builtin)
    meta.bump_version(connection)
    return saved


def write_row(connection: Connection, wanted: Price, *, builtin: bool) -> Price:
    """Like `save_price`, for a caller that counts the version itself."""
    values: dict[str, Any] = msgspec.structs.asdict(wanted) | {"builtin": builtin}
    del values["id"]
    if wanted.id:
        changed = connection.execute(update(price).where(price.c.id == wanted.id).values(**values))
        if changed.rowcount != 1:
            raise KeyError(wanted.id)
        return wanted
    row_id = connection.execute(insert(price).values(**values).returning(price.c.id)).scalar_one()
    return msgspec.structs.replace(wanted, id=row_id)


def remove_price(connection: Connection, price_id: int) -> bool:
    """True when there was such a price. Log rows keep the figures they were charged with."""
    found = connection.execute(delete(price).where(price.c.id == price_id)).rowcount == 1
    if found:
        meta.bump_version(connection)
    return found


def _read(row: Row[Any]) -> Price:
    fields = read_fields(row)
    del fields["builtin"]
    return Price(**fields)
