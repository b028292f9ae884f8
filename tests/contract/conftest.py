"""Shared by the suites: databases, which SQLite and PostgreSQL must both pass; the SDK; pool and vendor."""

from support.databases import (
    database,
    folder,
    postgres,
    postgres_template,
    sqlite,
    sqlite_template,
)
from support.pooled import vendor, wire
from support.scene import place_of
from support.sdk import async_client, client

__all__ = [
    "async_client",
    "client",
    "database",
    "folder",
    "place_of",
    "postgres",
    "postgres_template",
    "sqlite",
    "sqlite_template",
    "vendor",
    "wire",
]
