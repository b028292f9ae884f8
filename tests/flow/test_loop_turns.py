"""Hostile bodies hold the loop for no longer than others can bear, refused or served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.heartbeat import longest_turn
from support.stage import JSON, Stage

LONGEST = 0.1  # seconds
MANY = 200_000
ANSWER = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"}}]}'  # no usage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "journal")
    stage.channel("a", {"m": "m-up"})
    stage.price("m", "input", 1.0)
    yield stage
    assert stage.purse.open_holds() == 0


def write_body(messages: str = '[{"role":"user","content":"x"}]', more: str = "") -> bytes:
    return f'{{"model": "m", "messages": {messages}{more}}}'.encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (write_body(more="".join([f', "k{at}": 1' for at in range(MANY)])), 400),
        (write_body(more=', "tools": [' + ", ".join(["{}"] * 2 * MANY) + "]"), 400),
        (write_body("[" + ",".join(['{"role":"user","content":"x"}'] * 50_000) + "]"), 200),
        (
            write_body(
                "[" + ",".join(['{"role":"user","content":[{"type":"text"}]}'] * 40_000) + "]"
            ),
            200,
        ),
    ],
    ids=["keys", "values", "messages", "parts"],
)
async def test_a_body_of_very_many_parts_keeps_nobody_waiting(
    stage: Stage, body: bytes, status: int
) -> None:
    async def work() -> None:
        call = stage.post("/v1/chat/completions", body)
        if status == 200:
            stage.vendor.plays[-1].answer(200, JSON, ANSWER)
        await stage.over(call)
        assert (call.client.status or call.refusal.status) == status

    assert await longest_turn(work, LONGEST) < LONGEST
