"""The shelf in an object store (S3 and what speaks like it, Google, Azure), through obstore.

The library is in the extra `objects` and imported when a shelf of this kind is opened. The store's
address is a setting; its credentials come from the environment variables that its other tools read.
A file is invisible until its upload is completed. The library's errors become OSErrors here.
"""

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nexhina.errors import StartError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

INSTALL = "pip install 'nexhina[objects]'"
PART = 5 * 1024 * 1024
"""Bytes of one part of an upload: the least that S3 takes, and what an upload holds in memory."""

_PATIENCE = timedelta(seconds=20)
"""Time in which a request is sent again; callers wait for it."""


class ObjectShelf:
    """Shelf over a store of obstore's."""

    read_size = 1024 * 1024  # each read is a request

    def __init__(self, store: "ObjectStore", where: str) -> None:
        self._store = store
        self.where = where

    def begin(self, blob_id: str) -> "ObjectPen":
        """Starts a file."""
        return ObjectPen(self._store, write_path(blob_id))

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes; none when the file is gone."""
        import obstore

        if length <= 0:
            return b""
        path = write_path(blob_id)
        try:
            with _telling():
                part = await obstore.get_range_async(self._store, path, start=offset, length=length)
        except FileNotFoundError:
            return b""
        return bytes(part)

    async def remove(self, blob_ids: Sequence[str]) -> None:
        """Removes files; an upload that was not completed is the store's to forget."""
        import obstore

        for blob_id in blob_ids:
            try:
                with _telling():
                    await obstore.delete_async(self._store, write_path(blob_id))
            except FileNotFoundError:
                continue

    async def list_older(self, before: float) -> AsyncIterator[list[str]]:
        """Ids of files not written since `before`."""
        import obstore

        batches = obstore.list(self._store, chunk_size=1000)  # pyright: ignore[reportUnknownMemberType]  (its Arrow form)
        while True:
            try:
                with _telling():
                    batch = await anext(batches)
            except StopAsyncIteration:
                return
            found = [
                each["path"].rpartition("/")[2]
                for each in batch
                if each["last_modified"].timestamp() < before
            ]
            if found:
                yield found


class ObjectPen:
    """Writes one file, in parts when it is large."""

    def __init__(self, store: "ObjectStore", path: str) -> None:
        self._store = store
        self._path = path
        self._file: Any = None  # obstore's AsyncWritableFile, which has no public class
        self._finished = False

    async def write(self, piece: bytes) -> None:
        """Adds the next bytes; they leave when a part is full."""
        import obstore

        if self._file is None:
            self._file = obstore.open_writer_async(
                self._store, self._path, buffer_size=PART, max_concurrency=1
            )
        with _telling():
            await self._file.write(piece)

    async def finish(self) -> None:
        """Completes the upload."""
        file, self._file = self._file, None
        with _telling():
            await file.close()
        self._finished = True

    async def discard(self) -> None:
        """Gives the upload up, and has the store forget the parts that it got: they cost money.

        Not those of one whose completion failed, which the library has let go of: for them the
        bucket needs a rule that ends unfinished uploads.
        """
        import obstore

        file, self._file = self._file, None
        with _telling():
            if self._finished:
                await obstore.delete_async(self._store, self._path)
            elif file is not None:
                given_up = RuntimeError("given up")
                await file.__aexit__(type(given_up), given_up, None)


@contextmanager
def _telling() -> Generator[None]:
    """Raises what goes wrong in the library as an OSError of one line."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise OSError(str(error).partition("\n")[0]) from None


def write_path(blob_id: str) -> str:
    """Where a file lies below the store's prefix."""
    return f"{blob_id[:2]}/{blob_id}"


def open_store(url: str) -> ObjectShelf:
    """The shelf at s3://bucket/prefix, gs://… or az://…; raises StartError."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise StartError(f"blob_url {url} needs the library for object stores: {INSTALL}") from None
    try:
        store = from_url(url, retry_config={"max_retries": 5, "retry_timeout": _PATIENCE})
    except (BaseError, ValueError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise StartError(f"blob_url {url} can't be used: {reason}.") from None
    return ObjectShelf(store, f"the object store {url}")
