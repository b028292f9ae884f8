"""The ledger: accounts, their entries, and the workers whose journals feed it."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from nexhina.storage.tables.base import metadata, nano, seconds, tenant_id

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    tenant_id(),
    nano("balance"),
    nano("floor", nullable=True),  # NULL: may go below any sum
    seconds("created_at"),
    Index("ix_account_tenant_id", "tenant_id"),
)

# (worker, epoch, seq) names the posting that the entries of both sides belong to.
entry = Table(
    "entry",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, ForeignKey("account.id"), primary_key=True),
    tenant_id(),
    nano("amount"),
    Column("kind", Text, nullable=False),  # charge | grant
    Column("note", Text, nullable=False),
    seconds("created_at"),
    Index("ix_entry_account_created_at", "account", "created_at"),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),  # running | stopped
    seconds("heartbeat_at"),
    Column("flushed_seq", BigInteger, nullable=False),  # all up to here is booked, once
)
