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


def save(database: Database, name: str, size: int, **fields: Any) -> None:
    wanted: dict[str, Any] = {
        "now": 10.0,
        "expires_at": 100.0,
        "quota": None,
        "tenant_id": 1,
        "new": True,
        "content_type": "image/png",
        **fields,
    }
    with database.write() as connection:
        blob.save_head(connection, id=name, size=size, **wanted)


@pytest.mark.parametrize("size", [0, 1, blob.CHUNK, blob.CHUNK + 1, 3 * blob.CHUNK - 1])
def test_bytes_of_any_number_come_back_from_chunks(database: Database, size: int) -> None:
    with database.write() as connection:
        make_people(connection)
    data = os.urandom(size)
    save(database, "one", size)
    with database.write() as connection:
        count = blob.save_chunks(connection, "one", 0, data)
        assert blob.save_chunks(connection, "one", count, b"end") == count + 1
    with database.read() as connection:
        largest = connection.exec_driver_sql("SELECT MAX(LENGTH(data)) FROM blob_chunk").scalar()
        assert blob.load_part(connection, "one", 0, size) == data
    assert largest is not None
    assert largest <= blob.CHUNK


def test_a_file_is_found_until_its_time_ends_and_not_while_it_is_written(
    database: Database,
) -> None:
    with database.write() as connection:
        make_people(connection)
    for number in range(3):
        save(database, f"old{number}", 10, expires_at=100.0 + number)
    save(database, "new", 1, expires_at=200.0)
    save(database, "draft", 5, content_type=blob.UNFINISHED)
    with database.write() as connection:
        assert blob.load_head(connection, "old0", 99.0) is not None
        assert blob.load_head(connection, "old0", 100.0) is None
        assert blob.load_head(connection, "draft", 50.0) is None
        assert blob.load_head(connection, "none", 1.0) is None
        assert blob.used_bytes(connection, 1, 99.0) == 36
        assert blob.used_bytes(connection, 1, 99.0, but="draft") == 31
        assert blob.used_bytes(connection, 1, 102.0) == 1
        assert blob.list_expired(connection, 102.0, 3)[-1] == "old1"
        assert blob.list_known(connection, ["old0", "never"]) == {"old0"}
        blob.remove_heads(connection, ["old0", "old1", "old2", "draft"])
        assert blob.list_expired(connection, 199.0, 10) == []


def test_a_tenant_has_only_so_much_room(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
        make_people(connection)
    save(database, "one", 60, quota=100)
    with pytest.raises(blob.BlobQuotaError):
        save(database, "two", 41, quota=100)
    save(database, "two", 40, quota=100)
    save(database, "two", 30, quota=100, new=False)  # its own earlier size does not count
    save(database, "other", 90, quota=100, tenant_id=2)
    save(database, "later", 100, quota=100, now=100.0, expires_at=300.0)


def test_a_file_that_was_removed_is_not_written_down_again(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
    with pytest.raises(blob.BlobGoneError):
        save(database, "gone", 1, new=False)


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


async def test_an_answer_whose_call_does_not_count_is_taken_back(keys: StoredIdempotency) -> None:
    await keys.begin(1, "key", b"hash")
    await keys.finish(1, "key", ANSWER)
    await keys.revoke(1, "key")
    assert await keys.begin(1, "key", b"other") is None


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
