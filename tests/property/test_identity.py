"""What goes out is what came in: in the same format to the byte, over another in every mapped field."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.dialects.registry import DIALECTS, require_dialect
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from support.inbound import make_inbound
from support.sent import whole

CHAT_TO_RESPONSES = ChatOverResponses()
RESPONSES_TO_CHAT = ResponsesOverChat()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
NAME = st.text("abcXYZ_-09", min_size=1, max_size=9)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
WANTED: dict[str, dict[str, Any]] = {
    "openai_chat": {"messages": [{"role": "user", "content": "héllo"}]},
    "openai_responses": {"input": [{"role": "user", "content": "héllo"}]},
    "openai_completions": {"prompt": "héllo"},
    "openai_embeddings": {"input": ["héllo", "b"]},
    "openai_moderations": {"input": "héllo"},
    "openai_images": {"prompt": "héllo", "response_format": "b64_json"},
    "openai_image_edits": {"prompt": "héllo", "images": [{"image_url": "https://p.example/a"}]},
    "openai_speech": {"input": "héllo", "voice": "alloy"},
    "openai_compaction": {"input": "héllo"},
    "rerank": {"query": "héllo", "documents": ["a", {"text": "b", "title": "c"}]},
    "cohere_rerank": {"query": "héllo", "documents": ["a", "b"]},
    "cohere_embed": {"texts": ["héllo"], "input_type": "search_query"},
    "cohere_embed_v1": {"texts": ["héllo"]},
}
FORMS = {"openai_image_variations", "openai_transcriptions", "openai_translations"}
"""Not JSON: test_multipart.py."""
JOBS = {"openai_videos", "video_generations"}
"""Never sent as they came: test_video_call.py."""


# --- the same format ----------------------------------------------------------------------------


@st.composite
def bodies(draw: st.DrawFn, wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """A request with members that nobody has heard of, in any order and layout, and its meaning."""
    unknown = draw(st.dictionaries(NAME.map("x_{}".format), VALUE, max_size=4))
    members = draw(st.permutations(list({"model": "m", **wanted, **unknown}.items())))
    space = draw(st.sampled_from([b"", b" ", b"\n\t", b"\r\n  "]))
    pairs = [
        space + msgspec.json.encode(name) + space + b":" + space + msgspec.json.encode(value)
        for name, value in members
    ]
    return space + b"{" + (space + b",").join(pairs) + space + b"}" + space, dict(members)


def test_each_format_has_a_request_here_or_elsewhere() -> None:
    assert DIALECTS.keys() == WANTED.keys() | FORMS | JOBS


@pytest.mark.parametrize("name", WANTED)
@settings(max_examples=25)
@given(data=st.data())
def test_a_request_for_the_same_format_goes_out_byte_for_byte(
    name: str, data: st.DataObject
) -> None:
    dialect = require_dialect(name)
    body, _ = data.draw(bodies(WANTED[name]))
    peek = dialect.peek(make_inbound(body))
    outgoing = dialect.write_same(peek, body, "m", None)
    assert outgoing.body == body
    assert (outgoing.lane, outgoing.dropped) == ("verbatim", ())


@pytest.mark.parametrize("name", ["openai_chat", "openai_completions"])
@settings(max_examples=30)
@given(data=st.data())
def test_so_does_a_stream_whose_usage_the_caller_wants(name: str, data: st.DataObject) -> None:
    dialect = require_dialect(name)
    stream = {"stream": True, "stream_options": {"include_usage": True}}
    body, _ = data.draw(bodies({**WANTED[name], **stream}))
    assert dialect.write_same(dialect.peek(make_inbound(body)), body, "m", None).body == body


@pytest.mark.parametrize("name", WANTED)
@settings(max_examples=25)
@given(data=st.data(), upstream=TEXT)
def test_another_models_name_is_all_that_changes(
    name: str, data: st.DataObject, upstream: str
) -> None:
    dialect = require_dialect(name)
    body, meaning = data.draw(bodies(WANTED[name]))
    outgoing = dialect.write_same(dialect.peek(make_inbound(body)), body, upstream, None)
    assert msgspec.json.decode(whole(outgoing.body)) == {**meaning, "model": upstream}
    back = dialect.write_same(
        dialect.peek(make_inbound(whole(outgoing.body))), whole(outgoing.body), "m", None
    )
    assert back.body == body


# --- over another format and back ---------------------------------------------------------------

PART = st.one_of(
    TEXT.map(lambda text: {"type": "text", "text": text}),
    st.sampled_from(["auto", "low", "high"]).map(
        lambda detail: {"type": "image_url", "image_url": {"url": "https://p", "detail": detail}}
    ),
    TEXT.map(
        lambda name: {"type": "file", "file": {"file_data": "data:x;base64,AA", "filename": name}}
    ),
)
CONTENT = TEXT | st.lists(PART, min_size=2, max_size=3)
FUNCTION: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": NAME, "parameters": st.just({"type": "object", "x": {}}), "strict": st.booleans()},
    optional={"description": TEXT},
).map(lambda function: {"type": "function", "function": function})


@st.composite
def turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What the caller said, what the assistant answered, and what its calls brought."""
    said: dict[str, Any] = {"role": "assistant", "content": draw(TEXT | st.none())}
    if draw(st.booleans()):
        said["reasoning_content"] = draw(TEXT)
    if draw(st.booleans()):
        said["refusal"] = draw(TEXT)
    calls = [
        {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": given}}
        for at, (name, given) in enumerate(draw(st.lists(st.tuples(NAME, TEXT), max_size=2)))
    ]
    if calls:
        said["tool_calls"] = calls
    if said["content"] is None and not calls and "refusal" not in said:
        said["content"] = draw(TEXT)
    outputs = [
        {"role": "tool", "tool_call_id": call["id"], "content": draw(TEXT)} for call in calls
    ]
    return [{"role": "user", "content": draw(CONTENT)}, said, *outputs]


def _read_name(tool: dict[str, Any]) -> str:
    return str(tool["function"]["name"])


@st.composite
def chats(draw: st.DrawFn) -> dict[str, Any]:
    """A chat request of those fields that both translations have a place for."""
    messages: list[Any] = [{"role": "system", "content": draw(TEXT)}]
    for turn in draw(st.lists(turns(), max_size=2)):
        messages += turn
    messages.append({"role": "user", "content": draw(CONTENT)})
    schema = {"name": "s", "schema": {"type": "object"}, "strict": True}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "temperature": st.sampled_from([0, 0.5, 2]),
        "top_p": st.sampled_from([0.1, 1]),
        "user": TEXT,
        "service_tier": st.just("flex"),
        "prompt_cache_key": TEXT,
        "prompt_cache_retention": st.just("24h"),
        "safety_identifier": TEXT,
        "max_tokens": st.integers(1, 99),
        "reasoning_effort": st.sampled_from(["none", "low", "high"]),
        "verbosity": st.just("low"),
        "response_format": st.sampled_from(
            [{"type": "json_object"}, {"type": "json_schema", "json_schema": schema}]
        ),
    }
    chat = draw(st.fixed_dictionaries({}, optional=optional))
    if draw(st.booleans()):
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    if draw(st.booleans()):
        chat |= {"logprobs": True, "top_logprobs": draw(st.integers(0, 3))}
    unique = st.lists(FUNCTION, min_size=1, max_size=2, unique_by=_read_name)
    if draw(st.booleans()):
        chat["tools"] = draw(unique)
        named = {"type": "function", "function": {"name": _read_name(chat["tools"][0])}}
        chat["tool_choice"] = draw(st.sampled_from(["none", "auto", "required", named]))
        chat["parallel_tool_calls"] = draw(st.booleans())
    return {"model": "m", "messages": messages, **chat}


@settings(max_examples=150)
@given(chats())
def test_chat_over_responses_and_back_keeps_every_mapped_field(chat: dict[str, Any]) -> None:
    first = make_inbound(chat)
    there = CHAT_TO_RESPONSES.write_same(CHAT_TO_RESPONSES.peek(first), first.body, "m", None)
    assert there.dropped == ()
    second = make_inbound(whole(there.body))
    back = RESPONSES_TO_CHAT.write_same(RESPONSES_TO_CHAT.peek(second), second.body, "m", None)
    assert set(back.dropped) <= {"include.reasoning.encrypted_content"}
    assert msgspec.json.decode(whole(back.body)) == chat
