"""Client sends … vendor streams … client gets … the row says."""

import asyncio
from typing import Any

import msgspec
import pytest

from support.stage import JSON, SSE, Stage


def event(content=None, finish=None, **more):
    delta = {} if content is None else {"content": content}
    chunk: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
    }
    chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + msgspec.json.encode(chunk | more) + b"\n\n"


ROLE = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
USAGE = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"}, priority=5)
    yield stage
    assert stage.purse.open_holds() == 0
    assert not stage.pipeline.waiting
    stage.journal.close(all_booked=False)


async def test_events_pass_at_once_and_the_end_mark_waits_for_the_journal(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True, stream_options={"include_usage": True})
    play = stage.vendor.plays[0]
    play.head(200, SSE, ROLE)
    assert not call.client.started
    play.piece(event("Hel"))
    assert call.client.status == 200
    assert call.client.headers[b"content-type"].startswith(b"text/event-stream")
    assert call.client.body == ROLE + event("Hel")
    play.piece(event("lo", "stop") + USAGE + DONE)
    assert DONE not in call.client.body
    play.end()
    await stage.over(call)
    assert call.client.body == ROLE + event("Hel") + event("lo", "stop") + USAGE + DONE
    assert call.client.ended
    (row,) = stage.rows()
    assert (row.stream, row.charge_nano, row.status) == (True, 18_000, 200)


async def test_a_usage_chunk_that_was_not_asked_for_is_cut_out_but_counted(stage):
    stage.vendor.stream(ROLE + event("Hi", "stop"), USAGE, DONE, headers=SSE)
    call = await stage.over(stage.chat(stream=True))
    assert b'"include_usage":true' in stage.vendor.plays[0].body
    assert call.client.body == ROLE + event("Hi", "stop") + DONE
    assert stage.rows()[0].charge_nano == 18_000


async def test_before_the_first_content_another_channel_takes_over(stage):
    stage.channel("b", {"m": "m"})
    stage.vendor.stream(ROLE, headers=SSE, cut=True)
    stage.vendor.stream(ROLE + event("Hi", "stop"), DONE, headers=SSE)
    call = await stage.over(stage.chat(stream=True))
    assert call.client.body == ROLE + event("Hi", "stop") + DONE
    assert call.client.headers[b"x-nexhina-attempts"] == b"2"


async def test_an_error_event_before_content_is_a_failed_attempt(stage):
    stage.channel("b", {"m": "m"})
    stage.vendor.stream(b'data: {"error":{"message":"overloaded"}}\n\n', headers=SSE)
    stage.vendor.stream(event("Hi", "stop"), DONE, headers=SSE)
    call = await stage.over(stage.chat(stream=True))
    assert call.client.body == event("Hi", "stop") + DONE


async def test_json_in_the_place_of_a_stream_is_a_failed_attempt(stage):
    stage.vendor.answer(200, JSON, b'{"choices":[]}')
    call = await stage.over(stage.chat(stream=True))
    assert call.refusal.status == 502


async def test_a_stream_that_breaks_ends_with_an_error_event_and_no_end_mark(stage):
    stage.channel("b", {"m": "m"})
    stage.vendor.hold()
    call = stage.chat("12345678", stream=True)
    play = stage.vendor.plays[0]
    play.head(200, SSE, event("12345678") + b'data: {"half":')
    play.cut()
    await stage.over(call)
    first, _, last = call.client.body.partition(event("12345678"))
    assert first == b""
    error = msgspec.json.decode(last.removeprefix(b"data: "))["error"]
    assert error["code"] == "upstream_error"
    assert b"half" not in call.client.body
    assert b"[DONE]" not in call.client.body
    assert len(stage.vendor.plays) == 1
    (row,) = stage.rows()
    assert row.estimated
    assert {line.kind: line.quantity for line in row.lines}["output"] == 2
    assert row.error_code == "upstream_error"


async def test_a_finish_and_a_clean_end_without_done_gets_an_end_mark_of_ours(stage):
    stage.vendor.stream(event("Hi", "stop"), headers=SSE)
    call = await stage.over(stage.chat(stream=True))
    assert call.client.body == event("Hi", "stop") + DONE


async def test_a_caller_who_leaves_stops_the_vendor_and_pays_for_what_came(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.vendor.plays[0].head(200, SSE, event("12345678"))
    call.leave()
    await stage.over(call)
    assert stage.vendor.plays[0].cancelled
    (row,) = stage.rows()
    assert (row.status, row.estimated) == (499, True)
    assert {line.kind: line.quantity for line in row.lines}["output"] == 2


async def test_a_caller_who_leaves_after_the_usage_came_pays_the_vendors_count(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.vendor.plays[0].head(200, SSE, event("12345678", "stop") + USAGE)
    call.leave()
    await stage.over(call)
    assert stage.rows()[0].charge_nano == 18_000


async def test_a_caller_who_leaves_before_content_pays_nothing(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.vendor.plays[0].head(200, SSE, ROLE)
    call.leave()
    await stage.over(call)
    assert (stage.rows()[0].charge_nano, stage.vendor.plays[0].cancelled) == (0, True)


async def test_a_silent_vendor_is_answered_with_pings_and_failover_still_works(stage):
    stage.channel("b", {"m": "m"})
    stage.vendor.hold()
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.clock.advance(14)
    stage.pipeline.tick()
    assert not call.client.started
    stage.clock.advance(2)
    stage.pipeline.tick()
    assert call.client.status == 200
    ping = call.client.body
    assert ping.startswith(b":") and ping.endswith(b"\n\n")
    stage.vendor.plays[0].fail("first_byte_timeout")
    stage.vendor.plays[1].head(200, SSE, event("Hi", "stop") + DONE)
    stage.vendor.plays[1].end()
    await stage.over(call)
    assert call.client.body == ping + event("Hi", "stop") + DONE


async def test_a_pinged_stream_that_nobody_serves_ends_with_an_error_event(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.clock.advance(16)
    stage.pipeline.tick()
    stage.vendor.plays[0].fail("first_byte_timeout")
    await stage.over(call)
    assert b'"upstream_timeout"' in call.client.body
    assert b"[DONE]" not in call.client.body
    assert call.client.ended
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (504, 0)


async def test_a_slow_reader_stops_the_vendor(stage):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    play = stage.vendor.plays[0]
    play.head(200, SSE, event("Hi"))
    pause, resume = call.client.pressure
    pause()
    assert play.paused
    resume()
    assert not play.paused
    play.end(event("", "stop") + DONE)
    await stage.over(call)


async def test_the_models_public_name_is_in_every_event(stage):
    stage.model("alias")
    stage.channel("c", {"alias": "m-vendor"})
    stage.vendor.stream(event("Hi", "stop", model="m-vendor"), DONE, headers=SSE)
    call = await stage.over(stage.chat(stream=True, model="alias"))
    assert b'"model":"alias"' in call.client.body
    assert b"m-vendor" not in call.client.body


async def test_a_journal_that_fails_at_the_end_of_a_stream_gives_no_end_mark_and_no_charge(
    stage, monkeypatch
):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    play = stage.vendor.plays[0]
    play.head(200, SSE, event("Hi", "stop"))
    await asyncio.sleep(0.01)
    monkeypatch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    play.end(USAGE + DONE)
    await stage.over(call)
    assert call.refusal.status == 500
    assert DONE not in call.client.body
    assert stage.purse.find(["wallet/1"])[0].balance == 0


async def test_a_journal_that_fails_when_the_caller_leaves_holds_nothing_back(stage, monkeypatch):
    stage.vendor.hold()
    call = stage.chat(stream=True)
    stage.vendor.plays[0].head(200, SSE, event("Hi"))
    await asyncio.sleep(0.01)
    monkeypatch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    call.leave()
    await stage.over(call)
    assert stage.purse.open_holds() == 0
    assert stage.purse.find(["wallet/1"])[0].balance == 0


async def test_half_a_character_in_a_stream_does_not_end_it(stage):
    def say(text: bytes) -> bytes:
        return b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % text

    plain = say(b"a") + say(b"b")  # of a form that is known by the second
    stage.vendor.stream(
        say(b"a"), say(b"b"), say(rb"\ud83d"), say(rb"\ude00"), event("", "stop"), DONE, headers=SSE
    )
    call = await stage.over(stage.chat(stream=True))
    assert call.client.body == plain + say(rb"\ufffd") * 2 + event("", "stop") + DONE
