"""Log rows on both databases."""

import math
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from nexhina.domain.log import LogRow
from nexhina.domain.usage import ChargeLine
from nexhina.storage.database import Database
from nexhina.storage.log import LogQuery, find_log, list_logs, remove_before
from nexhina.storage.log_insert import insert_logs
from nexhina.storage.tables import log
from nexhina.storage.worker import book_free
from support.ledger_rows import a_row, make_people


def test_a_row_comes_back_exactly(database: Database) -> None:
    row = a_row(
        channel_id=None,
        charge_nano=2**62,
        lines=(
            ChargeLine("input", 10, 3, 2_500, 1_000_000, 1_200_000),
            ChargeLine("output", 0, None, 0, 1, 1_000_000),
        ),
        trace=('a "quoted" 模型 \N{SNOWMAN} line', "second\nline", ""),
        model="模型\\u0000 is not a NUL",
        created_at=1_712_345_678.123456,
    )
    with database.write() as connection:
        insert_logs(connection, [row])
        insert_logs(connection, [])
    with database.read() as connection:
        assert find_log(connection, None, row.id) == row
        assert find_log(connection, row.tenant_id, row.id) == row
        assert find_log(connection, row.tenant_id + 1, row.id) is None
        assert find_log(connection, None, "nothing") is None


def test_the_table_has_the_fields_of_a_row() -> None:
    assert tuple(log.columns.keys()) == ("number", *LogRow.__struct_fields__)
    assert LogRow.__struct_fields__.index("trace") == LogRow.__struct_fields__.index("lines") + 1


def test_a_nul_in_a_callers_text_does_not_stop_the_batch(database: Database) -> None:
    rows = [a_row(model="a\0b", trace=("x\0y",)), a_row()]
    with database.write() as connection:
        insert_logs(connection, rows)
    with database.read() as connection:
        found = find_log(connection, None, rows[0].id)
        assert find_log(connection, None, rows[1].id) == rows[1]
    assert found is not None
    assert found.model in {"a\0b", "a\N{REPLACEMENT CHARACTER}b"}


def test_an_id_is_booked_once(database: Database) -> None:
    row = a_row()
    with database.write() as connection:
        insert_logs(connection, [row])
    with pytest.raises(IntegrityError), database.write() as connection:
        insert_logs(connection, [a_row(), row])
    with database.read() as connection:
        assert len(list_logs(connection, LogQuery(tenant_id=None))) == 1


def test_many_rows_are_booked_in_their_order_and_all_or_none(database: Database) -> None:
    rows = [a_row() for _ in range(257)]  # whole statements of a hundred, and a rest
    with pytest.raises(IntegrityError), database.write() as connection:
        insert_logs(connection, [*rows, rows[3]])
    with database.write() as connection:
        assert list_logs(connection, LogQuery(tenant_id=None)) == []
        insert_logs(connection, rows)
    with database.read() as connection:
        stored = connection.execute(select(log.c.id).order_by(log.c.number)).scalars()
        assert list(stored) == [row.id for row in rows]
        assert find_log(connection, None, rows[100].id) == rows[100]


@pytest.mark.parametrize("limit", [999, 250_000])
def test_rows_of_many_shapes_come_back_exactly(database: Database, limit: int) -> None:
    shapes: tuple[dict[str, object], ...] = (
        {"stream": True, "lines": (), "trace": ("one\ntwo", "模型")},
        {"stream": False, "status": 502, "error_code": "upstream_error", "trace": ()},
        {"channel_id": None, "estimated": True, "unpriced": True, "model": "模型", "lane": ""},
        {"token_id": 2, "request_id": "given", "abandoned": True},
    )
    counts = (123, 9, 31, 2)
    rows = [
        a_row("", **(shapes[which] | {"total_us": number, "charge_nano": number % 7}))
        for number in range(max(counts))
        for which, count in enumerate(counts)
        if number < count
    ]
    with database.write() as connection:
        raw = connection.connection.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, limit)
        insert_logs(connection, rows)
    with database.read() as connection:
        found = list_logs(connection, LogQuery(tenant_id=None, limit=1000))
    assert sorted(found, key=lambda row: row.id) == sorted(rows, key=lambda row: row.id)


def test_a_sqlite_that_takes_few_variables_is_enough(sqlite: Database) -> None:
    rows = [a_row() for _ in range(75)]
    with sqlite.write() as connection:
        raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        insert_logs(connection, rows)
        assert len(list_logs(connection, LogQuery(tenant_id=None, limit=100))) == 75


def test_rows_are_filtered(database: Database) -> None:
    rows = [
        a_row(request_id="mine", token_id=2, created_at=10.0),
        a_row(model="other", status=502, created_at=11.0),
        a_row(tenant_id=2, created_at=12.0),
    ]
    with database.write() as connection:
        insert_logs(connection, rows)

    def ids(**wanted: Any) -> list[str]:
        with database.read() as connection:
            wanted.setdefault("tenant_id", None)
            query = LogQuery(**wanted)
            return [row.id for row in list_logs(connection, query)]

    first, second, third = (row.id for row in rows)
    assert ids() == [third, second, first]
    assert ids(tenant_id=1) == [second, first]
    assert ids(request_id="mine") == [first]
    assert ids(request_id=second) == [second]
    assert ids(request_id="mine", tenant_id=2) == []
    assert ids(token_id=2) == [first]
    assert ids(model="other", status=502) == [second]
    assert ids(since=11.0) == [third, second]
    assert ids(limit=1) == [third]


def test_pages_meet_without_gap_or_overlap(database: Database) -> None:
    rows = [a_row(created_at=float(number // 3)) for number in range(20)]
    with database.write() as connection:
        insert_logs(connection, rows)
    seen: list[str] = []
    with database.read() as connection:
        before: str | None = None
        while page := list_logs(connection, LogQuery(tenant_id=1, before_id=before, limit=7)):
            seen += [row.id for row in page]
            before = page[-1].id
    assert len(seen) == 20
    assert set(seen) == {row.id for row in rows}


def test_who_follows_sees_late_rows_of_long_calls_too(database: Database) -> None:
    quick, slow, later = a_row(created_at=20.0), a_row(created_at=10.0), a_row(created_at=30.0)
    with database.write() as connection:
        insert_logs(connection, [quick])
        insert_logs(connection, [slow, later])  # `slow` began first and ended last
    with database.read() as connection:
        after = list_logs(connection, LogQuery(tenant_id=1, after_id=quick.id))
        assert after == [slow, later]
        assert list_logs(connection, LogQuery(tenant_id=1, after_id="unknown")) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"tenant_id": 1},
        {"tenant_id": 1, "token_id": 1},
        {"tenant_id": 1, "since": 5.0, "model": "m"},
        {"tenant_id": None, "before_id": "x"},
        {"tenant_id": 1, "request_id": "theirs"},
    ],
    ids=str,
)
def test_the_usual_questions_walk_an_index_in_order(sqlite: Database, wanted: Any) -> None:
    with sqlite.write() as connection:
        make_people(connection)
    with sqlite.read() as connection, _told(connection) as said:
        list_logs(connection, LogQuery(**wanted))
        _require_walk(connection, said[-1], sorts="request_id" in wanted)


def test_old_rows_are_found_from_the_beginning_of_an_index(sqlite: Database) -> None:
    with sqlite.write() as connection, _told(connection) as said:
        remove_before(connection, 5.0)
        _require_walk(connection, said[-1])


@contextmanager
def _told(connection: Connection) -> Generator[list[str]]:
    """The statements that SQLite runs meanwhile."""
    said: list[str] = []
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_trace_callback(said.append)
    yield said
    raw.set_trace_callback(None)


def _require_walk(connection: Connection, statement: str, *, sorts: bool = False) -> None:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    text = repr([row[3] for row in plan])
    assert "INDEX" in text
    assert "'SCAN log'" not in text
    assert sorts or "TEMP B-TREE" not in text


def _id(at: float, number: int = 0) -> str:
    """An id as the gateway makes it at a moment."""
    ms = int(at * 1000)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:012x}"


def test_the_rows_of_a_key_are_those_that_a_look_at_every_row_finds(database: Database) -> None:
    began = 1_700_000_000.0
    rows = [
        a_row(
            _id(began + number, number),
            created_at=began + number,
            token_id=1 if number in {3, 50, 51, 200} else 2,
            status=200 + number % 2,
        )
        for number in range(300)
    ]
    # Its clock was set back by an hour, and its id counts on; and one whose body took time to unpack.
    rows[51].created_at -= 3600
    rows[200].created_at += 30
    with database.write() as connection:
        make_people(connection)
        book_free(connection, rows)
    newest = sorted(rows, key=lambda row: row.id, reverse=True)
    with database.read() as connection:
        for limit in (2, 4, 500):
            query = LogQuery(tenant_id=1, token_id=1, limit=limit)
            mine = [row for row in newest if row.token_id == 1]
            assert list_logs(connection, query) == mine[:limit]
        for since in (began - 4000, began + 10, began + 210, began + 230.5, began + 400, math.inf):
            for number in (None, 1):
                query = LogQuery(tenant_id=1, token_id=number, since=since, limit=500)
                young = [row for row in newest if row.created_at >= since]
                assert list_logs(connection, query) == [
                    row for row in young if number is None or row.token_id == number
                ]
        query = LogQuery(tenant_id=1, token_id=1, before_id=rows[51].id, limit=500)
        assert list_logs(connection, query) == [rows[50], rows[3]]


def test_a_key_that_was_never_used_has_no_rows(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
    with database.read() as connection:
        assert list_logs(connection, LogQuery(tenant_id=1, token_id=1)) == []


def test_a_request_id_is_looked_up_by_index(sqlite: Database) -> None:
    said: list[str] = []
    with sqlite.read() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.set_trace_callback(said.append)
        list_logs(connection, LogQuery(tenant_id=None, request_id="theirs"))
        raw.set_trace_callback(None)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said[-1]}").all()
    text = repr([row[3] for row in plan])
    assert "ix_log_request_id" in text
    assert "SCAN" not in text


def test_a_request_id_of_our_own_is_not_stored_twice(database: Database) -> None:
    ours, theirs = a_row(), a_row(request_id="from the caller")
    with database.write() as connection:
        insert_logs(connection, [ours, theirs])
    with database.read() as connection:
        stored = connection.exec_driver_sql("SELECT request_id FROM log ORDER BY number").scalars()
        assert list(stored) == ["", "from the caller"]
        assert find_log(connection, None, ours.id) == ours
        assert find_log(connection, None, theirs.id) == theirs
        assert list_logs(connection, LogQuery(tenant_id=None, request_id="")) == []


def test_old_rows_go_and_young_ones_stay(database: Database) -> None:
    rows = [a_row(_id(age), created_at=float(age)) for age in range(5)]
    rows[0].created_at = 9.0  # its clock was set forward meanwhile: it stays until then
    with database.write() as connection:
        insert_logs(connection, rows)
    with database.write() as connection:
        assert [remove_before(connection, 4.0, limit=2) for _ in range(3)] == [2, 1, 0]
        left = list_logs(connection, LogQuery(tenant_id=None))
    assert left == [rows[4], rows[0]]


def test_flags_are_stored_as_the_database_means_them(database: Database) -> None:
    rows = [
        a_row(stream=True, estimated=False, unpriced=True, abandoned=False),
        a_row(stream=False, estimated=True, unpriced=False, abandoned=True),
    ]
    with database.write() as connection:
        insert_logs(connection, rows)
    with database.read() as connection:
        assert [find_log(connection, None, row.id) for row in rows] == rows
        wanted = select(log.c.id).where(log.c.stream, log.c.unpriced)
        assert list(connection.execute(wanted).scalars()) == [rows[0].id]
