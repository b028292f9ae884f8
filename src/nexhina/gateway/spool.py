"""Forms with files on their way in: small ones in memory, larger ones in a file without a name.

What is written is looked at in the same pieces, so that nobody has to go over hundreds of megabytes
at once when the form is whole. A file lives as long as its call: attempts that fail over send it
again, and what a broken call leaves behind may wait for the collector, but not with its file.
"""

import errno
import logging
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from nexhina.errors import OverloadedError
from nexhina.gateway.request import Request
from nexhina.ports import Headers, Scan

_log = logging.getLogger("nexhina.gateway")

IN_MEMORY = 1024 * 1024
"""Bytes up to which a form stays in memory."""
_WRITE = 256 * 1024
_FORM = b"multipart/form-data"


class SpoolFolder(msgspec.Struct):
    """Where spools lie, and how much they may take together."""

    path: str  # "" = the system's folder for temporary files
    most: int  # bytes of all spools
    min_free: int = 0  # bytes of the disk that are left to others: the journal lies there too
    used: int = 0

    def has_room(self, descriptor: int, size: int) -> bool:
        """Whether so many bytes more may be written to the open file."""
        if self.used + size > self.most:
            return False
        disk = os.fstatvfs(descriptor)
        return disk.f_bavail * disk.f_frsize >= self.min_free + size


class FileSpool:
    """Implements ports.Spool over a file that no folder lists; closed with its last reference."""

    __slots__ = ("_descriptor", "_file", "_folder", "size")

    def __init__(self, folder: SpoolFolder) -> None:
        """Raises OSError."""
        self.size = 0
        self._folder = folder
        if folder.path:
            Path(folder.path).mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder.path or None, buffering=0)  # noqa: SIM115  (lives on)
        self._file = cast("BinaryIO", file)
        self._descriptor = self._file.fileno()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Gives the room back; what still wants to read gets an OSError."""
        file = getattr(self, "_file", None)  # none where it could not be opened
        if file is not None and not file.closed:
            file.close()
            self._folder.used -= self.size

    def append(self, data: bytes) -> None:
        """Writes behind what is there; raises OSError, also where more is not allowed."""
        if not self._folder.has_room(self._descriptor, len(data)):
            raise OSError(errno.ENOSPC, "uploads under way have taken the room that is theirs")
        left = memoryview(data)
        while left:
            count = self._file.write(left)
            self.size += count
            self._folder.used += count
            left = left[count:]

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end. Raises OSError."""
        if self._file.closed:  # its number may be another file's by now
            raise OSError(errno.EBADF, "the upload's call is over")
        return os.pread(self._descriptor, length, offset)


class Intake:
    """Takes one form in. `add` and `finish` raise what refuses it."""

    __slots__ = ("_folder", "_held", "_pieces", "_scan", "_spool", "in_memory", "size")

    def __init__(self, folder: SpoolFolder, scan: Scan | None) -> None:
        self.size = 0
        self.in_memory = IN_MEMORY  # bytes that may wait there
        self._folder = folder
        self._scan = scan
        self._spool: FileSpool | None = None
        self._pieces: list[bytes] = []
        self._held = 0  # bytes of the pieces

    def add(self, data: bytes) -> None:
        """The next bytes; raises InvalidRequestError, or OverloadedError when there is no room."""
        self.size += len(data)
        self._held += len(data)
        self._pieces.append(data)
        if self._held > (self.in_memory if self._spool is None else min(_WRITE, self.in_memory)):
            self._write()

    def finish(self, request: Request) -> None:
        """Gives the request its body, or its upload where that is large; raises as `add`."""
        if self._spool is not None:
            self._write()
        else:
            request.body = body = b"".join(self._pieces)
            if self._scan is not None:
                self._scan.feed(body)
        if self._scan is not None:
            self._scan.finish()
        request.scan = self._scan
        request.upload, self._spool = self._spool, None

    def abandon(self) -> None:
        """Lets go of what came: the request is refused, or its sender is gone."""
        self._pieces = []
        if self._spool is not None:
            self._spool.close()

    def _write(self) -> None:
        data = b"".join(self._pieces)
        self._pieces = []
        self._held = 0
        if self._scan is not None:
            self._scan.feed(data)
        try:
            if self._spool is None:
                self._spool = FileSpool(self._folder)
            self._spool.append(data)
        except OSError as error:
            _log.error("an upload could not be kept on disk: %s", error)
            raise _full() from None


def _full() -> OverloadedError:
    return OverloadedError(
        "There is no room on the server's disk for this upload now. Try again in a moment, "
        "or send a smaller file.",
        headers=[(b"retry-after", b"10")],
    )


def close_upload(request: Request) -> None:
    """The call is over, and with it whatever it sent."""
    upload, request.upload = request.upload, None
    if isinstance(upload, FileSpool):
        upload.close()


def is_form(headers: Headers) -> bool:
    """Whether the body is said to be a form with parts."""
    return headers.get(b"content-type", b"")[: len(_FORM)].lower() == _FORM


def begin_intake(request: Request, folder: SpoolFolder) -> Intake | None:
    """The intake of a form for a route that spools; None for other bodies. Raises what refuses it."""
    match = request.match
    if match is None or not match.handler.spool or not is_form(request.headers):
        return None
    scan = match.handler.scan
    return Intake(folder, scan and scan(request.headers[b"content-type"]))
