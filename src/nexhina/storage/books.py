"""Journal and writer of one worker's life, opened after the dead are replayed and closed in order."""

from collections.abc import Callable

from nexhina.errors import StartError, explain_os_error
from nexhina.ports import Clock
from nexhina.storage import meta, worker
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder
from nexhina.storage.journal import FileJournal, highest_epoch, open_journal
from nexhina.storage.replay import Replayed, replay
from nexhina.storage.segment import list_segments
from nexhina.storage.writer import Writer

MOST_WAITING = 200_000
"""Closed calls that may wait for a database that can't be written; each takes some kilobytes."""

_SILENT = 60.0  # seconds without a heartbeat after which a worker is taken for dead


class Books:
    """What the application holds: `journal` for the pipeline, `writer` behind it."""

    def __init__(
        self,
        database: Database,
        journal: FileJournal,
        writer: Writer,
        worker_id: str,
        epoch: int,
        replayed: Replayed,
    ) -> None:
        self._database = database
        self.journal = journal
        self.writer = writer
        self.worker_id = worker_id
        self.epoch = epoch
        self.replayed = replayed

    @staticmethod
    def open(  # noqa: PLR0913  (what it joins)
        database: Database,
        folder: DataFolder,
        clock: Clock,
        *,
        worker_id: str = "main",
        journal_sync: str = "interval",
        interval: float = 0.2,
        flushed: Callable[[int], None] | None = None,
    ) -> "Books":
        """Replays dead journals, begins a new epoch and starts its writer.

        The caller holds the folder. `interval`: seconds until a row is booked, at most.
        StartError: see `replay`; the journal can't be made.
        """
        replayed = replay(database, folder.journal, clock)
        left = {(name.worker, name.epoch) for name in list_segments(folder.journal)}
        # The folder is held, so nobody else lives on its SQLite file. A server may serve others,
        # who give a sign of life every ten seconds.
        silent_since = None if database.is_sqlite else clock.now() - _SILENT
        with database.write() as connection:
            for ended in worker.list_running(connection, worker_id, silent_since):
                if (worker_id, ended) not in left:  # it died with nothing to replay
                    worker.stop_worker(connection, worker_id, ended)
            epoch = worker.start_worker(
                connection,
                worker_id,
                now=clock.now(),
                above=highest_epoch(folder.journal, worker_id),
            )
            installation = meta.load_installation_id(connection)
        try:
            journal = open_journal(
                folder.journal, installation, worker_id, epoch, sync=journal_sync
            )
        except OSError as error:
            raise StartError(
                f"the journal in {folder.journal} can't be made: {explain_os_error(error)}; "
                "make room, or give the folder to this user"
            ) from None
        writer = Writer(
            database, journal, worker_id, epoch, clock, interval=interval, flushed=flushed
        )
        writer.start()
        return Books(database, journal, writer, worker_id, epoch, replayed)

    def is_overloaded(self) -> bool:
        """Whether so many calls wait for the database that new ones should be refused."""
        return self.journal.backlog > MOST_WAITING

    def close(self, timeout: float = 10.0) -> bool:
        """True when everything is booked; else the journal stays for the next start."""
        self.journal.flush()
        booked = self.writer.stop(timeout)
        clean = booked and not self.journal.open_calls
        self.journal.close(all_booked=booked)
        if clean:
            with self._database.write(durable=True) as connection:
                worker.stop_worker(connection, self.worker_id, self.epoch)
        return booked
