"""Every table, as SQLAlchemy Core objects on one metadata. Files follow the aggregates.

Money is an integer of nano-USD, time is Unix seconds, lists and maps are JSON text. Each row that
somebody owns carries `tenant_id`. The schema in the database is made by `migrations/`; a test
compares the two.
"""

from nexhina.storage.tables.base import metadata
from nexhina.storage.tables.catalog import channel, model, price
from nexhina.storage.tables.content import blob, blob_chunk, idempotency, response
from nexhina.storage.tables.identity import setup_link, tenant, token, user
from nexhina.storage.tables.money import account, entry, worker
from nexhina.storage.tables.record import log, meta
from nexhina.storage.tables.work import earmark, job

__all__ = [
    "account",
    "blob",
    "blob_chunk",
    "channel",
    "earmark",
    "entry",
    "idempotency",
    "job",
    "log",
    "meta",
    "metadata",
    "model",
    "price",
    "response",
    "setup_link",
    "tenant",
    "token",
    "user",
    "worker",
]
