"""Chat answers and streams made of Responses."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.dialects.dialect import Peek, StreamWatch
from nexhina.domain.usage import Usage
from nexhina.errors import UpstreamError
from support.inbound import make_inbound
from support.response_stream import (
    USAGE,
    call,
    custom_call,
    list_events,
    make_response,
    message,
    reasoning,
    refusal,
    text,
    write_events,
)

BRIDGE = ChatOverResponses()
JSON = {b"content-type": b"application/json"}
TOKEN = {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []}


def peek(**body: Any) -> Peek:
    messages = [{"role": "user", "content": "x"}]
    return BRIDGE.peek(make_inbound({"model": "m", "messages": messages, **body}))


def answer(*output: Any, asked: Peek | None = None, **fields: Any) -> Any:
    body = msgspec.json.encode(make_response(list(output), **fields))
    written = BRIDGE.write_answer(asked or peek(), body, "up", "m")
    ChatCompletion.model_validate_json(written)
    return msgspec.json.decode(written)


def stream(*output: Any, asked: Peek | None = None, **fields: Any) -> tuple[list[Any], StreamWatch]:
    raw = write_events(list_events(make_response(list(output), **fields)))
    watch = BRIDGE.watch(asked or peek(stream=True), "up", "m")
    return read_chunks(watch.feed(raw) + watch.finish(clean=True)), watch


def read_chunks(written: bytes) -> list[Any]:
    *events, end, rest = written.split(b"\n\n")
    assert (end, rest) == (b"data: [DONE]", b"")
    chunks = [msgspec.json.decode(event.removeprefix(b"data: ")) for event in events]
    for chunk in chunks:
        if b'"custom"' not in written:  # the SDK has no type for pieces of a custom call
            ChatCompletionChunk.model_validate(chunk)
    return chunks


def deltas(chunks: list[Any]) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


# --- whole answers ------------------------------------------------------------------------------


def test_a_whole_answer_is_a_completion_under_the_public_name() -> None:
    assert answer(message("hello"), service_tier="flex") == {
        "id": "chatcmpl-0abc",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "service_tier": "flex",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 12,
            "total_tokens": 42,
            "prompt_tokens_details": {"cached_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }


def test_calls_keep_the_vendors_ids() -> None:
    (choice,) = answer(call("f", '{"a":1}', "call_9"), custom_call("exec", "ls", "call_8"))[
        "choices"
    ]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "call_9", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "call_8", "type": "custom", "custom": {"name": "exec", "input": "ls"}},
    ]


def test_callers_of_the_old_form_get_their_call_in_it() -> None:
    asked = peek(functions=[{"name": "f"}])
    (choice,) = answer(call("f", "{}", "c"), asked=asked)["choices"]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    chunks, _ = stream(call("f", "{}", "c"), asked=peek(functions=[{"name": "f"}], stream=True))
    assert deltas(chunks)[1:3] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "function_call"


def test_reasoning_refusals_and_several_messages() -> None:
    (choice,) = answer(
        reasoning(summary=("one", "two"), sealed="gAAA"),
        message("let me see", id="msg_a"),
        reasoning(content=("three",)),
        message("done", refusal("but no"), id="msg_b"),
    )["choices"]
    said = choice["message"]
    assert said["reasoning_content"] == "one\n\ntwo\n\nthree"
    assert said["reasoning_details"] == [
        {"type": "reasoning.encrypted", "id": "rs_1", "data": "gAAA", "index": 0}
    ]
    assert (said["content"], said["refusal"]) == ("let me see\n\ndone", "but no")


def test_links_point_into_the_one_text() -> None:
    link = {"type": "url_citation", "start_index": 0, "end_index": 2, "title": "t", "url": "u"}
    cited = {"type": "file_citation", "file_id": "f", "filename": "n", "index": 0}
    (choice,) = answer(message("aa"), message(text("bb", annotations=[link, cited]), id="msg_2"))[
        "choices"
    ]
    said = choice["message"]
    (found,) = said["annotations"]
    place = found["url_citation"]
    assert said["content"][place["start_index"] : place["end_index"]] == "bb"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter")],
)
def test_why_an_answer_is_incomplete(reason: str, finish: str) -> None:
    for found in (
        answer(message("a"), reason=reason),
        stream(message("a"), reason=reason)[0][-1],
    ):
        assert found["choices"][0]["finish_reason"] == finish


def test_log_probabilities_come_in_chats_place() -> None:
    (choice,) = answer(message(text("é", logprobs=[TOKEN])))["choices"]
    assert choice["logprobs"] == {"content": [TOKEN], "refusal": None}
    chunks, _ = stream(message(text("é", logprobs=[TOKEN])))
    assert chunks[1]["choices"][0]["logprobs"] == {"content": [TOKEN], "refusal": None}


def test_a_verdict_of_the_moderation_is_a_list_of_one() -> None:
    verdict = {
        "type": "moderation_result", "model": "omni", "flagged": False, "categories": {},
        "category_applied_input_types": {}, "category_scores": {},
    }  # fmt: skip
    failed = {"type": "error", "code": "x", "message": "y"}
    found = answer(message("a"), moderation={"input": verdict, "output": failed})
    assert found["moderation"] == {
        "input": {"type": "moderation_results", "model": "omni", "results": [verdict]},
        "output": failed,
    }


def test_what_a_200_says_for_the_books() -> None:
    body = msgspec.json.encode(make_response([message("a")]))
    found = BRIDGE.read_answer(peek(), JSON, body)
    assert found is not None
    assert found.usage == Usage(input=20, cached_input=10, output=12)
    unknown = BRIDGE.read_answer(
        peek(), JSON, msgspec.json.encode(make_response([message("abc")], usage=None))
    )
    assert unknown is not None
    assert (unknown.usage, unknown.text_bytes) == (None, 3)


@pytest.mark.parametrize(
    "body",
    [
        {"object": "response", "output": [], "status": "failed"},
        {"object": "response", "output": [], "status": "queued"},
        {"object": "response", "output": ["x"], "status": "completed"},
        {"object": "chat.completion", "choices": []},
        {"error": {"message": "x"}},
        [],
    ],
)
def test_a_200_that_is_no_ended_response_is_a_failed_attempt(body: Any) -> None:
    assert BRIDGE.read_answer(peek(), JSON, msgspec.json.encode(body)) is None


def test_odd_values_make_no_wrong_answer() -> None:
    body = {
        "object": "response",
        "id": None,
        "created_at": "now",
        "output": [
            {"type": "message", "content": "x"},
            {"type": "message", "content": [{"type": "output_text", "text": 5}, "x"]},
            {"type": "function_call", "call_id": "c", "name": None, "arguments": None},
            {"type": "reasoning", "summary": None},
            {"type": "web_search_call"},
            {},
        ],
        "usage": {"input_tokens": "many"},
    }
    written = BRIDGE.write_answer(peek(), msgspec.json.encode(body), "up", "m")
    found = msgspec.json.decode(written)
    assert "usage" not in found
    assert found["choices"][0]["message"]["tool_calls"][0]["function"] == {
        "name": "",
        "arguments": "",
    }


def test_an_answer_without_anything_is_an_empty_text() -> None:
    assert answer()["choices"][0]["message"]["content"] == ""


def test_an_error_names_the_callers_parameter() -> None:
    def param(name: str) -> str | None:
        error = {"error": {"message": "bad", "param": name}}
        return BRIDGE.read_error(400, JSON, msgspec.json.encode(error)).param

    assert param("max_output_tokens") == "max_completion_tokens"
    assert param("text.format") == "response_format"
    assert param("temperature") == "temperature"
    assert BRIDGE.read_error(500, {}, b"oops").param is None


def test_errors_and_pings_are_chats() -> None:
    status, _, body = BRIDGE.write_error(UpstreamError("gone"))
    assert status == 502
    assert msgspec.json.decode(body)["error"]["message"] == "gone"
    assert BRIDGE.write_stream_error(UpstreamError("gone")).startswith(b'data: {"error"')
    assert BRIDGE.write_ping().startswith(b":")


# --- streams ------------------------------------------------------------------------------------


def test_a_stream_says_who_speaks_what_and_why_it_ended() -> None:
    chunks, watch = stream(message("hello"))
    assert deltas(chunks) == [
        {"role": "assistant", "content": ""},
        {"content": "hel"},
        {"content": "lo"},
        {},
    ]
    assert {(each["id"], each["created"], each["model"]) for each in chunks} == {
        ("chatcmpl-0abc", 7, "m")
    }
    assert [each["choices"][0]["finish_reason"] for each in chunks] == [None, None, None, "stop"]
    assert "usage" not in chunks[0]
    assert (watch.ended, watch.content, watch.text_bytes) == (True, True, 5)
    assert watch.usage == Usage(input=20, cached_input=10, output=12)


def test_usage_comes_last_when_it_is_asked_for() -> None:
    chunks, _ = stream(
        message("a"), asked=peek(stream=True, stream_options={"include_usage": True})
    )
    assert [each["usage"] for each in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == USAGE["total_tokens"]


def test_calls_are_streamed_with_whole_number_places() -> None:
    chunks, _ = stream(call("f", '{"a"', "c1"), custom_call("x", "ls", "c2"))
    assert deltas(chunks)[1:-1] == [
        {"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                         "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"'}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "type": "custom",
                         "custom": {"name": "x", "input": ""}}]},
        {"tool_calls": [{"index": 1, "custom": {"input": "ls"}}]},
    ]  # fmt: skip
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def keep(events: list[Any], *kinds: str) -> bytes:
    return write_events([event for event in events if event["type"] in kinds])


@pytest.mark.parametrize(
    "kinds",
    [
        ("response.output_item.done", "response.completed"),
        ("response.created", "response.completed"),
        ("response.completed",),
    ],
)
def test_what_no_event_told_comes_with_the_item_or_the_end(kinds: tuple[str, ...]) -> None:
    output = [reasoning(content=("hm",)), message("hello"), call("f", "{}", "c1")]
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    written = watch.feed(keep(list_events(make_response(output)), *kinds))
    found = deltas(read_chunks(written + watch.finish(clean=True)))
    assert found[1:-1] == [
        {"reasoning_content": "hm"},
        {"content": "hello"},
        {"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                         "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
    ]  # fmt: skip


def test_comments_and_padding_pass() -> None:
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    assert watch.feed(b": wait\n\n") == b": wait\n\n"
    assert not watch.content
    events = list_events(make_response([message("a")]))
    events[3]["obfuscation"] = "xyz"
    chunks = read_chunks(watch.feed(write_events(events)) + watch.finish(clean=True))
    assert chunks[1]["obfuscation"] == "xyz"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            b'event: error\ndata: {"type":"error","code":"x","message":"too much","param":null}\n\n',
            "too much",
        ),
        (b'data: {"type":"error","error":{"message":"inner"}}\n\n', "inner"),
        (
            b'data: {"type":"response.failed","response":{"error":{"code":"x","message":"broken"}}}\n\n',
            "broken",
        ),
        (
            b'data: {"type":"response.failed","response":{}}\n\n',
            "The provider broke the stream off.",
        ),
        (b"data: {\n\n", "The provider sent an event that can't be read."),
        (b'data: {"output_index":"a"}\n\n', "The provider sent an event that can't be read."),
    ],
)
def test_errors_end_a_stream_without_an_end_mark(event: bytes, said: str) -> None:
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    begun = watch.feed(write_events(list_events(make_response([message("ab")]))[:4]))
    assert b'"content":"ab"' in begun
    assert watch.feed(event) == b""
    assert watch.error is not None
    assert watch.error.message == said
    assert (watch.feed(event), watch.finish(clean=True), watch.ended) == (b"", b"", False)


@pytest.mark.parametrize("end", [b"", b"data: [DONE]\n\n"])
def test_a_stream_that_stops_without_its_last_event_has_not_ended(end: bytes) -> None:
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    watch.feed(write_events(list_events(make_response([message("ab")]))[:-1]) + end)
    assert watch.finish(clean=True) == b""
    assert not watch.ended


def test_a_last_event_without_its_empty_line_still_ends_a_whole_body() -> None:
    raw = write_events(list_events(make_response([message("ab")]))).removesuffix(b"\n\n")
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    watch.feed(raw)
    assert watch.finish(clean=False) == b""
    assert watch.finish(clean=True).endswith(b"data: [DONE]\n\n")
    assert watch.ended


def test_an_event_without_end_is_given_up() -> None:
    watch = BRIDGE.watch(peek(stream=True), "up", "m")
    assert watch.feed(b"data: " + b"x" * (33 * 1024 * 1024)) == b""
    assert watch.error is not None
