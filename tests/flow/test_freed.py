"""A call whose attempts failed is freed when it has ended, with its body: not by the cycle collector."""

import gc
import weakref
from collections.abc import Callable

import pytest

from nexhina.upstream.fake import Play
from support.stage import JSON, SSE, Stage, StageCall

DATA = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = (
    b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
)


def begin_and_cut(play: Play) -> None:
    play.head(200, JSON, b'{"choices":')
    play.cut()


def stream_nothing(play: Play) -> None:
    play.head(200, SSE)
    play.end()


def stream_and_cut(play: Play) -> None:
    play.head(200, SSE)
    play.cut()


def answer_html(play: Play) -> None:
    play.answer(200, {b"content-type": b"text/html"}, b"<html>")


def fail(play: Play) -> None:
    play.fail("protocol")


def refuse(play: Play) -> None:
    play.answer(500, JSON, b"{}")


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    gc.collect()
    gc.disable()
    yield stage
    gc.enable()
    stage.journal.close(all_booked=False)


def release(stage: Stage, call: StageCall) -> weakref.ref[object]:
    """Lets the stage go of what it remembers of the call."""
    stage.vendor.plays.clear()
    del call.client.call
    return weakref.ref(call.client)


@pytest.mark.parametrize("moves", [fail, refuse, answer_html, begin_and_cut])
async def test_a_call_that_another_channel_took_over_is_freed(
    stage: Stage, moves: Callable[[Play], None]
) -> None:
    stage.vendor.script(moves)
    stage.vendor.answer(200, JSON, WHOLE)
    call = await stage.over(stage.chat())
    assert call.client.status == 200
    assert call.client.headers[b"x-nexhina-attempts"] == b"2"
    reference = release(stage, call)
    del call
    assert reference() is None


@pytest.mark.parametrize(
    "moves", [fail, refuse, answer_html, begin_and_cut, stream_nothing, stream_and_cut]
)
async def test_a_stream_that_another_channel_took_over_is_freed(
    stage: Stage, moves: Callable[[Play], None]
) -> None:
    stage.vendor.script(moves)
    stage.vendor.stream(DATA, DONE, headers=SSE)
    call = await stage.over(stage.chat(stream=True))
    assert call.client.body == DATA + DONE
    reference = release(stage, call)
    del call
    assert reference() is None
