"""A chat answer as a Response object, and a chat stream as its events."""

from typing import Any

import msgspec
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from nexhina.dialects.dialect import Outgoing, Peek
from nexhina.dialects.responses_events import TranslatedWatch
from nexhina.dialects.responses_item import read_input_items, read_output_items
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.errors import UpstreamError
from support.responses import (
    HEX,
    make_call,
    read_events,
    run_stream,
    write_chunks,
    write_completion,
)
from support.sent import whole

BRIDGE = ResponsesOverChat()
JSON = {b"content-type": b"application/json"}
EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TOOLS = [
    {"type": "custom", "name": "exec"},
    {
        "type": "namespace",
        "name": "ns",
        "description": "d",
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
    },
]
CALLS = [
    {"index": 0, "id": "call_a", "type": "function", "function": {"name": "ns__f", "arguments": '{"x":1}'}},
    {"index": 1, "id": "call_b", "type": "function", "function": {"name": "exec", "arguments": '{"input":"ls"}'}},
]  # fmt: skip


def peek(**body: Any) -> Peek:
    return BRIDGE.peek(make_call(**{"input": "x", **body}))


def answer(body: bytes, **request: Any) -> dict[str, Any]:
    written = BRIDGE.write_answer(peek(**request), body, "up", "m")
    Response.model_validate_json(written, strict=True)
    return msgspec.json.decode(written)


def stream(data: bytes, **request: Any) -> tuple[TranslatedWatch, list[dict[str, Any]]]:
    watch = BRIDGE.watch(peek(stream=True, **request), "up", "m")
    events = read_events(run_stream(watch, [data]))
    for event in events:
        EVENT.validate_json(msgspec.json.encode(event), strict=True)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return watch, events


def test_a_text_answer_is_a_response_with_the_requests_parameters() -> None:
    found = answer(
        write_completion({"content": "hey"}, "stop", USAGE),
        instructions="be kind",
        metadata={"a": "b"},
        temperature=0.5,
        store=False,
    )
    assert found["id"] == f"resp_{HEX}"
    assert (found["object"], found["status"], found["model"]) == ("response", "completed", "m")
    assert (found["created_at"], found["instructions"]) == (7, "be kind")
    assert (found["metadata"], found["temperature"]) == ({"a": "b"}, 0.5)
    assert found["store"] is False
    part = {"type": "output_text", "text": "hey", "annotations": [], "logprobs": []}
    assert found["output"] == [
        {
            "id": f"msg_{HEX}_0",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }
    ]
    assert found["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    }


def test_a_tool_in_chats_form_is_repeated_in_the_form_of_responses() -> None:
    function = {"name": "f", "parameters": {"type": "object"}}
    tools = [{"type": "function", "function": function}, *TOOLS]
    made = answer(write_completion({"content": "x"}, "stop"), tools=tools)
    assert made["tools"] == [{"type": "function", **function}, *TOOLS]


def test_calls_get_their_names_back_and_keep_their_ids() -> None:
    calls = [{key: call[key] for key in call if key != "index"} for call in CALLS]
    found = answer(write_completion({"content": None, "tool_calls": calls}, "tool_calls"), tools=TOOLS)  # fmt: skip
    function, custom = found["output"]
    assert function["type"] == "function_call"
    assert (function["namespace"], function["name"]) == ("ns", "f")
    assert (function["call_id"], function["arguments"]) == ("call_a", '{"x":1}')
    assert custom["type"] == "custom_tool_call"
    assert (custom["call_id"], custom["name"], custom["input"]) == ("call_b", "exec", "ls")


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("stop", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
        ("error", "failed", None),
        (None, "completed", None),
    ],
)
def test_the_finish_reason_is_the_status(
    finish: str | None, status: str, reason: str | None
) -> None:
    found = answer(write_completion({"content": "he"}, finish))
    assert found["status"] == status
    assert (found["incomplete_details"] or {}).get("reason") == reason
    assert found["output"][0]["status"] == ("completed" if status == "completed" else "incomplete")
    assert (found["error"] is not None) is (status == "failed")
    watch, events = stream(write_chunks([{"content": "he"}], finish))
    assert events[-1]["type"] == f"response.{status}"
    assert watch.answer is not None
    assert msgspec.json.decode(watch.answer) == found | {"usage": None}


def test_a_text_stream_has_every_event_in_order() -> None:
    watch, events = stream(write_chunks([{"role": "assistant", "content": ""}, {"content": "he"}, {"content": "y"}], "stop", USAGE))  # fmt: skip
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert events[0]["response"]["status"] == "in_progress"
    assert events[6]["text"] == "hey"
    assert events[-1]["response"]["usage"]["total_tokens"] == 15
    assert watch.usage is not None
    assert (watch.usage.input, watch.usage.cached_input, watch.usage.output) == (6, 4, 5)
    assert watch.tail.startswith(b"event: response.completed\n")
    assert watch.ended
    assert watch.content


def test_reasoning_then_refusal_are_items_of_their_own() -> None:
    deltas = [{"reasoning_content": "hm"}, {"refusal": "no"}]
    _, events = stream(write_chunks(deltas, "stop"))
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds[2:10] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
    ]
    assert kinds[10:12] == ["refusal.delta", "refusal.done"]
    output = events[-1]["response"]["output"]
    assert [item["id"] for item in output] == [f"rs_{HEX}_0", f"msg_{HEX}_1"]
    assert output[0]["content"] == [{"type": "reasoning_text", "text": "hm"}]


def test_who_asks_for_a_summary_gets_reasoning_as_one() -> None:
    data = write_chunks([{"reasoning_content": "hm"}, {"content": "x"}], "stop")
    _, events = stream(data, reasoning={"summary": "auto"})
    kinds = [event["type"].removeprefix("response.") for event in events[3:7]]
    assert kinds == [
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ]
    item = events[-1]["response"]["output"][0]
    assert item["summary"] == [{"type": "summary_text", "text": "hm"}]


def test_parallel_calls_in_turn_stay_apart() -> None:
    first, second = CALLS
    deltas: list[dict[str, Any]] = [
        {"tool_calls": [first]},
        {"tool_calls": [second]},
        {"tool_calls": [{"index": 0, "function": {"arguments": " "}}]},
    ]
    _, events = stream(write_chunks(deltas, "tool_calls"), tools=TOOLS)
    by_kind: dict[str, list[Any]] = {}
    for event in events:
        by_kind.setdefault(event["type"].removeprefix("response."), []).append(event)
    assert [each["delta"] for each in by_kind["function_call_arguments.delta"]] == ['{"x":1}', " "]
    assert by_kind["function_call_arguments.done"][0]["arguments"] == '{"x":1} '
    assert by_kind["custom_tool_call_input.done"][0]["input"] == "ls"
    assert [each["item"]["call_id"] for each in by_kind["output_item.done"]] == ["call_a", "call_b"]


def test_logprobs_come_with_their_text() -> None:
    token = {"token": "h", "logprob": -0.5, "bytes": [104], "top_logprobs": [{"token": "h", "logprob": -0.5, "bytes": None}]}  # fmt: skip
    chunk = {
        "object": "chat.completion.chunk",
        "created": 7,
        "choices": [{"index": 0, "delta": {"content": "h"}, "logprobs": {"content": [token]}}],
    }
    data = b"data: " + msgspec.json.encode(chunk) + b"\n\ndata: [DONE]\n\n"
    _, events = stream(data)
    assert events[4]["logprobs"][0]["logprob"] == -0.5
    part = events[-1]["response"]["output"][0]["content"][0]
    assert part["logprobs"][0]["top_logprobs"] == [{"token": "h", "logprob": -0.5, "bytes": [104]}]


@pytest.mark.parametrize(
    ("said", "told"), [("default", "default"), ("on_demand", "flex"), (None, "flex"), ({}, "flex")]
)
def test_the_tier_that_served_is_told_where_the_format_has_a_word_for_it(
    said: Any, told: str
) -> None:
    found = msgspec.json.decode(write_completion({"content": "hi"}, "stop"))
    body = msgspec.json.encode({**found, "service_tier": said})
    assert answer(body, service_tier="flex")["service_tier"] == told
    tier = b'"service_tier":' + msgspec.json.encode(said) + b',"choices"'
    raw = write_chunks([{"content": "hi"}], "stop").replace(b'"choices"', tier)
    _, events = stream(raw, service_tier="flex")
    assert events[-1]["response"]["service_tier"] == told


def test_citations_come_with_the_text_they_are_about() -> None:
    cited = {"start_index": 0, "end_index": 2, "title": "t", "url": "https://u"}
    note = {"type": "url_citation", "url_citation": {**cited, "content": "long"}}
    odd: list[Any] = [None, {"type": "other"}, {"type": "url_citation", "url_citation": {"url": 1}}]
    whole_answer = answer(write_completion({"content": "hi", "annotations": [*odd, note]}, "stop"))
    assert whole_answer["output"][0]["content"][0]["annotations"] == [
        {"type": "url_citation", **cited}
    ]
    deltas = [{"content": "hi"}, {"content": "", "annotations": [note, note]}, {"content": "!"}]
    _, events = stream(write_chunks(deltas, "stop"))
    added = [each for each in events if each["type"].endswith("annotation.added")]
    assert [each["annotation_index"] for each in added] == [0, 1]
    assert added[0]["annotation"] == {"type": "url_citation", **cited}
    assert (added[0]["content_index"], added[0]["output_index"]) == (0, 0)
    assert len(events[-1]["response"]["output"][0]["content"][0]["annotations"]) == 2
    _, nothing = stream(write_chunks([{"annotations": [note]}, {"content": "hi"}], "stop"))
    assert not [each for each in nothing if each["type"].endswith("annotation.added")]


def test_an_error_event_or_no_answer_is_an_error_and_not_an_end() -> None:
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    watch.feed(b'data: {"error":{"message":"overloaded"}}\n\n')
    assert watch.error is not None
    assert watch.error.message == "overloaded"
    assert not watch.ended
    empty = BRIDGE.watch(peek(stream=True), "up", "m")
    assert run_stream(empty, [b"data: [DONE]\n\n"]) == b""
    assert empty.error is not None
    assert not empty.ended


def test_a_stream_that_breaks_off_has_no_end() -> None:
    data = write_chunks([{"content": "he"}], "stop")
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    out = watch.feed(data[: data.index(b"}]") + 4]) + watch.finish(clean=False)
    assert b"completed" not in out
    assert watch.answer is None
    assert not watch.ended


def test_bytes_that_are_no_text_end_the_stream_as_an_error() -> None:
    data = write_chunks([{"content": "aa"}, {"content": "bb"}, {"content": "\x7f"}], "stop")
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    for event in data.replace(b"\x7f", b"\xff").split(b"\n\n"):
        watch.feed(event + b"\n\n")
    assert watch.error is not None
    assert not watch.ended


def test_what_is_no_completion_is_no_answer() -> None:
    head = {b"content-type": b"application/json"}
    for body in (b"{}", b'{"choices":[{}]}', b"<html>", b'{"choices":[]}'):
        assert BRIDGE.read_answer(peek(), head, body) is None
    good = write_completion({"content": "x"}, "stop", USAGE)
    found = BRIDGE.read_answer(peek(), head, good)
    assert found is not None
    assert found.usage is not None
    assert found.usage.output == 5


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("max_tokens", "max_output_tokens"),
        ("max_completion_tokens", "max_output_tokens"),
        ("messages.[1].content", "input"),
        ("messages[0].role", "input"),
        ("response_format.json_schema.name", "text.format"),
        ("reasoning_effort", "reasoning.effort"),
        ("verbosity", "text.verbosity"),
        ("temperature", "temperature"),
        ("tools[0].function.name", "tools"),
        ("tool_choice", "tool_choice"),
        (None, None),
    ],
)
def test_a_vendors_refusal_names_the_callers_parameter(
    theirs: str | None, ours: str | None
) -> None:
    body = msgspec.json.encode({"error": {"message": "no", "param": theirs}})
    assert BRIDGE.read_error(400, JSON, body).param == ours


def test_a_stream_error_is_an_event_that_sdks_know() -> None:
    (event,) = read_events(BRIDGE.write_stream_error(UpstreamError("broke")))
    EVENT.validate_python(event)
    assert (event["type"], event["code"], event["message"]) == ("error", "upstream_error", "broke")
    assert event["error"]["message"] == "broke"


def test_input_items_are_kept_whole_with_ids() -> None:
    call = make_call(
        input=[
            {"role": "user", "content": "hi"},
            {"type": "function_call", "id": "fc_9", "call_id": "a", "name": "f", "arguments": "{}"},
        ]
    )
    first, second = map(msgspec.json.decode, read_input_items(BRIDGE.peek(call), call.body))
    assert first == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "hi"}],
        "id": f"msg_{HEX}_in0",
        "status": "completed",
    }
    assert second["id"] == "fc_9"


def test_output_items_of_an_answer_can_be_the_next_input() -> None:
    data = write_chunks([{"reasoning_content": "hm"}, {"tool_calls": [CALLS[1]]}], "tool_calls")
    watch, _ = stream(data, tools=TOOLS)
    assert watch.answer is not None
    call = make_call(input=[{"type": "custom_tool_call_output", "call_id": "call_b", "output": "ok"}], tools=TOOLS)  # fmt: skip
    again = BRIDGE.peek(call)
    again.earlier = tuple(read_output_items(watch.answer))
    asked = msgspec.json.decode(whole(BRIDGE.write_same(again, call.body, "up", None).body))
    turn, result = asked["messages"]
    assert turn["reasoning_content"] == "hm"
    assert turn["tool_calls"] == [{key: CALLS[1][key] for key in CALLS[1] if key != "index"}]
    assert result == {"role": "tool", "tool_call_id": "call_b", "content": "ok"}


def write_request(items: list[Any]) -> Outgoing:
    call = make_call(input=items)
    return BRIDGE.write_same(BRIDGE.peek(call), call.body, "up", None)


SEALED = {"type": "reasoning.encrypted", "data": "s", "index": 0}
WITH_SEAL = {"reasoning_content": "hm", "reasoning_details": [{"type": "reasoning.text"}, SEALED]}
ASKED = {"include": ["reasoning.encrypted_content"], "store": False}


def test_reasoning_that_is_asked_for_sealed_goes_back_to_the_vendor_exactly() -> None:
    data = write_chunks([WITH_SEAL, {"content": "x"}], "stop")
    _, events = stream(data, reasoning={"summary": "auto"}, **ASKED)
    reasoning = events[-1]["response"]["output"][0]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "hm"}]
    done = [event for event in events if event["type"] == "response.output_item.done"]
    assert done[0]["item"] == reasoning
    sealed = {
        "type": "reasoning",
        "summary": [],
        "encrypted_content": reasoning["encrypted_content"],
    }
    answer = {"type": "message", "role": "assistant", "content": "x"}
    written = write_request([sealed, answer, {"role": "user", "content": "go on"}])
    turn = msgspec.json.decode(whole(written.body))["messages"][0]
    assert turn["reasoning_content"] == "hm"
    assert turn["reasoning_details"] == [SEALED]
    assert written.dropped == ()


def test_nothing_is_sealed_for_who_did_not_ask() -> None:
    _, events = stream(write_chunks([WITH_SEAL, {"content": "x"}], "stop"))
    assert "encrypted_content" not in events[-1]["response"]["output"][0]


@pytest.mark.parametrize(
    "sealed", ["gAAA", "nexhina-chat1.", "nexhina-chat1.!!", "nexhina-chat1.e30="]
)
def test_what_others_sealed_is_dropped_by_name(sealed: str) -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": sealed}
    written = write_request([item, {"role": "user", "content": "go on"}])
    assert {"input.encrypted_content", "input.reasoning"} <= set(written.dropped)
    assert sealed.encode() not in whole(written.body)
