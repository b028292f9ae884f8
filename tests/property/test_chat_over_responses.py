"""Chat over Responses: the stream and the whole answer agree, however the bytes are cut."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from nexhina.dialects.chat_over_responses import ChatOverResponses
from support.inbound import make_inbound
from support.response_stream import (
    call,
    list_events,
    make_response,
    message,
    reasoning,
    refusal,
    text,
    write_events,
)
from support.responses import run_stream

BRIDGE = ChatOverResponses()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
LINK = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "u"}
PARTS = st.lists(
    st.one_of(
        TEXT.map(text), TEXT.map(refusal), TEXT.map(lambda said: text(said, annotations=[LINK]))
    ),
    max_size=3,
)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
SEALED = st.none() | st.just("gAAA")
ITEMS = st.lists(
    st.one_of(
        PARTS.map(lambda parts: message(*parts)),
        st.builds(reasoning, content=TEXTS, sealed=SEALED),
        st.builds(reasoning, summary=TEXTS, sealed=SEALED),
        st.builds(call, TEXT, TEXT, st.sampled_from(["call_1", "call_2"])),
    ),
    max_size=4,
)
REASONS = st.sampled_from([None, "max_output_tokens", "content_filter"])


@settings(max_examples=80)
@given(ITEMS, REASONS, st.integers(1, 4), st.booleans(), st.booleans(), st.data())
def test_stream_and_whole_answer_agree_at_any_cut(
    items: list[dict[str, Any]],
    reason: str | None,
    size: int,
    include_usage: bool,
    is_old: bool,
    data: st.DataObject,
) -> None:
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    body |= {"stream": True, "stream_options": {"include_usage": include_usage}}
    if is_old:
        body["functions"] = [{"name": "f"}]
    peek = BRIDGE.peek(make_inbound(body))
    response = make_response(items, reason=reason)
    raw = write_events(list_events(response, size))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    written = run_stream(BRIDGE.watch(peek, "up", "m"), pieces)
    whole = BRIDGE.write_answer(peek, msgspec.json.encode(response), "up", "m")

    assert written == run_stream(BRIDGE.watch(peek, "up", "m"), [raw])
    ChatCompletion.model_validate_json(whole, strict=True)
    assert _replay(written) == _without_usage(msgspec.json.decode(whole), include_usage)


def _replay(written: bytes) -> Any:
    """The completion that a caller puts together from chunks."""
    *events, end, _ = written.split(b"\n\n")
    assert end == b"data: [DONE]"
    said: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    completion: dict[str, Any] = {}
    for event in events:
        chunk = msgspec.json.decode(event.removeprefix(b"data: "))
        ChatCompletionChunk.model_validate_json(msgspec.json.encode(chunk), strict=True)
        if chunk.get("usage") is not None:
            completion["usage"] = chunk["usage"]
        for choice in chunk["choices"]:
            _grow(said, choice["delta"])
            completion["finish_reason"] = choice["finish_reason"]
    return {**completion, "message": said}


def _grow(said: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if name == "role":
            continue
        if name == "tool_calls":
            calls: list[Any] = said.setdefault("tool_calls", [])
            index = value[0].pop("index")
            if index == len(calls):
                calls.append(value[0])
            else:
                calls[index]["function"]["arguments"] += value[0]["function"]["arguments"]
        elif name == "function_call":
            known = said.setdefault(name, {"name": "", "arguments": ""})
            known["name"] += value.get("name", "")
            known["arguments"] += value["arguments"]
        elif isinstance(value, list):
            said.setdefault(name, []).extend(value)
        else:
            said[name] = (said.get(name) or "") + value


def _without_usage(whole: Any, include_usage: bool) -> Any:
    (choice,) = whole["choices"]
    said = choice["message"]
    found = {"finish_reason": choice["finish_reason"], "message": said}
    said["content"] = said["content"] or ""
    return {**found, "usage": whole["usage"]} if include_usage else found
