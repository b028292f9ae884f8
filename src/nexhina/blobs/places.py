"""Which shelf the setting `blob_url` names, with the database's chunks behind it.

Files that were stored before the setting changed stay readable while they live in the database, so
an installation can move from there to a folder or an object store without losing a link.
"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nexhina.blobs.chunks import Chunks, ChunkShelf
from nexhina.blobs.folder import FolderShelf
from nexhina.blobs.index import Threads
from nexhina.blobs.shelf import Pen, Shelf
from nexhina.errors import EXIT_USAGE, StartError

OBJECTS = ("s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss")


def open_shelf(url: str | None, threads: Threads, chunks: Chunks) -> Shelf:
    """The shelf at `url`; None: the database. Raises StartError."""
    database = ChunkShelf(threads, chunks)
    if url is None:
        return database
    scheme = url.partition("://")[0]
    if scheme == "file":
        return ShelfBefore(FolderShelf(_read_folder(url)), database)
    if scheme in OBJECTS:
        from nexhina.blobs.objects import open_store  # a library of its own

        return ShelfBefore(open_store(url), database)
    raise StartError(
        f"The setting blob_url is {url!r}; it must be like file:///var/lib/nexhina/media, "
        "s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.",
        exit_code=EXIT_USAGE,
    )


def _read_folder(url: str) -> Path:
    parts = urlsplit(url)
    if (
        parts.netloc not in ("", "localhost")
        or len(parts.path) < 2
        or parts.query
        or parts.fragment
    ):
        raise StartError(
            f"The setting blob_url is {url!r}; a folder is written with three slashes and its whole "
            "path, like file:///var/lib/nexhina/media.",
            exit_code=EXIT_USAGE,
        )
    return Path(unquote(parts.path))


class ShelfBefore:
    """Writes to one shelf and reads from a second what the first does not have."""

    def __init__(self, first: Shelf, second: Shelf) -> None:
        self.read_size = first.read_size
        self._first = first
        self._second = second

    @property
    def where(self) -> str:
        """Where new files go."""
        return self._first.where

    def begin(self, blob_id: str) -> Pen:
        """Starts a file on the first shelf."""
        return self._first.begin(blob_id)

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes, from the shelf that has them."""
        return await self._first.read(blob_id, offset, length) or await self._second.read(
            blob_id, offset, length
        )

    async def remove(self, blob_ids: Sequence[str]) -> None:
        """Removes files wherever they are."""
        await self._first.remove(blob_ids)
        await self._second.remove(blob_ids)

    def list_older(self, before: float) -> AsyncIterator[list[str]]:
        """Ids of old files of the first shelf; the second knows no orphans."""
        return self._first.list_older(before)
