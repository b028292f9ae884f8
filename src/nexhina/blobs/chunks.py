"""The shelf in the database: the default, with nothing to set up and one thing to back up."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from nexhina.blobs.index import Threads


class Chunks(Protocol):
    """The module `storage.blob`, as far as bytes go."""

    @property
    def save_chunks(self) -> Callable[..., int]:
        """Adds bytes to a file."""
        ...

    @property
    def load_part(self) -> Callable[..., bytes]:
        """Some bytes of a file."""
        ...

    @property
    def remove_chunks(self) -> Callable[..., None]:
        """Removes files' bytes."""
        ...


class ChunkShelf:
    """Shelf over the database's chunks."""

    read_size = 256 * 1024
    where = "the database"

    def __init__(self, threads: Threads, chunks: Chunks) -> None:
        self._threads = threads
        self._chunks = chunks

    def begin(self, blob_id: str) -> "ChunkPen":
        """Starts a file."""
        return ChunkPen(self._threads, self._chunks, blob_id)

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes; none when the file is gone."""
        part: bytes = await self._threads.reading(self._chunks.load_part, blob_id, offset, length)
        return part

    async def remove(self, blob_ids: Sequence[str]) -> None:
        """Removes these files' bytes."""
        await self._threads.writing(self._chunks.remove_chunks, blob_ids)

    async def list_older(self, before: float) -> AsyncIterator[list[str]]:  # noqa: ARG002  (a foreign key sees to it)
        """None: no chunk is without a head."""
        return
        yield []  # makes it a generator


class ChunkPen:
    """Writes one file, a transaction for each piece."""

    def __init__(self, threads: Threads, chunks: Chunks, blob_id: str) -> None:
        self._threads = threads
        self._chunks = chunks
        self._id = blob_id
        self._count = 0

    async def write(self, piece: bytes) -> None:
        """Adds the next bytes."""
        self._count = await self._threads.writing(
            self._chunks.save_chunks, self._id, self._count, piece
        )

    async def finish(self) -> None:
        """Each piece was committed: the head alone decides whether they are read."""

    async def discard(self) -> None:
        """Takes back what was written."""
        await self._threads.writing(self._chunks.remove_chunks, [self._id])
