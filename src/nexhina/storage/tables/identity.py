"""Who: tenants, users, API keys and set-up links."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from nexhina.storage.tables.base import ROW_ID, metadata, nano, row_id, seconds, tenant_id, where

tenant = Table(
    "tenant",
    metadata,
    row_id(),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("postpaid", Boolean, nullable=False),
    seconds("created_at"),
    sqlite_autoincrement=True,
)

user = Table(
    "user",
    metadata,
    row_id(),
    tenant_id(),
    Column("email", Text, unique=True),  # lower case
    Column("password_hash", Text),
    Column("role", Text, nullable=False),
    seconds("created_at"),
    Index("ix_user_tenant_id", "tenant_id"),
    sqlite_autoincrement=True,
)

token = Table(
    "token",
    metadata,
    row_id(),
    tenant_id(),
    Column("user_id", ROW_ID, ForeignKey("user.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),  # HMAC(pepper, SHA-256(key))
    Column("status", Text, nullable=False),
    nano("budget_nano", nullable=True),
    Column("models", Text),  # JSON list; NULL: every model
    Column("permissions", Text, nullable=False),  # JSON list
    seconds("created_at"),
    seconds("expires_at", nullable=True),
    # Written with each batch of log rows, so that a list of keys needs no sum over the log.
    Column("spent_nano", BigInteger, nullable=False, server_default=text("0")),
    Column("calls", BigInteger, nullable=False, server_default=text("0")),
    seconds("last_used_at", nullable=True),
    Index(
        "uq_token_enabled_name",
        "tenant_id",
        "name",
        unique=True,
        **where("status = 'enabled'"),
    ),
    sqlite_autoincrement=True,
)

setup_link = Table(
    "setup_link",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    tenant_id(),
    Column("user_id", ROW_ID, ForeignKey("user.id"), nullable=False),
    seconds("expires_at"),
    seconds("used_at", nullable=True),
    Index("ix_setup_link_user_id", "user_id"),
)
