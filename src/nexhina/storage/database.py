"""Connections: one writer, some readers, each used from threads, never from the event loop.

SQLite runs in WAL mode: readers see the last commit and never wait; writers queue on one lock in
this process. PostgreSQL queues them itself. Opening checks the schema and migrates an older one.
"""

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from nexhina.errors import OverloadedError, StartError
from nexhina.storage.folder import DataFolder
from nexhina.storage.schema import HEAD, load_file_revision, require_known

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("nexhina.storage")

_THREADS = 4
_BUSY_SECONDS = 5
_PAGE_BYTES = 8192
_OUTAGES = ("08", "53", "57P")  # SQLSTATE: no connection, no room, stopped or starting
_WAL_PAGES = 2000  # then a commit folds them into the file, unless `tidy` was earlier


class Database:
    """Transactions by context manager, or as a function in a thread of the database's own."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self.is_sqlite = writer.dialect.name == "sqlite"
        self.url = writer.url.render_as_string(hide_password=True)
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nexhina-db")

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection in a transaction that sees one state of the database."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Generator[Connection]:
        """A connection in the one writing transaction; committed at the end unless it raises.

        `durable`: the commit, and with it all before, survives a power loss.
        """
        if not self.is_sqlite:
            with self._writer.begin() as connection:
                yield connection
            return
        with self._lock, self._writer.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            with connection.begin():
                yield connection

    def tidy(self) -> None:
        """Folds SQLite's write-ahead log into the file, so that no commit has to soon."""
        if self.is_sqlite:
            with self._lock, self._writer.connect() as connection:
                raw: Any = connection.connection.dbapi_connection
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    async def reading(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **options: P.kwargs
    ) -> T:
        """What `work(connection, …)` returns, run in a thread in a reading transaction.

        Raises OverloadedError when the database can't be used now.
        """

        def run() -> T:
            with self.read() as connection:
                return work(connection, *args, **options)

        return await self._run(run)

    async def writing(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **options: P.kwargs
    ) -> T:
        """What `work(connection, …)` returns, run in a thread and committed; raises as `reading`."""

        def run() -> T:
            with self.write() as connection:
                return work(connection, *args, **options)

        return await self._run(run)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except DBAPIError as error:
            if not _is_outage(error):
                raise
            _log.error("the database can't be used now: %s", error.orig)
            raise OverloadedError(
                "The server can't use its database now. Try again later.",
                headers=[(b"retry-after", b"5")],
            ) from error

    def close(self) -> None:
        """Waits for the threads and closes every connection."""
        self._threads.shutdown(wait=True)
        self._reader.dispose()
        self._writer.dispose()


def _is_outage(error: DBAPIError) -> bool:
    """Whether the database can't be used now: locked by others, disk full, server gone.

    PostgreSQL's driver calls a broken or refused connection an InterfaceError, and tells what the
    server says by its SQLSTATE only.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    arguments: tuple[Any, ...] = () if error.orig is None else error.orig.args
    told: Any = arguments[0] if arguments else None
    return isinstance(told, dict) and str(cast("Any", told).get("C")).startswith(_OUTAGES)


def open_database(folder: DataFolder | None, url: str | None = None) -> Database:
    """The database with the schema of this program, migrated if it was older.

    Without `url` it is the SQLite file of the folder. Raises StartError: newer than the program,
    not writable, disk full, not reachable, driver missing.
    """
    if url is None:
        if folder is None:
            raise StartError("no database: give a data folder or a database URL")
        return _open_file(folder)
    return _open_server(folder, url)


def _open_file(folder: DataFolder) -> Database:
    path = folder.database
    revision = load_file_revision(path)
    if revision is not None:
        require_known(revision, str(path))
    try:
        # The log is nobody else's business; -wal and -shm take over the file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StartError(
            f"the database {path} is not writable: {error.strerror}; give it to this user (chown)"
        ) from None
    database = Database(
        _file_engine(f"sqlite:///{path}", writes=False),
        _file_engine(f"sqlite:///{path}", writes=True),
    )
    try:
        if revision != HEAD:
            from nexhina.storage.migrate import migrate

            migrate(database, folder)
        with database.write() as connection:
            # Fails here, not at the first request, when the disk is full or read-only.
            connection.exec_driver_sql("UPDATE meta SET value = value WHERE name = 'version'")
    except (DBAPIError, sqlite3.Error) as error:
        database.close()
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StartError(
            f"the database {path} can't be written: {cause}; make room on the disk, or let this "
            "user write there"
        ) from None
    except BaseException:
        database.close()
        raise
    return database


def _file_engine(url: str, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        # Autocommit in the driver: SQLAlchemy's "begin" says which kind of transaction it is.
        connect_args={
            "isolation_level": None,
            "timeout": _BUSY_SECONDS,
            "check_same_thread": False,
        },
        hide_parameters=True,  # an error's text goes to the log; values must not
        pool_size=1 if writes else _THREADS,
        max_overflow=0 if writes else 4,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of a new file; others keep theirs
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
        raw.execute("PRAGMA synchronous=NORMAL")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
        if not writes:
            raw.execute("PRAGMA query_only=ON")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    return engine


def _open_server(folder: DataFolder | None, url: str) -> Database:
    from nexhina.storage.server_url import read_url

    target, arguments = read_url(url)
    try:
        # A pooled connection may have died with the server: ask before use.
        engine = create_engine(
            target,
            connect_args=arguments,
            hide_parameters=True,
            pool_size=_THREADS,
            max_overflow=4,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError:
        raise StartError("PostgreSQL needs its driver: pip install 'nexhina[postgres]'") from None
    database = Database(engine, engine)
    try:
        revision = _load_server_revision(database)
        if revision is not None:
            require_known(revision, database.url)
        if revision != HEAD:
            from nexhina.storage.migrate import migrate

            migrate(database, folder)
    except DBAPIError as error:
        database.close()
        raise StartError(
            f"the database {database.url} can't be used: {error.orig}; is the server up, and are "
            "database_url's host, user and password right?"
        ) from None
    except BaseException:
        database.close()
        raise
    return database


def _load_server_revision(database: Database) -> str | None:
    with database.read() as connection:
        table = connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
        if table is None:
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
