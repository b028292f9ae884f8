"""Brings a database to the schema of this program. Imported only when it is older or new.

The whole way runs in one transaction under a lock; an older SQLite file is copied first.
"""

import logging
import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from nexhina.errors import StartError, explain_os_error
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder
from nexhina.storage.schema import HEAD, load_file_revision, require_known

_log = logging.getLogger("nexhina.storage")

# Any number will do, as long as every version of the program takes the same.
_ADVISORY_LOCK = 0x4E_45_58_48


def migrate(database: Database, folder: DataFolder | None, target: str = HEAD) -> None:
    """Migrates to `target`; does nothing when another process was faster."""
    before = None
    if database.is_sqlite and folder is not None:
        before = load_file_revision(folder.database)
        if before is not None:
            copy = copy_file(folder.database, before)
            _log.warning("migrating the database from %s to %s; copy: %s", before, target, copy)
    with database.write(durable=True) as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        revision = _load_revision(connection)
        if revision is not None:
            require_known(revision, database.url)
        if revision != target:
            _upgrade(connection, target)


def copy_file(path: Path, revision: str) -> Path:
    """The path of a whole copy beside the file: `nexhina.db.before-<rev>`, where rev is its own schema."""
    copy = path.with_name(f"{path.name}.before-{revision}")
    partial = path.with_name(f"{copy.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        source, target = sqlite3.connect(path), sqlite3.connect(partial)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        partial.replace(copy)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StartError(
            f"the database needs a migration, but no copy can be made beside it: "
            f"{explain_os_error(error)}; make room"
        ) from None
    return copy


def _load_revision(connection: Connection) -> str | None:
    from sqlalchemy import inspect

    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(connection: Connection, target: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
