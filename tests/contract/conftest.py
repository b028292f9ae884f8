"""Databases for the suites that SQLite and PostgreSQL must both pass."""

from support.databases import (
    database,
    folder,
    postgres,
    postgres_template,
    sqlite,
    sqlite_template,
)

__all__ = ["database", "folder", "postgres", "postgres_template", "sqlite", "sqlite_template"]
