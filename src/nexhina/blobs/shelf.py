"""The shelf in the database: store.Shelf over the chunks that `storage.blob` keeps.

Rooms of one storey don't know each other, so the database and that module come in as values; the
protocols here say what of them is used.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from nexhina.blobs.store import Head, ShelfFull


class Threads(Protocol):
    """Runs a function of a connection in a thread, in one transaction (`storage.database`)."""

    def reading(self, work: Callable[..., Any], /, *args: Any) -> Awaitable[Any]:
        """What `work(connection, …)` returns."""
        ...

    def writing(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Awaitable[Any]:
        """What `work(connection, …)` returns, committed."""
        ...


class Chunks(Protocol):
    """The module `storage.blob`."""

    @property
    def BlobQuotaError(self) -> type[Exception]:  # noqa: N802  (a module's class)
        """Raised by save_blob."""
        ...

    @property
    def save_blob(self) -> Callable[..., None]:
        """Stores a file in chunks, within a quota."""
        ...

    @property
    def load_head(self) -> Callable[..., Any]:
        """Type and size of a file that has not expired, or None."""
        ...

    @property
    def load_part(self) -> Callable[..., bytes]:
        """Some bytes of a file."""
        ...


class DatabaseShelf:
    """Keeps files in the database's chunks."""

    def __init__(self, threads: Threads, chunks: Chunks) -> None:
        self._threads = threads
        self._chunks = chunks

    async def save(
        self,
        head: Head,
        *,
        tenant_id: int,
        data: bytes,
        now: float,
        expires_at: float,
        quota: int | None,
    ) -> None:
        """Keeps a file; raises ShelfFull."""
        try:
            await self._threads.writing(
                self._chunks.save_blob,
                id=head.id,
                tenant_id=tenant_id,
                content_type=head.content_type,
                data=data,
                now=now,
                expires_at=expires_at,
                quota=quota,
            )
        except self._chunks.BlobQuotaError as error:
            raise ShelfFull(str(error)) from None

    async def find(self, blob_id: str, now: float) -> Head | None:
        """The head of a file that has not expired."""
        found = await self._threads.reading(self._chunks.load_head, blob_id, now)
        if found is None:
            return None
        return Head(id=blob_id, content_type=found.content_type, size=found.size)

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes; fewer when the file ends or is gone."""
        part: bytes = await self._threads.reading(self._chunks.load_part, blob_id, offset, length)
        return part
