"""Every shelf keeps files alike: memory's, the database's chunks, a folder, and obstore's stores."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import obstore.store
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexhina.blobs.chunks import ChunkShelf
from nexhina.blobs.folder import FolderShelf
from nexhina.blobs.index import DatabaseIndex
from nexhina.blobs.link import LinkSigner
from nexhina.blobs.objects import ObjectShelf, open_store
from nexhina.blobs.places import ShelfBefore
from nexhina.blobs.shelf import PIECE, Shelf
from nexhina.blobs.store import BlobStore
from nexhina.blobs.writer import LEASE, Keeping
from nexhina.errors import InsufficientQuotaError, InternalError, OverloadedError
from nexhina.storage import blob, tenant
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder
from nexhina.telemetry.clock import ManualClock
from support.databases import fresh_database
from support.media import Entropy, MemoryShelf
from support.object_store import REAL_STORE, run_object_store

DATA = b"\x89PNG\r\n\x1a\n" + os.urandom(2 * PIECE + 700)
NOW = 1_700_000_000.0
SHELVES = [
    *[(kind, "sqlite") for kind in ("memory", "folder", "objects in memory")],
    *[("objects in a folder", "sqlite"), ("moved", "sqlite")],
    ("objects over HTTP", "sqlite"),
    *([("objects in a real store", "sqlite")] if REAL_STORE else []),
    *[("chunks", "sqlite"), ("chunks", "postgres")],
]


def make_shelf(kind: str, database: Database, folder: Path) -> Shelf:
    if kind == "memory":
        return MemoryShelf()
    chunks = ChunkShelf(database, blob)
    if kind == "chunks":
        return chunks
    if kind == "folder":
        return FolderShelf(folder / "media")
    if kind == "moved":
        return ShelfBefore(FolderShelf(folder / "media"), chunks)
    if kind == "objects in memory":
        return ObjectShelf(obstore.store.MemoryStore(), "memory")
    if kind == "objects in a real store":
        return open_store(REAL_STORE)
    return ObjectShelf(obstore.store.LocalStore(folder / "objects", mkdir=True), "a folder")


class Place:
    """A store on a shelf, with its parts."""

    def __init__(self, kind: str, database: Database, folder: Path, quota: int | None) -> None:
        with database.write() as connection:
            for slug in ("first", "second"):
                tenant.save_tenant(connection, slug=slug, name=slug, postpaid=True, now=NOW)
        self.database = database
        self.clock = ManualClock(NOW)
        self.index = DatabaseIndex(database, blob)
        self._parts = ExitStack()
        if kind == "objects over HTTP":
            self.shelf = self._parts.enter_context(run_object_store()).open()
        else:
            self.shelf = make_shelf(kind, database, folder)
        self.entropy = Entropy()
        self.quota = quota

    def open(self, keep: float = 100.0) -> BlobStore:
        kept = Keeping(keep=keep, quota=self.quota)
        signer = LinkSigner(b"s" * 32)
        return BlobStore(self.index, self.shelf, signer, self.clock, self.entropy, kept)

    def close(self) -> None:
        self._parts.close()

    def count_rows(self, table: str) -> int:
        with self.database.read() as connection:
            return connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one()


@pytest.fixture(params=SHELVES, ids="-".join)
def place(request: pytest.FixtureRequest, folder: DataFolder, tmp_path: Path) -> Iterator[Place]:
    kind, on = request.param
    with (
        fresh_database(request, on, folder) as database,
        closing(Place(kind, database, tmp_path, None)) as place,
    ):
        yield place


async def read(store: BlobStore, name: str) -> bytes | None:
    media = await store.get(name)
    return media and media.data


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, len(DATA)])
async def test_a_file_of_any_size_comes_back_under_the_type_of_its_bytes(
    place: Place, size: int
) -> None:
    store = place.open()
    name = await store.put(1, "image/png", DATA[:size])
    head = await store.find(name)
    assert head is not None
    assert (head.size, head.content_type == "image/png") == (size, size >= 8)
    assert await read(store, name) == DATA[:size]


async def test_what_comes_in_pieces_is_one_file_and_nobody_sees_it_before_its_end(
    place: Place,
) -> None:
    store = place.open()
    writer = await store.begin(1, "")
    for start in range(0, len(DATA), 300_007):
        await writer.append(DATA[start : start + 300_007])
    assert writer.size == len(DATA)
    blob_id = (await place.index.list_expired(NOW + LEASE, 10))[0]
    assert await place.index.find(blob_id, NOW) is None
    assert await store.find(f"{blob_id}.png") is None
    name = await writer.commit()
    assert name == f"{blob_id}.png"
    assert await read(store, name) == DATA


@given(
    cuts=st.lists(st.integers(1, 900_000), min_size=1, max_size=12),
    ranges=st.lists(
        st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 2 * PIECE)), min_size=1, max_size=8
    ),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_range_has_its_bytes_however_the_file_was_cut(
    place: Place, cuts: list[int], ranges: list[tuple[int, int]]
) -> None:
    store = place.open()
    writer = await store.begin(1, "")
    position, turn = 0, 0
    while position < len(DATA):
        piece = DATA[position : position + cuts[turn % len(cuts)]]
        await writer.append(piece)
        position, turn = position + len(piece), turn + 1
    name = await writer.commit()
    head = await store.find(name)
    assert head is not None
    for offset, length in ranges:
        assert await store.read(head, offset, length) == DATA[offset : offset + length]
    await store.remove(name)


async def test_a_read_beyond_the_end_gives_what_there_is(place: Place) -> None:
    store = place.open()
    head = await store.find(await store.put(1, "", DATA))
    assert head is not None
    assert await store.read(head, len(DATA) - 2, 100) == DATA[-2:]
    assert await store.read(head, len(DATA), 100) == b""
    assert await store.read(head, 0, 0) == b""


async def test_a_file_that_is_gone_from_the_shelf_reads_as_nothing(place: Place) -> None:
    store = place.open()
    name = await store.put(1, "", DATA)
    head = await store.find(name)
    assert head is not None
    await place.shelf.remove([head.id])
    assert await store.read(head, 0, 100) == b""
    assert await store.get(name) is None


async def test_an_abandoned_file_leaves_nothing(place: Place) -> None:
    store = place.open()
    writer = await store.begin(1, "")
    await writer.append(DATA)
    blob_id = (await place.index.list_expired(NOW + LEASE, 10))[0]
    await writer.abandon()
    await writer.abandon()
    assert place.count_rows("blob") == place.count_rows("blob_chunk") == 0
    assert await place.shelf.read(blob_id, 0, 10) == b""
    with pytest.raises(ValueError, match="abandoned"):
        await writer.append(b"x")
    with pytest.raises(ValueError, match="abandoned"):
        await writer.commit()


async def test_a_file_that_is_refused_in_the_end_leaves_nothing(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    writer = await place.open().begin(1, "")
    await writer.append(DATA[: 2 * PIECE])  # all of it is on the shelf: only the end is left
    blob_id = (await place.index.list_expired(NOW + LEASE, 10))[0]
    await place.index.remove([blob_id])
    with caplog.at_level(logging.WARNING), pytest.raises(InternalError):
        await writer.commit()
    assert await place.shelf.read(blob_id, 0, 10) == b""
    assert "abandoned" not in caplog.text


async def test_what_a_killed_process_left_half_written_goes_when_its_lease_ends(
    place: Place,
) -> None:
    store = place.open()
    writer = await store.begin(1, "")
    await writer.append(DATA)
    blob_id = (await place.index.list_expired(NOW + LEASE, 10))[0]
    place.clock.advance(LEASE - 1)
    assert await store.remove_expired() == 0
    place.clock.advance(1)
    assert await store.remove_expired() == 1
    assert place.count_rows("blob") == place.count_rows("blob_chunk") == 0
    assert await place.shelf.read(blob_id, 0, 10) == b""
    with pytest.raises(InternalError):  # it lives after all: it learns that its file is gone
        await writer.commit()


async def test_expired_files_leave_the_shelf_and_the_table_and_others_stay(place: Place) -> None:
    store = place.open()
    old = [await store.put(1, "", DATA[:100]) for _ in range(3)]
    place.clock.advance(60.0)
    young = await store.put(1, "", DATA)
    place.clock.advance(40.0)
    assert [await store.remove_expired(2) for _ in range(3)] == [2, 1, 0]
    assert await read(store, young) == DATA
    assert place.count_rows("blob") == 1
    for name in old:
        assert await place.shelf.read(name.partition(".")[0], 0, 10) == b""


async def test_a_removed_file_is_gone_at_once(place: Place) -> None:
    store = place.open()
    name = await store.put(1, "", DATA)
    await store.remove(name)
    await store.remove(name)
    await store.remove("../../etc/passwd")
    assert await store.find(name) is None
    assert place.count_rows("blob") == 0


@pytest.fixture(params=SHELVES, ids="-".join)
def narrow(request: pytest.FixtureRequest, folder: DataFolder, tmp_path: Path) -> Iterator[Place]:
    kind, on = request.param
    with (
        fresh_database(request, on, folder) as database,
        closing(Place(kind, database, tmp_path, 2 * PIECE + 10)) as place,
    ):
        yield place


async def test_the_quota_counts_one_tenants_files_and_refuses_whole_files(narrow: Place) -> None:
    store = narrow.open()
    kept = await store.put(1, "", DATA[: 2 * PIECE])
    with pytest.raises(InsufficientQuotaError, match="b64_json") as caught:
        await store.put(1, "", b"x" * 11)
    assert caught.value.code == "media_quota_exceeded"
    await store.put(1, "", b"x" * 10)
    await store.put(2, "", DATA[: 2 * PIECE])
    await store.remove(kept)
    await store.put(1, "", b"x" * 11)


async def test_a_growing_file_meets_the_quota_while_it_grows_and_then_leaves_nothing(
    narrow: Place,
) -> None:
    store = narrow.open()
    writer = await store.begin(1, "")
    await writer.append(bytes(2 * PIECE))
    with pytest.raises(InsufficientQuotaError):  # what is being written counts for others, too
        await store.put(1, "", bytes(PIECE))
    with pytest.raises(InsufficientQuotaError):
        await writer.append(bytes(PIECE))
    assert narrow.count_rows("blob") == narrow.count_rows("blob_chunk") == 0
    await store.put(1, "", bytes(2 * PIECE))


# --- what only some shelves know --------------------------------------------------------------


async def test_old_files_without_a_head_are_removed_and_young_or_known_ones_are_not(
    sqlite: Database, tmp_path: Path
) -> None:
    place = Place("folder", sqlite, tmp_path, None)
    place.clock = ManualClock(time.time())
    store = place.open(keep=1_000.0)
    names = [await store.put(1, "", DATA[:100]) for _ in range(3)]
    paths = [next((tmp_path / "media").rglob(name.partition(".")[0])) for name in names]
    stranger = paths[0].with_name("not-ours.txt")
    stranger.write_bytes(b"x")
    past = time.time() - 1_000.0 - 86_400.0 - 60.0
    for path in (paths[0], paths[1], stranger):
        os.utime(path, (past, past))
    await place.index.remove([names[0].partition(".")[0], names[2].partition(".")[0]])
    assert await store.remove_orphans() == 1
    assert [path.exists() for path in paths] == [False, True, True]
    assert stranger.exists()


async def test_an_upload_that_is_given_up_leaves_no_parts_at_the_store(
    sqlite: Database, tmp_path: Path
) -> None:
    with run_object_store() as server:
        place = Place("memory", sqlite, tmp_path, None)
        place.shelf = server.open()
        writer = await place.open().begin(1, "")
        for _ in range(6):
            await writer.append(bytes(PIECE))
        assert len(server.uploads) == 1
        await writer.abandon()
        assert server.uploads == server.objects == {}


async def test_a_store_that_refuses_is_503_for_callers_and_a_line_for_the_operator(
    sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_object_store() as server:
        place = Place("memory", sqlite, tmp_path, None)
        place.shelf = server.open()
        store = place.open()
        head = await store.find(await store.put(1, "", DATA))
        assert head is not None
        server.broken = True
        for work in (store.put(1, "", b"x"), store.put(1, "", DATA), store.read(head, 0, 10)):
            with caplog.at_level(logging.WARNING), pytest.raises(OverloadedError) as caught:
                await work
            assert (caught.value.status, caught.value.code) == (503, "media_unavailable")
            assert "a server in memory: " in caplog.text
            assert not any(each.exc_info or "\n" in each.message for each in caplog.records)
            caplog.clear()
        with pytest.raises(OSError, match="403"):
            await place.shelf.remove([head.id])
        with pytest.raises(OSError, match="403"):
            _ = [each async for each in place.shelf.list_older(0)]


async def test_old_objects_are_listed_by_their_ids(sqlite: Database, tmp_path: Path) -> None:
    place = Place("objects in memory", sqlite, tmp_path, None)
    name = await place.open().put(1, "", DATA)
    later = [ids async for ids in place.shelf.list_older(time.time() + 60)]
    assert later == [[name.partition(".")[0]]]
    assert [ids async for ids in place.shelf.list_older(time.time() - 60)] == []


async def test_files_of_the_database_stay_readable_when_new_ones_go_to_a_folder(
    sqlite: Database, tmp_path: Path
) -> None:
    place = Place("chunks", sqlite, tmp_path, None)
    old = await place.open().put(1, "", DATA)
    place.shelf = make_shelf("moved", sqlite, tmp_path)
    store = place.open()
    new = await store.put(1, "", DATA[:100])
    assert (await read(store, old), await read(store, new)) == (DATA, DATA[:100])
    assert place.count_rows("blob_chunk") == 9
    await store.remove(old)
    assert place.count_rows("blob_chunk") == 0


async def test_a_folders_files_are_for_their_owner_alone(sqlite: Database, tmp_path: Path) -> None:
    place = Place("folder", sqlite, tmp_path, None)
    name = await place.open().put(1, "", DATA)
    (path,) = (tmp_path / "media").rglob(name.partition(".")[0])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "media").rglob("*.part")) == []
