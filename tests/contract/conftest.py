"""Databases for the suites that SQLite and PostgreSQL must both pass, and the SDK at a place."""

from support.databases import (
    database,
    folder,
    postgres,
    postgres_template,
    sqlite,
    sqlite_template,
)
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
]
