"""A process that settles calls is killed without warning, again and again: nothing is lost or doubled."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nexhina
from nexhina.storage import worker
from nexhina.storage.books import Books as OpenBooks
from nexhina.storage.database import open_database
from nexhina.storage.folder import hold_folder, open_folder
from support.ledger_rows import Books, FixedClock, make_people

ROUNDS = 6

CHILD = """
import asyncio, os, sys
from pathlib import Path
from nexhina.storage.books import Books
from nexhina.storage.database import open_database
from nexhina.storage.folder import hold_folder, open_folder
from nexhina.tasks import Steps
from support.ledger_rows import FixedClock, a_closing, a_opening, a_row

async def main(folder, number):
    hold = hold_folder(folder)
    database = open_database(folder)
    books = Books.open(database, folder, FixedClock(), journal_sync=sys.argv[3])
    books.journal._limit = 20_000  # files come and go while it runs
    count = 0

    async def call(name):
        row = a_row(name, charge_nano=13)
        books.journal.opened(a_opening(row))
        await asyncio.sleep(0)
        await books.journal.closed(a_closing(row, ("wallet/1", "budget/1/0")))
        os.write(1, name.encode() + b"\\n")  # the caller has its answer

    while True:
        for _ in range(20):
            count += 1
            Steps(call(f"{number}-{count}"), lambda error: error and os._exit(9)).advance()
        await asyncio.sleep(0.001)

asyncio.run(main(open_folder(Path(sys.argv[1])), sys.argv[2]))
"""


@pytest.mark.parametrize("sync", ["interval", "always"])
def test_every_acknowledged_call_survives_kill_9(tmp_path: Path, sync: str) -> None:
    chance = random.Random(11)
    folder = open_folder(tmp_path / "data")
    database = open_database(folder)
    with database.write() as connection:
        make_people(connection, budget_nano=10**12)
    database.close()
    acknowledged: list[str] = []
    for number in range(ROUNDS):
        acknowledged += _run_and_kill(folder.path, number, sync, chance.uniform(0.0, 0.6))
    assert acknowledged
    with hold_folder(folder):
        database = open_database(folder)
        last = OpenBooks.open(database, folder, FixedClock())
        assert last.epoch > ROUNDS
        assert last.close()
        with database.read() as connection:
            books = Books(connection)
            assert worker.list_running(connection, "main") == []
            settled = set(
                connection.exec_driver_sql("SELECT id FROM log WHERE NOT abandoned").scalars()
            )
        database.close()
    books.check()
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= settled
    assert books.balances["wallet/1"] == -books.charged == -13 * len(settled)
    assert books.balances["budget/1/0"] == 10**12 - books.charged
    assert list(folder.journal.iterdir()) == []


def _run_and_kill(folder: Path, number: int, sync: str, seconds: float) -> list[str]:
    """The ids that were acknowledged before the kill, some time after the first of them."""
    tests = str(Path(__file__).parents[1])
    source = str(Path(nexhina.__file__).parents[1])  # the one that is tested, wherever it lies
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(number), sync],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join((tests, source)), "PATH": ""},
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        first = child.stdout.readline()
        time.sleep(seconds)  # not a wait for anything: the point of the kill
        child.kill()
        rest = child.stdout.read()
    assert child.wait() == -9
    # A name without its line end was not delivered whole.
    whole, _, _ = (first + rest).rpartition("\n")
    return whole.split("\n")
