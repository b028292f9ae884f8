"""Answers by Idempotency-Key: `ports.Idempotency` on the database, kept for 24 hours.

The row of a call that still runs names its worker's epoch: when that life has ended, the key is
free again. So it is an hour after the call began, which no call lasts.
"""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Executable, Row, delete, select, update

from nexhina.errors import ConflictError, HeaderList
from nexhina.ports import Clock, StoredAnswer
from nexhina.storage import worker
from nexhina.storage.database import Database
from nexhina.storage.insert import insert_once
from nexhina.storage.tables import idempotency as table
from nexhina.storage.tables import token

KEPT = 24 * 3600.0  # seconds
LONGEST = 3600.0  # seconds that a call may run before its key is free again

_encode_headers = msgspec.msgpack.Encoder().encode
_decode_headers = msgspec.msgpack.Decoder(HeaderList).decode


class StoredIdempotency:
    """One per process; `worker_id` and `epoch` are its own."""

    def __init__(self, database: Database, clock: Clock, worker_id: str, epoch: int) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker_id
        self._epoch = epoch

    async def begin(self, token_id: int, key: str, body_hash: bytes) -> StoredAnswer | None:
        """The stored answer, or None: the caller is the first and must `finish` or `forget`.

        Raises ConflictError when the body differs, or while the first call still runs.
        """
        return await self._database.writing(self._begin, token_id, key, body_hash)

    async def finish(self, token_id: int, key: str, answer: StoredAnswer) -> None:
        """Keeps the answer of the first call, for 24 hours from now."""
        values = {
            "status": answer.status,
            "headers": _encode_headers(answer.headers),
            "body": answer.body,
            "expires_at": self._clock.now() + KEPT,
        }
        change = update(table).where(self._own(token_id, key)).values(**values)
        await self._database.writing(_run, change)

    async def forget(self, token_id: int, key: str) -> None:
        """Lets the key be used again."""
        await self._database.writing(_run, delete(table).where(self._own(token_id, key)))

    async def revoke(self, token_id: int, key: str) -> None:
        """Takes back an answer that was kept; the key can be used again."""
        await self._database.writing(_run, delete(table).where(self._made_here(token_id, key)))

    def _own(self, token_id: int, key: str) -> ColumnElement[bool]:
        return self._made_here(token_id, key) & table.c.status.is_(None)

    def _made_here(self, token_id: int, key: str) -> ColumnElement[bool]:
        mine = (table.c.worker == self._worker) & (table.c.epoch == self._epoch)
        return (table.c.token_id == token_id) & (table.c.key == key) & mine

    def _begin(
        self, connection: Connection, token_id: int, key: str, body_hash: bytes
    ) -> StoredAnswer | None:
        now = self._clock.now()
        same = (table.c.token_id == token_id) & (table.c.key == key)
        connection.execute(delete(table).where(same & (table.c.expires_at <= now)))
        owner = select(token.c.tenant_id).where(token.c.id == token_id)
        values = {
            "token_id": token_id,
            "key": key,
            "tenant_id": connection.execute(owner).scalar_one(),
            "body_hash": body_hash,
            "worker": self._worker,
            "epoch": self._epoch,
            "expires_at": now + LONGEST,
        }
        if insert_once(connection, table, values):
            return None
        row = connection.execute(select(table).where(same).with_for_update()).one()
        if row.body_hash != body_hash:
            raise ConflictError(
                f"The Idempotency-Key {key!r} was used with another request body; use a new key."
            )
        if row.status is not None:
            return _answer(row)
        first = worker.load_worker(connection, row.worker, row.epoch)
        if first is not None and first.state == worker.RUNNING:
            raise ConflictError(
                f"The first request with the Idempotency-Key {key!r} still runs; ask again later."
            )
        connection.execute(delete(table).where(same))
        insert_once(connection, table, values)
        return None


def remove_expired(connection: Connection, now: float) -> int:
    """How many keys were dropped because their time is over."""
    return connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount


def _run(connection: Connection, change: Executable) -> None:
    connection.execute(change)


def _answer(row: Row[Any]) -> StoredAnswer:
    return StoredAnswer(status=row.status, headers=_decode_headers(row.headers), body=row.body)
