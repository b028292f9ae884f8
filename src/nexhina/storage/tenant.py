"""Tenants, each with its wallet."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from nexhina.domain.identity import Tenant, wallet_account
from nexhina.errors import ConflictError
from nexhina.storage import account, meta
from nexhina.storage.row import read_fields
from nexhina.storage.tables import tenant


def save_tenant(
    connection: Connection,
    *,
    slug: str,
    name: str,
    postpaid: bool,
    now: float,
    grant_nano: int = 0,
) -> Tenant:
    """The new tenant, with a wallet (no floor if postpaid); ConflictError: the slug is taken."""
    values = {"slug": slug, "name": name, "postpaid": postpaid, "created_at": now}
    try:
        with connection.begin_nested():
            row_id = connection.execute(
                insert(tenant).values(**values).returning(tenant.c.id)
            ).scalar_one()
    except IntegrityError:
        raise ConflictError(f"there is a tenant {slug!r} already; choose another slug") from None
    account.create_account(
        connection,
        wallet_account(row_id),
        tenant_id=row_id,
        floor=None if postpaid else 0,
        grant_nano=grant_nano,
        now=now,
    )
    meta.bump_version(connection)
    return Tenant(id=row_id, slug=slug, name=name, postpaid=postpaid, created_at=now)


def load_tenant(connection: Connection, key: int | str) -> Tenant | None:
    """The tenant of an id (int) or slug (str)."""
    wanted = tenant.c.id == key if isinstance(key, int) else tenant.c.slug == key
    row = connection.execute(select(tenant).where(wanted)).one_or_none()
    return None if row is None else _read(row)


def list_tenants(connection: Connection) -> list[Tenant]:
    """All tenants, oldest first."""
    return [_read(row) for row in connection.execute(select(tenant).order_by(tenant.c.id))]


def _read(row: Row[Any]) -> Tenant:
    return Tenant(**read_fields(row))
