"""What happened and what this installation is: the log of calls, and single values."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from nexhina.storage.tables.base import ROW_ID, metadata, nano, seconds, where

# Columns stand in the order of domain.log.LogRow: rows go in as tuples. No foreign keys: a row
# outlives its channel, and a batch must not fail because of one. Indexes are paid per call:
# storage/log.py says which question does with which.
log = Table(
    "log",
    metadata,
    # The order of booking, which is not the order of arrival: who follows the log needs it.
    Column("number", ROW_ID, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("request_id", Text, nullable=False),  # "": the same as id, as for most callers
    seconds("created_at"),
    Column("tenant_id", ROW_ID, nullable=False),
    Column("user_id", ROW_ID, nullable=False),
    Column("token_id", ROW_ID, nullable=False),
    Column("token_name", Text, nullable=False),
    Column("channel_id", ROW_ID),
    Column("channel_name", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("dialect_in", Text, nullable=False),
    Column("dialect_out", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error_code", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("unpriced", Boolean, nullable=False),
    Column("abandoned", Boolean, nullable=False),
    Column("queue_us", BigInteger, nullable=False),
    Column("first_byte_us", BigInteger, nullable=False),
    Column("total_us", BigInteger, nullable=False),
    nano("hold_nano"),
    nano("charge_nano"),
    Column("lines", Text, nullable=False),  # JSON: the charge lines with every factor
    Column("trace", Text, nullable=False),  # JSON: the decision trace
    Index("ix_log_request_id", "request_id", **where("request_id <> ''")),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
