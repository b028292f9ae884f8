"""Keys and configuration in memory, over both databases."""

import asyncio

import pytest

from nexhina.domain.identity import Principal
from nexhina.identity.key import stored_digest
from nexhina.ports import MISS
from nexhina.storage import channel, model, token
from nexhina.storage.database import Database
from nexhina.storage.directory import StoredDirectory, load_snapshot
from nexhina.storage.folder import DataFolder
from nexhina.storage.key_index import _load_later
from support.databases import fresh_database
from support.ledger_rows import FixedClock, a_channel, a_vault, make_people

PEPPER = b"pepper"


def make_key(database: Database, digest: bytes, expires_at: float | None = None) -> token.Token:
    """A token whose key has this SHA-256."""
    with database.write() as connection:
        owner, person, _ = make_people(connection)
        return token.save_token(
            connection,
            tenant_id=owner.id,
            user_id=person.id,
            name="app",
            hint="sk-…",
            stored_digest=stored_digest(PEPPER, digest),
            budget_nano=None,
            models=None,
            permissions=(),
            now=1.0,
            expires_at=expires_at,
        )


def count_questions(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the database is asked from now on."""
    asked: list[object] = []
    reading = database.reading

    async def note(work, *arguments):
        asked.append(work)
        return await reading(work, *arguments)

    monkeypatch.setattr(database, "reading", note)
    return asked


def directory(database: Database, **options: int) -> StoredDirectory:
    return StoredDirectory(
        database, a_vault(), (b"new pepper", PEPPER), FixedClock(1_000.0), **options
    )


async def test_a_key_is_loaded_once_and_then_found(database: Database) -> None:
    key = make_key(database, b"one")
    found = directory(database)
    assert found.find(b"one") is MISS
    principal = await found.load(b"one")
    assert isinstance(principal, Principal)
    assert principal.token == key
    assert found.find(b"one") is principal


async def test_all_that_wait_for_a_key_share_one_question(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(database, b"one")
    found = directory(database)
    asked = 0
    reading = database.reading

    async def count(*arguments):
        nonlocal asked
        asked += 1
        return await reading(*arguments)

    monkeypatch.setattr(database, "reading", count)
    answers = await asyncio.gather(*(found.load(b"one") for _ in range(50)))
    assert asked == 1
    assert len({id(answer) for answer in answers}) == 1


async def test_an_unknown_key_is_remembered_and_the_memory_is_bounded(database: Database) -> None:
    found = directory(database, unknown=3)
    digests = (b"a", b"b", b"c", b"d")
    for digest in digests:  # of keys that were revoked: no index rules them out
        key = make_key(database, digest)
        await database.writing(token.revoke_token, key.tenant_id, key.id)
    for digest in digests:
        assert await found.load(digest) is None
    assert found.find(b"d") is None
    assert found.find(b"a") is MISS
    assert len(found._unknown) == 3


async def test_after_the_first_unknown_key_all_others_cost_no_question(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(database, b"one")
    found = directory(database)
    assert await found.load(b"nobody") is None
    questions = count_questions(database, monkeypatch)
    for number in range(1_000):
        assert found.find(b"guess %d" % number) is None
    assert questions == []
    assert found.find(b"one") is MISS
    assert await found.load(b"one") is not None


async def test_keys_that_are_made_later_are_found_among_guesses(database: Database) -> None:
    found = directory(database)
    assert await found.load(b"nobody") is None
    for number in range(3):
        digest = b"key %d" % number
        assert found.find(digest) is None
        make_key(database, digest)
        await found.refresh()
        assert await found.load(digest) is not None
        assert found.find(b"nobody") is None


@pytest.mark.db
async def test_a_key_that_another_process_made_is_found_a_second_later_at_a_question_a_second(
    request: pytest.FixtureRequest, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_database(request, "postgres", folder) as database:
        clock = FixedClock(1_000.0)
        found = StoredDirectory(database, a_vault(), (PEPPER,), clock)
        assert await found.load(b"nobody") is None
        assert found.find(b"one") is None
        make_key(database, b"one")
        clock.time += 1.0
        assert found.find(b"one") is MISS
        questions = count_questions(database, monkeypatch)
        for number in range(100):
            assert await found.load(b"guess %d" % number) is None
        assert len(questions) == 1
        assert await found.load(b"one") is not None


async def test_an_index_that_could_not_be_caught_up_is_not_believed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = directory(database)
    assert await found.load(b"nobody") is None
    make_key(database, b"one")
    reading = database.reading
    with monkeypatch.context() as patch:

        async def fail(work, *arguments):
            if work is load_snapshot:
                return await reading(work, *arguments)
            raise OSError("gone")

        patch.setattr(database, "reading", fail)
        with pytest.raises(OSError, match="gone"):
            await found.refresh()
    assert found.find(b"one") is MISS
    assert await found.load(b"one") is not None
    assert await found.load(b"nobody else") is None
    assert found.find(b"somebody") is None


async def test_a_key_that_is_made_while_others_catch_up_is_found_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = directory(database)
    assert await found.load(b"nobody") is None
    reading = database.reading
    made = False

    async def slow(work, *arguments):
        nonlocal made
        answer = await reading(work, *arguments)
        if work is _load_later and not made:
            made = True
            make_key(database, b"one")
            await found.refresh()
            assert found.find(b"one") is MISS
        return answer

    monkeypatch.setattr(database, "reading", slow)
    await found.refresh()
    assert made
    assert found.find(b"one") is MISS
    assert await found.load(b"one") is not None
    assert found.find(b"somebody") is None


async def test_a_flood_of_new_keys_is_read_anew_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexhina.storage.key_index._MOST_ADDED", 3)
    monkeypatch.setattr("nexhina.storage.key_index._BLOCK", 2)
    found = directory(database)
    assert await found.load(b"nobody") is None
    digests = [b"key %d" % number for number in range(9)]
    for digest in digests:
        make_key(database, digest)
    await found.refresh()
    assert [found.find(digest) for digest in digests] == [MISS] * 9
    assert found.find(b"guess") is None
    assert found._index is not None
    assert found._index._added == set()


async def test_known_keys_are_bounded_too(database: Database) -> None:
    make_key(database, b"one")
    make_key(database, b"two")
    found = directory(database, known=1)
    await found.load(b"one")
    await found.load(b"two")
    assert found.find(b"one") is MISS
    assert isinstance(found.find(b"two"), Principal)


async def test_a_revoked_key_is_refused_after_the_refresh(database: Database) -> None:
    key = make_key(database, b"one")
    found = directory(database)
    await found.load(b"one")
    await database.writing(token.revoke_token, key.tenant_id, key.id)
    assert await found.refresh_if_changed()
    assert not await found.refresh_if_changed()
    assert found.find(b"one") is MISS
    assert await found.load(b"one") is None


async def test_a_key_that_is_made_later_is_found_after_the_refresh(database: Database) -> None:
    found = directory(database)
    assert await found.load(b"one") is None
    make_key(database, b"one")
    await found.refresh()
    assert await found.load(b"one") is not None


async def test_a_key_revoked_while_it_is_being_loaded_is_not_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(database, b"one")
    found = directory(database)
    reading = database.reading
    first = True

    async def slow(*arguments):
        nonlocal first
        answer = await reading(*arguments)
        if first:
            first = False
            await database.writing(token.revoke_token, key.tenant_id, key.id)
            await found.refresh()
        return answer

    monkeypatch.setattr(database, "reading", slow)
    assert await found.load(b"one") is None
    assert found.find(b"one") is None


async def test_a_failing_database_fails_the_question_and_not_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(database, b"one")
    found = directory(database)

    async def fail(*_):
        await asyncio.sleep(0)
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(database, "reading", fail)
        results = await asyncio.gather(
            found.load(b"one"), found.load(b"one"), return_exceptions=True
        )
    assert [type(result) for result in results] == [OSError, OSError]
    assert await found.load(b"one") is not None


async def test_an_expired_key_is_refused_from_memory_too(database: Database) -> None:
    make_key(database, b"one", expires_at=2_000.0)
    clock = FixedClock(1_999.0)
    found = StoredDirectory(database, a_vault(), (PEPPER,), clock)
    assert await found.load(b"one") is not None
    clock.time = 2_000.0
    assert found.find(b"one") is None
    assert await found.load(b"one") is None


async def test_the_snapshot_follows_the_configuration(database: Database) -> None:
    found = directory(database)
    assert found.snapshot().channels == ()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        saved = channel.save_channel(connection, a_vault(), a_channel(owner), 1.0)
        item = model.Model(name="m", maker="x", operations=("chat",))
        model.save_model(connection, item)
    before = await found.refresh()
    assert before.channels == (saved,)
    assert before.models == (item,)
    with database.write() as connection:
        channel.remove_channel(connection, owner.id, saved.id)
    after = await found.refresh()
    assert after.version > before.version
    assert found.snapshot().channels == ()
