"""The thread that books closed calls: one transaction per batch, at most 200 ms behind.

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
from nexhina.storage.journal import Batch, FileJournal

_log = logging.getLogger("nexhina.storage")

_BATCH = 2000  # rows per transaction: others may write in between
_HEARTBEAT = 10.0  # seconds between two signs of life when there is nothing to book
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
        self._beat = clock.monotonic()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="nexhina-writer", daemon=True)
        self.healthy = True
        self.fenced = False
        self.flushed_rows = 0
        journal.on_backlog(self._wake.set)

    def start(self) -> None:
        """Begins to book."""
        self._thread.start()

    def nudge(self) -> None:
        """Books what there is now, without waiting for the interval."""
        self._wake.set()

    def stop(self, timeout: float = 10.0) -> bool:
        """True when everything is booked; after `timeout` seconds the rest is left to replay."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive() and not self.backlog and not self.fenced

    @property
    def backlog(self) -> int:
        """Closed calls that are not booked yet."""
        return self._journal.backlog + len(self._batch)

    def _run(self) -> None:
        pause = self._interval
        while not self.fenced:
            self._wake.wait(pause)
            self._wake.clear()
            last = self._stopping
            if self._attempt(last=last):
                pause = self._interval
                if last:
                    return
            else:
                pause = min(max(pause, self._interval) * 2, _SLOWEST)

    def _attempt(self, *, last: bool) -> bool:
        """Whether all that was there is booked."""
        try:
            while self._batch or self._journal.backlog:
                self._flush(durable=last)
            if last:
                self._flush(durable=True)
            elif self._clock.monotonic() - self._beat >= _HEARTBEAT:
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
        with self._database.write(durable=durable) as connection:
            count = worker.book(
                connection, self._worker, self._epoch, self._batch, self._clock.now()
            )
        self._batch = []
        self._seq = seq
        self._beat = self._clock.monotonic()
        if durable:
            self._journal.committed(seq)
        self.flushed_rows += count
        if count and self._flushed is not None:
            self._flushed(count)

    def _report(self, text: str) -> None:
        if self.healthy:
            self.healthy = False
            _log.error(text)
