"""The events of responses in the background: as they come, again, and for who reads too slowly."""

import gc
import weakref
from typing import Any

import pytest

from support.background import PIECES, WHOLE, BackgroundDesk, set_stage, until, write_stream
from support.responses import read_events
from support.stage import JSON, SSE


@pytest.fixture
async def stage(tmp_path):
    stage = set_stage(tmp_path / "journal")
    yield stage
    stage.journal.close(all_booked=False)


@pytest.fixture
def desk(stage):
    return BackgroundDesk(stage)


def texts(events: list[dict[str, Any]]) -> str:
    return "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")


async def test_a_stream_tells_the_id_at_once_and_its_events_as_they_come(stage, desk):
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    created, running = read_events(call.client.body)
    assert (created["type"], created["response"]["status"]) == ("response.created", "queued")
    assert (running["type"], running["response"]["status"]) == (
        "response.in_progress",
        "in_progress",
    )
    desk.stream(PIECES[0])
    assert texts(read_events(call.client.body)) == "Hi"
    desk.stream(*PIECES[1:], begins=False)
    await stage.over(call)
    events = read_events(call.client.body)
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert texts(events) == "Hi there"
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"] == await desk.get(created["response"]["id"])
    assert events[-1]["response"]["background"] is True


async def test_it_goes_on_when_its_caller_leaves_and_who_comes_back_misses_nothing(stage, desk):
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    desk.stream(PIECES[0])
    first = read_events(call.client.body)
    call.leave()
    name = first[0]["response"]["id"]
    assert not stage.vendor.plays[-1].cancelled
    back = desk.ask("run_get", name, b"stream=true&starting_after=%d" % (len(first) - 2))
    await until(lambda: back.client.pieces)
    desk.stream(*PIECES[1:], begins=False)
    await stage.over(back)
    more = read_events(back.client.body)
    assert more[0] == first[-1]
    later = await stage.over(
        desk.ask("run_get", name, b"stream=true&starting_after=%d" % (len(first) - 1))
    )
    assert read_events(later.client.body) == more[1:]
    assert texts(first + more[1:]) == "Hi there"
    assert (await desk.get(name))["status"] == "completed"


async def test_who_follows_one_that_was_not_streamed_gets_its_events_at_its_end(stage, desk):
    begun = await desk.begin("hello")
    call = desk.ask("run_get", begun["id"], b"stream=true")
    await until(lambda: call.client.pieces)
    assert len(read_events(call.client.body)) == 2
    desk.answer()
    await stage.over(call)
    events = read_events(call.client.body)
    assert texts(events) == "Hi there"
    assert events[-1]["type"] == "response.completed"
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


async def test_who_is_behind_in_reading_gets_all_once_there_is_room(stage, desk):
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    pause, resume = call.client.pressure
    pause()
    before = len(call.client.pieces)
    desk.stream(*PIECES[:2])
    assert len(call.client.pieces) == before
    assert not stage.vendor.plays[-1].paused  # nobody's slowness is the response's
    resume()
    assert texts(read_events(call.client.body)) == "Hi there"
    pause()
    desk.stream(*PIECES[2:], begins=False)
    await stage.over(call)
    events = read_events(call.client.body)
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


async def test_events_beyond_the_bound_are_let_go_and_nobody_gets_a_gap(stage, desk, monkeypatch):
    monkeypatch.setattr("nexhina.pipeline.background_run.MOST_KEPT", 200)
    stage.vendor.hold()
    slow = desk.post("hello", stream=True)
    await desk.attempted()
    quick = desk.ask("run_get", read_events(slow.client.body)[0]["response"]["id"], b"stream=true")
    await until(lambda: quick.client.started)
    slow.client.pressure[0]()
    desk.stream(PIECES[0], *[PIECES[1]] * 10)
    late = desk.ask("run_get", read_events(slow.client.body)[0]["response"]["id"], b"stream=true")
    await until(lambda: late.client.started)
    assert late.client.pieces == []
    slow.client.pressure[1]()
    assert slow.client.aborted
    desk.stream(*PIECES[2:], begins=False)
    await stage.over(late)
    await stage.over(quick)
    for each in (late, quick):
        assert texts(read_events(each.client.body)) == "Hi" + " there" * 10
    assert read_events(late.client.body)[-1]["type"] == "response.completed"


@pytest.mark.parametrize("after", [b"", b"&starting_after=1", b"&starting_after=900"])
async def test_who_comes_for_events_that_are_gone_gets_those_of_the_whole_response(
    stage, desk, monkeypatch, after
):
    monkeypatch.setattr("nexhina.pipeline.background_run.MOST_KEPT", 0)
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    desk.stream(*write_stream("word " * 2_000))
    await stage.over(call)
    first = read_events(call.client.body)
    again = await stage.over(
        desk.ask("run_get", first[0]["response"]["id"], b"stream=true" + after)
    )
    events = read_events(again.client.body)
    assert events[-1]["response"] == first[-1]["response"]
    if b"900" not in after:
        assert texts(events) == texts(first) == "word " * 2_000


async def test_events_of_streams_that_ended_are_let_go_for_newer_ones(stage, desk, monkeypatch):
    monkeypatch.setattr("nexhina.pipeline.background_registry.MOST_REMEMBERED", 8_000)
    names: list[str] = []
    for _ in range(2):
        stage.vendor.stream(*write_stream(*["word "] * 20), headers=SSE)
        call = await stage.over(desk.post("hello", stream=True))
        names.append(read_events(call.client.body)[0]["response"]["id"])
    older, newer = [await stage.over(desk.ask("run_get", name, b"stream=true")) for name in names]
    assert len(read_events(newer.client.body)) > 20
    assert len(read_events(older.client.body)) < 20  # a replay: one delta


async def test_nothing_of_one_that_ended_waits_for_the_cycle_collector(stage, desk):
    known = desk.routes.background._known
    gc.disable()
    try:
        ended = [(await desk.begin("hello"))["id"] for _ in range(3)]
        runs = [weakref.ref(known.find(1, name)) for name in ended]
        answered, failed, _ = stage.vendor.plays
        answered.answer(200, JSON, WHOLE)
        failed.fail("protocol")
        await desk.ended(ended[0])
        await desk.ended(ended[1])
        await stage.over(desk.ask("run_cancel", ended[2]))
        stage.vendor.plays.clear()
        del answered, failed, _
        assert [each() for each in runs] == [None] * 3
    finally:
        gc.enable()


async def test_a_silent_stream_is_kept_alive_by_comments(stage, desk):
    stage.pipeline.commit_after = 0.001
    desk.restart()
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await until(lambda: call.client.body.count(b": ping\n\n") >= 2)
    await desk.attempted()
    desk.stream(*PIECES)
    await stage.over(call)
    assert call.client.body.rstrip().rpartition(b"\n\n")[2].startswith(b"event: response.completed")


async def test_a_stream_that_breaks_ends_as_a_failed_response(stage, desk):
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    desk.stream(PIECES[0])
    stage.vendor.plays[-1].cut()
    await stage.over(call)
    last = read_events(call.client.body)[-1]
    assert last["type"] == "response.failed"
    assert "broke off" in last["response"]["error"]["message"]
    [row] = stage.rows()
    assert row.charge_nano > 0


async def test_a_stream_that_got_no_vendor_ends_as_a_failed_response(stage, desk):
    stage.vendor.fail("connect")
    call = await stage.over(desk.post("hello", stream=True))
    assert [each["type"] for each in read_events(call.client.body)] == [
        "response.created",
        "response.in_progress",
        "response.failed",
    ]


async def test_a_refusal_after_a_ping_still_has_its_code(stage, desk):
    stage.pipeline.commit_after = 0
    stage.vendor.hold()
    call = desk.post("hello", stream=True)
    await desk.attempted()
    stage.pipeline.tick()
    stage.vendor.plays[-1].answer(400, JSON, b'{"error":{"message":"No such picture."}}')
    await stage.over(call)
    last = read_events(call.client.body)[-1]
    assert (last["type"], last["response"]["error"]["code"]) == (
        "response.failed",
        "invalid_prompt",
    )
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (400, 0)
