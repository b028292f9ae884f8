"""A compaction: made by the vendor itself, or of a chat model's summary; and what it is as input."""

import msgspec
import pytest
from openai.types.responses import CompactedResponse

from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.responses_compaction import (
    ORDER,
    CompactionOverChat,
    CompactionOverResponses,
    ResponsesCompaction,
)
from nexhina.dialects.responses_item import read_compaction, write_compaction
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.errors import InvalidRequestError
from support.responses import HEX, make_call, write_completion
from support.sent import whole

NATIVE, CHAT = ResponsesCompaction(), CompactionOverChat()
RESPONSES = CompactionOverResponses()
JSON = {b"content-type": b"application/json"}
USAGE = {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}


def write_chat(**body):
    call = make_call(**body)
    written = CHAT.write_same(CHAT.peek(call), call.body, "up", None)
    return msgspec.json.decode(whole(written.body)), written.dropped


def make(message, finish="stop", usage=USAGE):
    peek = CHAT.peek(make_call(input="x"))
    body = write_completion(message, finish, usage)
    if CHAT.read_answer(peek, JSON, body) is None:
        return None
    return msgspec.json.decode(CHAT.write_answer(peek, body, "up", "m"))


def test_chat_is_asked_for_a_summary_behind_the_conversation():
    items = [
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": "Hello Ada."},
    ]
    chat, dropped = write_chat(input=items, instructions="Be kind.")
    assert chat["model"] == "up"
    assert [message["role"] for message in chat["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert chat["messages"][-1]["content"] == ORDER
    assert "tools" not in chat and "stream" not in chat
    assert dropped == ()


def test_a_call_without_a_result_gets_a_word_for_it_and_its_tools_are_not_to_be_used():
    items = [
        {"role": "user", "content": "Look."},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "3"},
    ]
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}}]
    chat, _ = write_chat(input=items, tools=tools)
    told = {
        each["tool_call_id"]: each["content"] for each in chat["messages"] if each["role"] == "tool"
    }
    assert told == {"c1": "3", "c2": "(no result yet)"}
    assert chat["tool_choice"] == "none"
    assert chat["tools"][0]["function"]["name"] == "f"


def test_a_summary_becomes_one_item_that_the_sdk_reads():
    made = make({"content": " She is Ada. \n"})
    assert made is not None
    parsed = CompactedResponse.model_validate(made)
    assert parsed.id == f"resp_{HEX}"
    assert parsed.usage.total_tokens == 100
    [item] = parsed.output
    assert item.type == "compaction"
    told = read_compaction(made["output"][0])
    assert told is not None and told.endswith("\n\nShe is Ada.")


def test_a_vendor_without_usage_gives_none():
    made = make({"content": "S"}, usage=None)
    assert made is not None
    assert CompactedResponse.model_validate(made).usage.total_tokens == 0


@pytest.mark.parametrize(
    "message",
    [{"content": ""}, {"content": None}, {"content": " \n"}, {"content": [{"type": "x"}]}, {}],
)
def test_an_answer_without_a_summary_is_none(message):
    assert make(message) is None


def test_parts_of_text_are_a_summary():
    made = make({"content": [{"type": "text", "text": "She "}, {"type": "text", "text": "is Ada"}]})
    assert made is not None
    assert "She is Ada" in (read_compaction(made["output"][0]) or "")


@pytest.mark.parametrize("summary", ["x", "Größe 中文 \U0001f600", "a" * 100_000, '"\\\n'])
def test_every_summary_comes_back_as_it_was(summary):
    told = read_compaction(write_compaction("cmp_1", summary))
    assert told is not None
    assert told.endswith(f"\n\n{summary}")


OURS = write_compaction("cmp_1", "She is Ada.")
SEALED = {"id": "cmp_v", "type": "compaction", "encrypted_content": "gAAAAAB..."}


def test_a_compaction_goes_to_chat_as_a_message():
    over = ResponsesOverChat()
    call = make_call(input=[OURS, {"role": "user", "content": "Who am I?"}])
    chat = msgspec.json.decode(whole(over.write_same(over.peek(call), call.body, "up", None).body))
    assert [message["role"] for message in chat["messages"]] == ["user", "user"]
    assert chat["messages"][0]["content"].endswith("She is Ada.")


def test_a_compaction_goes_to_a_vendor_of_responses_as_a_message():
    native = OpenAIResponses()
    call = make_call(
        input=[OURS, SEALED, {"role": "user", "content": "Who am I?"}],
        previous_response_id="resp_v",
    )
    written = native.write_same(native.peek(call), call.body, "up", None)
    body = msgspec.json.decode(whole(written.body))
    assert body["model"] == "up"
    assert body["previous_response_id"] == "resp_v"
    first, second, third = body["input"]
    assert (first["type"], first["role"]) == ("message", "user")
    assert first["content"][0]["text"].endswith("She is Ada.")
    assert second == SEALED
    assert third["content"] == "Who am I?"


@pytest.mark.parametrize(
    "content",
    ["gAAAAAB...", "nexhina1.!", "nexhina1.gA", "nexhina1._w==", "nexhina1.é", "", None, 3],
)
def test_what_another_sealed_or_somebody_damaged_is_refused_over_chat(content):
    with pytest.raises(InvalidRequestError) as refused:
        write_chat(input=[{"type": "compaction", "encrypted_content": content}])
    assert refused.value.param == "input[0]"


def test_nothing_streams_and_a_wish_for_it_is_refused():
    for dialect in (NATIVE, CHAT):
        assert not dialect.streams
        with pytest.raises(InvalidRequestError, match="/v1/responses/compact"):
            dialect.peek(make_call(input="x", stream=True))
        assert not dialect.peek(make_call(input="x", stream=False)).stream
        with pytest.raises(InvalidRequestError) as refused:
            dialect.peek(make_call(input="x", background=True))
        assert refused.value.param == "background"


def test_the_order_for_the_summary_is_among_what_is_held_for():
    call = make_call(input="x")
    assert CHAT.peek(call).text_bytes >= OpenAIResponses().peek(call).text_bytes + len(ORDER)


def test_a_vendors_own_compaction_passes_as_it_is():
    peek = NATIVE.peek(make_call(input="x"))
    answer = {
        "id": "resp_1", "object": "response.compaction", "created_at": 1, "output": [SEALED],
        "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10},
    }  # fmt: skip
    body = msgspec.json.encode(answer)
    read = NATIVE.read_answer(peek, JSON, body)
    assert read is not None and read.usage is not None
    assert (read.usage.input, read.usage.output) == (9, 1)
    assert NATIVE.write_answer(peek, body, "up", "m") is body


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"<html>",
        b'{"object":"response","output":[1]}',
        b'{"object":"response.compaction","output":[]}',
    ],
)
def test_what_is_no_compaction_is_a_failed_attempt(body):
    assert NATIVE.read_answer(NATIVE.peek(make_call(input="x")), JSON, body) is None


def test_a_vendor_of_responses_without_the_route_is_asked_for_a_summary():
    items = [
        {"role": "user", "content": "Look."},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "3"},
        OURS,
    ]
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}}]
    call = make_call(
        input=items, tools=tools, previous_response_id="resp_v", instructions="Be kind."
    )
    written = RESPONSES.write_same(RESPONSES.peek(call), call.body, "up", None)
    body = msgspec.json.decode(whole(written.body))
    assert written.lane == "translate"
    assert (body["model"], body["store"], body["tool_choice"]) == ("up", False, "none")
    assert (body["previous_response_id"], body["instructions"]) == ("resp_v", "Be kind.")
    kinds = [item["type"] for item in body["input"]]
    assert kinds == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
        "message",
    ]
    assert body["input"][3] == {
        "type": "function_call_output", "call_id": "c2", "output": "(no result yet)",
    }  # fmt: skip
    assert body["input"][-2]["content"][0]["text"].endswith("She is Ada.")
    assert body["input"][-1]["content"] == ORDER


def test_turns_that_only_we_have_are_summarized_with_the_rest():
    peek = RESPONSES.peek(make_call(previous_response_id="resp_ours"))
    peek.earlier = (b'{"type":"message","id":"msg_1","role":"user","content":"first"}',)
    written = RESPONSES.write_same(
        peek, make_call(previous_response_id="resp_ours").body, "up", None
    )
    body = msgspec.json.decode(whole(written.body))
    assert "previous_response_id" not in body
    assert [item["content"] for item in body["input"]] == ["first", ORDER]


def make_response(*parts, **fields):
    message = {"type": "message", "id": "msg_1", "role": "assistant", "content": list(parts)}
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": []}
    return msgspec.json.encode(
        {
            "id": "resp_v",
            "object": "response",
            "created_at": 7.5,
            "status": "completed",
            "model": "up",
        }
        | {"output": [reasoning, message]}
        | fields
    )


def test_a_summary_in_a_response_becomes_the_item():
    peek = RESPONSES.peek(make_call(input="x"))
    usage = {
        "input_tokens": 9, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10,
    }  # fmt: skip
    body = make_response(
        {"type": "output_text", "text": "She is Ada.", "annotations": []}, usage=usage
    )
    read = RESPONSES.read_answer(peek, JSON, body)
    assert read is not None and read.usage is not None
    made = msgspec.json.decode(RESPONSES.write_answer(peek, body, "up", "m"))
    assert CompactedResponse.model_validate(made).usage.total_tokens == 10
    assert (made["id"], made["created_at"]) == (f"resp_{HEX}", 7)
    assert (read_compaction(made["output"][0]) or "").endswith("She is Ada.")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        make_response(),
        make_response({"type": "refusal", "refusal": "No."}),
        make_response({"type": "output_text", "text": " "}),
        make_response({"type": "output_text", "text": "x"}, status="failed"),
        make_response({"type": "output_text", "text": 3}),
    ],
)
def test_a_response_without_a_summary_is_a_failed_attempt(body):
    assert RESPONSES.read_answer(RESPONSES.peek(make_call(input="x")), JSON, body) is None
