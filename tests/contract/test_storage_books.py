"""Booking: exactly once, whole batches, on both databases; the writer thread; the boot sequence."""

import asyncio
import logging
import socket
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from nexhina.errors import OverloadedError, StartError
from nexhina.storage import token, worker
from nexhina.storage.books import Books as OpenBooks
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder
from nexhina.storage.journal import MANY_ROWS, open_journal
from nexhina.storage.replay import replay
from nexhina.storage.writer import Writer
from support.databases import fresh_database
from support.ledger_rows import Books, FixedClock, a_closing, a_opening, a_row, make_people, settled

ACCOUNTS = ("wallet/1", "budget/1/0")


def look(database: Database) -> Books:
    """The books, checked."""
    with database.read() as connection:
        books = Books(connection)
    books.check()
    return books


def test_a_batch_books_rows_entries_counters_and_watermark_together(database: Database) -> None:
    rows = [a_row(charge_nano=nano, created_at=float(nano)) for nano in (5, 9, 7)]
    with database.write() as connection:
        make_people(connection, budget_nano=100)
        epoch = worker.start_worker(connection, "main", now=1.0)
        batch = [(seq, a_closing(row, ACCOUNTS)) for seq, row in enumerate(rows, 1)]
        assert worker.book(connection, "main", epoch, batch, 50.0) == 3
    books = look(database)
    assert books.ids == [row.id for row in rows]
    assert books.balances["wallet/1"] == -21
    assert books.balances["budget/1/0"] == 79
    with database.read() as connection:
        state = worker.load_worker(connection, "main", epoch)
        (use,) = token.list_tokens(connection, 1)
    assert state is not None
    assert (state.flushed_seq, state.heartbeat_at) == (3, 50.0)
    assert (use.spent_nano, use.calls, use.last_used_at) == (21, 3, 9.0)


def test_a_batch_that_comes_again_is_booked_once(database: Database) -> None:
    batch = [(seq, a_closing(a_row(charge_nano=10))) for seq in (1, 2, 3)]
    with database.write() as connection:
        make_people(connection)
        epoch = worker.start_worker(connection, "main", now=1.0)
        assert worker.book(connection, "main", epoch, batch[:2], 1.0) == 2
    with database.write() as connection:
        assert worker.book(connection, "main", epoch, batch, 2.0) == 1
        assert worker.book(connection, "main", epoch, batch, 3.0) == 0
        assert worker.book(connection, "main", epoch, [], 4.0) == 0
    books = look(database)
    assert books.balances["wallet/1"] == -30
    assert len(books.ids) == 3


def test_an_epoch_that_was_ended_books_no_more(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
        epoch = worker.start_worker(connection, "main", now=1.0)
        worker.stop_worker(connection, "main", epoch)
        with pytest.raises(worker.Fenced):
            worker.book(connection, "main", epoch, [(1, a_closing(a_row()))], 1.0)
        with pytest.raises(worker.Fenced):
            worker.book(connection, "main", 99, [], 1.0)
        assert worker.start_worker(connection, "main", now=1.0, above=7) == 8
        with pytest.raises(ValueError, match="not a name"):
            worker.start_worker(connection, "desk", now=1.0)


def test_one_impossible_row_does_not_hold_up_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    twice = a_row(charge_nano=10)
    with database.write() as connection:
        make_people(connection)
        epoch = worker.start_worker(connection, "main", now=1.0)
        worker.book(connection, "main", epoch, [(1, a_closing(twice))], 1.0)
        others = [(2, a_closing(twice)), (3, a_closing(a_row(charge_nano=2**63)))]
        good = [(4, a_closing(a_row(charge_nano=7)))]
        assert worker.book(connection, "main", epoch, others + good, 1.0) == 3
    books = look(database)
    assert books.balances["wallet/1"] == -17 == -books.charged
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert twice.id in caplog.text


def test_a_batch_with_an_impossible_row_is_tried_again_row_by_row(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    twice = a_row(charge_nano=10)
    with database.write() as connection:
        make_people(connection)
        key = ("main", worker.start_worker(connection, "main", now=1.0))
    assert worker.book_in(database, key, [(1, a_closing(twice))], 1.0) == 1
    batch = [
        (2, a_closing(a_row("before", charge_nano=3))),
        (3, a_closing(twice)),
        (4, a_closing(a_row("huge", charge_nano=2**63))),
        (5, a_closing(a_row("after", charge_nano=4))),
    ]
    assert worker.book_in(database, key, batch, 1.0) == 4
    assert worker.book_in(database, key, batch, 1.0) == 0
    books = look(database)
    assert books.ids == [twice.id, "before", "after"]
    assert books.balances["wallet/1"] == -17 == -books.charged
    with database.read() as connection:
        (use,) = token.list_tokens(connection, 1)
    assert (use.spent_nano, use.calls) == (17, 3)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert twice.id in caplog.text
    assert "huge" in caplog.text


def test_a_batch_without_an_impossible_row_needs_no_savepoint(sqlite: Database) -> None:
    with sqlite.write() as connection:
        make_people(connection)
        key = ("main", worker.start_worker(connection, "main", now=1.0))
        raw = connection.connection.dbapi_connection
        assert raw is not None
    said: list[str] = []
    raw.set_trace_callback(said.append)
    worker.book_in(sqlite, key, [(1, a_closing(a_row(charge_nano=10)))], 1.0)
    raw.set_trace_callback(None)
    assert any(text.startswith("INSERT INTO log") for text in said)
    assert not [text for text in said if text.startswith("SAVEPOINT")]


def test_charges_on_different_accounts_add_up(database: Database) -> None:
    with database.write() as connection:
        make_people(connection, budget_nano=100)
        key = ("main", worker.start_worker(connection, "main", now=1.0))
    calls = [(5, ACCOUNTS), (7, ("wallet/1",)), (11, ACCOUNTS), (0, ACCOUNTS), (13, ())]
    batch = [
        (seq, a_closing(a_row(charge_nano=nano), accounts))
        for seq, (nano, accounts) in enumerate(calls, 1)
    ]
    assert worker.book_in(database, key, batch, 1.0) == 5
    balances = look(database).balances
    assert (balances["wallet/1"], balances["budget/1/0"]) == (-23, 84)


def test_a_charge_on_an_account_that_was_never_made_is_booked(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as connection:
        make_people(connection)
        epoch = worker.start_worker(connection, "main", now=1.0)
        closing = a_closing(a_row(charge_nano=10), ("wallet/1", "budget/77/0"))
        worker.book(connection, "main", epoch, [(1, closing)], 1.0)
    assert look(database).balances["budget/77/0"] == -10
    assert "budget/77/0" in caplog.text


async def test_a_settled_call_is_in_the_books_soon(database: Database, folder: DataFolder) -> None:
    counts: list[int] = []
    booked = threading.Event()

    def count(rows: int) -> None:
        counts.append(rows)
        booked.set()

    with database.write() as connection:
        make_people(connection)
    books = OpenBooks.open(database, folder, FixedClock())
    books.writer.stop()
    writer = Writer(
        database,
        books.journal,
        "main",
        books.epoch,
        FixedClock(),
        interval=0.01,
        flushed=count,
    )
    writer.start()
    row = a_row(charge_nano=33)
    books.journal.opened(a_opening(row))
    await settled(books.journal.closed(a_closing(row)))
    assert await asyncio.to_thread(booked.wait, 5)
    assert counts == [1]
    assert look(database).balances["wallet/1"] == -33
    assert writer.stop()
    books.journal.close(all_booked=True)


async def test_without_calls_no_thread_wakes_up_and_the_next_call_is_booked(
    sqlite: Database, folder: DataFolder
) -> None:
    booked = threading.Event()
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(
        sqlite, folder, FixedClock(), interval=0.01, flushed=lambda _: booked.set()
    )
    for _ in range(2):
        await settled(books.journal.closed(a_closing(a_row(charge_nano=1))))
        assert await asyncio.to_thread(booked.wait, 5)
        booked.clear()
        await asyncio.sleep(0.3)  # its intervals, and that of the synchronising thread
        before = count_wakes()
        await asyncio.sleep(0.3)  # what is tested is that nothing happens
        assert count_wakes() == before
    assert books.close()
    assert look(sqlite).balances["wallet/1"] == -2


def count_wakes() -> dict[str, int]:
    """How often each thread of the books went to sleep so far."""
    found: dict[str, int] = {}
    for thread in threading.enumerate():
        if thread.name in {"nexhina-writer", "nexhina-journal-sync"}:
            status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
            found[thread.name] = int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    assert len(found) == 2
    return found


async def test_many_calls_are_booked_before_the_interval_is_over(
    sqlite: Database, folder: DataFolder
) -> None:
    booked = threading.Event()
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(
        sqlite, folder, FixedClock(), interval=60.0, flushed=lambda _: booked.set()
    )
    waits = [books.journal.closed(a_closing(a_row())) for _ in range(MANY_ROWS - 1)]
    await settled(waits[-1])
    assert not await asyncio.to_thread(booked.wait, 0.1)
    await settled(books.journal.closed(a_closing(a_row())))
    assert await asyncio.to_thread(booked.wait, 5)
    assert books.close()


async def test_a_long_queue_behind_a_dead_database_is_an_overload(
    sqlite: Database, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexhina.storage.books.MOST_WAITING", 2)
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(sqlite, folder, FixedClock(), interval=60.0)
    seen: list[bool] = []
    for _ in range(4):
        await settled(books.journal.closed(a_closing(a_row(charge_nano=1))))
        seen.append(books.is_overloaded())
    assert seen == [False, False, True, True]
    assert books.close()
    assert not books.is_overloaded()


async def test_after_many_calls_the_writer_tidies_up_in_a_quiet_moment(
    sqlite: Database, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied = threading.Event()
    monkeypatch.setattr("nexhina.storage.writer._UNTIDY", 3)
    monkeypatch.setattr("nexhina.storage.writer._QUIET", 0.01)
    tidy = sqlite.tidy

    def note() -> None:
        tidy()
        tidied.set()

    monkeypatch.setattr(sqlite, "tidy", note)
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(sqlite, folder, FixedClock(), interval=0.01)
    for _ in range(3):
        await settled(books.journal.closed(a_closing(a_row())))
    assert await asyncio.to_thread(tidied.wait, 5)
    assert books.close()


async def test_a_clean_stop_books_everything_and_leaves_no_file(
    database: Database, folder: DataFolder
) -> None:
    with database.write() as connection:
        make_people(connection)
    books = OpenBooks.open(database, folder, FixedClock())
    rows = [a_row(charge_nano=1) for _ in range(1_500)]
    waits = [books.journal.closed(a_closing(row)) for row in rows]
    assert await asyncio.to_thread(books.writer.nudge) is None
    await settled(waits[-1])
    assert books.close()
    assert look(database).ids == [row.id for row in rows]
    assert list(folder.journal.iterdir()) == []
    with database.read() as connection:
        assert worker.list_running(connection, "main") == []
    again = OpenBooks.open(database, folder, FixedClock())
    assert again.epoch == books.epoch + 1
    assert again.replayed.files == 0
    assert again.close()


async def test_calls_still_open_at_the_stop_are_abandoned_at_the_next_start(
    database: Database, folder: DataFolder
) -> None:
    with database.write() as connection:
        make_people(connection)
    books = OpenBooks.open(database, folder, FixedClock())
    books.journal.opened(a_opening(a_row("cut-off")))
    assert books.close()
    again = OpenBooks.open(database, folder, FixedClock())
    assert (again.replayed.abandoned, again.replayed.closed) == (1, 0)
    assert look(database).ids == ["cut-off"]
    assert again.close()


async def test_a_locked_database_delays_and_loses_nothing(
    sqlite: Database, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite.write() as connection:
        make_people(connection)
    journal = open_journal(folder.journal, "x", "main", 1, sync="off")
    with sqlite.write() as connection:
        assert worker.start_worker(connection, "main", now=1.0) == 1
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    writer = Writer(sqlite, journal, "main", 1, FixedClock(), interval=0.001)
    thief = sqlite3.connect(folder.database, isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")
    row = a_row(charge_nano=44)
    await settled(journal.closed(a_closing(row)))
    assert not writer._attempt(last=False)
    assert not writer._attempt(last=False)
    assert not writer.healthy
    assert writer.backlog == 1
    thief.execute("ROLLBACK")
    thief.close()
    assert writer._attempt(last=False)
    assert writer.healthy
    assert writer.backlog == 0
    assert look(sqlite).balances["wallet/1"] == -44
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "calls can't be booked now, the journal keeps them",
        "calls are booked again",
    ]
    journal.close(all_booked=True)


async def test_a_fenced_writer_stops_and_leaves_the_journal(
    sqlite: Database, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(sqlite, folder, FixedClock())
    with sqlite.write() as connection:
        worker.stop_worker(connection, "main", books.epoch)
    await settled(books.journal.closed(a_closing(a_row(charge_nano=5))))
    assert not books.close()
    assert books.writer.fenced
    assert "ended this worker's epoch" in caplog.text
    assert look(sqlite).ids == []
    assert len(list(folder.journal.iterdir())) == 1


async def test_the_journal_of_a_fenced_writer_is_booked_at_the_next_start_and_once(
    database: Database, folder: DataFolder, tmp_path: Path
) -> None:
    with database.write() as connection:
        make_people(connection)
    booked, loop = asyncio.Event(), asyncio.get_running_loop()
    books = OpenBooks.open(
        database,
        folder,
        FixedClock(),
        interval=0.0,
        flushed=lambda _: loop.call_soon_threadsafe(booked.set) and None,
    )
    await settled(books.journal.closed(a_closing(a_row("booked", charge_nano=3))))
    await booked.wait()
    with database.write() as connection:
        worker.stop_worker(connection, "main", books.epoch)
    books.journal.opened(a_opening(a_row("cut")))
    await settled(books.journal.closed(a_closing(a_row("late", charge_nano=5))))
    assert not books.close()
    copies = [(file, file.read_bytes()) for file in folder.journal.iterdir()]
    assert look(database).ids == ["booked"]
    assert copies
    for closed, abandoned in ((1, 1), (0, 0)):
        found = replay(database, folder.journal, FixedClock())
        assert (found.files, found.closed, found.abandoned) == (1, closed, abandoned)
        after = look(database)
        assert sorted(after.ids) == ["booked", "cut", "late"]
        assert after.balances["wallet/1"] == -8
        for file, data in copies:
            file.write_bytes(data)


async def test_replay_leaves_a_living_writer_alone(sqlite: Database, folder: DataFolder) -> None:
    with sqlite.write() as connection:
        make_people(connection)
    books = OpenBooks.open(sqlite, folder, FixedClock())
    await settled(books.journal.closed(a_closing(a_row())))
    assert replay(sqlite, folder.journal, FixedClock()).files == 0
    assert books.close()


async def test_a_full_file_of_the_journal_goes_once_it_is_booked_for_good(
    sqlite: Database, folder: DataFolder
) -> None:
    with sqlite.write() as connection:
        make_people(connection)
        worker.start_worker(connection, "main", now=1.0)
    journal = open_journal(folder.journal, "x", "main", 1, sync="off")
    journal._limit = 2_000
    writer = Writer(sqlite, journal, "main", 1, FixedClock())
    for _ in range(30):
        await settled(journal.closed(a_closing(a_row(charge_nano=1))))
    assert len(list(folder.journal.iterdir())) > 3
    assert writer._attempt(last=False)
    assert len(list(folder.journal.iterdir())) == 1
    assert look(sqlite).balances["wallet/1"] == -30
    journal.close(all_booked=True)


def test_a_start_does_not_end_a_living_worker_on_a_shared_database(
    database: Database, folder: DataFolder
) -> None:
    with database.write() as connection:
        make_people(connection)
        other = worker.start_worker(connection, "main", now=1_000.0)
    clock = FixedClock(1_059.0)
    assert OpenBooks.open(database, folder, clock).close()
    with database.read() as connection:
        # On SQLite the folder is held: whoever was there before is gone.
        assert worker.list_running(connection, "main") == ([] if database.is_sqlite else [other])
    clock.time += 2
    assert OpenBooks.open(database, folder, clock).close()
    with database.read() as connection:
        assert worker.list_running(connection, "main") == []


def test_a_journal_that_can_not_be_booked_is_one_helpful_line(
    sqlite: Database, folder: DataFolder
) -> None:
    folder.journal.mkdir()
    (folder.journal / "main-0000000001-000001.journal").mkdir()
    with pytest.raises(StartError, match="can't be booked"):
        replay(sqlite, folder.journal, FixedClock())


async def test_a_database_that_another_program_locks_is_an_overload_told_in_one_line(
    sqlite: Database, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite.write() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    other = sqlite3.connect(folder.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OverloadedError) as caught:
        await sqlite.writing(make_people)
    other.execute("ROLLBACK")
    other.close()
    assert caught.value.status == 503
    assert caught.value.headers == [(b"retry-after", b"5")]
    assert [record.exc_info for record in caplog.records] == [None]
    assert "database is locked" in caplog.text
    await sqlite.writing(make_people)


@pytest.mark.db
async def test_a_server_that_goes_amid_a_transaction_is_an_overload(
    request: pytest.FixtureRequest, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    def lose(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        raw._usock.shutdown(socket.SHUT_RDWR)  # as a network fault does
        connection.exec_driver_sql("SELECT 1")

    def stop(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with fresh_database(request, "postgres", folder) as database:
        for fault in (lose, stop):
            with pytest.raises(OverloadedError) as caught:
                await database.writing(fault)
            assert caught.value.status == 503
        told = [record for record in caplog.records if record.name == "nexhina.storage"]
        assert [record.exc_info for record in told] == [None, None]
        with pytest.raises(ProgrammingError):  # our own mistake is none
            await database.reading(lambda connection: connection.exec_driver_sql("SELEKT 1"))
        await database.writing(make_people)
