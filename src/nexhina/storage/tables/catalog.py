"""What is offered, through whom and for how much: models, channels and prices."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from nexhina.storage.tables.base import ROW_ID, metadata, nano, row_id, seconds, tenant_id, where

channel = Table(
    "channel",
    metadata,
    row_id(),
    tenant_id(),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("public_name", Text, nullable=False),
    Column("base_url", Text),
    Column("sealed_key", Text, nullable=False),
    Column("key_nonce", Text, nullable=False, unique=True),  # two rows never share one
    Column("models", Text, nullable=False),  # JSON map: public name -> vendor's name
    Column("priority", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("proxy", Text),
    Column("ca_file", Text),
    Column("automatic", Boolean, nullable=False),
    seconds("created_at"),
    Index("uq_channel_tenant_id_name", "tenant_id", "name", unique=True),
    sqlite_autoincrement=True,
)

# The catalog belongs to the installation, not to a tenant.
model = Table(
    "model",
    metadata,
    Column("name", Text, primary_key=True),
    Column("maker", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON: domain.model.Model
    Column("builtin", Boolean, nullable=False),
)

price = Table(
    "price",
    metadata,
    row_id(),
    Column("model", Text, nullable=False),
    Column("channel_id", ROW_ID, ForeignKey("channel.id")),
    Column("kind", Text, nullable=False),
    Column("variant", Text, nullable=False),
    nano("nano"),
    Column("currency", Text, nullable=False),
    Column("per", BigInteger, nullable=False),
    seconds("since"),
    Column("source", Text, nullable=False),
    Column("builtin", Boolean, nullable=False),
    Index("ix_price_model", "model"),
    Index(
        "uq_price_builtin",
        "model",
        "kind",
        "variant",
        "since",
        unique=True,
        **where("builtin"),
    ),
    sqlite_autoincrement=True,
)
