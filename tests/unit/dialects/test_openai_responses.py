"""The native Responses format: peeking, splicing, answers, streams."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.openai_responses import OpenAIResponses, is_stored
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.responses_stream import ResponsesWatch
from nexhina.errors import InvalidRequestError
from support.responses import CALL_ID, make_call, run_stream
from support.sent import whole

DIALECT = OpenAIResponses()
JSON = {b"content-type": b"application/json"}
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "total_tokens": 15,
}


def response(**more: Any) -> dict[str, Any]:
    return {"id": "resp_v", "object": "response", "model": "up", "output": [], **more}


def event(kind: str, **more: Any) -> bytes:
    data = msgspec.json.encode({"type": kind, "sequence_number": 0, **more})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def test_a_request_is_peeked_at() -> None:
    peek = DIALECT.peek(
        make_call(input="hi", stream=True, max_output_tokens=7, previous_response_id="resp_1")
    )
    assert (peek.model, peek.stream, peek.max_tokens) == ("m", True, 7)
    assert (peek.previous_id, peek.call_id) == ("resp_1", CALL_ID)
    assert is_stored(peek)
    assert not is_stored(DIALECT.peek(make_call(input="hi", store=False)))


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"input": 3}, "input"),
        ({"input": "x", "temperature": 3}, "temperature"),
        ({"input": "x", "max_output_tokens": 0}, "max_output_tokens"),
        ({"input": "x", "tools": {}}, "tools"),
        ({"input": "x", "store": "no"}, "store"),
        ({"input": "x", "model": ""}, "model"),
    ],
)
def test_a_wrong_parameter_is_named(more: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        DIALECT.peek(make_call(**more))
    assert caught.value.param == param


@pytest.mark.parametrize("size", [100, 200_000])
def test_pictures_count_as_parts_and_not_as_text(size: int) -> None:
    part = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * size}
    call = make_call(input=[{"role": "user", "content": [part]}])
    peek = DIALECT.peek(call)
    assert peek.media_parts == 1
    assert peek.text_bytes < 200
    body = whole(DIALECT.write_same(peek, call.body, "up", None).body)
    assert msgspec.json.decode(body)["input"][0]["content"] == [part]


def test_a_request_goes_on_as_it_is_but_for_its_model_and_quirks() -> None:
    call = make_call(input="hi", stream=True, oddity=1)
    peek = DIALECT.peek(call)
    same = DIALECT.write_same(peek, call.body, "m", None)
    assert (same.lane, same.body) == ("verbatim", call.body)
    quirks = Quirks(drop=frozenset({"oddity"}), since="2026-01", source="x")
    other = DIALECT.write_same(peek, call.body, "up", quirks)
    assert (other.lane, other.dropped) == ("splice", ("oddity",))
    assert msgspec.json.decode(whole(other.body)) == {"model": "up", "input": "hi", "stream": True}


def test_prompt_bytes_count_earlier_turns_too() -> None:
    call = make_call(input="hello", instructions="be")
    peek = DIALECT.peek(call)
    alone = DIALECT.prompt_bytes(peek, call.body)
    assert alone == 7
    peek.earlier = (b'{"type":"message","role":"user","content":"before"}',)
    assert DIALECT.prompt_bytes(peek, call.body) == 13


def test_an_answer_is_read_and_named_again() -> None:
    peek = DIALECT.peek(make_call(input="x"))
    body = msgspec.json.encode(response(status="completed", usage=USAGE))
    answer = DIALECT.read_answer(peek, JSON, body)
    assert answer is not None
    assert answer.usage is not None
    assert (answer.usage.input, answer.usage.cached_input, answer.usage.output) == (6, 4, 5)
    assert msgspec.json.decode(DIALECT.write_answer(peek, body, "up", "m"))["model"] == "m"
    assert DIALECT.write_answer(peek, body, "up", "up") is body


def test_a_failed_response_and_other_json_are_no_answers() -> None:
    peek = DIALECT.peek(make_call(input="x"))
    failed = msgspec.json.encode(response(status="failed"))
    for body in (failed, b"{}", b"[", b'{"object":"chat.completion","output":[]}'):
        assert DIALECT.read_answer(peek, JSON, body) is None


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_stream_passes_with_its_model_renamed_and_its_end_held_back(step: int) -> None:
    first = event("response.created", response=response())
    delta = event("response.output_text.delta", delta="héy", item_id="i")
    last = event("response.completed", response=response(usage=USAGE, status="completed"))
    data = first + delta + last
    watch = ResponsesWatch("up", "m")
    written = run_stream(watch, [data[at : at + step] for at in range(0, len(data), step)])
    assert written == data.replace(b'"model":"up"', b'"model":"m"')
    assert watch.tail == last.replace(b'"model":"up"', b'"model":"m"')
    assert watch.answer is not None
    assert msgspec.json.decode(watch.answer)["model"] == "m"
    assert (watch.text_bytes, watch.content, watch.ended) == (4, True, True)
    assert watch.usage is not None
    assert watch.usage.output == 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (event("error", code="x", message="went wrong"), "went wrong"),
        (event("response.failed", response=response(error={"message": "no"})), "no"),
        (b"data: {\n\n", "The provider sent an event that is not JSON."),
    ],
)
def test_an_error_event_ends_the_stream(data: bytes, message: str) -> None:
    watch = ResponsesWatch("up", "m")
    assert watch.feed(data) == b""
    assert watch.error is not None
    assert watch.error.message == message
    assert not watch.ended


def test_a_stream_that_stops_early_has_not_ended() -> None:
    watch = ResponsesWatch("up", "up")
    delta = event("response.output_text.delta", delta="x")
    assert run_stream(watch, [delta]) == delta
    assert not watch.ended
