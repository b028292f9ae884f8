"""ports.BlobWriter: one file on its way to the shelf, counted against its owner's quota as it grows."""

import asyncio
import logging

import msgspec

from nexhina.blobs.index import UNFINISHED, FileGone, Head, Index, QuotaFull
from nexhina.blobs.link import name_file
from nexhina.blobs.media_type import SNIFFED, choose_type
from nexhina.blobs.shelf import PIECE, Pen, Shelf
from nexhina.errors import InsufficientQuotaError, InternalError, OverloadedError
from nexhina.ports import Clock

LEASE = 3600.0
"""Seconds without a piece after which a file counts as left behind."""

_log = logging.getLogger("nexhina.blobs")


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how much. Seconds; bytes per tenant, None without a limit."""

    keep: float = 7 * 86_400.0
    link: float = 86_400.0
    quota: int | None = 2 * 1024**3


class Depot(msgspec.Struct, frozen=True, kw_only=True):
    """What all files of an installation share."""

    index: Index
    shelf: Shelf
    clock: Clock
    keeping: Keeping


class FileWriter:
    """Writes one file. Order: head (with the lease), bytes, then the head that makes it a file."""

    def __init__(self, depot: Depot, blob_id: str, tenant_id: int, claimed: str) -> None:
        self.size = 0
        self._depot = depot
        self._id = blob_id
        self._tenant_id = tenant_id
        self._claimed = claimed
        self._rest = bytearray()  # taken and not yet on the shelf: less than a piece
        self._start = b""
        self._pen: Pen | None = None
        self._over = False

    async def append(self, piece: bytes) -> None:
        """Takes the next bytes; raises InsufficientQuotaError, OverloadedError."""
        if self._over:
            raise ValueError("the file is committed or abandoned")
        view = memoryview(piece)
        while view:
            room = PIECE - len(self._rest)
            self._rest += view[:room]
            self.size += len(view[:room])
            view = view[room:]
            if len(self._rest) == PIECE:
                await self._write()

    async def commit(self) -> str:
        """Makes it a file; returns its name. Raises InsufficientQuotaError, OverloadedError."""
        if self._over:
            raise ValueError("the file is committed or abandoned")
        if self._rest or self._pen is None:
            await self._write()
        pen = self._pen
        assert pen is not None
        kind = choose_type(self._claimed, self._start)
        try:
            await pen.finish()
            await self._save(kind, self._depot.keeping.keep, new=False)
        except OSError as error:
            await self.abandon()
            raise log_trouble(error, self._depot.shelf) from error
        except (Exception, asyncio.CancelledError):
            await self.abandon()
            raise
        self._over = True
        return name_file(self._id, kind)

    async def abandon(self) -> None:
        """Takes back what was written."""
        if self._over:
            return
        self._over = True
        self._rest.clear()
        if self._pen is None:
            return
        try:
            await self._pen.discard()
            await self._depot.index.remove([self._id])
        except OSError as error:  # its lease ends
            _log.warning("an abandoned file could not be removed now: %s", error)
        except Exception:  # noqa: BLE001  (an edge: what is left has a lease, and its end removes it)
            _log.warning("an abandoned file could not be removed now", exc_info=True)

    async def _write(self) -> None:
        """Sends what is there to the shelf."""
        data = bytes(self._rest)
        self._rest.clear()
        new, shelf = self._pen is None, self._depot.shelf
        try:
            await self._save(UNFINISHED, LEASE, new=new)
            if self._pen is None:
                self._pen = shelf.begin(self._id)
                self._start = data[:SNIFFED]
            await self._pen.write(data)
        except OSError as error:
            await self.abandon()
            raise log_trouble(error, shelf) from error
        except (Exception, asyncio.CancelledError):
            await self.abandon()
            raise

    async def _save(self, kind: str, seconds: float, *, new: bool) -> None:
        depot = self._depot
        now, quota = depot.clock.now(), depot.keeping.quota
        try:
            await depot.index.save(
                Head(id=self._id, content_type=kind, size=self.size),
                tenant_id=self._tenant_id,
                now=now,
                expires_at=now + seconds,
                quota=quota,
                new=new,
            )
        except QuotaFull:
            raise InsufficientQuotaError(
                f"The stored media of this tenant would exceed {quota:,} bytes. "
                "Ask for response_format b64_json, or wait until older files have expired.",
                code="media_quota_exceeded",
            ) from None
        except FileGone:
            _log.error("the file %s was removed while it was being written", self._id)
            raise InternalError from None


def log_trouble(error: OSError, shelf: Shelf) -> OverloadedError:
    """What callers get when the shelf can't be used now; the operator gets the reason."""
    _log.error("media can't be kept or read in %s: %s", shelf.where, error)
    return OverloadedError(
        "The place where this server keeps media can't be used now; its log says why. "
        "A file that could not be stored was not charged. Ask again later.",
        code="media_unavailable",
    )
