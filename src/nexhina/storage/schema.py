"""Which schema this program needs and which one a database has, without loading Alembic.

The check runs at every start, so on SQLite it costs one plain `sqlite3` query.
"""

import sqlite3
from pathlib import Path

from nexhina.errors import StartError

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""All revisions in order; a test compares them with `migrations/versions`."""

HEAD = REVISIONS[-1]


def load_file_revision(path: Path) -> str | None:
    """The revision of a SQLite file; None: it is new. Raises StartError when it can't be read."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        connection = sqlite3.connect(path, timeout=5)
        try:
            known = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
            if known is None:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            raise StartError(f"{path} is a database of another program; move it away") from None
        raise StartError(
            f"the database {path} can't be opened: {error}; is the disk full, or the file another "
            "user's?"
        ) from None
    except sqlite3.DatabaseError:
        raise StartError(
            f"{path} is damaged or not a SQLite database; restore a backup with: nexhina restore"
        ) from None
    return None if row is None else str(row[0])


def require_known(revision: str, where: str) -> None:
    """Raises StartError when the revision is one that only a newer program knows."""
    if revision not in REVISIONS:
        raise StartError(
            f"the database {where} was written by a newer Nexhina (schema {revision}, this "
            f"program knows {HEAD}); upgrade Nexhina, or restore a backup made before"
        )
