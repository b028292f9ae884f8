"""Chat whose only channel speaks Responses: what goes out, what comes back, what the row says."""

import msgspec
import pytest

from nexhina.errors import InvalidRequestError
from support.response_stream import (
    call,
    list_events,
    make_response,
    message,
    reasoning,
    write_events,
)
from support.stage import JSON, SSE, Stage


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "cached_input", 0.5)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "up"}, provider="openai_responses", priority=5)
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


async def test_a_whole_answer_is_translated_both_ways_and_charged(stage):
    response = make_response([message("hello")])
    stage.vendor.answer(200, JSON, msgspec.json.encode(response))
    found = await stage.over(stage.chat(max_tokens=20, seed=3, metadata={"a": "b"}))
    (play,) = stage.vendor.plays
    assert play.target.path == "/v1/responses"
    assert msgspec.json.decode(play.body) == {
        "model": "up",
        "input": [{"type": "message", "role": "user", "content": "hello"}],
        "metadata": {"a": "b"},
        "max_output_tokens": 20,
        "store": False,
    }
    answer = msgspec.json.decode(found.client.body)
    assert (answer["model"], answer["choices"][0]["message"]["content"]) == ("m", "hello")
    assert found.client.headers[b"x-nexhina-lane"] == b"translate"
    assert found.client.headers[b"x-nexhina-dropped"] == b"seed"
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (200, 20 * 1_000 + 10 * 500 + 12 * 2_000)


async def test_a_stream_passes_event_by_event_and_its_end_mark_waits_for_the_journal(stage):
    events = list_events(make_response([reasoning(content=("hm",)), call("f", "{}", "call_1")]))
    stage.vendor.hold()
    asked = stage.chat(stream=True, stream_options={"include_usage": True})
    (play,) = stage.vendor.plays
    play.head(200, SSE, write_events(events[:3]))
    assert not asked.client.started  # nothing was said: another channel could still take over
    play.piece(write_events(events[3:-1]))
    assert asked.client.status == 200
    assert b'"reasoning_content":"hm"' in asked.client.body
    assert b'"id":"call_1"' in asked.client.body
    assert b"[DONE]" not in asked.client.body
    play.piece(write_events(events[-1:]))
    play.end()
    await stage.over(asked)
    chunks = [event.removeprefix(b"data: ") for event in asked.client.body.split(b"\n\n")]
    assert chunks[-2:] == [b"[DONE]", b""]
    assert msgspec.json.decode(chunks[-3])["usage"]["completion_tokens"] == 12
    assert msgspec.json.decode(chunks[-4])["choices"][0]["finish_reason"] == "tool_calls"
    (row,) = stage.rows()
    assert (row.stream, row.charge_nano) == (True, 20 * 1_000 + 10 * 500 + 12 * 2_000)


async def test_a_stream_that_fails_before_a_word_goes_to_the_next_channel(stage):
    stage.channel("b", {"m": "m"}, priority=1)
    failed = {"status": "failed", "error": {"code": "server_error", "message": "broken"}}
    events = list_events(make_response([]))[:2]
    last = {"type": "response.failed", "sequence_number": 2, "response": failed}
    stage.vendor.stream(write_events([*events, last]), headers=SSE)
    stage.vendor.stream(
        b'data: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n",
        headers=SSE,
    )
    found = await stage.over(stage.chat(stream=True))
    assert len(stage.vendor.plays) == 2, found.error
    assert b'"content":"b"' in found.client.body
    assert b"chatcmpl" not in found.client.body


async def test_a_stream_that_fails_after_a_word_ends_in_an_error(stage):
    events = list_events(make_response([message("hello")]))
    error = b'event: error\ndata: {"type":"error","code":"x","message":"too much"}\n\n'
    stage.vendor.stream(write_events(events[:4]) + error, headers=SSE)
    found = await stage.over(stage.chat(stream=True))
    assert b"[DONE]" not in found.client.body
    assert b'"error"' in found.client.body.split(b"\n\n")[-2]


async def test_what_cant_be_carried_is_refused_before_it_goes_out(stage):
    found = await stage.over(stage.chat(n=2))
    assert stage.vendor.plays == []
    assert isinstance(found.error, InvalidRequestError)
    assert found.error.param == "n"


async def test_a_channel_that_speaks_chat_gets_the_callers_own_words(stage):
    stage.channel("b", {"m": "m"}, priority=9)
    answer = b'{"choices":[{"index":0,"message":{"content":"b"}}],"usage":{"total_tokens":1}}'
    stage.vendor.answer(200, JSON, answer)
    found = await stage.over(stage.chat(n=1))
    assert found.client.body == answer
    assert stage.vendor.plays[0].target.path == "/v1/chat/completions"


async def test_a_model_that_its_vendor_serves_as_responses_only_is_asked_so(stage):
    stage.model("thinker")
    stage.channel("c", {"thinker": "o3-pro", "m": "o3"}, provider="openai", priority=9)
    stage.vendor.answer(200, JSON, msgspec.json.encode(make_response([message("hm")])))
    body = {"model": "thinker", "messages": [{"role": "user", "content": "x"}]}
    found = await stage.over(stage.post("/v1/chat/completions", msgspec.json.encode(body)))
    assert msgspec.json.decode(found.client.body)["choices"][0]["message"]["content"] == "hm"
    answer = b'{"choices":[{"index":0,"message":{"content":"b"}}],"usage":{"total_tokens":1}}'
    stage.vendor.answer(200, JSON, answer)
    await stage.over(stage.chat())
    paths = [play.target.path for play in stage.vendor.plays]
    assert paths == ["/v1/responses", "/v1/chat/completions"]
