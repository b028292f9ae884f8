"""Bytes that are kept for a while: media in chunks, answers by Idempotency-Key, Responses."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from nexhina.storage.tables.base import ROW_ID, metadata, seconds, tenant_id

blob = Table(
    "blob",
    metadata,
    Column("id", Text, primary_key=True),
    tenant_id(),
    Column("content_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    seconds("created_at"),
    seconds("expires_at"),
    Index("ix_blob_tenant_id", "tenant_id"),
    Index("ix_blob_expires_at", "expires_at"),
)

blob_chunk = Table(
    "blob_chunk",
    metadata,
    Column("blob_id", Text, ForeignKey("blob.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("token_id", ROW_ID, ForeignKey("token.id"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    tenant_id(),
    Column("body_hash", LargeBinary, nullable=False),
    Column("worker", Text, nullable=False),  # who runs the first call
    Column("epoch", BigInteger, nullable=False),
    Column("status", Integer),  # NULL: still running
    Column("headers", LargeBinary),
    Column("body", LargeBinary),
    seconds("expires_at"),
    Index("ix_idempotency_expires_at", "expires_at"),
)

response = Table(
    "response",
    metadata,
    Column("tenant_id", ROW_ID, ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),  # ours, or the vendor's where it is native
    Column("channel_id", ROW_ID, nullable=False),  # no key: the channel may be removed
    Column("native", Boolean, nullable=False),  # the vendor stores it too
    Column("model", Text, nullable=False),
    seconds("created_at"),
    seconds("expires_at"),
    Column("answer", LargeBinary, nullable=False),  # the Response object as JSON
    Column("items", LargeBinary, nullable=False),  # the request's own input items, a JSON list
    Column("previous_id", Text),
    Column("key_mark", Text, nullable=False, server_default=text("''")),  # of the channel's key
    Index("ix_response_expires_at", "expires_at"),
)
