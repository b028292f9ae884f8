"""A translated chat stream counts for the books what the same stream counts when it is passed on."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.openai_stream import ChatWatch
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from support.responses import make_call

BRIDGE = ResponsesOverChat()
TEXT = st.text('ab é中"\\\n', max_size=5)
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": TEXT | st.none(),
        "reasoning_content": TEXT,
        "reasoning": TEXT,
        "refusal": TEXT,
        "tool_calls": st.lists(
            st.builds(
                lambda at, said: {"index": at, "id": f"c{at}", "function": {"arguments": said}},
                st.integers(0, 1),
                TEXT,
            ),
            max_size=2,
        ),
        "function_call": TEXT.map(lambda said: {"name": "f", "arguments": said}),
    },
)
CHUNK = st.one_of(
    DELTA.map(lambda delta: {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}),
    TEXT.map(lambda said: {"choices": [{"index": 0, "delta": {"content": said}}]}),
    st.just({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    st.just({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
    st.just({"choices": None}),
).map(lambda chunk: b"data: " + msgspec.json.encode({"id": "c", **chunk}))
ODD = st.sampled_from(
    [
        b": ping",
        b"event: message",
        b"data: [DONE]",
        b'data: {"error":{"message":"busy"}}',
        b'event: error\ndata: {"message":"busy"}',
        b'data: {"choices":5}',
        b'data: {"choices":["a"]}',
        b"data: []",
        b"data: {",
        b'data: {"choices":\ndata: []}',
    ]
)
EVENTS = st.lists(CHUNK | CHUNK | CHUNK | ODD, max_size=9)


@settings(max_examples=300)
@given(CHUNK, EVENTS, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.data())
def test_a_translation_counts_what_plain_chat_counts(
    first: bytes, events: list[bytes], line_end: bytes, is_cut: bool, data: st.DataObject
) -> None:
    raw = b"".join(event + b"\n\n" for event in (first, *events)).replace(b"\n", line_end)
    if is_cut:
        raw = raw[: -data.draw(st.integers(1, 9))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    plain = ChatWatch("m", "m", include_usage=True)
    watch: Any = BRIDGE.watch(BRIDGE.peek(make_call(input="x", stream=True)), "up", "m")
    for piece in pieces:
        plain.feed(piece)
        watch.feed(piece)
    assert _read(watch) == _read(plain)
    plain.finish(clean=True)
    watch.finish(clean=True)
    if watch.error is not None and "without an answer" in watch.error.message:
        assert plain.ended
        return
    assert _read(watch) == _read(plain)


def _read(watch: Any) -> dict[str, Any]:
    names = ("content", "usage", "text_bytes", "ended", "error")
    return {name: getattr(watch, name) for name in names}
