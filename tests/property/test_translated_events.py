"""Events that are translated without being parsed come out as if they had been.

The reference is the same stream with a blank behind each colon: such an event has no known form.
"""

import json
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexhina.dialects.dialect import Peek
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from support.responses import make_call, read_events, run_stream

BRIDGE = ResponsesOverChat()
PLAIN = st.text("ab 中é", min_size=1, max_size=4)
TEXT = PLAIN | st.text('a"\\\n\t\u2028中', max_size=4)
CALL = st.fixed_dictionaries(
    {"tool_calls": st.just([{"index": 0, "function": {"name": "f", "arguments": "{"}}])}
)
DELTAS = st.one_of(
    st.fixed_dictionaries({"content": TEXT}),
    st.fixed_dictionaries({"content": PLAIN}),
    st.fixed_dictionaries({"content": PLAIN, "role": st.just("assistant")}),
    st.fixed_dictionaries({"reasoning_content": PLAIN}),
    st.fixed_dictionaries({"reasoning_content": PLAIN, "content": PLAIN}),
    st.fixed_dictionaries({"refusal": PLAIN}),
    CALL,
)
CHOICES = st.builds(
    lambda delta, index, extra: {"index": index, "delta": delta, "finish_reason": None, **extra},
    DELTAS,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from(
        [
            {},
            {},
            {"logprobs": None},
            {"logprobs": {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": []}]}},
            {"content_filter": {"content": "a"}},
        ]
    ),
)


RUNS = st.builds(
    lambda field, texts, extra: [
        {"index": 0, "delta": {field: text}, "finish_reason": None, **extra} for text in texts
    ],
    st.sampled_from(["content", "content", "reasoning_content"]),
    st.lists(PLAIN | TEXT, min_size=2, max_size=6),
    st.sampled_from([{}, {"logprobs": None}]),
)
STREAMS = st.lists(RUNS | CHOICES.map(lambda choice: [choice]), max_size=6).map(
    lambda parts: [choice for part in parts for choice in part]
)


def make_peek() -> Peek:
    return BRIDGE.peek(make_call(input="x", stream=True))


def write(choices: list[dict[str, Any]], *, blank: bool) -> bytes:
    """The chat stream, compact or with blanks."""
    chunks = [{"created": 7, "model": "up", "choices": [choice]} for choice in choices]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    written = (
        json.dumps(chunk, ensure_ascii=False).encode() if blank else msgspec.json.encode(chunk)
        for chunk in chunks
    )
    return b"".join(b"data: %b\n\n" % one for one in written) + b"data: [DONE]\n\n"


@settings(max_examples=200, deadline=None)
@given(STREAMS, st.data())
@example([{"index": 0, "delta": {"content": text}} for text in ("a", "b", "c", "d")], None)
def test_plain_events_are_translated_as_parsed_ones(
    choices: list[dict[str, Any]], data: st.DataObject | None
) -> None:
    raw = write(choices, blank=False)
    found = data.draw(st.lists(st.integers(0, len(raw)), max_size=8)) if data else []
    ends = {at + 2 for at in range(len(raw)) if raw[at : at + 2] == b"\n\n"}
    cuts = sorted({*found, *ends}) if data is None or data.draw(st.booleans()) else sorted(found)
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    plain, parsed = (BRIDGE.watch(make_peek(), "up", "m") for _ in range(2))
    written = run_stream(plain, pieces)
    wanted = run_stream(parsed, [write(choices, blank=True)])
    assert read_events(written) == read_events(wanted)
    assert plain.answer == parsed.answer
    assert (plain.text_bytes, plain.content) == (parsed.text_bytes, parsed.content)


def event(content: bytes) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % content


def test_what_is_no_json_is_an_error_in_a_known_form_too() -> None:
    for broken in (b"\xff\xfe", b"a\tb"):
        watch = BRIDGE.watch(make_peek(), "up", "m")
        assert watch.feed(event(b"a"))
        assert b'"delta":"b"' in watch.feed(event(b"b"))
        assert watch.feed(event(broken)) == b""
        assert watch.error is not None


def test_an_event_of_the_known_form_behind_the_finish_adds_nothing() -> None:
    watch = BRIDGE.watch(make_peek(), "up", "m")
    watch.feed(event(b"a") + event(b"b"))
    watch.feed(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
    assert watch.feed(event(b"late")) == b""


def test_an_empty_text_is_no_event() -> None:
    watch = BRIDGE.watch(make_peek(), "up", "m")
    watch.feed(event(b"a") + event(b"b"))
    assert watch.feed(event(b"")) == b""
    assert watch.feed(event(b"") + event(b"c")).count(b"event: ") == 1
