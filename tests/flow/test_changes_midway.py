"""What changes while a call runs: its price, its key, the clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.stage import JSON, SSE, Stage

ANSWER = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"}}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":4}}'
)
EVENT = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
)
USAGE = (
    b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4}}\n\n'
    b"data: [DONE]\n\n"
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "journal")
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"})
    yield stage
    assert stage.purse.open_holds() == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_costs_what_it_cost_when_it_began(stage: Stage, stream: bool) -> None:
    stage.vendor.hold()
    call = stage.chat(stream=stream)
    if stream:
        stage.vendor.plays[0].head(200, SSE, EVENT)
    stage.clock.advance(1.0)
    stage.price("m", "input", 100.0, since=1.0)
    stage.price("m", "output", 100.0, since=1.0)
    if stream:
        stage.vendor.plays[0].end(USAGE)
    else:
        stage.vendor.plays[0].answer(200, JSON, ANSWER)
    await stage.over(call)
    stage.vendor.answer(200, JSON, ANSWER)
    await stage.over(stage.chat())
    before, after = stage.rows()
    assert (before.charge_nano, after.charge_nano) == (18_000, 1_400_000)
    assert [line.price_id for line in before.lines] == [1, 2]
    assert [line.price_id for line in after.lines] == [3, 4]


async def test_a_clock_that_is_set_back_neither_frees_a_call_nor_its_price(stage: Stage) -> None:
    stage.price("m", "output", 5.0, since=stage.clock.now() - 60)
    stage.token("sk-budget", id=8, budget=10**9)
    for step in (0.0, -3600.0, -10.0):
        stage.vendor.hold()
        call = stage.chat(key="sk-budget")
        stage.clock.advance(step)
        stage.vendor.plays[-1].answer(200, JSON, ANSWER)
        await stage.over(call)
    rows = stage.rows()
    assert [row.charge_nano for row in rows] == [30_000] * 3
    assert all(row.total_us >= 0 <= row.queue_us for row in rows)
    wallet, budget = await stage.purse.load(["wallet/1", "budget/8/0"])
    assert (wallet.balance, budget.balance) == (-90_000, 10**9 - 90_000)
