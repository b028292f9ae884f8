"""A workspace of services on a fresh database, with a scripted vendor and a clock set by hand."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nexhina.ports import Upstream
from nexhina.services import installation
from nexhina.services.shapes import Install, Installed
from nexhina.services.workspace import CHANNEL_KEY_ID, Workspace, channel_keys
from nexhina.settings import SETTINGS, Settings
from nexhina.storage.catalog_loader import load_catalog
from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import DataFolder, open_folder
from nexhina.storage.vault import Vault
from nexhina.telemetry.clock import ManualClock
from nexhina.upstream.fake import FakeUpstream
from support.databases import sqlite_database

MASTER = bytes(range(32))


class Entropy:
    """Bytes that differ from call to call and not from run to run."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, size: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(size, "big")


class Bench:
    """A workspace and what stands around it. `refreshed` counts how often memory was renewed."""

    def __init__(self, database: Database, folder: DataFolder) -> None:
        self.vendor = FakeUpstream()
        self.clock = ManualClock()
        self.refreshed = 0
        entropy = Entropy()
        self.workspace = Workspace(
            database=database,
            folder=folder,
            vault=Vault(channel_keys(MASTER), CHANNEL_KEY_ID, entropy),
            master=MASTER,
            clock=self.clock,
            entropy=entropy,
            upstream=self._lend,
            settings=Settings(),
            sources={setting.name: "default" for setting in SETTINGS},
            base_url="http://127.0.0.1:8000",
            refresh=self._refresh,
        )

    async def install(self, **arguments: bool) -> Installed:
        return await installation.install(self.workspace, Install(**arguments))

    @asynccontextmanager
    async def _lend(self) -> AsyncGenerator[Upstream]:
        yield self.vendor

    async def _refresh(self) -> None:
        self.refreshed += 1


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with schema and catalog that others are copied from."""
    folder = open_folder(tmp_path_factory.mktemp("stocked"))
    database = open_database(folder)
    with database.write() as connection:
        load_catalog(connection)
    database.close()
    return folder.database


@pytest.fixture
def bench(tmp_path: Path, stocked: Path) -> Iterator[Bench]:
    """A bench on SQLite; import `stocked` beside it."""
    folder = open_folder(tmp_path / "data")
    with sqlite_database(folder, stocked) as database:
        yield Bench(database, folder)


@pytest.fixture
def bench_on_each(database: Database, folder: DataFolder) -> Bench:
    """A bench on each kind of database; import `database` and the templates beside it."""
    with database.write() as connection:
        load_catalog(connection)
    return Bench(database, folder)
