"""Media in the database, in chunks, so that no row is large. Names and links: room `blobs`."""

from itertools import count

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from nexhina.storage.tables import blob, blob_chunk, tenant

CHUNK = 256 * 1024  # bytes


class BlobQuotaError(Exception):
    """The tenant's media would take more room than it has."""


class StoredBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file."""

    id: str
    tenant_id: int
    content_type: str
    size: int
    data: bytes
    expires_at: float


class BlobHead(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file without its bytes."""

    id: str
    tenant_id: int
    content_type: str
    size: int


def save_blob(  # noqa: PLR0913  (the columns of a row, by name)
    connection: Connection,
    *,
    id: str,  # noqa: A002  (the column's name)
    tenant_id: int,
    content_type: str,
    data: bytes,
    now: float,
    expires_at: float,
    quota: int | None,
) -> None:
    """Stores the bytes; BlobQuotaError when the tenant's unexpired ones would exceed `quota`."""
    # Locks the tenant: two uploads at once can't both take the last room.
    connection.execute(update(tenant).where(tenant.c.id == tenant_id).values(name=tenant.c.name))
    if quota is not None and used_bytes(connection, tenant_id, now) + len(data) > quota:
        raise BlobQuotaError(f"tenant {tenant_id} may store {quota} bytes of media")
    values = {"id": id, "tenant_id": tenant_id, "content_type": content_type, "size": len(data)}
    connection.execute(insert(blob).values(created_at=now, expires_at=expires_at, **values))
    for number, start in zip(count(), range(0, len(data), CHUNK), strict=False):
        part = data[start : start + CHUNK]
        connection.execute(insert(blob_chunk).values(blob_id=id, number=number, data=part))


def load_head(connection: Connection, id: str, now: float) -> BlobHead | None:  # noqa: A002  (the column's name)
    """What is known of the file without its bytes; None: unknown or expired."""
    wanted = select(blob).where((blob.c.id == id) & (blob.c.expires_at > now))
    row = connection.execute(wanted).one_or_none()
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
    return b"".join(connection.execute(chunks).scalars())[start : start + length]


def load_blob(connection: Connection, id: str, now: float) -> StoredBlob | None:  # noqa: A002  (the column's name)
    """The file; None: unknown or expired."""
    wanted = select(blob).where((blob.c.id == id) & (blob.c.expires_at > now))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    chunks = select(blob_chunk.c.data).where(blob_chunk.c.blob_id == id)
    parts = connection.execute(chunks.order_by(blob_chunk.c.number)).scalars()
    return StoredBlob(
        id=id,
        tenant_id=row.tenant_id,
        content_type=row.content_type,
        size=row.size,
        data=b"".join(parts),
        expires_at=row.expires_at,
    )


def used_bytes(connection: Connection, tenant_id: int, now: float) -> int:
    """What the tenant's unexpired files take."""
    mine = (blob.c.tenant_id == tenant_id) & (blob.c.expires_at > now)
    return int(
        connection.execute(select(func.coalesce(func.sum(blob.c.size), 0)).where(mine)).scalar_one()
    )


def remove_expired(connection: Connection, now: float, limit: int = 100) -> int:
    """How many files were removed; call again while it is `limit`."""
    old = select(blob.c.id).where(blob.c.expires_at <= now).order_by(blob.c.expires_at)
    ids = list(connection.execute(old.limit(limit)).scalars())
    if ids:
        connection.execute(delete(blob_chunk).where(blob_chunk.c.blob_id.in_(ids)))
        connection.execute(delete(blob).where(blob.c.id.in_(ids)))
    return len(ids)
