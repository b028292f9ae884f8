"""The write-ahead record of money: `ports.Journal` on files, and the queue to the books behind it.

All records of one turn of the event loop go out in one write at its end; then those whose calls
ended in it are told, in order. Files rotate; one is removed once all in it is booked for good, and
calls that are still open are noted again in the next file, so that no file is kept for their sake.
`writer.py` takes closed calls from here; `replay.py` reads what a dead process left.
"""

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sized
from functools import partial
from pathlib import Path

import msgspec

from nexhina.domain.log import LogRow
from nexhina.errors import JournalError
from nexhina.ports import Closing, Opening
from nexhina.storage.frame import write_head
from nexhina.storage.journal_sync import SyncThread
from nexhina.storage.segment import Segment, SegmentName, list_segments
from nexhina.tasks import Wait

_log = logging.getLogger("nexhina.storage")
_encode = msgspec.msgpack.Encoder().encode

SEGMENT_BYTES = 8 * 1024 * 1024
MANY_ROWS = 2000
"""So many closed calls are worth a transaction of their own, before the interval is over."""

Batch = list[tuple[int, Closing]]
Done = Callable[[JournalError | None], None]


class Turn(msgspec.Struct, array_like=True, kw_only=True):
    """A record: what one turn of the loop noted. Closings are numbered from `first_seq` on."""

    first_seq: int
    opened: list[Opening]
    closed: list[Closing]


class FileJournal:
    """Used from the event loop's thread, but for `take`, `committed` and `has_finished_segment`."""

    def __init__(
        self,
        folder: Path,
        installation: str,
        worker: str,
        epoch: int,
        *,
        sync: str = "interval",
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder = folder
        self._installation = installation
        self._name = SegmentName(worker, epoch, 0)
        self._limit = segment_bytes
        self._seq = 0
        self._open: dict[str, Opening] = {}
        self._new: list[Opening] = []  # of this turn
        self._closed: list[Closing] = []  # of this turn
        self._done: list[Done] = []  # one for each of them
        self._queue: deque[tuple[int, Closing]] = deque()
        self._lock = threading.Lock()  # guards the list of files, never a write
        self._segment = self._next_segment()
        self._finished: list[Segment] = []
        self._scheduled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._some: Callable[[], None] | None = None
        self._many: Callable[[], None] | None = None
        self._always = sync == "always"
        self._sync = None if sync == "off" else SyncThread(self._synchronise)
        self._failing = False

    # --- the hot path ---------------------------------------------------------------------------

    def opened(self, opening: Opening) -> None:
        """Notes a call that may be charged; written with the turn's other records."""
        if not self._scheduled:
            self._schedule()
        self._open[opening.row.id] = opening
        self._new.append(opening)

    def note(self, closing: Closing, done: Done) -> None:
        """Notes a call's end; calls `done(None)` after the write, or `done` with why it failed."""
        if not self._scheduled:
            self._schedule()
        self._open.pop(closing.row.id, None)
        self._closed.append(closing)
        self._done.append(done)

    def closed(self, closing: Closing) -> Wait[None]:
        """Notes a call's end; the wait is resolved after the write, or fails with a JournalError."""
        wait: Wait[None] = Wait(shielded=True)
        self.note(closing, partial(_settle, wait))
        return wait

    def _schedule(self) -> None:
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        loop.call_soon(self._end_turn)
        self._scheduled = True

    def _end_turn(self) -> None:
        self._scheduled = False
        new, closed, done = self._new, self._closed, self._done
        if not new and not closed:
            return
        self._new, self._closed, self._done = [], [], []
        first = self._seq + 1
        self._seq += len(closed)
        payload = _encode((first, new, closed))
        try:
            self._append(write_head(payload) + payload)
        except OSError as error:
            self._failed(error, done)
            return
        if self._sync is not None:
            self._segment.dirty = True
            if self._always:
                self._deliver_durable(self._sync, first, closed, done)
                return
            self._sync.nudge()
        self._deliver(first, closed, done)

    def _append(self, data: bytes) -> None:
        segment = self._segment
        if segment.size >= self._limit:
            segment = self._rotate()
        segment.append(data)
        segment.last_seq = self._seq
        if self._failing:
            self._failing = False
            _log.warning("the journal can be written again")

    def _deliver(self, first: int, closed: list[Closing], done: list[Done]) -> None:
        """Hands the closed calls to the books and lets them go on."""
        queue = self._queue
        queue.extend(enumerate(closed, first))
        some, many = self._some, self._many  # the writer may take them back meanwhile
        if some is not None:
            self._some = None
            some()
        if many is not None and len(queue) >= MANY_ROWS:
            self._many = None
            many()
        _tell(done, None)

    def _deliver_durable(
        self, sync: SyncThread, first: int, closed: list[Closing], done: list[Done]
    ) -> None:
        def deliver(error: OSError | None) -> None:
            if error is None:
                self._deliver(first, closed, done)
            else:
                self._failed(error, done)

        sync.deliver_after(asyncio.get_running_loop(), deliver)

    def _failed(self, error: OSError, done: list[Done]) -> None:
        if not self._failing:
            self._failing = True
            _log.error("the journal can't be written: %s", error)
        _tell(done, error)

    # --- files ----------------------------------------------------------------------------------

    def _next_segment(self) -> Segment:
        name = self._name
        self._name = SegmentName(name.worker, name.epoch, name.number + 1)
        return Segment(self._folder, self._installation, self._name)

    def _rotate(self) -> Segment:
        """The file to write to from now on: the old one when there is no room for another."""
        still_open = _encode((self._seq + 1, list(self._open.values()), []))
        try:
            segment = self._next_segment()
            try:
                segment.append(write_head(still_open) + still_open)
            except OSError:
                segment.remove()
                raise
        except OSError as error:
            _log.error("no new journal file, the old one goes on: %s", error)
            return self._segment
        segment.last_seq = self._seq
        with self._lock:
            self._finished.append(self._segment)
            self._segment = segment
        return segment

    def _synchronise(self) -> None:
        """Runs in the sync thread."""
        with self._lock:  # copies: a file may be removed while the disk is at work
            copies = [file.take_dirty() for file in (*self._finished, self._segment)]
        for fd in copies:
            if fd is not None:
                try:
                    os.fdatasync(fd)
                finally:
                    os.close(fd)

    # --- for the writer (another thread) --------------------------------------------------------

    def call_when_some(self, wake: Callable[[], None]) -> bool:
        """Whether closed calls wait; if not, `wake` is called once, on the loop's thread, at the next."""
        self._some = wake  # first, so that what comes in between is not missed
        if not self._queue:
            return False
        self._some = None
        return True

    def call_when_many(self, wake: Callable[[], None]) -> None:
        """Calls `wake` once, on the loop's thread, when many closed calls wait."""
        self._many = wake

    def take(self, limit: int) -> Batch:
        """At most `limit` closed calls, oldest first, taken out of the queue."""
        queue = self._queue
        return [queue.popleft() for _ in range(min(limit, len(queue)))]

    def has_finished_segment(self, seq: int) -> bool:
        """Whether a file could go if all up to `seq` were booked for good."""
        return bool(self._finished) and self._finished[0].last_seq <= seq

    def committed(self, seq: int) -> None:
        """Removes the finished files that hold nothing after `seq`: it is booked, synchronised."""
        with self._lock:
            while self._finished and self._finished[0].last_seq <= seq:
                self._finished.pop(0).remove()

    @property
    def waiting(self) -> Sized:
        """Closed calls that nobody has taken yet; the same object always."""
        return self._queue

    def list_open(self) -> list[LogRow]:
        """The rows of calls whose opening is written and that were not closed."""
        unwritten = {opening.row.id for opening in self._new}
        return [opening.row for name, opening in self._open.items() if name not in unwritten]

    @property
    def backlog(self) -> int:
        """Closed calls that nobody has taken yet."""
        return len(self._queue)

    @property
    def open_calls(self) -> int:
        """Calls that were opened and not closed."""
        return len(self._open)

    def flush(self) -> None:
        """Writes the turn's records now (at shutdown, when no turn may come any more)."""
        self._end_turn()

    def close(self, *, all_booked: bool) -> None:
        """Ends it. The files go when every call is closed and booked; else replay needs them."""
        self.flush()
        if self._sync is not None:
            self._sync.stop()
        with self._lock:
            for file in (*self._finished, self._segment):
                if all_booked and not self._open and not self._queue:
                    file.remove()
                else:
                    file.close()
            self._finished = []


def _tell(done: list[Done], error: OSError | None) -> None:
    for go_on in done:
        try:
            go_on(None if error is None else JournalError(*error.args))
        except Exception:  # noqa: BLE001  (the edge of a call: those behind it still go on)
            _log.exception("a call failed after it was noted")


def _settle(wait: Wait[None], error: JournalError | None) -> None:
    if error is None:
        wait.resolve(None)
    else:
        wait.fail(error)


def open_journal(
    folder: Path, installation: str, worker: str, epoch: int, *, sync: str = "interval"
) -> FileJournal:
    """A journal for a worker's new epoch; makes the folder (0700)."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob("*.partial"):
        left.unlink()
    return FileJournal(folder, installation, worker, epoch, sync=sync)


def highest_epoch(folder: Path, worker: str) -> int:
    """The highest epoch of which the folder still has a file, 0 without one."""
    return max((name.epoch for name in list_segments(folder) if name.worker == worker), default=0)
