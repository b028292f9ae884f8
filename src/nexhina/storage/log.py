"""Log rows: one per call, never changed. They are written by `log_insert`."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, literal_column, select, tuple_

from nexhina.domain.log import LogRow
from nexhina.domain.usage import ChargeLine
from nexhina.storage.row import read_fields
from nexhina.storage.tables import log, tenant

_read_lines = msgspec.json.Decoder(tuple[ChargeLine, ...]).decode
_read_trace = msgspec.json.Decoder(tuple[str, ...]).decode

_SAME: ColumnElement[str] = literal_column("''")  # written out, or the partial index is not used


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows. `tenant_id` None is for the operator: rows of every tenant.

    Newest first; with `after_id` in the order of booking, for those who follow the log.
    """

    tenant_id: int | None
    request_id: str | None = None  # the caller's id, or ours
    token_id: int | None = None
    model: str | None = None
    status: int | None = None
    since: float | None = None  # Unix seconds
    before_id: str | None = None
    after_id: str | None = None
    limit: int = 50


def find_log(connection: Connection, tenant_id: int | None, log_id: str) -> LogRow | None:
    """The row of a call, by its x-nexhina-id."""
    wanted = select(log).where(log.c.id == log_id)
    if tenant_id is not None:
        wanted = wanted.where(log.c.tenant_id == tenant_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _read(row)


def list_logs(connection: Connection, query: LogQuery) -> list[LogRow]:
    """The rows that fit, at most `limit`. An unknown `before_id` or `after_id` gives none."""
    wanted = _filtered(query)
    if query.before_id is not None:
        place = tuple_(log.c.created_at, log.c.id)
        at = select(log.c.created_at, log.c.id).where(log.c.id == query.before_id)
        wanted = wanted.where(place < at.scalar_subquery())
    if query.after_id is not None:
        number = select(log.c.number).where(log.c.id == query.after_id).scalar_subquery()
        wanted = wanted.where(log.c.number > number).order_by(log.c.number)
    else:
        wanted = wanted.order_by(log.c.created_at.desc(), log.c.id.desc())
    return [_read(row) for row in connection.execute(wanted.limit(query.limit))]


def remove_before(connection: Connection, moment: float, limit: int = 1000) -> int:
    """Removes at most `limit` rows of calls before `moment` (Unix seconds); returns how many went."""
    # Tenant by tenant, because that is how the rows are indexed by time.
    anyone = log.c.tenant_id.in_(select(tenant.c.id))
    old = select(log.c.number).where(anyone, log.c.created_at < moment).limit(limit)
    return connection.execute(log.delete().where(log.c.number.in_(old.scalar_subquery()))).rowcount


def _filtered(query: LogQuery) -> Select[Any]:
    wanted = select(log)
    for column, value in (
        (log.c.tenant_id, query.tenant_id),
        (log.c.token_id, query.token_id),
        (log.c.model, query.model),
        (log.c.status, query.status),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if query.since is not None:
        wanted = wanted.where(log.c.created_at >= query.since)
    if query.request_id is not None:
        # Written like the partial index, which holds only ids that callers gave.
        given = (log.c.request_id == query.request_id) & (log.c.request_id != _SAME)
        wanted = wanted.where(given | (log.c.id == query.request_id))
    return wanted


def _read(row: Row[Any]) -> LogRow:
    fields = read_fields(row)
    del fields["number"]
    fields["request_id"] = fields["request_id"] or fields["id"]
    fields["lines"] = _read_lines(fields["lines"])
    fields["trace"] = _read_trace(fields["trace"])
    return LogRow(**fields)
