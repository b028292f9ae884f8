"""Media in chunks and answers by Idempotency-Key, on both databases."""

import asyncio
import os
from typing import Any

import pytest

from nexhina.errors import ConflictError
from nexhina.ports import StoredAnswer
from nexhina.storage import blob, idempotency, worker
from nexhina.storage.database import Database
from nexhina.storage.idempotency import KEPT, LONGEST, StoredIdempotency
from support.ledger_rows import FixedClock, make_people

ANSWER = StoredAnswer(status=200, headers=[(b"x-a", b"\xff1"), (b"x-a", b"2")], body=b"\0body")


def save(database: Database, name: str, data: bytes, **fields: Any) -> None:
    wanted: dict[str, Any] = {
        "now": 10.0,
        "expires_at": 100.0,
        "quota": None,
        "tenant_id": 1,
        **fields,
    }
    with database.write() as connection:
        blob.save_blob(connection, id=name, content_type="image/png", data=data, **wanted)


@pytest.mark.parametrize("size", [0, 1, blob.CHUNK, blob.CHUNK + 1, 3 * blob.CHUNK - 1])
def test_a_file_of_any_size_comes_back(database: Database, size: int) -> None:
    with database.write() as connection:
        make_people(connection)
    data = os.urandom(size)
    save(database, "one", data)
    with database.read() as connection:
        found = blob.load_blob(connection, "one", 99.0)
        largest = connection.exec_driver_sql("SELECT MAX(LENGTH(data)) FROM blob_chunk").scalar()
    assert found is not None
    assert (found.data, found.size, found.content_type) == (data, size, "image/png")
    assert (largest or 0) <= blob.CHUNK


def test_a_file_ends_with_its_time_and_is_removed_later(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
    for number in range(3):
        save(database, f"old{number}", b"x" * 10)
    save(database, "new", b"y", expires_at=200.0)
    with database.write() as connection:
        assert blob.load_blob(connection, "old1", 100.0) is None
        assert blob.load_blob(connection, "none", 1.0) is None
        assert blob.used_bytes(connection, 1, 99.0) == 31
        assert blob.used_bytes(connection, 1, 100.0) == 1
        assert blob.remove_expired(connection, 100.0, limit=2) == 2
        assert blob.remove_expired(connection, 100.0, limit=2) == 1
        assert blob.remove_expired(connection, 100.0, limit=2) == 0
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM blob_chunk").scalar() == 1
        assert blob.load_blob(connection, "new", 100.0) is not None


def test_a_tenant_has_only_so_much_room(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
        make_people(connection)
    save(database, "one", b"x" * 60, quota=100)
    with pytest.raises(blob.BlobQuotaError):
        save(database, "two", b"x" * 41, quota=100)
    save(database, "two", b"x" * 40, quota=100)
    save(database, "other", b"x" * 90, quota=100, tenant_id=2)
    save(database, "later", b"x" * 100, quota=100, now=100.0, expires_at=300.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_000.0)


@pytest.fixture
def keys(database: Database, clock: FixedClock) -> StoredIdempotency:
    with database.write() as connection:
        make_people(connection)
        epoch = worker.start_worker(connection, "main", now=1.0)
    return StoredIdempotency(database, clock, "main", epoch)


async def test_the_second_call_gets_the_answer_of_the_first(keys: StoredIdempotency) -> None:
    assert await keys.begin(1, "key", b"hash") is None
    await keys.finish(1, "key", ANSWER)
    assert await keys.begin(1, "key", b"hash") == ANSWER
    assert await keys.begin(1, "other key", b"hash") is None


async def test_another_body_and_a_running_call_are_conflicts(keys: StoredIdempotency) -> None:
    await keys.begin(1, "key", b"hash")
    with pytest.raises(ConflictError, match="still runs"):
        await keys.begin(1, "key", b"hash")
    with pytest.raises(ConflictError, match="another request body"):
        await keys.begin(1, "key", b"other")
    await keys.finish(1, "key", ANSWER)
    with pytest.raises(ConflictError, match="another request body"):
        await keys.begin(1, "key", b"other")


async def test_a_failed_call_gives_its_key_back(keys: StoredIdempotency) -> None:
    await keys.begin(1, "key", b"hash")
    await keys.forget(1, "key")
    assert await keys.begin(1, "key", b"other") is None


async def test_a_stored_answer_is_not_forgotten_by_a_late_failure(keys: StoredIdempotency) -> None:
    await keys.begin(1, "key", b"hash")
    await keys.finish(1, "key", ANSWER)
    await keys.forget(1, "key")
    assert await keys.begin(1, "key", b"hash") == ANSWER


async def test_a_key_is_free_after_a_day(
    keys: StoredIdempotency, clock: FixedClock, database: Database
) -> None:
    await keys.begin(1, "key", b"hash")
    await keys.finish(1, "key", ANSWER)
    clock.time += KEPT - 1
    assert await keys.begin(1, "key", b"hash") == ANSWER
    clock.time += 1
    assert await keys.begin(1, "key", b"other") is None
    clock.time += LONGEST
    assert await database.writing(idempotency.remove_expired, clock.time) == 1


async def test_a_crash_does_not_block_a_key(
    keys: StoredIdempotency, clock: FixedClock, database: Database
) -> None:
    await keys.begin(1, "key", b"hash")
    with database.write() as connection:
        worker.stop_worker(connection, "main", 1)
        epoch = worker.start_worker(connection, "main", now=2.0)
    after = StoredIdempotency(database, clock, "main", epoch)
    assert await after.begin(1, "key", b"hash") is None
    await keys.finish(1, "key", ANSWER)  # the dead one's answer comes too late
    with pytest.raises(ConflictError, match="still runs"):
        await after.begin(1, "key", b"hash")


async def test_a_call_that_never_ended_blocks_its_key_for_an_hour(
    keys: StoredIdempotency, clock: FixedClock
) -> None:
    await keys.begin(1, "key", b"hash")
    clock.time += LONGEST - 1
    with pytest.raises(ConflictError, match="still runs"):
        await keys.begin(1, "key", b"hash")
    clock.time += 1
    assert await keys.begin(1, "key", b"hash") is None


async def test_of_two_at_once_one_is_the_first(keys: StoredIdempotency) -> None:
    results = await asyncio.gather(
        *(keys.begin(1, "key", b"hash") for _ in range(8)), return_exceptions=True
    )
    assert results.count(None) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 7
