"""Work that outlives its request: jobs at vendors, and the money that is set aside for them."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from nexhina.storage.tables.base import ROW_ID, metadata, nano, seconds, tenant_id

job = Table(
    "job",
    metadata,
    Column("number", ROW_ID, primary_key=True, autoincrement=True),  # also of its posting
    Column("id", Text, nullable=False, unique=True),
    tenant_id(),
    Column("token_id", ROW_ID, ForeignKey("token.id"), nullable=False),
    Column("operation", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("channel_id", ROW_ID),  # no key: the channel may be removed
    Column("upstream_model", Text, nullable=False),
    Column("vendor_id", Text, nullable=False),
    Column("key_mark", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("source_id", Text),
    Column("files", Text, nullable=False),  # JSON map: variant -> name
    Column("ms", BigInteger),
    Column("size", Text),
    Column("error_code", Text, nullable=False),
    Column("error_text", Text, nullable=False),
    seconds("created_at"),
    seconds("taken_at", nullable=True),
    seconds("ended_at", nullable=True),
    seconds("expires_at", nullable=True),
    seconds("deadline_at"),
    seconds("poll_at", nullable=True),
    Column("polls", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("key", Text),
    Column("body_hash", LargeBinary, nullable=False),
    Column("accounts", Text, nullable=False),  # JSON list
    nano("held"),
    Column("row", LargeBinary, nullable=False),
    Index("uq_job_token_id_key", "token_id", "key", unique=True),
    Index("ix_job_tenant_id_number", "tenant_id", "number"),
    Index("ix_job_state_poll_at", "state", "poll_at"),
    sqlite_autoincrement=True,
)

earmark = Table(
    "earmark",
    metadata,
    Column("job_id", Text, ForeignKey("job.id"), primary_key=True),
    Column("account", Text, ForeignKey("account.id"), primary_key=True),
    tenant_id(),
    nano("amount"),
    Index("ix_earmark_account", "account"),
)
