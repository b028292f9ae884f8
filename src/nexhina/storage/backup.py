"""A copy of a SQLite installation in one file, made while it runs, and the way back.

The file is a tar (0600) of `nexhina.db` and `secret.key`: whoever has it can open every vendor
key. PostgreSQL has its own tools for this.
"""

import os
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from nexhina.errors import EXIT_CONFLICT, StartError, explain_os_error
from nexhina.storage.folder import DataFolder, hold_folder
from nexhina.storage.schema import load_file_revision, require_known

_MEMBERS = ("nexhina.db", "secret.key")


def write_backup(folder: DataFolder, file: Path) -> None:
    """Writes the backup; StartError: the file exists, or there is nothing to copy."""
    for path in (folder.database, folder.secret_key):
        if not path.exists():
            raise StartError(f"{path} is missing: there is nothing to back up")
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise StartError(
            f"{file} exists already; choose another name", exit_code=EXIT_CONFLICT
        ) from None
    except OSError as error:
        raise StartError(f"{file} can't be written: {error.strerror}; name another place") from None
    try:
        with (
            os.fdopen(fd, "wb") as out,
            tempfile.TemporaryDirectory(dir=file.parent, prefix=".nexhina-backup-") as scratch,
        ):
            copy = Path(scratch) / "nexhina.db"
            _copy(folder.database, copy)
            with tarfile.open(fileobj=out, mode="w") as tar:
                tar.add(copy, "nexhina.db")
                tar.add(folder.secret_key, "secret.key")
            out.flush()
            os.fsync(out.fileno())
    except (OSError, sqlite3.Error) as error:
        file.unlink(missing_ok=True)
        raise StartError(f"the backup {file} can't be written: {explain_os_error(error)}") from None


def _copy(source: Path, target: Path) -> None:
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal
    finally:
        writer.close()
        reader.close()


def restore_backup(file: Path, folder: DataFolder) -> None:
    """Unpacks a backup into a folder that holds no installation.

    StartError: not a backup, of a newer version, or the folder is held or not empty.
    """
    with hold_folder(folder):
        taken = sorted(path.name for path in folder.path.iterdir() if path != folder.lock)
        if taken:
            raise StartError(
                f"{folder.path} is not empty ({taken[0]}); restore into an empty data folder",
                exit_code=EXIT_CONFLICT,
            )
        try:
            _unpack(file, folder)
            revision = load_file_revision(folder.database)
            if revision is None:
                raise StartError(f"{file} holds an empty database")
            require_known(revision, str(file))
        except (tarfile.TarError, KeyError) as error:
            _clean(folder)
            raise StartError(
                f"{file} is not a backup of Nexhina, or not whole: {error}; name a file that "
                "`nexhina backup` wrote"
            ) from None
        except OSError as error:
            _clean(folder)
            raise StartError(
                f"{file} can't be restored into {folder.path}: {explain_os_error(error)}"
            ) from None
        except StartError:
            _clean(folder)
            raise


def _unpack(file: Path, folder: DataFolder) -> None:
    """Reads the two members by name; whatever else is in the file is not looked at."""
    with tarfile.open(file, "r:") as tar:
        for name in _MEMBERS:
            source = tar.extractfile(name)
            if source is None:
                raise KeyError(name)
            target = folder.path / name
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with source, os.fdopen(fd, "wb") as out:
                while piece := source.read(1024 * 1024):
                    out.write(piece)
                out.flush()
                os.fsync(fd)


def _clean(folder: DataFolder) -> None:
    for name in _MEMBERS:
        (folder.path / name).unlink(missing_ok=True)
