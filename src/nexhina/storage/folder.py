"""The data folder of an installation: where its files are, and who holds it.

One process at a time works in it; the kernel's lock on `lock` says which, also after a crash.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from nexhina.errors import EXIT_CONFLICT, StartError


class DataFolder:
    """The names inside a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "nexhina.db"
        self.secret_key = path / "secret.key"
        self.settings = path / "nexhina.toml"
        self.journal = path / "journal"
        self.uploads = path / "uploads"  # of files without names, while their calls last
        self.lock = path / "lock"
        self.control = path / "control.sock"


class FolderHold:
    """Proof that this process holds the folder, until `release`."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def release(self) -> None:
        """Lets others in. The file stays: removing it would race with who opens it next."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def open_folder(path: Path) -> DataFolder:
    """The folder, made if need be (0700); raises StartError when it can't be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise StartError(f"{path} is not a folder; choose another --data-dir") from None
    except OSError as error:
        raise StartError(
            f"the data folder {path} can't be made: {error.strerror}; choose another --data-dir"
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartError(
            f"the data folder {path} is not writable by this user; "
            "change its owner or choose another --data-dir"
        )
    return DataFolder(path)


def hold_folder(folder: DataFolder) -> FolderHold:
    """The hold; raises StartError that names the process which has it already."""
    try:
        fd = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(f"{folder.lock} can't be opened: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        raise explain_held(folder, pid) from None
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        os.close(fd)
        raise StartError(f"{folder.lock} can't be written: {error.strerror}") from None
    return FolderHold(fd)


def explain_held(folder: DataFolder, pid: int | str) -> StartError:
    """The refusal of whoever comes second."""
    return StartError(
        f"the data folder {folder.path} is held by process {pid}; "
        "stop it or choose another --data-dir",
        exit_code=EXIT_CONFLICT,
    )


def holder(folder: DataFolder) -> int | None:
    """The process that holds the folder now; None when it is free."""
    try:
        fd = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartError(f"{folder.lock} can't be opened: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 32, 0).strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(fd)
    return None
