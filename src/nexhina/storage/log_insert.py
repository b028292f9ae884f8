"""Log rows into their table, past SQLAlchemy: the one statement that every call pays for.

On SQLite it is the binding of values that costs, more than the table and its indexes. Calls of one
key to one model are alike in two thirds of their columns; rows that are alike go in together, with
statements that name the shared values once. PostgreSQL takes a batch as one JSON document.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from nexhina.domain.log import LogRow
from nexhina.storage.tables import log

_FIELDS = LogRow.__struct_fields__
_PLAIN = (
    "id",
    "created_at",
    "queue_us",
    "first_byte_us",
    "total_us",
    "hold_nano",
    "charge_nano",
)
_OWN = (*_PLAIN, "request_id", "lines", "trace")
"""What differs from call to call."""

_SHARED = tuple(name for name in _FIELDS if name not in _OWN)
_COLUMNS = (*_SHARED, *_OWN)
_shape = attrgetter(*_SHARED)
_plain = [attrgetter(name) for name in _PLAIN]
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines

_SIZES = (100, 10)
"""Rows per statement, besides single ones. While a statement runs, the event loop's thread may;
with long ones it need not ask for its turn row by row. Few sizes, so that all stay prepared."""

T = TypeVar("T")
Shape = tuple[object, ...]


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
    groups: defaultdict[Shape, list[LogRow]] = defaultdict(list)
    for shape, row in zip(map(_shape, rows), rows, strict=True):
        groups[shape].append(row)
    most = raw.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(_FIELDS)
    others: list[tuple[list[object], LogRow]] = []
    for shape, group in groups.items():
        shared = _write_shared(shape)
        for piece in _cut(group, most):
            values = [*shared, *chain.from_iterable(_write_own(piece))]
            raw.execute(_insert_alike(len(piece)), values)
        others += [(shared, row) for row in _rest(group)]
    for piece in _cut(others, most):
        raw.execute(_insert_mixed(len(piece)), list(chain.from_iterable(_write_whole(piece))))
    raw.executemany(_insert_mixed(1), _write_whole(_rest(others)))


def _cut(rows: list[T], most: int) -> Iterator[list[T]]:
    """Pieces for which there is a statement, of at most `most` rows; not the last few."""
    start = 0
    for size in _SIZES:
        while size <= most and len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _rest(rows: list[T]) -> list[T]:
    """What `_cut` left over."""
    return rows[len(rows) - len(rows) % _SIZES[-1] :]


def _write_shared(shape: Shape) -> list[object]:
    """Flags become integers: `sqlite3` is slow to adapt a bool."""
    return [int(value) if isinstance(value, bool) else value for value in shape]


def _write_own(rows: Sequence[LogRow]) -> Iterator[tuple[object, ...]]:
    """The values of `_OWN`, row by row. Column by column, so that little of it is Python."""
    return zip(
        *(map(column, rows) for column in _plain),
        ["" if row.request_id == row.id else row.request_id for row in rows],
        _write_texts([row.lines for row in rows]),
        _write_texts([row.trace for row in rows]),
        strict=True,
    )


def _write_whole(rows: list[tuple[list[object], LogRow]]) -> list[tuple[object, ...]]:
    """The values of `_COLUMNS`, row by row."""
    owns = _write_own([row for _, row in rows])
    return [(*shared, *own) for (shared, _), own in zip(rows, owns, strict=True)]


def _write_texts(values: list[Any]) -> list[str]:
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
