"""Stored Responses on both databases: whose they are, how long, and the turns before them."""

import msgspec
import pytest

from nexhina.ports import StoredResponse
from nexhina.storage import migrate, stored_response
from nexhina.storage.database import Database, _file_engine, open_database
from nexhina.storage.stored_response import SqlResponses
from support.ledger_rows import FixedClock, make_people

ROW = StoredResponse(
    tenant_id=1,
    id="resp_a",
    channel_id=3,
    native=False,
    model="m",
    created_at=900.0,
    expires_at=2_000.0,
    answer=b'{"id":"resp_a","output":[]}',
    items=b"[]",
    previous_id=None,
)


def row(**fields) -> StoredResponse:
    return msgspec.structs.replace(ROW, **fields)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_000.0)


@pytest.fixture
def store(database: Database, clock: FixedClock) -> SqlResponses:
    with database.write() as connection:
        make_people(connection)
        make_people(connection)
    return SqlResponses(database, clock)


async def test_a_response_comes_back_also_after_a_restart(store, database, clock):
    await store.save(ROW)
    assert await store.find(1, "resp_a") == ROW
    assert await SqlResponses(database, clock).find(1, "resp_a") == ROW
    assert await store.find(1, "resp_b") is None


async def test_a_newer_answer_is_put_into_what_is_there_only(store, clock):
    await store.save(ROW)
    assert not await store.update(2, "resp_a", b"{}")
    assert await store.update(1, "resp_a", b'{"newer":1}')
    assert await store.find(1, "resp_a") == row(answer=b'{"newer":1}')
    assert await store.remove(1, "resp_a")
    assert not await store.update(1, "resp_a", b"{}")
    assert await store.find(1, "resp_a") is None


async def test_the_key_that_made_it_is_remembered_by_its_mark(store):
    await store.save(row(native=True, key_mark="00ff00ff00ff00ff"))
    (found,) = await store.find_chain(1, "resp_a", 10, 1_000)
    assert found.key_mark == "00ff00ff00ff00ff"


async def test_another_tenant_neither_sees_nor_removes_nor_overwrites_it(store):
    await store.save(ROW)
    assert await store.find(2, "resp_a") is None
    assert await store.find_chain(2, "resp_a", 10, 1_000) == []
    assert not await store.remove(2, "resp_a")
    await store.save(row(tenant_id=2, model="theirs"))
    assert await store.find(1, "resp_a") == ROW


async def test_a_deleted_response_is_gone(store):
    await store.save(ROW)
    assert await store.remove(1, "resp_a")
    assert await store.find(1, "resp_a") is None
    assert not await store.remove(1, "resp_a")


async def test_an_expired_response_is_not_found_and_is_removed_later(store, clock, database):
    await store.save(ROW)
    await store.save(row(id="resp_new", expires_at=9_000.0))
    clock.time = 2_000.0
    assert await store.find(1, "resp_a") is None
    assert not await store.remove(1, "resp_a")
    assert await database.writing(stored_response.remove_expired, 2_000.0, 1) == 1
    assert await database.writing(stored_response.remove_expired, 2_000.0, 1) == 0
    assert await store.find(1, "resp_new") is not None


async def test_a_chain_is_newest_first_and_ends_at_a_bound_or_at_one_that_is_gone(store):
    await store.save(ROW)
    await store.save(row(id="resp_b", previous_id="resp_a"))
    await store.save(row(id="resp_c", previous_id="resp_b"))

    async def ids(most: int = 10, most_bytes: int = 10_000) -> list[str]:
        return [each.id for each in await store.find_chain(1, "resp_c", most, most_bytes)]

    assert await ids() == ["resp_c", "resp_b", "resp_a"]
    assert await ids(most=2) == ["resp_c", "resp_b"]
    assert await ids(most_bytes=30) == ["resp_c", "resp_b"]
    await store.remove(1, "resp_b")
    assert await ids() == ["resp_c"]


async def test_an_older_row_has_no_mark_of_its_key(folder, clock):
    url = f"sqlite:///{folder.database}"
    old = Database(_file_engine(url, writes=False), _file_engine(url, writes=True))
    migrate.migrate(old, folder, "0004")
    with old.write() as connection:
        make_people(connection)
        connection.exec_driver_sql(
            "INSERT INTO response VALUES (1, 'resp_a', 3, 0, 'm', 900, 2000,"
            """ CAST('{"id":"resp_a","output":[]}' AS BLOB), CAST('[]' AS BLOB), NULL)"""
        )
    old.close()
    opened = open_database(folder)
    try:
        assert await SqlResponses(opened, clock).find(1, "resp_a") == ROW
    finally:
        opened.close()
