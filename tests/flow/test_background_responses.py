"""Responses that nobody waits for: answered at once, told about, refused, and gone on from."""

import asyncio
from typing import Any

import msgspec
import pytest

from nexhina.errors import (
    InvalidRequestError,
    ModelNotFoundError,
    NotFoundError,
    RateLimitedError,
)
from support.background import WHOLE, BackgroundDesk, set_stage, until, write_stream
from support.responses import read_events
from support.stage import JSON, KEY, Stage

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


# --- how it goes --------------------------------------------------------------------------------


async def test_it_is_answered_before_its_vendor_is_and_told_about_until_it_is_completed(
    stage, desk
):
    begun = await desk.begin("hello", instructions="Be brief.", metadata={"a": "b"})
    assert (begun["object"], begun["status"], begun["background"]) == ("response", "queued", True)
    assert (begun["output"], begun["usage"], begun["error"]) == ([], None, None)
    assert (begun["instructions"], begun["metadata"], begun["store"]) == (
        "Be brief.",
        {"a": "b"},
        True,
    )
    running = await desk.get(begun["id"])
    assert running == begun | {"status": "in_progress"}
    assert stage.purse.open_holds() > 0
    desk.answer()
    found = await desk.ended(begun["id"])
    assert (found["status"], found["id"], found["background"]) == ("completed", begun["id"], True)
    assert found["created_at"] == begun["created_at"]
    assert found["output"][0]["content"][0]["text"] == "Hi there"
    assert found["usage"]["total_tokens"] == 14
    assert stage.purse.open_holds() == 0
    [row] = stage.rows()
    assert (row.status, row.charge_nano, row.stream) == (200, 18_000, False)


async def test_the_vendor_hears_of_an_ordinary_call(stage, desk):
    await desk.begin("hello", background_options={"completion_window": "2h"})
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert sent.keys() == {"model", "messages"}


async def test_what_was_asked_can_be_listed_while_it_runs(stage, desk):
    begun = await desk.begin("hello")
    call = await stage.over(desk.ask("run_items", begun["id"]))
    [item] = call.client.json["data"]
    assert item["content"] == [{"type": "input_text", "text": "hello"}]


async def test_an_answer_that_is_cut_short_is_incomplete(desk):
    begun = await desk.begin("hello")
    desk.answer(WHOLE.replace(b'"stop"', b'"length"'))
    found = await desk.ended(begun["id"])
    assert (found["status"], found["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )


async def test_background_false_is_an_ordinary_call(stage, desk):
    stage.vendor.answer(200, JSON, WHOLE)
    call = await stage.over(desk.post("hello", background=False))
    assert (call.client.json["status"], call.client.json["background"]) == ("completed", False)


async def test_an_ordinary_call_looks_its_key_up_once(stage, desk, monkeypatch):
    looked: list[bytes] = []
    find = stage.directory.find
    monkeypatch.setattr(stage.directory, "find", lambda key: looked.append(key) or find(key))
    stage.vendor.answer(200, JSON, WHOLE)
    await stage.over(desk.post("hello", background=False))
    assert len(looked) == 1


async def test_the_name_may_be_written_in_escapes(stage, desk):
    stage.vendor.hold()
    raw = b'{"model":"m","input":"x","back\\u0067round":true}'
    call = await stage.over(desk.post(raw=raw))
    assert call.client.json["status"] == "queued"


async def test_a_key_that_is_revoked_meanwhile_changes_nothing(stage, desk):
    begun = await desk.begin("hello")
    stage.token(KEY, status="disabled")
    desk.answer()
    await until(lambda: not stage.purse.open_holds())
    stage.token(KEY)
    assert (await desk.get(begun["id"]))["status"] == "completed"


# --- a vendor that speaks responses -----------------------------------------------------------------


@pytest.fixture
def native(stage):
    stage.channels.clear()
    stage.channel("a", {"m": "m-up"}, provider="openai")
    return BackgroundDesk(stage)


def theirs(name: str = "resp_theirs", **fields: Any) -> dict[str, Any]:
    """A Response object of the vendor."""
    text = {"type": "output_text", "text": "Hi there", "annotations": []}
    return {
        "id": name,
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "background": False,
        "store": False,
        "previous_response_id": None,
        "model": "m-up",
        "output": [
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
        ],
        "usage": {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14},
    } | fields  # fmt: skip


def events(*each: dict[str, Any]) -> bytes:
    """Events as the vendor numbers them."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (one["type"].encode(), msgspec.json.encode(one))
        for one in each
    )


async def test_a_vendor_of_responses_is_asked_in_the_foreground_and_keeps_nothing(stage, native):
    begun = await native.begin(
        [{"role": "user", "content": "hello"}], background_options={"completion_window": "2h"}
    )
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert sent == {
        "model": "m-up",
        "input": [{"role": "user", "content": "hello"}],
        "store": False,
    }
    native.answer(msgspec.json.encode(theirs()))
    found = await native.ended(begun["id"])
    said = theirs(model="m")
    ours = ("id", "created_at", "background", "store", "previous_response_id")
    assert found == said | {name: begun[name] for name in ours}
    count = len(stage.vendor.plays)
    await stage.over(native.ask("run_delete", begun["id"]))
    assert len(stage.vendor.plays) == count  # nobody there knows of it


async def test_the_events_of_a_vendor_of_responses_are_told_under_our_id(stage, native):
    stage.vendor.hold()
    call = native.post("hello", stream=True)
    await native.attempted()
    running = theirs(status="in_progress", output=[], usage=None)
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **where, "delta": "Hi there", "logprobs": []}
    native.stream(
        events(
            {"type": "response.created", "sequence_number": 0, "response": running},
            {"type": "response.queued", "sequence_number": 1, "response": running},
            {"type": "response.in_progress", "sequence_number": 2, "response": running},
            delta | {"sequence_number": 3},
        )
    )
    native.stream(
        events({"type": "response.completed", "sequence_number": 4, "response": theirs()}),
        begins=False,
    )
    await stage.over(call)
    found = read_events(call.client.body)
    assert [each["type"].partition(".")[2] for each in found] == [
        "created",
        "in_progress",
        "output_text.delta",
        "completed",
    ]
    assert [each["sequence_number"] for each in found] == [0, 1, 2, 3]
    assert b"resp_theirs" not in call.client.body
    assert found[-1]["response"] == await native.get(found[0]["response"]["id"])


async def test_the_next_turn_after_a_vendor_of_responses_carries_the_items(stage, native):
    begun = await native.begin("first")
    native.answer(msgspec.json.encode(theirs()))
    await native.ended(begun["id"])
    await native.begin("second", previous_response_id=begun["id"])
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert "previous_response_id" not in sent
    assert [item["role"] for item in sent["input"]] == ["user", "assistant", "user"]


async def test_it_goes_on_from_what_its_vendor_keeps_under_the_vendors_id(stage, native):
    stage.vendor.answer(200, JSON, msgspec.json.encode(theirs("resp_kept", store=True)))
    await stage.over(native.post("first", background=False))
    begun = await native.begin("second", previous_response_id="resp_kept")
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert (sent["previous_response_id"], sent["input"]) == ("resp_kept", "second")
    native.answer(msgspec.json.encode(theirs(previous_response_id="resp_kept")))
    assert (await native.ended(begun["id"]))["previous_response_id"] == "resp_kept"


@pytest.mark.parametrize("output", [[None], ["x", {"type": "message", "content": 5}]])
async def test_whoever_waits_is_told_the_end_whatever_the_vendor_calls_output(
    stage, native, output
):
    begun = await native.begin("hello")
    call = native.ask("run_get", begun["id"], b"stream=true")
    await until(lambda: call.client.pieces)
    native.answer(msgspec.json.encode(theirs(output=output)))
    await stage.over(call)
    assert read_events(call.client.body)[-1]["type"] == "response.completed"
    assert (await native.ended(begun["id"]))["output"] == output


# --- what is refused at once ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kind", "param"),
    [
        ({"store": False}, InvalidRequestError, "store"),
        ({"model": "nobody"}, ModelNotFoundError, "model"),
        ({"input": 5}, InvalidRequestError, "input"),
        ({"conversation": "conv_1"}, InvalidRequestError, "conversation"),
        ({"tools": [{}]}, InvalidRequestError, "tools[0].type"),
        ({"previous_response_id": "resp_no"}, NotFoundError, "previous_response_id"),
        ({"background": "yes"}, InvalidRequestError, "background"),
    ],
)
async def test_what_can_be_known_is_said_at_once_and_nothing_is_kept(
    stage, desk, fields, kind, param
):
    call = await stage.over(desk.post("hello", **fields))
    assert isinstance(call.error, kind)
    assert call.refusal.param == param
    assert stage.vendor.plays == []
    assert stage.responses.kept == {}
    assert stage.purse.open_holds() == 0
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (call.refusal.status, 0)
    assert desk.routes.background.running == 0


async def test_a_caller_may_name_their_own_tenant_only(stage, desk):
    call = await stage.over(desk.post("hello", headers={b"x-tenant-id": b"two"}))
    assert (call.refusal.status, call.refusal.param) == (403, "X-Tenant-Id")
    assert stage.vendor.plays == []


async def test_what_cannot_be_stored_is_not_begun(stage, desk):
    async def refuse(_response):
        raise OSError("the disk is full")

    stage.responses.save = refuse
    call = await stage.over(desk.post("hello"))
    assert isinstance(call.error, OSError)
    assert stage.vendor.plays == []
    assert (stage.purse.open_holds(), desk.routes.background.running) == (0, 0)


async def test_a_caller_who_leaves_while_it_is_stored_has_asked_for_nothing(stage, desk):
    stored, save = asyncio.Event(), stage.responses.save

    async def save_late(response):
        await stored.wait()
        await save(response)

    stage.responses.save = save_late
    call = desk.post("hello")
    call.leave()
    stored.set()
    await until(lambda: not desk.routes.background.running)
    assert stage.vendor.plays == []
    [kept] = stage.responses.kept.values()
    assert msgspec.json.decode(kept.answer)["status"] == "cancelled"
    [row] = stage.rows()
    assert (row.status, row.charge_nano) == (499, 0)
    assert stage.purse.open_holds() == 0


async def test_who_cannot_pay_is_told_at_once(tmp_path):
    stage = Stage(tmp_path / "journal", balance=1)
    stage.model("m", operations=("chat", "responses"), context=100_000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.channel("a", {"m": "m"})
    desk = BackgroundDesk(stage)
    call = await stage.over(desk.post("hello"))
    assert call.refusal.status == 402
    assert stage.responses.kept == {}
    stage.journal.close(all_booked=False)


@pytest.mark.parametrize(("process", "key", "allowed"), [(2, 9, 2), (9, 2, 2)])
async def test_more_than_may_run_at_once_are_told_when_to_come_again(stage, process, key, allowed):
    desk = BackgroundDesk(stage, process=process, key=key)
    begun = [await desk.begin("hello") for _ in range(allowed)]
    call = await stage.over(desk.post("hello"))
    assert isinstance(call.error, RateLimitedError)
    assert (b"retry-after", b"5") in call.refusal.headers
    await stage.over(desk.ask("run_cancel", begun[0]["id"]))
    assert (await desk.begin("hello"))["status"] == "queued"


async def test_the_requests_of_all_that_run_are_bounded_together(stage, desk, monkeypatch):
    monkeypatch.setattr("nexhina.pipeline.background_registry.MOST_BYTES", 3_000)
    await desk.begin("x" * 2_000)
    call = await stage.over(desk.post("x" * 2_000))
    assert call.refusal.status == 429


async def test_the_turns_before_it_count_as_well(stage, desk, monkeypatch):
    first = await desk.begin("x" * 2_000)
    desk.answer()
    await desk.ended(first["id"])
    monkeypatch.setattr("nexhina.pipeline.background_registry.MOST_BYTES", 2_000)
    await desk.begin("hello")
    call = await stage.over(desk.post("hello", previous_response_id=first["id"]))
    assert call.refusal.status == 429


async def test_events_that_are_kept_count_as_well(stage, desk, monkeypatch):
    stage.vendor.hold()
    desk.post("hello", stream=True)
    await desk.attempted()
    desk.stream(*write_stream("x" * 50_000))
    monkeypatch.setattr("nexhina.pipeline.background_registry.MOST_BYTES", 40_000)
    call = await stage.over(desk.post("hello"))
    assert call.refusal.status == 429


# --- what follows on it ---------------------------------------------------------------------------


async def test_the_next_turn_waits_for_it(stage, desk):
    begun = await desk.begin("first")
    call = await stage.over(desk.post("second", previous_response_id=begun["id"]))
    assert (call.refusal.status, call.refusal.param) == (400, "previous_response_id")
    desk.answer()
    await desk.ended(begun["id"])
    await desk.begin("second", previous_response_id=begun["id"])
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)["messages"]
    assert [each["role"] for each in sent] == ["user", "assistant", "user"]


async def test_nothing_goes_on_from_one_that_was_cancelled(stage, desk):
    begun = await desk.begin("first")
    await stage.over(desk.ask("run_cancel", begun["id"]))
    call = await stage.over(desk.post("second", previous_response_id=begun["id"]))
    assert "cancelled" in call.refusal.message
