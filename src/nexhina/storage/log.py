"""Log rows: one per call, written in batches, never changed."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, literal_column, select, tuple_
from sqlalchemy.exc import DBAPIError

from nexhina.domain.log import LogRow
from nexhina.domain.usage import ChargeLine
from nexhina.storage.row import read_fields
from nexhina.storage.tables import log, tenant

_FIELDS = LogRow.__struct_fields__  # id and request_id come first
_LINES = _FIELDS.index("lines")  # it and `trace` behind it are kept as JSON text
_FLAGS = _FIELDS.index("stream")  # four of them
_NO_TRACE = "[]"
_astuple = msgspec.structs.astuple
_encode = msgspec.json.Encoder().encode
_read_lines = msgspec.json.Decoder(tuple[ChargeLine, ...]).decode
_read_trace = msgspec.json.Decoder(tuple[str, ...]).decode

_ROWS_AT_ONCE = 100  # per statement of SQLite: a fifth cheaper than one by one


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


def insert_logs(connection: Connection, rows: Sequence[LogRow]) -> None:
    """Writes the rows with one statement; an id that is there already raises IntegrityError."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        try:
            _insert_into_file(connection.connection.dbapi_connection, rows)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                "INSERT INTO log", None, error, sqlite3.Error, hide_parameters=True
            ) from error
        return
    document = _encode(rows)
    if b"\\u0000" in document:  # PostgreSQL has no text with a NUL; SQLite keeps it
        document = _encode([_without_nul(row) for row in rows])
    connection.exec_driver_sql(_POSTGRES_INSERT, (document.decode(),))


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


def _insert_into_file(raw: Any, rows: Sequence[LogRow]) -> None:
    """Past SQLAlchemy, in its transaction: this is the one statement that every call pays for.

    While a statement runs, the event loop's thread may; with long ones it need not ask for its turn
    row by row.
    """
    most = raw.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(_FIELDS)
    at_once = min(_ROWS_AT_ONCE, most)
    whole = len(rows) - len(rows) % at_once
    for start in range(0, whole, at_once):
        values: list[object] = []
        for row in rows[start : start + at_once]:
            values += _write_row(row)
        raw.execute(_sqlite_insert(at_once), values)
    raw.executemany(_sqlite_insert(1), [_write_row(row) for row in rows[whole:]])


@cache
def _sqlite_insert(rows: int) -> str:
    one = f"({', '.join('?' * len(_FIELDS))})"
    return f"INSERT INTO log ({', '.join(_FIELDS)}) VALUES {', '.join([one] * rows)}"  # noqa: S608  (field names of our own)


def _write_row(row: LogRow) -> tuple[object, ...]:
    """The row as SQLite takes it. Flags become integers: `sqlite3` is slow to adapt a bool."""
    fields = _astuple(row)
    name, request = fields[0], fields[1]
    return (
        name,
        "" if request == name else request,
        *fields[2:_FLAGS],
        +row.stream,
        +row.estimated,
        +row.unpriced,
        +row.abandoned,
        *fields[_FLAGS + 4 : _LINES],
        _encode(row.lines).decode(),
        _encode(row.trace).decode() if row.trace else _NO_TRACE,
        *fields[_LINES + 2 :],
    )


def _without_nul(row: LogRow) -> LogRow:
    changes: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(row, name)
        if isinstance(value, str) and "\0" in value:
            changes[name] = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    trace = tuple(line.replace("\0", "\N{REPLACEMENT CHARACTER}") for line in row.trace)
    return msgspec.structs.replace(row, trace=trace, **changes)


def _postgres_insert() -> str:
    """One parameter for the whole batch: the rows as JSON arrays, unpacked by the server."""
    types = {"Text": "text", "Double": "float8", "Boolean": "boolean", "Integer": "int"}
    columns = [
        f"(r->>{place})::{types.get(type(log.c[name].type).__name__, 'bigint')}"
        for place, name in enumerate(_FIELDS)
    ]
    columns[1] = "CASE WHEN r->>1 = r->>0 THEN '' ELSE r->>1 END"  # request_id
    return (
        f"INSERT INTO log ({', '.join(_FIELDS)}) SELECT {', '.join(columns)}"  # noqa: S608  (field names of our own)
        " FROM json_array_elements(%s::json) AS r"
    )


_POSTGRES_INSERT = _postgres_insert()
