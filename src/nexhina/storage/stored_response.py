"""Stored Responses: `ports.ResponseStore` on the database. A row is seen by its tenant only."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from nexhina.ports import Clock, StoredResponse
from nexhina.storage.database import Database
from nexhina.storage.insert import upsert
from nexhina.storage.tables import response as table

_FIELDS = StoredResponse.__struct_fields__


class SqlResponses:
    """One per process; what has expired is as good as gone, removed or not."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, response: StoredResponse) -> None:
        """Keeps it; committed when this returns."""
        await self._database.writing(_save, response)

    async def find(self, tenant_id: int, name: str) -> StoredResponse | None:
        """The tenant's response; None: unknown, deleted, expired or another tenant's."""
        return await self._database.reading(_find, tenant_id, name, self._clock.now())

    async def find_chain(
        self,
        tenant_id: int,
        name: str,
        most: int,
        most_bytes: int,
    ) -> list[StoredResponse]:
        """The response and those it goes on from, newest first.

        It ends early at one that is gone (the last row then names it in `previous_id`), and behind
        the row that reaches `most` rows or passes `most_bytes`.
        """
        now = self._clock.now()
        return await self._database.reading(_find_chain, tenant_id, name, now, most, most_bytes)

    async def update(self, tenant_id: int, name: str, answer: bytes) -> bool:
        """Puts a newer answer into the response; whether there (still) was one."""
        return await self._database.writing(_update, tenant_id, name, self._clock.now(), answer)

    async def remove(self, tenant_id: int, name: str) -> bool:
        """Whether there was one to remove."""
        return await self._database.writing(_remove, tenant_id, name, self._clock.now())


def remove_expired(connection: Connection, now: float, limit: int = 100) -> int:
    """How many were removed; call again while it is `limit`."""
    old = select(table.c.tenant_id, table.c.id).where(table.c.expires_at <= now)
    rows = connection.execute(old.order_by(table.c.expires_at).limit(limit)).all()
    for row in rows:
        same = (table.c.tenant_id == row.tenant_id) & (table.c.id == row.id)
        connection.execute(delete(table).where(same))
    return len(rows)


def _save(connection: Connection, response: StoredResponse) -> None:
    values = {name: getattr(response, name) for name in _FIELDS}
    upsert(connection, table, ["tenant_id", "id"], values)


def _same(tenant_id: int, name: str, now: float) -> ColumnElement[bool]:
    return (table.c.tenant_id == tenant_id) & (table.c.id == name) & (table.c.expires_at > now)


def _find(connection: Connection, tenant_id: int, name: str, now: float) -> StoredResponse | None:
    row = connection.execute(select(table).where(_same(tenant_id, name, now))).one_or_none()
    return None if row is None else _read(row)


def _find_chain(
    connection: Connection,
    tenant_id: int,
    name: str,
    now: float,
    most: int,
    most_bytes: int,
) -> list[StoredResponse]:
    chain: list[StoredResponse] = []
    size, wanted = 0, name
    while len(chain) < most and size <= most_bytes:
        found = _find(connection, tenant_id, wanted, now)
        if found is None:
            break
        chain.append(found)
        size += len(found.answer) + len(found.items)
        if found.previous_id is None:
            break
        wanted = found.previous_id
    return chain


def _update(connection: Connection, tenant_id: int, name: str, now: float, answer: bytes) -> bool:
    newer = update(table).where(_same(tenant_id, name, now)).values(answer=answer)
    return connection.execute(newer).rowcount == 1


def _remove(connection: Connection, tenant_id: int, name: str, now: float) -> bool:
    return connection.execute(delete(table).where(_same(tenant_id, name, now))).rowcount == 1


def _read(row: Row[Any]) -> StoredResponse:
    return StoredResponse(**{name: getattr(row, name) for name in _FIELDS})
