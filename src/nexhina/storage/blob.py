"""Heads of media, and the chunks of those that lie in the database. Names and links: room `blobs`.

A row whose content type is empty belongs to a file that is still being written: nobody finds it, its
bytes count for the quota, and its expiry is a lease that each piece prolongs. So what a killed
process left half-written is removed like everything that has had its time.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from nexhina.storage.tables import blob, blob_chunk, tenant

CHUNK = 256 * 1024  # bytes
UNFINISHED = ""
"""The content type of a file that is being written."""


class BlobQuotaError(Exception):
    """The tenant's media would take more room than it has."""


class BlobGoneError(Exception):
    """The file was removed while it was being written."""


class BlobHead(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file without its bytes."""

    id: str
    tenant_id: int
    content_type: str
    size: int


def save_head(  # noqa: PLR0913  (the columns of a row, by name)
    connection: Connection,
    *,
    id: str,  # noqa: A002  (the column's name)
    tenant_id: int,
    content_type: str,
    size: int,
    now: float,
    expires_at: float,
    quota: int | None,
    new: bool,
) -> None:
    """Writes down what a file has become.

    Raises BlobQuotaError when the tenant's unexpired ones would exceed `quota`, BlobGoneError when
    it is not `new` and not there.
    """
    # Locks the tenant: two uploads at once can't both take the last room.
    connection.execute(update(tenant).where(tenant.c.id == tenant_id).values(name=tenant.c.name))
    if quota is not None and used_bytes(connection, tenant_id, now, but=id) + size > quota:
        raise BlobQuotaError(f"tenant {tenant_id} may store {quota} bytes of media")
    values = {"content_type": content_type, "size": size, "expires_at": expires_at}
    if new:
        added = {"id": id, "tenant_id": tenant_id, "created_at": now}
        connection.execute(insert(blob).values(**added, **values))
    elif not connection.execute(update(blob).where(blob.c.id == id).values(**values)).rowcount:
        raise BlobGoneError(f"the file {id} was removed while it was being written")


def save_chunks(connection: Connection, id: str, number: int, data: bytes) -> int:  # noqa: A002  (the column's name)
    """Adds bytes behind `number` chunks; returns how many there are now.

    All but the last call bring whole chunks. The file's head must be there.
    """
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK]
        connection.execute(insert(blob_chunk).values(blob_id=id, number=number, data=part))
        number += 1
    return number


def load_head(connection: Connection, id: str, now: float) -> BlobHead | None:  # noqa: A002  (the column's name)
    """What is known of the file without its bytes; None: unknown, unfinished or expired."""
    wanted = (blob.c.id == id) & (blob.c.expires_at > now) & (blob.c.content_type != UNFINISHED)
    row = connection.execute(select(blob).where(wanted)).one_or_none()
    if row is None:
        return None
    return BlobHead(id=id, tenant_id=row.tenant_id, content_type=row.content_type, size=row.size)


def load_part(connection: Connection, id: str, offset: int, length: int) -> bytes:  # noqa: A002  (the column's name)
    """These bytes of the file, from the chunks that hold them; fewer when it ends or is gone."""
    if length <= 0:
        return b""
    first, last = offset // CHUNK, (offset + length - 1) // CHUNK
    wanted = (blob_chunk.c.blob_id == id) & blob_chunk.c.number.between(first, last)
    chunks = select(blob_chunk.c.data).where(wanted).order_by(blob_chunk.c.number)
    start = offset - first * CHUNK
    parts = list(connection.execute(chunks).scalars())
    if len(parts) == 1:
        return parts[0][start : start + length]
    return b"".join(parts)[start : start + length]


def used_bytes(connection: Connection, tenant_id: int, now: float, but: str = "") -> int:
    """What the tenant's unexpired files take, those that are being written too; not the file `but`."""
    mine = (blob.c.tenant_id == tenant_id) & (blob.c.expires_at > now) & (blob.c.id != but)
    total = select(func.coalesce(func.sum(blob.c.size), 0)).where(mine)
    return int(connection.execute(total).scalar_one())


def list_expired(connection: Connection, now: float, limit: int) -> list[str]:
    """Ids of files that have had their time, oldest first."""
    old = select(blob.c.id).where(blob.c.expires_at <= now).order_by(blob.c.expires_at)
    return list(connection.execute(old.limit(limit)).scalars())


def list_known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these ids have a head, be it expired."""
    return set(connection.execute(select(blob.c.id).where(blob.c.id.in_(ids))).scalars())


def remove_chunks(connection: Connection, ids: Sequence[str]) -> None:
    """Removes the bytes of these files."""
    connection.execute(delete(blob_chunk).where(blob_chunk.c.blob_id.in_(ids)))


def remove_heads(connection: Connection, ids: Sequence[str]) -> None:
    """Removes these files, and what the database has of their bytes."""
    remove_chunks(connection, ids)
    connection.execute(delete(blob).where(blob.c.id.in_(ids)))
