"""Heads of files in the database, over what `storage.blob` keeps.

Rooms of one storey don't know each other, so the database and that module come in as values; the
protocols here say what of them is used.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import msgspec

UNFINISHED = ""
"""The content type of a file that is being written."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file without its bytes."""

    id: str
    content_type: str
    size: int


class QuotaFull(Exception):  # noqa: N818  (an outcome of Index.save)
    """The tenant's files would exceed the quota."""


class FileGone(Exception):  # noqa: N818  (an outcome of Index.save)
    """The file was removed while it was being written."""


class Threads(Protocol):
    """Runs a function of a connection in a thread, in one transaction (`storage.database`)."""

    def reading(self, work: Callable[..., Any], /, *args: Any) -> Awaitable[Any]:
        """What `work(connection, …)` returns."""
        ...

    def writing(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Awaitable[Any]:
        """What `work(connection, …)` returns, committed."""
        ...


class Heads(Protocol):
    """The module `storage.blob`, as far as heads go."""

    @property
    def BlobQuotaError(self) -> type[Exception]:  # noqa: N802  (a module's class)
        """Raised by save_head."""
        ...

    @property
    def BlobGoneError(self) -> type[Exception]:  # noqa: N802  (a module's class)
        """Raised by save_head."""
        ...

    @property
    def save_head(self) -> Callable[..., None]:
        """Writes a head within a quota."""
        ...

    @property
    def load_head(self) -> Callable[..., Any]:
        """The head of a finished file that has not expired, or None."""
        ...

    @property
    def list_expired(self) -> Callable[..., list[str]]:
        """Ids of files that have had their time."""
        ...

    @property
    def list_known(self) -> Callable[..., set[str]]:
        """Which ids have a head."""
        ...

    @property
    def remove_heads(self) -> Callable[..., None]:
        """Removes heads, and chunks with them."""
        ...


class Index(Protocol):
    """Who owns which file, what it is, and until when."""

    async def save(
        self,
        head: Head,
        *,
        tenant_id: int,
        now: float,
        expires_at: float,
        quota: int | None,
        new: bool,
    ) -> None:
        """Writes a head, of type UNFINISHED while the file is being written.

        Decides and writes in one transaction; raises QuotaFull and, if it is not `new`, FileGone.
        """
        ...

    async def find(self, blob_id: str, now: float) -> Head | None:
        """The head of a finished file that has not expired."""
        ...

    async def list_expired(self, now: float, limit: int) -> list[str]:
        """Ids of files that have had their time, finished or not."""
        ...

    async def list_known(self, ids: Sequence[str]) -> set[str]:
        """Which of these have a head."""
        ...

    async def remove(self, ids: Sequence[str]) -> None:
        """Forgets these files; their bytes are off the shelf already."""
        ...


class DatabaseIndex:
    """Index over the database."""

    def __init__(self, threads: Threads, heads: Heads) -> None:
        self._threads = threads
        self._heads = heads

    async def save(
        self,
        head: Head,
        *,
        tenant_id: int,
        now: float,
        expires_at: float,
        quota: int | None,
        new: bool,
    ) -> None:
        """Writes a head; raises QuotaFull, FileGone."""
        try:
            await self._threads.writing(
                self._heads.save_head,
                id=head.id,
                tenant_id=tenant_id,
                content_type=head.content_type,
                size=head.size,
                now=now,
                expires_at=expires_at,
                quota=quota,
                new=new,
            )
        except self._heads.BlobQuotaError as error:
            raise QuotaFull(str(error)) from None
        except self._heads.BlobGoneError as error:
            raise FileGone(str(error)) from None

    async def find(self, blob_id: str, now: float) -> Head | None:
        """The head of a finished file that has not expired."""
        found = await self._threads.reading(self._heads.load_head, blob_id, now)
        if found is None:
            return None
        return Head(id=blob_id, content_type=found.content_type, size=found.size)

    async def list_expired(self, now: float, limit: int) -> list[str]:
        """Ids of files that have had their time."""
        ids: list[str] = await self._threads.reading(self._heads.list_expired, now, limit)
        return ids

    async def list_known(self, ids: Sequence[str]) -> set[str]:
        """Which of these have a head."""
        known: set[str] = await self._threads.reading(self._heads.list_known, ids)
        return known

    async def remove(self, ids: Sequence[str]) -> None:
        """Forgets these files."""
        await self._threads.writing(self._heads.remove_heads, ids)
