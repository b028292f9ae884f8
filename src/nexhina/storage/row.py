"""A result row as keyword arguments."""

from typing import Any

from sqlalchemy import Row


def read_fields(row: Row[Any]) -> dict[str, Any]:
    """Values by column name."""
    return dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  (a public name of SQLAlchemy, underscored to leave room for columns)
