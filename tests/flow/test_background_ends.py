"""How responses that nobody waits for end: stored, failed, cancelled, stopped with the server."""

import asyncio

import msgspec
import pytest

from nexhina.errors import (
    NotFoundError,
    OverloadedError,
)
from support.background import PIECES, WHOLE, BackgroundDesk, set_stage, until
from support.responses import read_events
from support.stage import JSON

OTHER = "sk-other"


@pytest.fixture
async def stage(tmp_path):
    stage = set_stage(tmp_path / "journal")
    stage.stranger(OTHER)
    yield stage
    stage.journal.close(all_booked=False)


@pytest.fixture
def desk(stage):
    return BackgroundDesk(stage)


# --- how it ends otherwise ------------------------------------------------------------------------


async def test_a_vendor_that_fails_is_told_in_the_response_and_nothing_is_charged(stage, desk):
    begun = await desk.begin("hello")
    stage.vendor.plays[-1].answer(500, JSON, b'{"error":{"message":"broken"}}')
    found = await desk.ended(begun["id"])
    assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
    assert "500" in found["error"]["message"]
    assert (found["output"], found["usage"]) == ([], None)
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (502, 0)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "invalid_prompt"), (429, "rate_limit_exceeded")]
)
async def test_errors_have_the_codes_that_clients_of_the_format_know(stage, desk, status, code):
    begun = await desk.begin("hello")
    stage.vendor.plays[-1].answer(status, JSON, b'{"error":{"message":"No such picture."}}')
    assert (await desk.ended(begun["id"]))["error"]["code"] == code


async def test_what_fails_before_its_call_is_booked_is_a_failed_one(
    stage, desk, caplog, monkeypatch
):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("nexhina.pipeline.background_pipeline.adopt", fail)
    begun = await desk.begin("hello")
    desk.answer()
    found = await desk.ended(begun["id"])
    assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
    assert "disk is full" not in found["error"]["message"]
    assert any("failed" in each.message for each in caplog.records)
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (500, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_it_is_booked_before_its_answer_is_stored(stage, desk, stream):
    booked: list[int] = []
    update = stage.responses.update

    async def note(*args):
        booked.extend(row.charge_nano for row in stage.rows())
        return await update(*args)

    stage.responses.update = note
    await desk.run(stream=stream)
    assert booked == [18_000]
    [kept] = stage.responses.kept.values()
    assert msgspec.json.decode(kept.answer)["status"] == "completed"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_cannot_be_stored_at_once_is_stored_again(
    stage, desk, monkeypatch, caplog, stream
):
    monkeypatch.setattr("nexhina.pipeline.background_ends.SAVES", (0.01,))
    update = stage.responses.update

    async def break_once(*_):
        stage.responses.update = update
        raise OverloadedError

    stage.responses.update = break_once
    await desk.run(stream=stream)
    [kept] = stage.responses.kept.values()
    found = msgspec.json.decode(kept.answer)
    assert (found["status"], found["usage"]["total_tokens"]) == ("completed", 14)
    assert any("could not be stored" in each.message for each in caplog.records)


async def test_cancelling_one_whose_answer_is_being_stored_answers_it_as_it_is(stage, desk):
    stored, update = asyncio.Event(), stage.responses.update

    async def update_late(*args):
        await stored.wait()
        return await update(*args)

    begun = await desk.begin("hello")
    stage.responses.update = update_late
    desk.answer()
    await until(lambda: not stage.purse.open_holds())
    call = desk.ask("run_cancel", begun["id"])
    await asyncio.sleep(0)
    stored.set()
    await stage.over(call)
    assert call.client.json["status"] == "completed"
    assert call.client.json == await desk.get(begun["id"])


async def test_one_that_is_gone_from_the_store_does_not_come_back_at_its_end(stage, desk):
    begun = await desk.begin("hello")
    stage.responses.kept.clear()
    desk.answer()
    await until(lambda: not desk.routes.background.running)
    assert stage.responses.kept == {}
    with pytest.raises(NotFoundError):
        await desk.get(begun["id"])


async def test_nobody_waits_for_an_end_that_cannot_be_told(stage, desk, monkeypatch, caplog):
    def fail(_run):
        raise RecursionError

    monkeypatch.setattr("nexhina.pipeline.background_run.BackgroundRun.replay", fail)
    begun = await desk.begin("hello")
    call = desk.ask("run_get", begun["id"], b"stream=true")
    await until(lambda: call.client.pieces)
    desk.answer()
    await until(lambda: call.client.aborted)
    assert desk.routes.background.running == 0
    assert (await desk.get(begun["id"]))["status"] == "completed"
    assert any("not brought to its end" in each.message for each in caplog.records)


async def test_no_events_are_made_of_an_answer_that_nobody_follows(
    stage, desk, monkeypatch, caplog
):
    def fail(_run):
        raise AssertionError("made for nobody")

    monkeypatch.setattr("nexhina.pipeline.background_run.BackgroundRun.replay", fail)
    begun = await desk.begin("hello")
    desk.answer()
    assert (await desk.ended(begun["id"]))["status"] == "completed"
    assert caplog.records == []


async def test_cancelling_stops_the_vendor_and_says_so_as_often_as_it_is_asked(stage, desk):
    begun = await desk.begin("hello")
    first = await stage.over(desk.ask("run_cancel", begun["id"]))
    assert first.client.json == begun | {"status": "cancelled"}
    assert stage.vendor.plays[-1].cancelled
    again = await stage.over(desk.ask("run_cancel", begun["id"]))
    assert again.client.json == first.client.json == await desk.get(begun["id"])
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (499, 0)
    assert stage.purse.open_holds() == 0


async def test_what_a_cancelled_stream_brought_is_charged_like_that_of_a_caller_who_left(
    stage, desk
):
    call = desk.post("hello", stream=True)
    await desk.attempted()
    desk.stream(PIECES[0])
    name = read_events(call.client.body)[0]["response"]["id"]
    await stage.over(desk.ask("run_cancel", name))
    await stage.over(call)
    last = read_events(call.client.body)[-1]
    assert (last["type"], last["response"]["status"]) == ("response.incomplete", "cancelled")
    [row] = stage.rows()
    assert row.status == 499
    assert row.charge_nano > 0


async def test_a_completed_one_is_answered_as_it_is_and_one_in_the_foreground_is_not_cancelled(
    stage, desk
):
    begun = await desk.begin("hello")
    desk.answer()
    found = await desk.ended(begun["id"])
    call = await stage.over(desk.ask("run_cancel", begun["id"]))
    assert call.client.json == found
    stage.vendor.answer(200, JSON, WHOLE)
    plain = await stage.over(desk.post("hello", background=False))
    call = await stage.over(desk.ask("run_cancel", plain.client.json["id"]))
    assert (call.refusal.status, call.refusal.param) == (400, "response_id")
    assert "background" in call.refusal.message


async def test_deleting_one_that_runs_stops_it_first(stage, desk):
    begun = await desk.begin("hello")
    call = await stage.over(desk.ask("run_delete", begun["id"]))
    assert call.client.json["deleted"] is True
    assert stage.vendor.plays[-1].cancelled
    assert stage.responses.kept == {}
    with pytest.raises(NotFoundError):
        await desk.get(begun["id"])


@pytest.mark.parametrize("name", ["run_get", "run_cancel", "run_delete", "run_items"])
async def test_another_tenant_hears_of_nothing_and_stops_nothing(stage, desk, name):
    begun = await desk.begin("hello")
    call = await stage.over(desk.ask(name, begun["id"], key=OTHER))
    assert isinstance(call.error, NotFoundError)
    assert not stage.vendor.plays[-1].cancelled
    assert (await desk.get(begun["id"]))["status"] == "in_progress"


# --- the server's own end -------------------------------------------------------------------------


async def test_what_a_killed_process_left_is_failed_and_is_not_sent_again(stage, desk):
    begun = await desk.begin("hello")
    desk.restart()
    found = await desk.get(begun["id"])
    assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
    assert "ended while this response ran" in found["error"]["message"]
    assert "charged" not in found["error"]["message"]  # the log knows
    kept = stage.responses.kept[1, begun["id"]]
    assert msgspec.json.decode(kept.answer) == found
    call = await stage.over(desk.ask("run_cancel", begun["id"]))
    assert call.client.json == found
    call = await stage.over(desk.ask("run_get", begun["id"], b"stream=true"))
    assert read_events(call.client.body)[-1]["type"] == "response.failed"
    assert len(stage.vendor.plays) == 1


@pytest.mark.parametrize("fields", [{"background": False}, {"native": True}])
async def test_only_what_ran_here_in_the_background_is_failed_after_a_kill(stage, desk, fields):
    begun = await desk.begin("hello")
    key = 1, begun["id"]
    kept = stage.responses.kept[key]
    if "native" in fields:
        kept = msgspec.structs.replace(kept, native=True)
    else:
        answer = msgspec.json.encode(begun | {"status": "in_progress"} | fields)
        kept = msgspec.structs.replace(kept, answer=answer)
    stage.responses.kept[key] = kept
    desk.restart()
    found, _ = await desk.routes.background.load(*key)
    assert found == kept == stage.responses.kept[key]


async def test_a_stop_waits_for_it_and_then_fails_it(stage, desk):
    quick, slow = await desk.begin("hello"), await desk.begin("hello")
    draining = asyncio.ensure_future(desk.routes.background.drain(0.05))
    await asyncio.sleep(0)
    stage.vendor.plays[0].answer(200, JSON, WHOLE)
    await draining
    assert (await desk.get(quick["id"]))["status"] == "completed"
    found = await desk.get(slow["id"])
    assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
    assert "stopped" in found["error"]["message"]
    assert stage.vendor.plays[1].cancelled
    assert stage.purse.open_holds() == 0


async def test_a_stop_without_work_takes_no_time(desk):
    await asyncio.wait_for(desk.routes.background.drain(30), 1)
