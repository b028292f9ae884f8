"""Jobs and earmarks on both databases: made and ended with their money, seen by their tenant only."""

import msgspec
import pytest

from nexhina.domain.job import Job
from nexhina.storage import account, worker
from nexhina.storage.database import Database
from nexhina.storage.job import SqlJobs, read_row, remove_ended, write_row
from nexhina.storage.tables import earmark
from support.ledger_rows import Books, FixedClock, a_row, make_people

NOW = 1_700_000_000.0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def jobs(database: Database, clock: FixedClock) -> SqlJobs:
    with database.write() as connection:
        make_people(connection)
        make_people(connection)
        account.grant(connection, "wallet/1", 10_000, NOW, "test")
        epoch = worker.start_worker(connection, "main", now=NOW)
    return SqlJobs(database, clock, "main", epoch)


def a_job(name: str, **fields) -> Job:
    row = a_row(f"row-{name}", operation="video", charge_nano=0, lines=())
    plain = Job(
        id=f"video_{name}",
        tenant_id=1,
        token_id=1,
        operation="video",
        model="m",
        state="submitting",
        request=b'{"prompt":"p"}',
        ms=4000,
        created_at=NOW,
        deadline_at=NOW + 100,
        worker="",
        epoch=0,
        accounts=("wallet/1",),
        held=1_000,
        row=write_row(row),
    )
    return msgspec.structs.replace(plain, **fields)


def earmarked(database: Database) -> int:
    with database.read() as connection:
        (state,) = account.load_accounts(connection, ["wallet/1"])
    return state.earmarked


async def take(jobs: SqlJobs, job: Job, at: float = NOW) -> Job:
    assert await jobs.note_taken(job, read_row(job), vendor_id="up", state="queued", poll_at=at)
    found = await jobs.find(job.tenant_id, job.id)
    assert found is not None
    return found


async def test_a_job_sets_its_money_aside_and_ends_with_its_charge(jobs, database):
    job = await jobs.create(a_job("a"))
    assert job.number == 1
    assert earmarked(database) == 1_000
    row = msgspec.structs.replace(read_row(job), charge_nano=700)
    ended = await jobs.end(job, row, state="completed", files={"video": "f.mp4"})
    assert ended.state == "completed"
    assert ended.files == {"video": "f.mp4"}
    assert (await jobs.find(1, job.id)) == ended
    assert earmarked(database) == 0
    with database.read() as connection:
        books = Books(connection)
        books.check()
        assert books.balances["wallet/1"] == 9_300
        assert books.ids == ["row-a"]


async def test_a_job_ends_once_whoever_comes(jobs, database):
    job = await jobs.create(a_job("a"))
    row = msgspec.structs.replace(read_row(job), charge_nano=700)
    assert await jobs.end(job, row, state="completed") is not None
    assert await jobs.end(job, row, state="completed") is None
    assert await jobs.end(job, row, state="failed") is None
    with database.read() as connection:
        assert Books(connection).balances["wallet/1"] == 9_300


async def test_a_job_that_nobody_took_leaves_its_row_only(jobs, database):
    job = await jobs.create(a_job("a"))
    assert await jobs.end(job, read_row(job), keep=False, state="failed") is not None
    assert await jobs.find(1, job.id) is None
    assert earmarked(database) == 0
    with database.read() as connection:
        assert Books(connection).ids == ["row-a"]


async def test_another_tenant_neither_sees_nor_lists_nor_removes_nor_ends_it(jobs):
    job = await jobs.create(a_job("a"))
    assert await jobs.find(2, job.id) is None
    assert await jobs.list_page(2, "video", after=None, limit=9, ascending=True) == []
    assert await jobs.list_page(2, "video", after=job.id, limit=9, ascending=True) is None
    theirs = msgspec.structs.replace(job, tenant_id=2)
    assert await jobs.end(theirs, read_row(job), state="failed") is None
    assert not await jobs.note(theirs, percent=50)
    assert await jobs.end(job, read_row(job), state="failed") is not None
    assert not await jobs.remove(2, job.id)
    assert await jobs.remove(1, job.id)


async def test_a_running_job_is_not_removed(jobs):
    job = await take(jobs, await jobs.create(a_job("a")))
    assert not await jobs.remove(1, job.id)


async def test_an_idempotency_key_names_one_job_for_a_day(jobs, clock):
    first = await jobs.create(a_job("a", key="k", body_hash=b"1"))
    assert (await jobs.create(a_job("b", key="k", body_hash=b"2"))).id == first.id
    assert (await jobs.find_key(1, "k")).id == first.id
    assert await jobs.find_key(2, "k") is None
    clock.time += 24 * 3600 + 1
    assert await jobs.find_key(1, "k") is None
    second = await jobs.create(a_job("c", key="k", created_at=clock.time))
    assert second.id == "video_c"
    assert (await jobs.find(1, first.id)).key is None


async def test_pages_follow_the_order_of_creation(jobs):
    names = [(await jobs.create(a_job(name))).id for name in "abcd"]
    down = await jobs.list_page(1, "video", after=names[3], limit=2, ascending=False)
    assert [job.id for job in down] == names[2:0:-1]
    up = await jobs.list_page(1, "video", after=names[0], limit=9, ascending=True)
    assert [job.id for job in up] == names[1:]


async def test_a_due_job_is_claimed_by_one(jobs, database, clock):
    await take(jobs, await jobs.create(a_job("a")))
    (due,) = await jobs.list_due(NOW, 9)
    assert await jobs.next_due() == NOW
    other = SqlJobs(database, clock, "other", 1)
    assert await jobs.claim(due, NOW + 60)
    assert not await other.claim(due, NOW + 60)
    assert await jobs.list_due(NOW, 9) == []


async def test_the_next_life_takes_up_what_this_one_followed(jobs, database, clock):
    await take(jobs, await jobs.create(a_job("a")))
    (due,) = await jobs.list_due(NOW, 9)
    await jobs.claim(due, NOW + 60)
    assert await SqlJobs(database, clock, "other", 9).wake_claimed() == 0
    assert await SqlJobs(database, clock, "main", due.epoch + 1).wake_claimed() == 1
    assert len(await jobs.list_due(NOW, 9)) == 1


async def test_only_jobs_of_ended_lives_are_lost(jobs, database):
    await jobs.create(a_job("a"))
    taken = await take(jobs, await jobs.create(a_job("b")))
    assert await jobs.list_lost() == []
    with database.write() as connection:
        worker.stop_worker(connection, "main", 1)
    assert [job.id for job in await jobs.list_lost()] == ["video_a"]
    assert taken.state == "queued"


async def test_old_jobs_go_and_open_ones_stay(jobs, database):
    await jobs.create(a_job("a"))
    job = await jobs.create(a_job("b"))
    await jobs.end(job, read_row(job), state="failed")
    with database.write() as connection:
        assert remove_ended(connection, NOW - 1) == 0
        assert remove_ended(connection, NOW) == 1
        assert connection.execute(earmark.select()).all() != []
    assert await jobs.find(1, "video_a") is not None


async def test_a_job_that_ended_while_it_was_sent_is_not_sent(jobs):
    job = await jobs.create(a_job("a"))
    place = {"channel_id": 1, "upstream_model": "u", "key_mark": "k"}
    assert await jobs.note_attempt(job, **place)
    await jobs.end(job, read_row(job), state="cancelled")
    assert not await jobs.note_attempt(job, **place)
