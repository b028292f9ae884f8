"""What a bridge is given may be anything: a refusal with its place, or a translation; never a fault."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from nexhina.errors import InvalidRequestError, NexhinaError
from support.inbound import JSON
from support.responses import make_call, run_stream, write_chunks, write_completion
from support.sdk_bridges import CHAT, OTHERS, RESPONSES
from support.sdk_types import Change, list_changes
from support.sent import whole
from support.spoilt import CHANCE, VALUE, spoil

BRIDGES = {"responses": RESPONSES, "chat": CHAT, **{"-over-".join(k): v for k, v in OTHERS.items()}}
DEEPEST = 6


def list_all(changes: Iterator[Change], depth: int = 0) -> Iterator[Change]:
    for change in changes:
        yield change
        if depth < DEEPEST:
            yield from list_all(change.inside(), depth + 1)


@cache
def list_bodies(name: str) -> list[dict[str, Any]]:
    """Requests that have each field of the SDK's types once."""
    bridge = BRIDGES[name]
    return [bridge.plain | change.after for change in list_all(list_changes(bridge.asked))]


@pytest.mark.parametrize("name", BRIDGES)
@settings(max_examples=50)
@given(value=VALUE, chance=CHANCE)
def test_a_spoilt_request_is_refused_or_written(
    name: str, value: Any, chance: random.Random
) -> None:
    dialect, whole_body = BRIDGES[name].dialect, chance.choice(list_bodies(name))
    body = whole_body
    while body is whole_body or not isinstance(body, dict):
        body = spoil(whole_body, value, chance)
    call = make_call(**body)
    try:
        peek = dialect.peek(call)
        written = dialect.write_same(peek, call.body, "up", None)
    except InvalidRequestError as refused:
        assert refused.param or "JSON" in refused.message
        return
    except NexhinaError:  # the model's name is gone, or the content type is another
        return
    assert dialect.prompt_bytes(peek, call.body) >= 0
    msgspec.json.decode(whole(written.body))


ANSWER: dict[str, Any] = {
    "content": "a",
    "reasoning_content": "b",
    "reasoning_details": [{"type": "reasoning.encrypted", "data": "s"}],
    "refusal": "no",
    "annotations": [
        {
            "type": "url_citation",
            "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1},
        }
    ],
    "tool_calls": [
        {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
        }
    ],
}
USAGE: dict[str, Any] = {
    "prompt_tokens": 3,
    "completion_tokens": 2,
    "prompt_tokens_details": {"cached_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 1},
}
WISHES: dict[str, Any] = {"stream": True, "include": ["reasoning.encrypted_content"]}


@settings(max_examples=150)
@given(VALUE, CHANCE)
def test_a_spoilt_chat_answer_is_translated_or_fails_the_attempt(
    value: Any, chance: random.Random
) -> None:
    bridge = RESPONSES.dialect
    peek = bridge.peek(make_call(**RESPONSES.plain | WISHES))
    answer = msgspec.json.decode(write_completion(ANSWER, "stop", USAGE))
    body = msgspec.json.encode(spoil(answer, value, chance))
    if bridge.read_answer(peek, JSON, body) is not None:
        assert b'"object":"response"' in bridge.write_answer(peek, body, "up", "m")
    delta = spoil(ANSWER, value, chance)
    usage = spoil(USAGE, value, chance)
    raw = write_chunks([{"content": "a"}, delta], chance.choice(["stop", None]), usage)
    watch = bridge.watch(peek, "up", "m")
    run_stream(watch, [raw])
    assert watch.ended or watch.error is not None
