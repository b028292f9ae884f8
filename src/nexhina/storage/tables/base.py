"""The metadata that all tables share, and the few column shapes that repeat."""

from typing import Any

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only when the column's type is exactly INTEGER.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def row_id() -> Column[int]:
    """A number that the database gives and (with `sqlite_autoincrement`) never gives again."""
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def tenant_id() -> Column[int]:
    """Whose row it is."""
    return Column("tenant_id", ROW_ID, ForeignKey("tenant.id"), nullable=False)


def seconds(name: str, *, nullable: bool = False) -> Column[float]:
    """A point in time, in Unix seconds."""
    return Column(name, Double(), nullable=nullable)


def nano(name: str, *, nullable: bool = False) -> Column[int]:
    """An amount in nano-USD."""
    return Column(name, BigInteger(), nullable=nullable)


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index.

    Only for SQLite, as a sign for the reader: indexes are made by the migrations, and naming
    PostgreSQL here would load every driver that SQLAlchemy knows for it, at each start.
    """
    return {"sqlite_where": text(condition)}
