"""Fresh databases, SQLite and PostgreSQL, for suites that both must pass.

`tests/contract/conftest.py` hands the fixtures out; each test gets an empty database; migrated is once.
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import DataFolder, open_folder
from nexhina.storage.tables import metadata
from support.postgres import Postgres, start_postgres

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.db)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server, started when the first test needs it."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated database, which the tests share one after the other."""
    name = postgres.new_database()
    open_database(None, postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    folder = open_folder(tmp_path_factory.mktemp("template"))
    open_database(folder).close()
    return folder.database


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return open_folder(tmp_path / "data")


@pytest.fixture
def sqlite(folder: DataFolder, sqlite_template: Path) -> Iterator[Database]:
    """A fresh SQLite database in `folder`."""
    with sqlite_database(folder, sqlite_template) as database:
        yield database


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, folder: DataFolder) -> Iterator[Database]:
    """A fresh database, once of each kind."""
    with fresh_database(request, request.param, folder) as opened:
        yield opened


@contextmanager
def fresh_database(
    request: pytest.FixtureRequest, kind: str, folder: DataFolder
) -> Generator[Database]:
    """An empty database of this kind ("sqlite" or "postgres"), open until the block ends."""
    if kind == "sqlite":
        with sqlite_database(folder, request.getfixturevalue("sqlite_template")) as opened:
            yield opened
        return
    server: Postgres = request.getfixturevalue("postgres")
    opened = open_database(folder, server.url(request.getfixturevalue("postgres_template")))
    try:
        with opened.write() as connection:  # cheaper by far than a database of its own
            names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
            connection.exec_driver_sql("INSERT INTO meta VALUES ('version', '1')")
        yield opened
    finally:
        opened.close()


@contextmanager
def sqlite_database(folder: DataFolder, template: Path) -> Generator[Database]:
    """A copy of the template, open until the block ends."""
    shutil.copy(template, folder.database)
    opened = open_database(folder)
    try:
        yield opened
    finally:
        opened.close()
