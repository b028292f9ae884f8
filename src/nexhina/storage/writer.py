"""The thread that books closed calls: one transaction per batch, at most an interval behind.

With nothing to book it sleeps until there is something. Then it waits for the interval to pass or
for many calls, whichever is first, since a batch costs as much as a hundred rows.

A database that fails (locked, disk full, gone) keeps the queue waiting; the same batch is tried
again, slower and slower, and `worker.book` makes sure that it counts once. The journal's files
stay until their calls are booked, so nothing depends on this thread's memory.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nexhina.ports import Clock
from nexhina.storage import worker
from nexhina.storage.database import Database
from nexhina.storage.journal import MANY_ROWS, Batch, FileJournal

_log = logging.getLogger("nexhina.storage")

_BATCH = MANY_ROWS  # per transaction: others may write in between
_HEARTBEAT = 10.0  # seconds between two signs of life to others who share the database
_UNTIDY = 2000  # rows
_QUIET = 1.0  # seconds without a call after which there is time to tidy up
_SLOWEST = 5.0  # seconds between two tries of a failing batch


class Writer:
    """`flushed(count)` is called in this thread after each commit, with the rows it booked."""

    def __init__(  # noqa: PLR0913  (what it joins)
        self,
        database: Database,
        journal: FileJournal,
        worker_id: str,
        epoch: int,
        clock: Clock,
        *,
        interval: float = 0.2,
        flushed: Callable[[int], None] | None = None,
    ) -> None:
        self._database = database
        self._journal = journal
        self._worker = worker_id
        self._epoch = epoch
        self._clock = clock
        self._interval = interval
        self._flushed = flushed
        self._batch: Batch = []
        self._seq = 0  # booked up to here
        self._untidy = 0  # rows since the database's own log was folded in
        self._beat = clock.monotonic()
        self._some = threading.Event()  # there is something to do
        self._now = threading.Event()  # and it should be done now
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="nexhina-writer", daemon=True)
        self.healthy = True
        self.fenced = False
        self.flushed_rows = 0

    def start(self) -> None:
        """Begins to book."""
        self._thread.start()

    def nudge(self) -> None:
        """Books what there is now, without waiting for the interval."""
        self._wake()

    def stop(self, timeout: float = 10.0) -> bool:
        """True when everything is booked; after `timeout` seconds the rest is left to replay."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive() and not self.backlog and not self.fenced

    @property
    def backlog(self) -> int:
        """Closed calls that are not booked yet."""
        return self._journal.backlog + len(self._batch)

    def _wake(self) -> None:
        self._now.set()
        self._some.set()

    def _run(self) -> None:
        pause = self._interval
        while not self.fenced:
            self._await_calls()
            if self.healthy:  # else a long queue is no reason to hurry
                self._journal.call_when_many(self._now.set)
            self._now.wait(pause)
            self._now.clear()
            last = self._stopping
            if self._attempt(last=last):
                pause = self._interval
                if last:
                    return
            else:
                pause = min(max(pause, self._interval) * 2, _SLOWEST)

    def _await_calls(self) -> None:
        """Returns when there are calls to book, a sign of life is due, or `nudge` or `stop` asks."""
        self._some.clear()
        waiting = self._batch or self._journal.call_when_some(self._some.set)
        if waiting or self._now.is_set() or not self.healthy:  # what failed is tried again
            return
        if self._untidy >= _UNTIDY and not self._some.wait(_QUIET):
            self._tidy()
        # Nobody else looks at a worker on a file of its own.
        self._some.wait(None if self._database.is_sqlite else _HEARTBEAT)

    def _tidy(self) -> None:
        self._untidy = 0
        try:
            self._database.tidy()
        except (SQLAlchemyError, sqlite3.Error) as error:  # the next commit tries again
            _log.warning("the write-ahead log of the database can't be folded in now: %s", error)

    def _attempt(self, *, last: bool) -> bool:
        """Whether all that was there is booked."""
        try:
            while self._batch or self._journal.backlog:
                self._flush(durable=last)
            if last:
                self._flush(durable=True)
            elif (
                self._clock.monotonic() - self._beat >= _HEARTBEAT and not self._database.is_sqlite
            ):
                self._flush(durable=False)
        except worker.Fenced:
            self.fenced = True
            self._report("another process ended this worker's epoch; its calls are left to replay")
            return False
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            self._report(f"calls can't be booked now, the journal keeps them: {cause}")
            return False
        except Exception:  # noqa: BLE001  (the edge of a thread)
            # Without this a defect would silently end all booking.
            _log.exception("booking failed")
            self.healthy = False
            return False
        if not self.healthy:
            self.healthy = True
            _log.warning("calls are booked again")
        return True

    def _flush(self, *, durable: bool) -> None:
        if not self._batch:
            self._batch = self._journal.take(_BATCH)
        seq = self._batch[-1][0] if self._batch else self._seq
        # Full synchronisation is paid only when a file of the journal can go for it.
        durable = durable or self._journal.has_finished_segment(seq)
        now = self._clock.now()
        key = (self._worker, self._epoch)
        count = worker.book_in(self._database, key, self._batch, now, durable=durable)
        self._batch = []
        self._seq = seq
        self._beat = self._clock.monotonic()
        if durable:
            self._journal.committed(seq)
        self.flushed_rows += count
        self._untidy += count
        if count and self._flushed is not None:
            self._flushed(count)

    def _report(self, text: str) -> None:
        if self.healthy:
            self.healthy = False
            _log.error(text)
