"""ports.Blobs: keeps media for a limited time within a tenant's quota, and gives links to them.

Where the bytes lie is the shelf's business (`Shelf`; the database's chunks are its first
implementation, joined in the composition root, because rooms of one storey don't know each other).
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from nexhina.blobs.link import ID_BYTES, LinkSigner, read_id, write_name
from nexhina.blobs.media_type import EXTENSIONS, choose_type
from nexhina.errors import InsufficientQuotaError
from nexhina.ports import Clock, Media


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file without its bytes."""

    id: str
    content_type: str
    size: int


class ShelfFull(Exception):  # noqa: N818  (an outcome of Shelf.save)
    """The tenant's files would exceed the quota."""


class Shelf(Protocol):
    """Where files lie. Calls don't block the event loop."""

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
        """Keeps a file; raises ShelfFull, deciding and writing in one transaction."""
        ...

    async def find(self, blob_id: str, now: float) -> Head | None:
        """The head of a file that has not expired."""
        ...

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        """These bytes; fewer when the file ends or is gone."""
        ...


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how much. Seconds; bytes per tenant, None without a limit."""

    keep: float = 7 * 86_400.0
    link: float = 86_400.0
    quota: int | None = 2 * 1024**3


class BlobStore:
    """ports.Blobs over a shelf."""

    def __init__(
        self,
        shelf: Shelf,
        signer: LinkSigner,
        clock: Clock,
        entropy: Callable[[int], bytes],
        keeping: Keeping | None = None,
    ) -> None:
        self._shelf = shelf
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._keeping = keeping or Keeping()

    async def put(self, tenant_id: int, content_type: str, data: bytes) -> str:
        """Stores the bytes under the type that they show; returns the name "<id>.<ext>".

        Raises InsufficientQuotaError when the tenant's media would exceed their quota.
        """
        found = choose_type(content_type, data)
        name = write_name(self._entropy(ID_BYTES), found)
        now = self._clock.now()
        try:
            await self._shelf.save(
                Head(id=_id(name), content_type=found, size=len(data)),
                tenant_id=tenant_id,
                data=data,
                now=now,
                expires_at=now + self._keeping.keep,
                quota=self._keeping.quota,
            )
        except ShelfFull:
            raise InsufficientQuotaError(
                f"The stored media of this tenant would exceed {self._keeping.quota:,} bytes. "
                "Ask for response_format b64_json, or wait until older files have expired.",
                code="media_quota_exceeded",
            ) from None
        return name

    async def get(self, name: str) -> Media | None:
        """The stored file, None when there is none (any more)."""
        head = await self.find(name)
        if head is None:
            return None
        data = await self.read(head, 0, head.size)
        if len(data) != head.size:  # it expired between the two reads
            return None
        return Media(name=name, content_type=head.content_type, size=head.size, data=data)

    def link(self, name: str) -> str:
        """A signed path that expires, for instance /media/<name>?exp=…&sig=… with its query."""
        return self._signer.sign(name, int(self._clock.now() + self._keeping.link))

    async def find(self, name: str) -> Head | None:
        """The head of the file with exactly this name, extension included."""
        blob_id = read_id(name)
        head = await self._shelf.find(blob_id, self._clock.now()) if blob_id else None
        return head if head is not None and has_name(head, name) else None

    async def read(self, head: Head, offset: int, length: int) -> bytes:
        """These bytes of the file; fewer when it is gone meanwhile."""
        return await self._shelf.read(head.id, offset, length)

    def require_link(self, name: str, query: bytes) -> float:
        """Seconds that the link is still valid; raises PermissionDeniedError."""
        now = self._clock.now()
        return self._signer.require_valid(name, query, now) - now


def has_name(head: Head, name: str) -> bool:
    """Whether `name` is the one under which the file was given out."""
    return name == f"{head.id}.{EXTENSIONS[head.content_type]}"


def _id(name: str) -> str:
    return name.partition(".")[0]
