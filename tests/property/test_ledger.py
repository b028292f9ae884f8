"""Any interleaving of calls, flushes, kills and restarts conserves money and counts each call once."""

import contextlib
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nexhina.storage import worker
from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import DataFolder, open_folder
from nexhina.storage.meta import load_installation_id
from nexhina.storage.replay import replay
from nexhina.storage.writer import Writer
from nexhina.tasks import Wait
from support.journals import die, hand_journal
from support.ledger_rows import Books, FixedClock, a_closing, a_opening, a_row, make_people

ACCOUNTS = (("wallet/1",), ("wallet/1", "budget/1/0"))

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 7)),
        st.tuples(st.just("close"), st.integers(0, 7)),
        st.tuples(st.just("turn"), st.none()),
        st.tuples(st.just("flush"), st.integers(1, 4)),
        st.tuples(st.just("kill"), st.integers(0, 7)),
    ),
    max_size=60,
)


class Machine:
    """One installation in the hands of a schedule, and what must be true of it."""

    def __init__(self, folder: DataFolder, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.clock = FixedClock()
        with database.write() as connection:
            make_people(connection, budget_nano=1_000_000)
            self.installation = load_installation_id(connection)
        self.count = 0
        self.acknowledged: dict[str, tuple[int, int]] = {}  # id: charge, which accounts
        self.written: set[str] = set()  # opened, and its turn has ended
        self.start()

    def start(self) -> None:
        """A process begins."""
        with self.database.write() as connection:
            self.epoch = worker.start_worker(connection, "main", now=1.0)
        self.journal, self.loop = hand_journal(
            self.folder.journal, self.installation, self.epoch, segment_bytes=300
        )
        self.writer = Writer(self.database, self.journal, "main", self.epoch, self.clock)
        self.open: dict[int, str] = {}
        self.unwritten: set[str] = set()
        self.waits: list[tuple[str, int, int, Wait[None]]] = []

    def step(self, kind: str, value: int | None) -> None:
        """One event of the schedule."""
        getattr(self, f"on_{kind}")(value)

    def on_open(self, slot: int) -> None:
        if slot not in self.open:
            self.count += 1
            self.open[slot] = name = f"call-{self.count}"
            self.unwritten.add(name)
            self.journal.opened(a_opening(a_row(name)))

    def on_close(self, slot: int) -> None:
        name = self.open.pop(slot, None)
        if name is not None:
            charge, which = 1 + self.count * 7 % 50, slot % 2
            row = a_row(name, charge_nano=charge)
            wait = self.journal.closed(a_closing(row, ACCOUNTS[which]))
            self.waits.append((name, charge, which, wait))

    def on_turn(self, _: None) -> None:
        self.loop.turn()
        self.acknowledged |= {
            name: (nano, which) for name, nano, which, wait in self.waits if wait.done
        }
        self.waits = [entry for entry in self.waits if not entry[3].done]
        self.written |= self.unwritten
        self.unwritten = set()

    def on_flush(self, limit: int) -> None:
        if not self.writer._batch:
            self.writer._batch = self.journal.take(limit)
        self.writer._flush(durable=False)

    def on_kill(self, again: int) -> None:
        die(self.journal)
        if again:
            self.replay_and_die(again)
        replay(self.database, self.folder.journal, self.clock)
        self.check()
        self.start()

    def replay_and_die(self, point: int) -> None:
        """The next process is killed too: after some transactions, or before it removes files."""
        writes, write = 0, self.database.write

        def fail(*, durable: bool = False) -> Any:
            nonlocal writes
            writes += 1
            if writes > point:
                raise KeyboardInterrupt
            return write(durable=durable)

        def refuse(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
            patch.setattr(Path, "unlink", refuse)
            patch.setattr(self.database, "write", fail)
            replay(self.database, self.folder.journal, self.clock)

    def check(self) -> None:
        """At rest: what was acknowledged is there once, and nothing else was charged."""
        with self.database.read() as connection:
            books = Books(connection)
            rows = connection.exec_driver_sql("SELECT id, charge_nano, abandoned FROM log").all()
        books.check()
        charged = {name: charge for name, charge, abandoned in rows if not abandoned}
        assert charged == {name: charge for name, (charge, _) in self.acknowledged.items()}
        wallet = sum(charge for charge, _ in self.acknowledged.values())
        budget = sum(charge for charge, which in self.acknowledged.values() if which)
        assert books.balances["wallet/1"] == -wallet
        assert books.balances["budget/1/0"] == 1_000_000 - budget
        assert books.charged == wallet
        abandoned = {name for name, _, gone in rows if gone}
        assert abandoned == self.written - set(charged)

    def end(self) -> None:
        """A clean end: open calls are left for the next start."""
        self.on_turn(None)
        while self.writer.backlog:
            self.writer._flush(durable=True)
        self.journal.close(all_booked=True)
        replay(self.database, self.folder.journal, self.clock)
        self.check()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = open_folder(tmp_path_factory.mktemp("template"))
    open_database(folder).close()
    return folder.database


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
@example(steps=[("open", 0), ("close", 0), ("turn", None), ("kill", 7)])
@example(steps=[("open", 0), ("turn", None), ("kill", 7)])
@example(steps=[("open", 0), ("close", 0), ("turn", None), ("flush", 4), ("kill", 2)])
def test_money_is_conserved_and_each_call_counts_once(
    steps: list[tuple[str, int | None]],
    template: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.clear()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    folder = open_folder(tmp_path / "data")
    shutil.copy(template, folder.database)
    database = open_database(folder)
    try:
        machine = Machine(folder, database)
        for kind, value in steps:
            machine.step(kind, value)
        machine.end()
    finally:
        database.close()
    # A call that came twice would be noticed by its id, loudly: the watermark must be enough.
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
