"""Steps: a coroutine driven by hand."""

import asyncio

import pytest

from nexhina.errors import ClientGone
from nexhina.tasks import Gathering, Steps, Wait, drive, spawn


def run(coro):
    ended = []
    steps = Steps(coro, ended.append)
    steps.advance()
    return steps, ended


def test_a_wait_that_is_resolved_before_it_is_awaited_does_not_suspend():
    wait: Wait[int] = Wait()
    wait.resolve(5)
    got = []

    async def life():
        got.append(await wait)

    _, ended = run(life())
    assert got == [5]
    assert ended == [None]


def test_resolving_runs_the_coroutine_on_before_it_returns():
    wait: Wait[str] = Wait()
    got = []

    async def life():
        got.append(await wait)

    _, ended = run(life())
    assert got == [] and ended == []
    wait.resolve("now")
    assert got == ["now"] and ended == [None]
    wait.resolve("again")
    assert got == ["now"]


def test_a_failed_wait_raises_where_it_is_awaited():
    wait: Wait[None] = Wait()

    async def life():
        await wait

    _, ended = run(life())
    wait.fail(OSError("disk full"))
    assert isinstance(ended[0], OSError)


def test_throw_breaks_off_an_unshielded_wait_and_a_late_resolve_goes_nowhere():
    wait: Wait[None] = Wait()
    seen = []

    async def life():
        try:
            await wait
        except ClientGone:
            seen.append("gone")

    steps, ended = run(life())
    steps.throw(ClientGone())
    assert seen == ["gone"] and ended == [None]
    wait.resolve(None)
    steps.throw(ClientGone())
    assert ended == [None]


def test_a_shielded_wait_is_finished_first_and_the_exception_comes_at_the_next_one():
    shielded: Wait[None] = Wait(shielded=True)
    open_: Wait[None] = Wait()
    seen = []

    async def life():
        await shielded
        seen.append("journal written")
        await open_

    steps, ended = run(life())
    steps.throw(ClientGone())
    assert seen == [] and ended == []
    shielded.resolve(None)
    assert seen == ["journal written"]
    assert isinstance(ended[0], ClientGone)


def test_a_coroutine_that_ends_after_its_shielded_wait_never_sees_the_exception():
    shielded: Wait[None] = Wait(shielded=True)

    async def life():
        await shielded

    steps, ended = run(life())
    steps.throw(ClientGone())
    shielded.resolve(None)
    assert ended == [None]


def test_resolving_from_inside_the_running_coroutine_does_not_recurse():
    first: Wait[None] = Wait()
    second: Wait[None] = Wait()
    order = []

    async def life():
        await first
        order.append("first")
        second.resolve(None)
        await second
        order.append("second")

    _, ended = run(life())
    first.resolve(None)
    assert order == ["first", "second"] and ended == [None]


async def test_a_threads_result_can_be_awaited_by_steps():
    got = []
    done = asyncio.Event()

    async def life():
        got.append(await asyncio.to_thread(lambda: 7))
        await asyncio.sleep(0)

    def finished(error):
        got.append(error)
        done.set()

    steps = Steps(life(), finished)
    steps.advance()
    steps.throw(ClientGone())  # a thread is not broken off; the coroutine ends before the next wait
    await asyncio.wait_for(done.wait(), 5)
    assert got == [7, None]


async def test_drive_returns_the_result_and_raises_the_error():
    wait: Wait[int] = Wait()
    asyncio.get_running_loop().call_soon(wait.resolve, 3)

    async def double():
        return 2 * await wait

    assert await drive(double()) == 6

    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        await drive(fail())


async def test_a_spawned_task_that_fails_is_logged_under_its_name(caplog):
    async def fail():
        raise ValueError("boom")

    task = spawn(fail(), "the-name")
    with pytest.raises(ValueError):
        await task
    await asyncio.sleep(0)
    assert any("the-name" in record.getMessage() for record in caplog.records)


class Reader:
    """Reads once; notes what becomes of it."""

    def __init__(self, name: str, log: list[str], *, broken: bool = False) -> None:
        self.name, self.log, self.broken = name, log, broken

    def read(self, gathering: Gathering) -> None:
        if not gathering.waiting:
            gathering.call()
        gathering.waiting.append(self)
        self.log.append(f"{self.name} read")

    def take_in(self) -> None:
        if self.broken:
            raise ValueError
        self.log.append(f"{self.name} worked")

    def give_up(self, error: Exception) -> None:
        self.log.append(f"{self.name} gave up: {type(error).__name__}")


async def test_all_that_read_in_a_turn_work_when_all_have_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[str] = []
    gathering = Gathering()
    for name in "abc":
        Reader(name, log, broken=name == "b").read(gathering)
    assert log == ["a read", "b read", "c read"]
    await asyncio.sleep(0)
    assert log[3:] == ["a worked", "b gave up: ValueError", "c worked"]
    assert "could not be worked on" in caplog.text
    Reader("d", log).read(gathering)
    await asyncio.sleep(0)
    assert log[6:] == ["d read", "d worked"]
