"""Single values of the installation: its id, the configuration's version, flags, sequences."""

import uuid

from sqlalchemy import Connection, bindparam, select, update

from nexhina.storage.insert import insert_once
from nexhina.storage.tables import meta

_LOAD = select(meta.c.value).where(meta.c.name == bindparam("wanted"))


def load_value(connection: Connection, name: str) -> str | None:
    """The value, None when it was never saved."""
    return connection.execute(_LOAD, {"wanted": name}).scalar()


def save_value(connection: Connection, name: str, value: str) -> None:
    """Sets the value, whether or not there is one."""
    if not insert_once(connection, meta, {"name": name, "value": value}):
        connection.execute(update(meta).where(meta.c.name == name).values(value=value))


def load_installation_id(connection: Connection) -> str:
    """The id that this database was born with; a writing connection makes it at first."""
    found = load_value(connection, "installation")
    if found is None:
        insert_once(connection, meta, {"name": "installation", "value": str(uuid.uuid4())})
        found = load_value(connection, "installation")
    assert found is not None
    return found


def load_version(connection: Connection) -> int:
    """The configuration's version: grows with every change of what the gateway keeps in memory."""
    return int(load_value(connection, "version") or 0)


def bump_version(connection: Connection) -> int:
    """The next version; call it in the transaction that changes the configuration."""
    return next_number(connection, "version")


def next_number(connection: Connection, name: str) -> int:
    """The next number of a sequence without gaps. Holds the row until the transaction ends."""
    # The value is text for every other use of this table, so the database can't add to it itself.
    insert_once(connection, meta, {"name": name, "value": "0"})
    locked = select(meta.c.value).where(meta.c.name == name).with_for_update()
    number = int(connection.execute(locked).scalar_one()) + 1
    connection.execute(update(meta).where(meta.c.name == name).values(value=str(number)))
    return number
