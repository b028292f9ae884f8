"""Inserts whose SQL differs between SQLite and PostgreSQL only in the object that builds it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """True when the row is new; a row with the same key stays as it is."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def upsert(connection: Connection, table: Table, key: list[str], values: Mapping[str, Any]) -> None:
    """Writes the row, over the one with the same key if there is one."""
    statement = _insert(connection, table).values(**values)
    changes = {name: statement.excluded[name] for name in values if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))


def _insert(connection: Connection, table: Table) -> Any:
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    return insert(table)
