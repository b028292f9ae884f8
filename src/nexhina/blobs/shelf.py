"""What a shelf is: where the bytes of files lie. Three are built: chunks, folder, objects.

A shelf knows ids and bytes. Who owns a file, what it is and how long it lives is the index's
business (`index.py`), which is in the database whatever the shelf.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

PIECE = 1024 * 1024
"""Bytes that are written to a shelf at once; only a file's last piece may have fewer."""


class Pen(Protocol):
    """Writes one file. One call at a time."""

    async def write(self, piece: bytes) -> None:
        """Adds the next PIECE bytes, or the last ones."""
        ...

    async def finish(self) -> None:
        """All bytes are there: from now on they can be read, also after a crash."""
        ...

    async def discard(self) -> None:
        """Takes back what was written."""
        ...


class Shelf(Protocol):
    """Where files lie. Calls don't block the event loop; ids are 32 letters and digits.

    Its methods and its pens' raise OSError when the place can't be reached, or is full.
    """

    read_size: int
    """Bytes that are best read at once."""

    @property
    def where(self) -> str:
        """The place in words for the operator, without credentials."""
        ...

    def begin(self, blob_id: str) -> Pen:
        """Starts a file whose head is in the index already."""
        ...

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes of a finished file, which must lie within it; none when it is gone."""
        ...

    async def remove(self, blob_ids: Sequence[str]) -> None:
        """Removes files, half-written ones too; passes over what is not there."""
        ...

    def list_older(self, before: float) -> AsyncIterator[list[str]]:
        """Ids of all files not written since `before` (Unix seconds), in batches.

        Shelves whose files can't outlive their heads tell none.
        """
        ...
