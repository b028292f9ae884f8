"""A copy of the installation that can be restored: the database, copied online, and its secret.key.

Restoring is no call of a running server: `storage.backup.restore_backup` wants an empty folder.
"""

import asyncio
from pathlib import Path

from nexhina.errors import ConflictError, InvalidRequestError
from nexhina.services.shapes import BackupView, WriteBackup
from nexhina.services.workspace import Workspace


async def write_backup(workspace: Workspace, arguments: WriteBackup) -> BackupView:
    """The file that was written (0600). ConflictError: it exists; StartError: it can't be written."""
    from nexhina.storage import backup

    if not workspace.database.is_sqlite:
        raise InvalidRequestError(
            "The database is a PostgreSQL server's: copy it with pg_dump, and keep secret.key with it."
        )
    file = Path(arguments.file)
    if not file.is_absolute():
        raise InvalidRequestError(f"{arguments.file!r} is not an absolute path.")

    def write() -> int:
        if file.exists():
            raise ConflictError(f"{file} exists already; name a new file.")
        backup.write_backup(workspace.folder, file)
        return file.stat().st_size

    return BackupView(file=str(file), size=await asyncio.to_thread(write))
