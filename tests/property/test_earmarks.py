"""Earmarks under random schedules: films begun, ended and lost, calls beside them, and kills between.

At every step: what memory holds is what the database has set aside (and the open calls); entries sum
to zero; no account falls below its floor; a job is charged once. At rest no earmark is left.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexhina.domain.job import OPEN, Job
from nexhina.pipeline.purse import Hold, Purse, ShortBalanceError
from nexhina.pipeline.video_books import JobBooks
from nexhina.storage import account, worker
from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import open_folder
from nexhina.storage.job import SqlJobs, read_row, write_row
from nexhina.storage.ledger import SqlLedger
from nexhina.telemetry.metrics import MemoryMetrics
from support.ledger_rows import Books, FixedClock, a_row, make_people

GRANT = 5_000
ACCOUNTS = ("wallet/1",)

moves = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 2_000)),
        st.tuples(st.just("die in begin"), st.integers(0, 2_000)),
        st.tuples(st.just("end"), st.integers(0, 9), st.integers(0, 120)),
        st.tuples(st.just("end twice"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("die after end"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("call"), st.integers(0, 1_000)),
        st.tuples(st.just("kill")),
    ),
    max_size=25,
)


class House:
    """One process after the other on the same database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FixedClock()
        self.count = 0
        self.charged = 0
        self.ended: set[str] = set()
        with database.write() as connection:
            make_people(connection, postpaid=False)
            account.grant(connection, "wallet/1", GRANT, 1.0, "test")
        self.start()

    def start(self) -> None:
        """A new life: memory is empty, the database is as it was."""
        with self.database.write() as connection:
            epoch = worker.start_worker(connection, "main", now=1.0)
            if epoch > 1:
                worker.stop_worker(connection, "main", epoch - 1)
        self.jobs = SqlJobs(self.database, self.clock, "main", epoch)
        self.purse = Purse(SqlLedger(self.database))
        self.books = JobBooks(self.jobs, self.purse, MemoryMetrics("test"))
        self.calls: list[Hold] = []

    async def list_open(self) -> list[Job]:
        every = await self.jobs.list_page(1, "video", after=None, limit=99, ascending=True)
        return [job for job in every or [] if job.state in OPEN]

    async def begin(self, amount: int) -> None:
        accounts = await self.purse.load(ACCOUNTS)
        try:
            self.purse.hold(accounts, amount)
        except ShortBalanceError:
            return
        self.count += 1
        row = a_row(f"row-{self.count}", charge_nano=0, lines=(), hold_nano=amount)
        job = Job(
            id=f"video_{self.count}",
            tenant_id=1,
            token_id=1,
            operation="video",
            model="m",
            state="submitting",
            request=b'{"prompt":""}',
            created_at=1.0,
            deadline_at=2.0,
            worker="",
            epoch=0,
            accounts=ACCOUNTS,
            held=amount,
            row=write_row(row),
        )
        await self.jobs.create(job)

    async def end(self, number: int, percent: int, *, keep: bool = True) -> Job | None:
        found = await self.list_open()
        if not found:
            return None
        job = found[number % len(found)]
        # Vendors may report more than the bound.
        charge = job.held * percent // 100
        row = msgspec.structs.replace(read_row(job), charge_nano=charge)
        assert await self.books.end(job, row, keep=keep, state="completed") is not None
        assert job.id not in self.ended
        self.ended.add(job.id)
        self.charged += charge
        return job

    async def move(self, name: str, *numbers: int) -> None:
        match name:
            case "begin":
                await self.begin(*numbers)
            case "die in begin":
                await self.begin(*numbers)
                self.start()
                for job in await self.jobs.list_lost():
                    assert await self.books.end(job, read_row(job), state="failed") is not None
            case "end":
                await self.end(*numbers)
            case "end twice":
                job = await self.end(*numbers)
                if job is not None:
                    again = await asyncio.gather(
                        *(self.books.end(job, read_row(job), state="failed") for _ in range(2))
                    )
                    assert again == [None, None]
            case "die after end":
                await self.end(*numbers)
                self.start()
            case "drop":
                await self.end(numbers[0], 0, keep=False)
            case "call":
                accounts = await self.purse.load(ACCOUNTS)
                try:
                    self.calls.append(self.purse.hold(accounts, numbers[0]))
                except ShortBalanceError:
                    return
                if len(self.calls) > 2:
                    self.purse.release(self.calls.pop(0))
            case _:
                self.start()

    async def check(self) -> None:
        going = await self.list_open()
        with self.database.read() as connection:
            books = Books(connection)
            (state,) = account.load_accounts(connection, ACCOUNTS)
        books.check()
        assert books.balances["wallet/1"] == GRANT - self.charged == state.balance
        assert state.earmarked == sum(job.held for job in going)
        (memory,) = await self.purse.load(ACCOUNTS)
        assert memory.balance == state.balance
        assert memory.held == state.earmarked + sum(hold.amount for hold in self.calls)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = open_folder(tmp_path_factory.mktemp("template"))
    open_database(folder).close()
    return folder.database


@given(moves)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_books_hold_whatever_happens(template: Path, steps: list[tuple]) -> None:
    async def play(house: House) -> None:
        for step in steps:
            await house.move(*step)
            await house.check()
        while await house.end(0, 50):
            await house.check()
        for hold in house.calls:
            house.purse.release(hold)
        house.calls.clear()
        await house.check()
        assert house.purse.open_holds() == 0

    with TemporaryDirectory() as name:
        folder = open_folder(Path(name) / "data")
        folder.database.write_bytes(template.read_bytes())
        database = open_database(folder)
        try:
            asyncio.run(play(House(database)))
        finally:
            database.close()
