"""The journal: one write per turn, ends told in order, short writes and full disks, rotation."""

import asyncio
import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest

from nexhina.errors import JournalError
from nexhina.storage import journal_sync, segment
from nexhina.storage.frame import read_frames
from nexhina.storage.journal import Done, FileJournal, Turn, highest_epoch, open_journal
from nexhina.storage.segment import list_segments, read_name
from nexhina.tasks import Steps
from support.journals import HandLoop, die, hand_journal
from support.ledger_rows import a_closing, a_opening, a_row, settled


@pytest.fixture
def journal(tmp_path: Path) -> tuple[FileJournal, HandLoop]:
    return hand_journal(tmp_path / "journal", "here", 1)


def turns(folder: Path) -> list[Turn]:
    """What the files hold, in order, without their headers."""
    found: list[Turn] = []
    for name in list_segments(folder):
        frames = read_frames((folder / name.file()).read_bytes())
        assert (frames.lost, frames.torn) == (0, 0)
        found += [msgspec.msgpack.decode(data, type=Turn) for data in frames.payloads[1:]]
    return found


def count_writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    write = os.write

    def counting(fd: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(fd, data)

    monkeypatch.setattr(segment.os, "write", counting)
    return sizes


def test_all_of_one_turn_goes_out_in_one_write(
    journal: tuple[FileJournal, HandLoop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, loop = journal
    old = [a_row() for _ in range(3)]
    for row in old:
        it.opened(a_opening(row))
    loop.turn()
    sizes = count_writes(monkeypatch)
    new = a_row()
    it.opened(a_opening(new))
    waits = [it.closed(a_closing(row)) for row in old]
    assert not any(wait.done for wait in waits)
    loop.turn()
    assert len(sizes) == 1
    assert all(wait.done for wait in waits)
    last = turns(tmp_path / "journal")[-1]
    assert [opening.row.id for opening in last.opened] == [new.id]
    assert [closing.row for closing in last.closed] == old
    assert it.open_calls == 1


def test_a_call_within_one_turn_is_opened_and_closed_in_one_record(
    journal: tuple[FileJournal, HandLoop], tmp_path: Path
) -> None:
    it, loop = journal
    row = a_row()
    it.opened(a_opening(row))
    it.closed(a_closing(row))
    assert it.open_calls == 0
    loop.turn()
    (turn,) = turns(tmp_path / "journal")
    assert [opening.row.id for opening in turn.opened] == [row.id]
    assert [closing.row for closing in turn.closed] == [row]
    assert it.open_calls == 0


def test_who_noted_an_end_is_called_back_after_the_write_and_in_order(
    journal: tuple[FileJournal, HandLoop], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    it, loop = journal
    order: list[tuple[str, object]] = []

    def tell(name: str) -> Done:
        def done(error: JournalError | None) -> None:
            (turn,) = turns(tmp_path / "journal")
            assert name in [closing.row.id for closing in turn.closed]
            order.append((name, error))
            if name == "b":
                raise RuntimeError("a defect")

        return done

    async def call(name: str) -> None:
        await it.closed(a_closing(a_row(name)))
        order.append((name, None))

    it.note(a_closing(a_row("a")), tell("a"))
    Steps(call("waits"), lambda error: None).advance()
    it.note(a_closing(a_row("b")), tell("b"))
    it.note(a_closing(a_row("c")), tell("c"))
    assert order == []
    loop.turn()
    assert order == [("a", None), ("waits", None), ("b", None), ("c", None)]
    assert [record.getMessage() for record in caplog.records] == [
        "a call failed after it was noted"
    ]
    assert [closing.row.id for _, closing in it.take(10)] == ["a", "waits", "b", "c"]


def test_who_noted_an_end_that_was_not_written_is_told_why(
    journal: tuple[FileJournal, HandLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    it, loop = journal
    told: list[JournalError | None] = []

    def fail(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(segment.os, "write", fail)
        it.note(a_closing(a_row()), told.append)
        it.note(a_closing(a_row()), told.append)
        loop.turn()
    first, second = told
    assert isinstance(first, JournalError)
    assert isinstance(second, JournalError)
    assert first is not second
    assert first.errno == second.errno == errno.ENOSPC
    assert it.take(10) == []
    it.note(a_closing(a_row()), told.append)
    loop.turn()
    assert told[2:] == [None]


def test_an_empty_turn_writes_nothing(
    journal: tuple[FileJournal, HandLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    it, loop = journal
    sizes = count_writes(monkeypatch)
    loop.turn()
    it.flush()
    assert sizes == []


def test_waits_are_shielded_and_resolved_in_order_after_the_write(
    journal: tuple[FileJournal, HandLoop],
) -> None:
    it, loop = journal
    order: list[int] = []

    async def call(number: int) -> None:
        await it.closed(a_closing(a_row()))
        order.append(number)
        await it.closed(a_closing(a_row()))  # a second one from within the first one's turn
        order.append(number + 10)

    steps = [Steps(call(number), lambda error: None) for number in (1, 2, 3)]
    for step in steps:
        step.advance()
    steps[0].throw(RuntimeError("the client left"))
    assert order == []
    loop.turn()
    assert order == [1, 2, 3]
    loop.turn()
    assert order == [1, 2, 3, 11, 12, 13]
    assert [seq for seq, _ in it.take(100)] == [1, 2, 3, 4, 5, 6]


def test_closed_calls_are_taken_once_and_in_order(journal: tuple[FileJournal, HandLoop]) -> None:
    it, loop = journal
    rows = [a_row() for _ in range(5)]
    for row in rows:
        it.closed(a_closing(row))
    assert it.take(10) == []
    loop.turn()
    assert it.backlog == 5
    assert [closing.row for _, closing in it.take(2)] == rows[:2]
    assert [closing.row for _, closing in it.take(10)] == rows[2:]
    assert it.backlog == 0


def test_the_writer_is_told_once_of_some_and_once_of_many_calls(
    journal: tuple[FileJournal, HandLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexhina.storage.journal.MANY_ROWS", 3)
    file, loop = journal
    told: list[str] = []
    assert not file.call_when_some(lambda: told.append("some"))
    file.call_when_many(lambda: told.append("many"))
    seen: list[list[str]] = []
    for _ in range(4):
        file.closed(a_closing(a_row()))
        loop.turn()
        seen.append(list(told))
    assert seen == [["some"], ["some"], ["some", "many"], ["some", "many"]]
    assert file.call_when_some(lambda: told.append("again"))  # they wait: nobody need be told
    file.take(10)
    file.closed(a_closing(a_row()))
    loop.turn()
    assert told == ["some", "many"]


def test_a_short_write_is_continued(
    journal: tuple[FileJournal, HandLoop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, loop = journal
    write = os.write
    monkeypatch.setattr(segment.os, "write", lambda fd, data: write(fd, data[:7]))
    wait = it.closed(a_closing(a_row()))
    loop.turn()
    assert wait.done
    assert len(turns(tmp_path / "journal")) == 1


def test_a_full_disk_fails_the_turn_and_leaves_whole_records_only(
    journal: tuple[FileJournal, HandLoop],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    it, loop = journal
    it.closed(a_closing(a_row("before")))
    loop.turn()
    write, calls = os.write, iter((20, None))

    def fill(fd: int, data: bytes) -> int:
        size = next(calls, None)
        if size is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:size])

    with monkeypatch.context() as patch:
        patch.setattr(segment.os, "write", fill)
        failed = [it.closed(a_closing(a_row())) for _ in range(2)]
        loop.turn()
        also = it.closed(a_closing(a_row()))
        loop.turn()
    for wait in (*failed, also):
        assert isinstance(wait._error, OSError)
    after = it.closed(a_closing(a_row("after")))
    loop.turn()
    assert after._error is None
    ids = [closing.row.id for turn in turns(tmp_path / "journal") for closing in turn.closed]
    assert ids == ["before", "after"]
    assert [closing.row.id for _, closing in it.take(10)] == ["before", "after"]
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "the journal can't be written",
        "the journal can be written again",
    ]


def test_files_rotate_and_go_when_their_calls_are_booked(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    it, loop = hand_journal(folder, "here", 1, segment_bytes=1_500)
    stays = a_row("stays-open")
    it.opened(a_opening(stays))
    loop.turn()
    for _ in range(20):
        it.closed(a_closing(a_row()))
        loop.turn()
    files = list_segments(folder)
    assert len(files) > 3
    seq = it.take(100)[-1][0]
    assert not it.has_finished_segment(0)
    assert it.has_finished_segment(seq)
    it.committed(seq)
    assert list_segments(folder) == files[-1:]
    # The call that is still open was carried along.
    assert "stays-open" in {opening.row.id for turn in turns(folder) for opening in turn.opened}
    it.closed(a_closing(stays))
    loop.turn()
    it.take(1)
    it.close(all_booked=True)
    assert list(folder.iterdir()) == []


def test_without_room_for_a_new_file_the_old_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    it, loop = hand_journal(folder, "here", 1, segment_bytes=10)

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(segment.os, "fdatasync", refuse)
        wait = it.closed(a_closing(a_row()))
        loop.turn()
    assert wait.done
    assert wait._error is None
    assert len(list(folder.iterdir())) == 1
    assert "the old one goes on" in caplog.text
    it.closed(a_closing(a_row()))
    loop.turn()
    assert len(list_segments(folder)) == 2


def test_files_are_locked_named_and_for_nobody_else(
    journal: tuple[FileJournal, HandLoop], tmp_path: Path
) -> None:
    import fcntl

    folder = tmp_path / "journal"
    (name,) = list_segments(folder)
    assert name.file() == "main-0000000001-000001.journal"
    assert read_name(name.file()) == name
    assert read_name("main-1-1.journal.partial") is None
    path = folder / name.file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        die(journal[0])
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert highest_epoch(folder, "main") == 1
    assert highest_epoch(folder, "other") == 0
    assert highest_epoch(tmp_path / "none", "main") == 0


@pytest.mark.parametrize("sync", ["off", "interval", "always"])
async def test_a_call_is_noted_with_every_kind_of_synchronisation(
    tmp_path: Path, sync: str
) -> None:
    it = open_journal(tmp_path / "journal", "here", "main", 1, sync=sync)
    rows = [a_row() for _ in range(20)]
    await asyncio.gather(*(settled(it.closed(a_closing(row))) for row in rows))
    assert [closing.row for _, closing in it.take(100)] == rows
    it.close(all_booked=True)
    assert list((tmp_path / "journal").iterdir()) == []


async def test_always_means_before_the_answer_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = open_journal(tmp_path / "journal", "here", "main", 1, sync="always")
    synced: list[int] = []
    fdatasync = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), fdatasync(fd)))
    await settled(it.closed(a_closing(a_row())))
    assert synced
    monkeypatch.setattr(os, "fdatasync", _broken)
    with pytest.raises(OSError, match="gone"):
        await settled(it.closed(a_closing(a_row())))
    assert it.backlog == 1  # the second was never acknowledged, so it is not booked
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    it.close(all_booked=False)


async def test_the_interval_thread_synchronises_after_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_sync, "INTERVAL", 0.001)
    it = open_journal(tmp_path / "journal", "here", "main", 1, sync="interval")
    synced = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(os, "fdatasync", lambda _: loop.call_soon_threadsafe(synced.set))
    await settled(it.closed(a_closing(a_row())))
    await asyncio.wait_for(synced.wait(), 5)
    it.take(1)
    it.close(all_booked=True)


def _broken(_: int) -> None:
    raise OSError(errno.EIO, "gone")
