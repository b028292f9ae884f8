"""ports.Blobs: keeps media for a limited time within a tenant's quota, and gives links to them.

Where the bytes lie is the shelf's business, who owns them the index's, how they are written
`writer`'s.
"""

from collections.abc import Callable

from nexhina.blobs.index import Head, Index
from nexhina.blobs.link import ID_BYTES, LinkSigner, name_file, read_id, write_id
from nexhina.blobs.shelf import PIECE, Shelf
from nexhina.blobs.writer import Depot, FileWriter, Keeping, log_trouble
from nexhina.ports import Clock, Media

ORPHANED = 86_400.0
"""Seconds beyond its time after which a file without a head counts as nobody's."""


class BlobStore:
    """ports.Blobs over an index and a shelf."""

    def __init__(
        self,
        index: Index,
        shelf: Shelf,
        signer: LinkSigner,
        clock: Clock,
        entropy: Callable[[int], bytes],
        keeping: Keeping | None = None,
    ) -> None:
        self.read_size = shelf.read_size
        self.shelf = shelf
        self._index = index
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._keeping = keeping or Keeping()
        self._depot = Depot(index=index, shelf=shelf, clock=clock, keeping=self._keeping)

    async def begin(self, tenant_id: int, content_type: str) -> FileWriter:
        """Opens a file; nothing is stored before its first megabyte or its end."""
        return FileWriter(self._depot, write_id(self._entropy(ID_BYTES)), tenant_id, content_type)

    async def put(self, tenant_id: int, content_type: str, data: bytes) -> str:
        """Stores the bytes under the type that they show; returns the name "<id>.<ext>".

        Raises InsufficientQuotaError when the tenant's media would exceed their quota.
        """
        writer = await self.begin(tenant_id, content_type)
        await writer.append(data)
        return await writer.commit()

    async def get(self, name: str) -> Media | None:
        """The stored file, None when there is none (any more)."""
        head = await self.find(name)
        if head is None:
            return None
        parts: list[bytes] = []
        for offset in range(0, head.size, PIECE):
            parts.append(await self.read(head, offset, PIECE))
        data = b"".join(parts)
        if len(data) != head.size:  # it expired meanwhile
            return None
        return Media(name=name, content_type=head.content_type, size=head.size, data=data)

    def link(self, name: str) -> str:
        """A signed path that expires, for instance /media/<name>?exp=…&sig=… with its query."""
        return self._signer.sign(name, int(self._clock.now() + self._keeping.link))

    async def find(self, name: str) -> Head | None:
        """The head of the file with exactly this name, extension included."""
        blob_id = read_id(name)
        head = await self._index.find(blob_id, self._clock.now()) if blob_id else None
        return head if head is not None and has_name(head, name) else None

    async def read(self, head: Head, offset: int, length: int) -> bytes:
        """These bytes of the file; fewer where it ends or when it is gone meanwhile.

        Raises OverloadedError when the shelf is out of reach.
        """
        length = min(length, head.size - offset)
        try:
            return await self.shelf.read(head.id, offset, length) if length > 0 else b""
        except OSError as error:
            raise log_trouble(error, self.shelf) from error

    async def remove(self, name: str) -> None:
        """Removes the file before its time; its links are 404 from now on. Raises OverloadedError."""
        blob_id = read_id(name)
        if blob_id is None:
            return
        try:
            await self._remove([blob_id])
        except OSError as error:
            raise log_trouble(error, self.shelf) from error

    def require_link(self, name: str, query: bytes) -> float:
        """Seconds that the link is still valid; raises PermissionDeniedError."""
        now = self._clock.now()
        return self._signer.require_valid(name, query, now) - now

    # --- retention ------------------------------------------------------------------------------

    async def remove_expired(self, limit: int = 100) -> int:
        """How many files that had their time were removed; call again while it is `limit`."""
        ids = await self._index.list_expired(self._clock.now(), limit)
        if ids:
            await self._remove(ids)
        return len(ids)

    async def remove_orphans(self) -> int:
        """How many old files of the shelf had no head and were removed.

        Only what is a day older than files get is looked at: another installation on the same
        shelf, or a database put back from a backup, must not lose what is still linked.
        """
        before, removed = self._clock.now() - self._keeping.keep - ORPHANED, 0
        async for ids in self.shelf.list_older(before):
            ours = [each for each in ids if read_id(f"{each}.bin") is not None]
            known = await self._index.list_known(ours)
            if orphans := [each for each in ours if each not in known]:
                await self.shelf.remove(orphans)
                removed += len(orphans)
        return removed

    async def _remove(self, ids: list[str]) -> None:
        # The bytes first: if this is broken off, the heads are still there to try again by.
        await self.shelf.remove(ids)
        await self._index.remove(ids)


def has_name(head: Head, name: str) -> bool:
    """Whether `name` is the one under which the file was given out."""
    return name == name_file(head.id, head.content_type)
