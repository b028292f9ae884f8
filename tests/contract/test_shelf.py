"""Both shelves keep files alike: the one in memory that tests use, and the one in the database."""

import pytest

from nexhina.blobs.shelf import DatabaseShelf
from nexhina.blobs.store import Head, Shelf, ShelfFull
from nexhina.storage import blob, tenant
from nexhina.storage.database import Database
from support.media import MemoryShelf

DATA = bytes(range(256)) * 4 * 700  # nearly three chunks
NOW = 1_700_000_000.0


@pytest.fixture(params=["memory", "database"])
def shelf(request: pytest.FixtureRequest, database: Database) -> Shelf:
    if request.param == "memory":
        return MemoryShelf()
    with database.write() as connection:
        for slug in ("first", "second"):
            tenant.save_tenant(connection, slug=slug, name=slug, postpaid=True, now=NOW)
    return DatabaseShelf(database, blob)


async def keep(
    shelf: Shelf, blob_id: str, data: bytes = DATA, *, tenant_id: int = 1, quota: int | None = None
) -> None:
    await shelf.save(
        Head(id=blob_id, content_type="image/png", size=len(data)),
        tenant_id=tenant_id,
        data=data,
        now=NOW,
        expires_at=NOW + 100,
        quota=quota,
    )


async def test_a_file_is_found_by_its_id_until_it_expires(shelf: Shelf) -> None:
    await keep(shelf, "a")
    assert await shelf.find("a", NOW) == Head(id="a", content_type="image/png", size=len(DATA))
    assert await shelf.find("a", NOW + 99) is not None
    assert await shelf.find("a", NOW + 100) is None
    assert await shelf.find("b", NOW) is None


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (0, len(DATA)),
        (0, 1),
        (blob.CHUNK - 1, 2),
        (blob.CHUNK, blob.CHUNK),
        (blob.CHUNK + 7, blob.CHUNK),
        (len(DATA) - 3, 3),
        (0, 0),
    ],
)
async def test_any_part_is_read_across_chunks(shelf: Shelf, offset: int, length: int) -> None:
    await keep(shelf, "a")
    assert await shelf.read("a", offset, length) == DATA[offset : offset + length]


async def test_a_read_beyond_the_end_or_of_nothing_gives_what_there_is(shelf: Shelf) -> None:
    await keep(shelf, "a")
    assert await shelf.read("a", len(DATA) - 2, 100) == DATA[-2:]
    assert await shelf.read("a", len(DATA), 100) == b""
    assert await shelf.read("b", 0, 100) == b""


async def test_an_empty_file_is_a_file(shelf: Shelf) -> None:
    await keep(shelf, "a", b"")
    assert await shelf.find("a", NOW) == Head(id="a", content_type="image/png", size=0)
    assert await shelf.read("a", 0, 10) == b""


async def test_the_quota_counts_one_tenants_files_and_refuses_whole_files(shelf: Shelf) -> None:
    quota = len(DATA) + 10
    await keep(shelf, "a", quota=quota)
    with pytest.raises(ShelfFull):
        await keep(shelf, "b", b"x" * 11, quota=quota)
    assert await shelf.find("b", NOW) is None
    await keep(shelf, "c", b"x" * 10, quota=quota)
    await keep(shelf, "d", quota=quota, tenant_id=2)
    await keep(shelf, "e", quota=None)
