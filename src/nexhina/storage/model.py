"""The catalog's models. Operators' rows (`builtin` false) are never overwritten by an upgrade."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select

from nexhina.domain.model import Model
from nexhina.storage import meta
from nexhina.storage.insert import upsert
from nexhina.storage.tables import model

_facts = msgspec.json.Decoder(Model)


def list_models(connection: Connection) -> list[Model]:
    """All models, by name."""
    return [_read(row) for row in connection.execute(select(model).order_by(model.c.name))]


def find_model(connection: Connection, name: str) -> Model | None:
    """The model of a name."""
    row = connection.execute(select(model).where(model.c.name == name)).one_or_none()
    return None if row is None else _read(row)


def save_model(connection: Connection, wanted: Model) -> None:
    """Writes the model, over the one of the same name."""
    write_row(connection, wanted)
    meta.bump_version(connection)


def write_row(connection: Connection, wanted: Model) -> None:
    """Like `save_model`, for a caller that counts the version itself."""
    values = {
        "name": wanted.name,
        "maker": wanted.maker,
        "facts": msgspec.json.encode(wanted).decode(),
        "builtin": wanted.builtin,
    }
    upsert(connection, model, ["name"], values)


def remove_model(connection: Connection, name: str) -> bool:
    """True when there was such a model."""
    found = connection.execute(delete(model).where(model.c.name == name)).rowcount == 1
    if found:
        meta.bump_version(connection)
    return found


def _read(row: Row[Any]) -> Model:
    return _facts.decode(row.facts)
