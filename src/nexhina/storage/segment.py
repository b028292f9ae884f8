"""One file of a journal: made locked, appended to, synchronised, removed.

The lock belongs to the open file: whoever can take it knows that the writer is gone. A file gets
its name only after it is locked and has its header, so no reader ever sees one without.
"""

import fcntl
import os
import re
from pathlib import Path

import msgspec

from nexhina.storage.frame import write_head

VERSION = 1
SUFFIX = ".journal"
_NAME = re.compile(r"([a-z][a-z0-9_]*)-(\d{10})-(\d{6})\.journal")


class SegmentName(msgspec.Struct, frozen=True, order=True):
    """Whose file it is, and which; sorts in the order of writing."""

    worker: str
    epoch: int
    number: int

    def file(self) -> str:
        """The file's name."""
        return f"{self.worker}-{self.epoch:010d}-{self.number:06d}{SUFFIX}"


class Header(msgspec.Struct, array_like=True, kw_only=True):
    """The first record of a file."""

    version: int
    installation: str
    worker: str
    epoch: int
    number: int


def read_name(file: str) -> SegmentName | None:
    """The parts of a file's name; None: not a journal's."""
    match = _NAME.fullmatch(file)
    return None if match is None else SegmentName(match[1], int(match[2]), int(match[3]))


def list_segments(folder: Path) -> list[SegmentName]:
    """The journal files of a folder, in the order of writing."""
    if not folder.is_dir():
        return []
    found = (read_name(entry.name) for entry in folder.iterdir())
    return sorted(name for name in found if name is not None)


class Segment:
    """An open file of this process. `size` ends with the last whole record."""

    def __init__(self, folder: Path, installation: str, name: SegmentName) -> None:
        self.path = folder / name.file()
        self.last_seq = 0
        self.dirty = False
        header = msgspec.msgpack.encode(
            Header(
                version=VERSION,
                installation=installation,
                worker=name.worker,
                epoch=name.epoch,
                number=name.number,
            )
        )
        partial = self.path.with_suffix(".partial")
        self.fd = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self.size = 0
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.append(write_head(header) + header)
            os.fdatasync(self.fd)
            partial.rename(self.path)
            sync_folder(folder)
        except OSError:
            os.close(self.fd)
            partial.unlink(missing_ok=True)
            raise

    def append(self, data: bytes) -> None:
        """Writes whole records, all or none: what a full disk took in part is cut off again."""
        written = os.write(self.fd, data)
        try:
            while written < len(data):
                written += os.write(self.fd, data[written:])
        except OSError:
            self.cut()
            raise
        self.size += written

    def cut(self) -> None:
        """Takes off what stands after the last whole record."""
        os.ftruncate(self.fd, self.size)
        os.lseek(self.fd, self.size, os.SEEK_SET)

    def take_dirty(self) -> int | None:
        """A copy of the descriptor, to be synchronised and closed; None: nothing was written."""
        if not self.dirty:
            return None
        self.dirty = False
        return os.dup(self.fd)

    def remove(self) -> None:
        """Deletes the file; its records are booked."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Lets the lock go."""
        os.close(self.fd)


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
