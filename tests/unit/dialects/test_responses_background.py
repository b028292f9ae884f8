"""What a response in the background says of itself, and how a vendor's events become its own."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.responses_background import (
    adopt,
    number_event,
    read_state,
    take_event,
    write_beginning,
    write_begun,
    write_cancelled,
    write_failed,
    write_last,
)
from nexhina.errors import (
    InternalError,
    InvalidRequestError,
    NexhinaError,
    NotBuiltError,
    RateLimitedError,
    UpstreamTimeoutError,
)
from support.responses import HEX, make_call, read_events


def begun(**body: Any) -> dict[str, Any]:
    return write_begun(
        OpenAIResponses().peek(make_call(input="x", background=True, **body)), "public", 7
    )


def test_what_was_begun_repeats_the_request_and_has_nothing_yet() -> None:
    found = begun(temperature=0.5, tools=[{"type": "function", "name": "f"}])
    assert found["id"] == f"resp_{HEX}"
    assert (found["status"], found["background"], found["store"]) == ("queued", True, True)
    assert (found["created_at"], found["model"], found["temperature"]) == (7, "public", 0.5)
    assert (found["output"], found["usage"], found["error"]) == ([], None, None)
    assert found["tools"] == [{"type": "function", "name": "f"}]


def test_every_stream_begins_and_ends_alike() -> None:
    object_ = begun()
    first, second = read_events(b"".join(write_beginning(object_)))
    assert first == {"type": "response.created", "sequence_number": 0, "response": object_}
    assert (second["sequence_number"], second["response"]["status"]) == (1, "in_progress")
    for status, kind in (
        ("completed", "completed"),
        ("failed", "failed"),
        ("incomplete", "incomplete"),
        ("cancelled", "incomplete"),
    ):
        answer = msgspec.json.encode(object_ | {"status": status})
        [last] = read_events(write_last(answer, 9))
        assert last["type"] == f"response.{kind}"
        assert (last["sequence_number"], last["response"]["status"]) == (9, status)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequestError("x"), "invalid_prompt"),
        (RateLimitedError("x"), "rate_limit_exceeded"),
        (UpstreamTimeoutError("x"), "server_error"),
        (NotBuiltError("x"), "server_error"),
        (InternalError("x"), "server_error"),
    ],
)
def test_a_failure_has_one_of_the_formats_codes(error: NexhinaError, code: str) -> None:
    found = msgspec.json.decode(write_failed(begun(), error))
    assert (found["status"], found["error"]) == ("failed", {"code": code, "message": "x"})
    assert found["output"] == []


def test_states_are_read_of_anything() -> None:
    assert read_state(write_cancelled(begun())).status == "cancelled"
    assert read_state(write_cancelled(begun())).background is True
    for odd in (b"", b"[]", b"{}", b'{"status":5}', b"\xff", b"[" * 5_000):
        assert (read_state(odd).status, read_state(odd).background) == (None, None)


def test_an_answer_is_adopted_with_all_else_as_it_is() -> None:
    said = {
        "id": "resp_v",
        "created_at": 1,
        "status": "completed",
        "output": [{"a": 1.50}],
        "new": 5,
    }
    found = msgspec.json.decode(adopt(msgspec.json.encode(said), begun()))
    assert (found["id"], found["created_at"], found["background"]) == (f"resp_{HEX}", 7, True)
    assert (found["output"], found["new"], found["status"]) == ([{"a": 1.5}], 5, "completed")


def test_an_event_gets_our_number_and_keeps_the_rest() -> None:
    event = take_event(b'event: x.y\r\ndata: {"type":"x.y","sequence_number":41,"z":[1]}\r\n\r\n')
    assert event is not None
    [found] = read_events(number_event(event, 3))
    assert found == {"type": "x.y", "sequence_number": 3, "z": [1]}


@pytest.mark.parametrize(
    "odd", [b": ping\n\n", b"data: [DONE]\n\n", b"data: {}\n\n", b'data: {"type":5}\n\n', b"\n"]
)
def test_what_is_no_event_of_the_format_is_left_out(odd: bytes) -> None:
    assert take_event(odd) is None


def test_an_error_says_what_it_was_in() -> None:
    written = OpenAIResponses().write_stream_error(UpstreamTimeoutError("too slow"))
    event = take_event(written)
    assert event is not None
    assert (event.kind, event.message) == ("error", "too slow")
