"""Durable jobs: made with their earmarks in one transaction, ended with their charge in another.

What a caller asks is asked by tenant. What follows a job (`list_due` and the changes behind it) is
the installation's own work and names the job.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from nexhina.domain.job import OPEN, Job
from nexhina.domain.log import LogRow
from nexhina.ports import Clock, Closing
from nexhina.storage import worker
from nexhina.storage.database import Database
from nexhina.storage.tables import earmark
from nexhina.storage.tables import job as table
from nexhina.storage.tables import worker as workers

KEPT = 24 * 3600.0  # seconds that an Idempotency-Key holds

_FIELDS = Job.__struct_fields__
_AS_JSON = {"files": dict[str, str], "accounts": tuple[str, ...]}
_encode = msgspec.json.Encoder().encode
_encode_row = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(LogRow).decode


class SqlJobs:
    """One per process; `worker_id` and `epoch` are its own."""

    def __init__(self, database: Database, clock: Clock, worker_id: str, epoch: int) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker_id
        self._epoch = epoch

    # --- what callers ask ---------------------------------------------------------------------

    async def find(self, tenant_id: int, name: str) -> Job | None:
        """The tenant's job."""
        return await self._database.reading(_find, _own(tenant_id, name))

    async def find_key(self, token_id: int, key: str) -> Job | None:
        """The job that was asked for with this Idempotency-Key in the last 24 hours."""
        fresh = table.c.created_at > self._clock.now() - KEPT
        same = (table.c.token_id == token_id) & (table.c.key == key) & fresh
        return await self._database.reading(_find, same)

    async def list_page(
        self, tenant_id: int, operation: str, *, after: str | None, limit: int, ascending: bool
    ) -> list[Job] | None:
        """At most `limit` of the tenant's jobs in the order of creation; None: no such `after`."""
        return await self._database.reading(
            _list_page, tenant_id, operation, after, limit, ascending
        )

    async def remove(self, tenant_id: int, name: str) -> bool:
        """Whether there was one that had ended, to remove."""
        over = _own(tenant_id, name) & table.c.state.not_in(OPEN)
        return await self._database.writing(_remove, over)

    # --- how a job begins ------------------------------------------------------------------------

    async def create(self, job: Job) -> Job:
        """The job as it is kept, its money set aside in the same transaction.

        An earlier one of this token with the same Idempotency-Key is returned in its place.
        """
        job = msgspec.structs.replace(job, worker=self._worker, epoch=self._epoch)
        return await self._database.writing(_create, job, self._clock.now())

    async def note_attempt(
        self, job: Job, *, channel_id: int, upstream_model: str, key_mark: str
    ) -> bool:
        """Notes whom the job is sent to, before it is; False: it must not be, since it has ended."""
        values = {"channel_id": channel_id, "upstream_model": upstream_model, "key_mark": key_mark}
        return await self._change(job, ("submitting",), values)

    async def note_taken(self, job: Job, row: LogRow, **values: Any) -> bool:
        """Notes what the vendor said when it took the job; False: it had ended meanwhile."""
        values |= {"row": _encode_row(row), "taken_at": self._clock.now()}
        return await self._change(job, ("submitting",), values)

    # --- how it goes on ---------------------------------------------------------------------------

    async def note(self, job: Job, **values: Any) -> bool:
        """Notes how far an open job is."""
        return await self._change(job, OPEN, values)

    async def note_files(self, job: Job, files: dict[str, str]) -> bool:
        """Notes the stored files of a completed job."""
        return await self._change(job, ("completed",), {"files": files})

    async def claim(self, job: Job, until: float) -> bool:
        """Whether this process may follow the job up to `until`: nobody else was first."""
        same = (table.c.id == job.id) & (table.c.poll_at == job.poll_at)
        values = {"poll_at": until, "worker": self._worker, "epoch": self._epoch}
        return await self._database.writing(_change, same & table.c.state.in_(OPEN), values)

    async def list_due(self, now: float, most: int) -> list[Job]:
        """Jobs whose vendor is to be asked now, those that wait longest first."""
        return await self._database.reading(_list_due, now, most)

    async def next_due(self) -> float | None:
        """When the next vendor is to be asked."""
        return await self._database.reading(_next_due)

    async def list_lost(self) -> list[Job]:
        """Jobs that were being sent when their process ended: what their vendors know is unknown."""
        return await self._database.reading(_list_lost)

    async def wake_claimed(self) -> int:
        """How many jobs an earlier life of this worker was following; they are due at once."""
        theirs = (table.c.worker == self._worker) & (table.c.epoch < self._epoch)
        due = theirs & table.c.state.in_(OPEN) & table.c.poll_at.is_not(None)
        return await self._database.writing(_wake, due, self._clock.now())

    # --- how it ends ------------------------------------------------------------------------------

    async def end(self, job: Job, row: LogRow, *, keep: bool = True, **values: Any) -> Job | None:
        """The job with its end: charge, log row and earmark in one transaction. None: it had ended.

        Not `keep`: nobody knows its name, so that only its log row stays.
        """
        return await self._database.writing(_end, job, row, keep, values, self._clock.now())

    async def list_held(self) -> list[tuple[str, int, int]]:
        """Id, token and nano-USD set aside of every open job."""
        return await self._database.reading(_list_held)

    async def _change(self, job: Job, states: Sequence[str], values: dict[str, Any]) -> bool:
        same = _own(job.tenant_id, job.id) & table.c.state.in_(states)
        return await self._database.writing(_change, same, values)


def remove_ended(connection: Connection, before: float, limit: int = 100) -> int:
    """How many jobs that ended before then were removed; call again while it is `limit`."""
    old = select(table.c.number).where(table.c.ended_at <= before).limit(limit)
    numbers = list(connection.execute(old).scalars())
    if numbers:
        connection.execute(delete(table).where(table.c.number.in_(numbers)))
    return len(numbers)


def read_row(job: Job) -> LogRow:
    """The log row's facts that are known so far."""
    return _decode_row(job.row)


def write_row(row: LogRow) -> bytes:
    """The row for `Job.row`."""
    return _encode_row(row)


def _own(tenant_id: int, name: str) -> ColumnElement[bool]:
    return (table.c.tenant_id == tenant_id) & (table.c.id == name)


def _find(connection: Connection, same: ColumnElement[bool]) -> Job | None:
    row = connection.execute(select(table).where(same)).one_or_none()
    return None if row is None else _read(row)


def _list_page(
    connection: Connection,
    tenant_id: int,
    operation: str,
    after: str | None,
    limit: int,
    ascending: bool,  # noqa: FBT001  (named at its one call)
) -> list[Job] | None:
    mine = (table.c.tenant_id == tenant_id) & (table.c.operation == operation)
    if after is not None:
        number = connection.execute(select(table.c.number).where(mine & (table.c.id == after)))
        place = number.scalar_one_or_none()
        if place is None:
            return None
        mine &= table.c.number > place if ascending else table.c.number < place
    order = table.c.number if ascending else table.c.number.desc()
    rows = connection.execute(select(table).where(mine).order_by(order).limit(limit))
    return [_read(row) for row in rows]


def _create(connection: Connection, job: Job, now: float) -> Job:
    if job.key is not None:
        same = (table.c.token_id == job.token_id) & (table.c.key == job.key)
        old = same & (table.c.created_at <= now - KEPT)
        connection.execute(update(table).where(old).values(key=None))
        earlier = _find(connection, same)
        if earlier is not None:
            return earlier
    values = {name: _write(name, getattr(job, name)) for name in _FIELDS if name != "number"}
    made = connection.execute(insert(table).values(**values))
    marks = {"job_id": job.id, "tenant_id": job.tenant_id, "amount": job.held}
    connection.execute(insert(earmark), [marks | {"account": name} for name in job.accounts])
    (number,) = made.inserted_primary_key or (0,)
    return msgspec.structs.replace(job, number=number)


def _change(connection: Connection, same: ColumnElement[bool], values: dict[str, Any]) -> bool:
    written = {name: _write(name, value) for name, value in values.items()}
    return connection.execute(update(table).where(same).values(**written)).rowcount == 1


def _wake(connection: Connection, due: ColumnElement[bool], now: float) -> int:
    return connection.execute(update(table).where(due).values(poll_at=now)).rowcount


def _list_due(connection: Connection, now: float, most: int) -> list[Job]:
    due = table.c.state.in_(OPEN) & (table.c.poll_at <= now)
    rows = connection.execute(select(table).where(due).order_by(table.c.poll_at).limit(most))
    return [_read(row) for row in rows]


def _next_due(connection: Connection) -> float | None:
    going = table.c.state.in_(OPEN)
    return connection.execute(select(func.min(table.c.poll_at)).where(going)).scalar()


def _list_lost(connection: Connection) -> list[Job]:
    lives = (workers.c.id == table.c.worker) & (workers.c.epoch == table.c.epoch)
    alive = select(workers.c.id).where(lives & (workers.c.state == worker.RUNNING)).exists()
    rows = connection.execute(select(table).where((table.c.state == "submitting") & ~alive))
    return [_read(row) for row in rows]


def _end(
    connection: Connection,
    job: Job,
    row: LogRow,
    keep: bool,  # noqa: FBT001  (named at its one call)
    values: dict[str, Any],
    now: float,
) -> Job | None:
    same = _own(job.tenant_id, job.id)
    found = connection.execute(select(table).where(same).with_for_update()).one_or_none()
    if found is None or found.state not in OPEN:
        return None
    current = _read(found)
    connection.execute(delete(earmark).where(earmark.c.job_id == job.id))
    values |= {"ended_at": now, "poll_at": None, "row": _encode_row(row)}
    if keep:
        _change(connection, same, values)
    else:
        connection.execute(delete(table).where(same))
    worker.book_job(connection, current.number, Closing(row, current.accounts), now)
    return msgspec.structs.replace(current, **values)


def _remove(connection: Connection, same: ColumnElement[bool]) -> bool:
    return connection.execute(delete(table).where(same)).rowcount == 1


def _list_held(connection: Connection) -> list[tuple[str, int, int]]:
    columns = select(table.c.id, table.c.token_id, table.c.held)
    return [
        (row.id, row.token_id, int(row.held))
        for row in connection.execute(columns.where(table.c.state.in_(OPEN)))
    ]


def _write(name: str, value: Any) -> Any:
    return _encode(value).decode() if name in _AS_JSON else value


def _read(row: Row[Any]) -> Job:
    fields = {name: getattr(row, name) for name in _FIELDS}
    for name, kind in _AS_JSON.items():
        fields[name] = msgspec.json.decode(fields[name], type=kind)
    return Job(**fields)
