"""At boot, before serving: books what the journals of dead processes still hold.

Closed calls above the watermark are booked; calls that were opened and never closed become
`abandoned` rows without a charge. A record that was cut off at the end of a file is ignored: its
calls were never acknowledged. Damage further up is reported, and the rest is still booked. Each
step commits with its watermark, so this process may be killed in it too.
"""

import fcntl
import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from nexhina.domain.log import LogRow
from nexhina.errors import StartError
from nexhina.ports import Clock, Closing, Opening
from nexhina.storage import meta, worker
from nexhina.storage.database import Database
from nexhina.storage.frame import read_frames
from nexhina.storage.journal import Turn
from nexhina.storage.segment import Header, SegmentName, list_segments
from nexhina.storage.tables import log

_logger = logging.getLogger("nexhina.storage")
_read_header = msgspec.msgpack.Decoder(Header).decode
_read_turn = msgspec.msgpack.Decoder(Turn).decode

_BATCH = 1000


class Replayed(msgspec.Struct, kw_only=True):
    """What was found and booked."""

    files: int = 0
    closed: int = 0
    abandoned: int = 0
    corrupt_bytes: int = 0


def replay(database: Database, folder: Path, clock: Clock) -> Replayed:
    """Books the journals of all epochs whose writers are gone, and removes their files.

    StartError: a journal belongs to another installation, or the database can't be written.
    """
    result = Replayed()
    try:
        with database.write() as connection:
            installation = meta.load_installation_id(connection)
        names = list_segments(folder)
        for (worker_id, epoch), group in groupby(names, key=lambda name: (name.worker, name.epoch)):
            files = list(group)
            with _locked(folder, files) as is_dead:
                if is_dead:
                    dead = _Epoch(database, folder, clock, result)
                    dead.replay(installation, worker_id, epoch, files)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StartError(f"the journal in {folder} can't be booked: {cause}") from None
    return result


@contextmanager
def _locked(folder: Path, files: list[SegmentName]) -> Generator[bool]:
    """Whether every file's lock could be taken: then its writer is surely gone."""
    held: list[int] = []
    try:
        for name in files:
            held.append(os.open(folder / name.file(), os.O_RDONLY | os.O_CLOEXEC))
            fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except (BlockingIOError, FileNotFoundError):  # a live writer removes its files itself
        yield False
    finally:
        for fd in held:
            os.close(fd)


class _Epoch:
    """The replay of one life of a worker."""

    def __init__(self, database: Database, folder: Path, clock: Clock, result: Replayed) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._result = result
        self._open: dict[str, LogRow] = {}

    def replay(
        self, installation: str, worker_id: str, epoch: int, files: list[SegmentName]
    ) -> None:
        """Books the files in order, ends the epoch, removes the files."""
        key = (worker_id, epoch)
        with self._database.write() as connection:
            if worker.load_worker(connection, worker_id, epoch) is None:
                worker.add_worker(connection, worker_id, epoch, self._clock.now())
        # Of an epoch that somebody ended too: its writer may have answered calls before it heard of it.
        for name in files:
            self._replay_file(installation, key, name)
        with self._database.write(durable=True) as connection:
            self._abandon(connection)
            worker.stop_worker(connection, worker_id, epoch)
        for name in files:  # oldest first: a later file never needs an earlier one
            (self._folder / name.file()).unlink(missing_ok=True)
        self._result.files += len(files)

    def _replay_file(self, installation: str, key: tuple[str, int], name: SegmentName) -> None:
        path = self._folder / name.file()
        frames = read_frames(path.read_bytes())
        payloads = frames.payloads
        if frames.lost:
            self._result.corrupt_bytes += frames.lost
            _logger.error(
                "%s is damaged: %d bytes between readable records are lost; calls in them have "
                "no row, and calls that ended in them may be shown as abandoned",
                path,
                frames.lost,
            )
        if payloads and _is_header(payloads[0], installation, path):
            payloads = payloads[1:]
        batch: list[tuple[int, Closing]] = []
        for payload in payloads:
            turn = self._read(payload, path)
            if turn is None:
                continue
            for opening in turn.opened:
                self._note(opening)
            for seq, closing in enumerate(turn.closed, turn.first_seq):
                self._open.pop(closing.row.id, None)
                batch.append((seq, closing))
            if len(batch) >= _BATCH:
                self._book(key, batch)
                batch = []
        if batch:
            self._book(key, batch)

    def _read(self, payload: bytes, path: Path) -> Turn | None:
        try:
            return _read_turn(payload)
        except msgspec.DecodeError as error:
            self._result.corrupt_bytes += len(payload)
            _logger.error("%s has a record that this version can't read: %s", path, error)  # noqa: TRY400  (the cause is in the line)
            return None

    def _note(self, opening: Opening) -> None:
        self._open[opening.row.id] = opening.row

    def _book(self, key: tuple[str, int], batch: list[tuple[int, Closing]]) -> None:
        now = self._clock.now()
        self._result.closed += worker.book_in(self._database, key, batch, now, late=True)

    def _abandon(self, connection: Connection) -> None:
        rows = [_abandoned(row) for row in self._open.values()]
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            known = select(log.c.id).where(log.c.id.in_([row.id for row in part]))
            booked = set(connection.execute(known).scalars())
            worker.book_free(connection, [row for row in part if row.id not in booked])
            self._result.abandoned += len(part) - len(booked)


def _is_header(payload: bytes, installation: str, path: Path) -> bool:
    """False: the file's header is lost. StartError: it names another installation."""
    try:
        header = _read_header(payload)
    except msgspec.DecodeError:
        return False
    if header.installation != installation:
        raise StartError(
            f"{path} is the journal of another database; "
            "move it back to its own, or out of the way if its calls don't matter"
        )
    return True


def _abandoned(row: LogRow) -> LogRow:
    return msgspec.structs.replace(
        row,
        status=500,
        error_code="abandoned",
        abandoned=True,
        charge_nano=0,
        lines=(),
        trace=(*row.trace, "the process died before the end; nothing is charged"),
    )
