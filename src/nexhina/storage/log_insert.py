"""Log rows into their table, past SQLAlchemy: the one statement that every call pays for.

On SQLite it is the binding of values that costs, more than the table and its indexes. Calls of one
key to one model are alike in two thirds of their columns; rows that are alike go in together, with
statements that name the shared values once. Rows are read as tuples and written column by column,
because a thousand single looks at attributes cost as much as the database. PostgreSQL takes a batch as one JSON document.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from nexhina.domain.log import LogRow
from nexhina.storage.tables import log

_FIELDS = LogRow.__struct_fields__
_ALIKE = _FIELDS.index("tenant_id")
_ALIKE_END = _FIELDS.index("queue_us")
_TRACE = _FIELDS.index("trace")

# In the order in which a row's tuple is cut, see `_group`.
_SHARED = (*_FIELDS[_ALIKE:_ALIKE_END], *_FIELDS[_TRACE:])
_OWN = (*_FIELDS[:_ALIKE], *_FIELDS[_ALIKE_END:_TRACE])
"""What differs from call to call."""

_COLUMNS = (*_SHARED, *_OWN)
_ID, _REQUEST_ID, _LINES = map(_OWN.index, ("id", "request_id", "lines"))
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines

_SIZES = (100, 10)
"""Rows per statement, besides single ones. While a statement runs, the event loop's thread may;
with long ones it need not ask for its turn row by row. Few sizes, so that all stay prepared."""

Values = tuple[Any, ...]


def insert_logs(connection: Connection, rows: Sequence[LogRow]) -> None:
    """Writes the rows, all or none; an id that is there already raises IntegrityError.

    Their numbers follow the order of the rows, but for rows that are alike: those stand together.
    """
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


def _insert_into_file(raw: Any, rows: Sequence[LogRow]) -> None:
    most = raw.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(_FIELDS)
    others: list[list[object]] = []
    for shape, group in _group(rows).items():
        shared, own = _write_shared(shape), _write_own(group)
        start = 0
        for size in _cut(len(group), most):
            end = start + size * len(_OWN)
            raw.execute(_insert_alike(size), shared + own[start:end])
            start = end
        others += [
            shared + own[place : place + len(_OWN)] for place in range(start, len(own), len(_OWN))
        ]
    start = 0
    for size in _cut(len(others), most):
        raw.execute(_insert_mixed(size), list(chain.from_iterable(others[start : start + size])))
        start += size
    raw.executemany(_insert_mixed(1), others[start:])


def _group(rows: Sequence[LogRow]) -> dict[Values, list[Values]]:
    """For each set of values of `_SHARED` the values of `_OWN` of its rows."""
    groups: defaultdict[Values, list[Values]] = defaultdict(list)
    last, group = None, []
    for row in map(astuple, rows):
        shape = row[_ALIKE:_ALIKE_END] + row[_TRACE:]
        if shape != last:  # mostly it is the one before: no need to hash it
            last, group = shape, groups[shape]
        group.append(row[:_ALIKE] + row[_ALIKE_END:_TRACE])
    return groups


def _cut(count: int, most: int) -> Iterator[int]:
    """Sizes of pieces for which there is a statement, of at most `most` rows; not the last few."""
    for size in _SIZES:
        while size <= most and count >= size:
            yield size
            count -= size


def _write_shared(shape: Values) -> list[object]:
    """The values of `_SHARED`. Flags become integers: `sqlite3` is slow to adapt a bool."""
    return [
        *(int(value) if isinstance(value, bool) else value for value in shape[:-1]),
        _encode(shape[-1]).decode(),
    ]


def _write_own(rows: list[Values]) -> list[object]:
    """The values of `_OWN`, row behind row."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    ids, given = columns[_ID], columns[_REQUEST_ID]
    columns[_REQUEST_ID] = [
        "" if request_id == id_ else request_id for id_, request_id in zip(ids, given, strict=True)
    ]
    columns[_LINES] = _write_texts(columns[_LINES])
    width = len(columns)
    values: list[object] = [None] * (width * len(rows))
    for place, column in enumerate(columns):
        values[place::width] = column
    return values


def _write_texts(values: Sequence[Any]) -> list[str]:
    """Each value as JSON text, in which a line break is never bare."""
    return _encode_lines(values).decode().split("\n")[:-1]


@cache
def _insert_alike(rows: int) -> str:
    """Numbered values: first those of `_SHARED`, once, then those of `_OWN` for each row."""
    many, own = len(_SHARED), len(_OWN)
    shared = [f"?{number}" for number in range(1, many + 1)]
    return _insert_into(
        [
            *shared,
            *(f"?{number}" for number in range(many + own * row + 1, many + own * (row + 1) + 1)),
        ]
        for row in range(rows)
    )


@cache
def _insert_mixed(rows: int) -> str:
    return _insert_into([["?"] * len(_COLUMNS)] * rows)


def _insert_into(rows: Iterable[Sequence[str]]) -> str:
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"INSERT INTO log ({', '.join(_COLUMNS)}) VALUES {values}"  # noqa: S608  (field names of our own)


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
