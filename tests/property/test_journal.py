"""A journal file that was cut at any byte replays exactly the calls before the cut."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexhina.errors import StartError
from nexhina.storage import worker
from nexhina.storage.database import open_database
from nexhina.storage.folder import DataFolder, open_folder
from nexhina.storage.frame import read_frames
from nexhina.storage.meta import load_installation_id
from nexhina.storage.replay import Replayed, replay
from support.journals import die, hand_journal
from support.ledger_rows import Books, FixedClock, a_closing, a_opening, a_row, make_people

CALLS = 6


class Recorded:
    """A database and the journal of a process that died after six calls, one per turn."""

    def __init__(self, path: Path) -> None:
        self.folder = folder = open_folder(path / "data")
        database = open_database(folder)
        with database.write() as connection:
            make_people(connection)
            installation = load_installation_id(connection)
            worker.start_worker(connection, "main", now=1.0)
        database.close()
        journal, loop = hand_journal(folder.journal, installation, 1)
        self.ends: list[int] = []  # file size after each turn
        for number in range(CALLS):
            journal.opened(a_opening(a_row(f"call-{number}")))
            loop.turn()
            self.ends.append(journal._segment.size)
            journal.closed(a_closing(a_row(f"call-{number}", charge_nano=10)))
            loop.turn()
            self.ends.append(journal._segment.size)
        die(journal)
        (self.file,) = folder.journal.iterdir()
        self.data = self.file.read_bytes()

    def replayed(self, scratch: Path, data: bytes) -> tuple[Replayed, Books, DataFolder]:
        """What a start makes of this journal, and the books after it."""
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(self.folder.path, scratch)
        folder = open_folder(scratch)
        (folder.journal / self.file.name).write_bytes(data)
        database = open_database(folder)
        try:
            result = replay(database, folder.journal, FixedClock())
            assert replay(database, folder.journal, FixedClock()).files == 0
            with database.read() as connection:
                books = Books(connection)
        finally:
            database.close()
        books.check()
        return result, books, folder


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded"))


EACH = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EACH
@given(share=st.floats(0, 1))
def test_a_cut_journal_replays_a_prefix(recorded: Recorded, tmp_path: Path, share: float) -> None:
    cut = int(share * len(recorded.data))
    turns = sum(end <= cut for end in recorded.ends)
    closed, abandoned = turns // 2, turns % 2
    result, books, folder = recorded.replayed(tmp_path / "copy", recorded.data[:cut])
    assert (result.closed, result.abandoned, result.corrupt_bytes) == (closed, abandoned, 0)
    assert books.balances["wallet/1"] == -10 * closed
    assert sorted(books.ids) == [f"call-{number}" for number in range(closed + abandoned)]
    assert list(folder.journal.iterdir()) == []


@EACH
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_damaged_journal_loses_one_turn_and_says_so(
    recorded: Recorded, tmp_path: Path, share: float, flip: int
) -> None:
    data = bytearray(recorded.data)
    data[int(share * len(data))] ^= flip
    frames = read_frames(bytes(data))
    result, books, _ = recorded.replayed(tmp_path / "copy", bytes(data))
    assert len(frames.payloads) == 2 * CALLS  # of the header and two turns for each call
    assert result.closed >= CALLS - 1
    assert books.balances["wallet/1"] == -10 * result.closed
    assert bool(result.corrupt_bytes) == bool(frames.lost)


def test_every_cut_is_a_prefix(recorded: Recorded) -> None:
    whole = read_frames(recorded.data).payloads
    for cut in range(len(recorded.data)):
        frames = read_frames(recorded.data[:cut])
        assert frames.payloads == whole[: len(frames.payloads)]
        assert frames.lost == 0


def test_the_journal_of_another_database_is_refused(recorded: Recorded, tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "other")
    database = open_database(folder)
    with database.write() as connection:
        make_people(connection)
    folder.journal.mkdir()
    shutil.copy(recorded.file, folder.journal)
    with pytest.raises(StartError, match="journal of another database"):
        replay(database, folder.journal, FixedClock())
    assert len(list(folder.journal.iterdir())) == 1
    database.close()


def test_a_journal_whose_epoch_the_database_does_not_know_is_booked(
    recorded: Recorded, tmp_path: Path
) -> None:
    shutil.copytree(recorded.folder.path, tmp_path / "copy")
    folder = open_folder(tmp_path / "copy")
    database = open_database(folder)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM worker")
    assert replay(database, folder.journal, FixedClock()).closed == CALLS
    database.close()
