"""The shelf in a folder, be it a mounted network share. Blocking calls run in threads.

A file is written under another name and gets its own when it is whole and on the disk, so what has
its name is never half a file.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

from nexhina.errors import StartError

UNFINISHED = ".part"


class FolderShelf:
    """Shelf over a folder that nobody else writes to."""

    read_size = 256 * 1024

    def __init__(self, folder: Path) -> None:
        """Makes the folder, its owner's alone; raises StartError when it can't be had."""
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"The media folder {folder} (blob_url) can't be made: {error.strerror}. "
                "Make it, and let the server's user write there."
            ) from None
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise StartError(
                f"The media folder {folder} (blob_url) is not writable by this user; "
                "give it to the user that runs the server (chown)."
            )

    @property
    def where(self) -> str:
        """The folder."""
        return f"the folder {self._folder}"

    def begin(self, blob_id: str) -> "FolderPen":
        """Starts a file."""
        return FolderPen(self._find_path(blob_id))

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes; none when the file is gone."""
        return await asyncio.to_thread(_read, self._find_path(blob_id), offset, length)

    async def remove(self, blob_ids: Sequence[str]) -> None:
        """Removes files, finished and unfinished."""
        paths = [self._find_path(blob_id) for blob_id in blob_ids]
        await asyncio.to_thread(_remove, paths)

    async def list_older(self, before: float) -> AsyncIterator[list[str]]:
        """Ids of files not written since `before`, a subfolder at a time."""
        for folder in await asyncio.to_thread(_list_folders, self._folder):
            if found := await asyncio.to_thread(_list_older, folder, before):
                yield found

    def _find_path(self, blob_id: str) -> Path:
        return self._folder / blob_id[:2] / blob_id


class FolderPen:
    """Writes one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    async def write(self, piece: bytes) -> None:
        """Adds the next bytes."""
        await asyncio.to_thread(self._write, piece)

    async def finish(self) -> None:
        """Gives the file its name once the disk has it."""
        await asyncio.to_thread(self._finish)

    async def discard(self) -> None:
        """Takes back what was written."""
        await asyncio.to_thread(self._discard)

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.open(_unfinished(self._path), flags, 0o600)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]

    def _finish(self) -> None:
        assert self._file is not None
        os.fsync(self._file)
        os.close(self._file)
        self._file = None
        _unfinished(self._path).rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _discard(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        _remove([self._path])


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED)


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(file, length, offset)
    finally:
        os.close(file)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        for each in (path, _unfinished(path)):
            with suppress(FileNotFoundError):
                each.unlink()


def _list_folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if len(path.name) == 2 and path.is_dir()]


def _list_older(folder: Path, before: float) -> list[str]:
    found: set[str] = set()
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # it was removed meanwhile
            if path.stat().st_mtime < before:
                found.add(path.name.removesuffix(UNFINISHED))
    return sorted(found)
