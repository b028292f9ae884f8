"""A stored Response as its stream: whatever its items are, the events add up to it."""

import msgspec
import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from nexhina.dialects.responses_replay import write_replay
from support.responses import read_events

EVENT = TypeAdapter(ResponseStreamEvent)
USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 1,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 2,
}


def make_answer(*output, **fields):
    response = {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
        "output": list(output), "usage": USAGE, "error": None, "incomplete_details": None,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "instructions": None,
        "metadata": {}, "temperature": 1.0, "top_p": 1.0,
    } | fields  # fmt: skip
    return response, read_events(b"".join(write_replay(msgspec.json.encode(response))))


def kinds(events):
    return [each["type"].removeprefix("response.") for each in events]


TEXT = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}
CITED = {
    "type": "output_text",
    "text": "See [1]",
    "annotations": [
        {
            "type": "url_citation",
            "url": "http://x.test",
            "title": "x",
            "start_index": 4,
            "end_index": 7,
        }
    ],
    "logprobs": [{"token": "See", "bytes": [83, 101, 101], "logprob": -0.1, "top_logprobs": []}],
}


def message(*parts):
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
        "content": list(parts),
    }  # fmt: skip


ITEMS = {
    "text": message(TEXT),
    "citation": message(CITED),
    "refusal": message({"type": "refusal", "refusal": "No."}),
    "two parts": message(TEXT, {"type": "refusal", "refusal": "No."}),
    "nothing": message(),
    "reasoning": {
        "id": "rs_1", "type": "reasoning", "summary": [],
        "content": [{"type": "reasoning_text", "text": "Hm"}], "status": "completed",
    },
    "summary": {
        "id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "sealed",
    },
    "function": {
        "id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1",
        "name": "f", "arguments": "{}",
    },
    "custom": {
        "id": "ctc_1", "type": "custom_tool_call", "status": "completed", "call_id": "call_1",
        "name": "f", "input": "free",
    },
    "search": {
        "id": "ws_1", "type": "web_search_call", "status": "completed",
        "action": {"type": "search", "query": "x"},
    },
    "files": {"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": ["x"]},
    "code": {
        "id": "ci_1", "type": "code_interpreter_call", "status": "completed", "code": "1+1",
        "container_id": "c", "outputs": [],
    },
    "picture": {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "aGk="},
    "mcp": {
        "id": "mcp_1", "type": "mcp_call", "server_label": "s", "name": "f", "arguments": "{}",
        "output": "3",
    },
    "tools": {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "s", "tools": []},
}  # fmt: skip


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
def test_every_event_is_one_that_the_sdk_knows(item):
    response, events = make_answer(item)
    for event in events:
        parsed = EVENT.validate_python(event, strict=False)
        assert parsed.type == event["type"]
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert events[-1]["response"] == response
    assert events[-2] == {
        "type": "response.output_item.done", "sequence_number": len(events) - 2,
        "output_index": 0, "item": item,
    }  # fmt: skip


def test_items_keep_their_places():
    _, events = make_answer(ITEMS["reasoning"], ITEMS["text"], ITEMS["function"])
    done = [each for each in events if each["type"] == "response.output_item.done"]
    assert [each["output_index"] for each in done] == [0, 1, 2]


def test_deltas_add_up_to_the_text_and_the_beginning_is_empty():
    _, events = make_answer(message(CITED))
    by_kind = {each["type"]: each for each in events}
    assert by_kind["response.output_item.added"]["item"]["content"] == []
    assert by_kind["response.content_part.added"]["part"] == {
        "type": "output_text", "text": "", "annotations": [], "logprobs": [],
    }  # fmt: skip
    assert by_kind["response.output_text.delta"]["delta"] == "See [1]"
    assert by_kind["response.output_text.annotation.added"]["annotation"] == CITED["annotations"][0]


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled"])
def test_the_last_event_says_how_it_ended(status):
    _, events = make_answer(status=status)
    last = "incomplete" if status == "cancelled" else status
    assert kinds(events) == ["created", "in_progress", last]
    assert events[-1]["response"]["status"] == status
    assert events[0]["response"]["status"] == "in_progress"
    assert events[0]["response"]["usage"] is None


def test_a_tool_at_a_vendor_that_failed_says_so():
    _, events = make_answer(ITEMS["mcp"] | {"error": "down"})
    assert "mcp_call.failed" in kinds(events)


def test_an_item_of_a_kind_that_is_newer_than_this_is_added_and_done():
    _, events = make_answer({"id": "x", "type": "new_call", "what": 1})
    assert kinds(events)[2:-1] == ["output_item.added", "output_item.done"]
