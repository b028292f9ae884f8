"""Chat over Responses takes anything: a refusal that names a place, or a request; never a fault."""

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound
from support.response_stream import (
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
from support.responses import run_stream
from support.sent import whole
from support.spoilt import CHANCE, VALUE, spoil

BRIDGE = ChatOverResponses()
JSON = {b"content-type": b"application/json"}
LINK = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "u"}
TOKEN = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
RESPONSE = make_response(
    [
        reasoning(content=("a",), summary=("b",), sealed="s"),
        message(text("a", annotations=[LINK], logprobs=[TOKEN]), refusal("no")),
        call("f", "{}", "call_1"),
        custom_call("x", "ls", "call_2"),
    ]
)
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
            {"type": "file", "file": {"file_id": "f"}},
        ]},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}], "refusal": "no",
         "reasoning_content": "hm",
         "reasoning_details": [{"type": "reasoning.encrypted", "id": "r", "data": "s"}],
         "function_call": {"name": "f", "arguments": "{}"},
         "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "d", "type": "custom", "custom": {"name": "x", "input": "ls"}},
        ]},
        {"role": "tool", "tool_call_id": "d", "content": "1"},
        {"role": "function", "name": "f", "content": "2"},
    ],
    "functions": [{"name": "f", "parameters": {}}],
    "function_call": {"name": "f"},
    "tools": [
        {"type": "function", "function": {"name": "f"}},
        {"type": "custom", "custom": {"name": "x", "format": {
            "type": "grammar", "grammar": {"syntax": "regex", "definition": "a"}}}},
    ],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {
        "mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
    "web_search_options": {"user_location": {"type": "approximate", "approximate": {}}},
    "stream": True,
    "stream_options": {"include_usage": True},
}  # fmt: skip


@settings(max_examples=400)
@given(VALUE, CHANCE)
def test_a_spoilt_request_is_refused_or_written(value: Any, chance: random.Random) -> None:
    body = CHAT
    while body is CHAT or not isinstance(body, dict):
        body = spoil(CHAT, value, chance)
    inbound = make_inbound(body)
    try:
        written = BRIDGE.write_same(BRIDGE.peek(inbound), inbound.body, "up", None)
    except InvalidRequestError as refused:
        assert refused.param or "JSON" in refused.message
        return
    assert msgspec.json.decode(whole(written.body))["store"] is False


@settings(max_examples=400)
@given(VALUE, CHANCE, st.booleans())
def test_a_spoilt_answer_is_translated_or_fails_the_attempt(
    value: Any, chance: random.Random, is_old: bool
) -> None:
    tools: dict[str, Any] = {"functions": [{"name": "f"}]} if is_old else {}
    peek = BRIDGE.peek(
        make_inbound({"model": "m", "messages": [{"role": "user", "content": "x"}], **tools})
    )
    body = msgspec.json.encode(spoil(RESPONSE, value, chance))
    if BRIDGE.read_answer(peek, JSON, body) is not None:
        assert b'"chat.completion"' in BRIDGE.write_answer(peek, body, "up", "m")
    events = list_events(RESPONSE)
    at = chance.randrange(len(events))
    spoilt = spoil(events[at], value, chance)
    raw = write_events(events[:at]) + b"data: " + msgspec.json.encode(spoilt) + b"\n\n"
    watch = BRIDGE.watch(peek, "up", "m")
    written = run_stream(watch, [raw + write_events(events[at + 1 :])])
    assert written.endswith(b"data: [DONE]\n\n") == watch.ended
    assert not (watch.ended and watch.error)
