"""Log rows: one per call, never changed. They are written by `log_insert`.

Every index is paid for by every call, so there is none on time, tenant or key. Ids are UUIDv7: their
order is that of arrival, and a moment is a bound on them. Which question uses what:

- newest first, `since`, `before_id`, retention: the unique index of `id`, walked from its end or its
  beginning, within bounds, until there are enough rows;
- of a key: the same walk, from the key's last call until there are enough rows or all it ever made.
  It reads what others called in between: an idle key costs next to nothing, one that is used once
  an hour the rows of the hours shown (three million a second when they are in memory);
- of a tenant: the same walk without such bounds. There is one tenant; an index is due with many;
- a call by its own id: the same index; by its caller's: `ix_log_request_id`;
- following (`after_id`): the primary key.
"""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, literal_column, select

from nexhina.domain.log import LogRow
from nexhina.domain.usage import ChargeLine
from nexhina.storage.row import read_fields
from nexhina.storage.tables import log, token

_read_lines = msgspec.json.Decoder(tuple[ChargeLine, ...]).decode
_read_trace = msgspec.json.Decoder(tuple[str, ...]).decode

_UNPACKING = 60.0  # seconds that may lie between a call's id and its `created_at`
_CLOCK_SET_BACK = 86_400.0  # seconds that ids may be ahead, as they never go back
_LAST_MS = (1 << 48) - 1
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
    limit = query.limit
    if query.before_id is not None:
        place = select(log.c.id).where(log.c.id == query.before_id).scalar_subquery()
        wanted = wanted.where(log.c.id < place)
    if query.after_id is not None:
        number = select(log.c.number).where(log.c.id == query.after_id).scalar_subquery()
        wanted = wanted.where(log.c.number > number).order_by(log.c.number)
    else:
        bounds, limit = _narrowed(connection, query)
        wanted = wanted.where(*bounds).order_by(log.c.id.desc())
    return [_read(row) for row in connection.execute(wanted.limit(limit))]


def remove_before(connection: Connection, moment: float, limit: int = 1000) -> int:
    """Removes at most `limit` rows of calls before `moment` (Unix seconds); returns how many went.

    Rows from a time when the clock was ahead go when their ids have come of age too.
    """
    old = (log.c.id < _id_at(moment)) & (log.c.created_at < moment)
    first = select(log.c.number).where(old).order_by(log.c.id).limit(limit)
    return connection.execute(
        log.delete().where(log.c.number.in_(first.scalar_subquery()))
    ).rowcount


def _narrowed(connection: Connection, query: LogQuery) -> tuple[list[ColumnElement[bool]], int]:
    """Bounds on the ids of the rows that fit, and their highest number, so that few others are read."""
    if query.request_id is not None:  # its index finds the few rows
        return [], query.limit
    bounds: list[ColumnElement[bool]] = []
    limit = query.limit
    if query.since is not None:
        bounds.append(log.c.id >= _id_at(query.since - _UNPACKING))
    if query.token_id is not None:
        facts = select(token.c.calls, token.c.last_used_at).where(token.c.id == query.token_id)
        known = connection.execute(facts).one_or_none()
        if known is not None:  # counted in the transactions that wrote the rows
            limit = min(limit, known.calls)
            last = known.last_used_at or 0.0
            bounds.append(log.c.id < _id_at(last + _CLOCK_SET_BACK))
    return bounds, limit


def _id_at(moment: float) -> str:
    """A bound between the ids of calls before the moment and those from then on.

    Whole, because the order of texts of one form is the same in every collation of PostgreSQL.
    """
    ms = int(min(max(moment, 0.0) * 1000, _LAST_MS))
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-0000-0000-000000000000"


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
