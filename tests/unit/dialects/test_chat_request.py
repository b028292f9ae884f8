"""What a Responses vendor is asked for a chat request."""

from collections.abc import Iterable
from typing import Any, cast, get_type_hints

import msgspec
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import (
    ResponseCreateParams,
    ResponseCreateParamsNonStreaming,
)
from pydantic import TypeAdapter

from nexhina.dialects.chat_over_responses import ChatOverResponses
from nexhina.dialects.dialect import Outgoing
from nexhina.dialects.quirk import Quirks
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound
from support.sent import whole

BRIDGE = ChatOverResponses()
ASKED: TypeAdapter[ResponseCreateParams] = TypeAdapter(ResponseCreateParams)
FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object"}}
USER = [{"role": "user", "content": "x"}]


def write(quirks: Quirks | None = None, **body: Any) -> Outgoing:
    call = make_inbound({"model": "m", "messages": USER, **body})
    written = BRIDGE.write_same(BRIDGE.peek(call), call.body, "up", quirks)
    exhaust(ASKED.validate_python(msgspec.json.decode(whole(written.body))))
    return written


def exhaust(found: Any) -> None:
    """Looks at everything: what the SDK types as an iterable is only checked then."""
    if isinstance(found, dict):
        found = cast("dict[str, Any]", found).values()
    if isinstance(found, Iterable) and not isinstance(found, str):
        for each in cast("Iterable[Any]", found):
            exhaust(each)


def asked(**body: Any) -> Any:
    return msgspec.json.decode(whole(write(**body).body))


def items(*messages: Any) -> Any:
    return asked(messages=list(messages))["input"]


def refuse(**body: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        write(**body)
    return caught.value


def test_a_plain_chat_asks_that_nothing_is_kept() -> None:
    assert asked(max_tokens=9, temperature=0.5) == {
        "model": "up",
        "input": [{"type": "message", "role": "user", "content": "x"}],
        "temperature": 0.5,
        "max_output_tokens": 9,
        "store": False,
    }


def test_the_newer_limit_wins_and_the_other_is_named() -> None:
    written = write(max_tokens=9, max_completion_tokens=5)
    assert msgspec.json.decode(whole(written.body))["max_output_tokens"] == 5
    assert written.dropped == ("max_tokens",)
    assert write(max_tokens=5, max_completion_tokens=5).dropped == ()


def test_a_stream_is_asked_for_and_who_sees_its_usage_stays_here() -> None:
    found = asked(stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert found["stream"] is True
    assert found["stream_options"] == {"include_obfuscation": False}
    assert "stream_options" not in asked(stream=True, stream_options={"include_usage": True})
    assert write(stream=True, stream_options={"x": 1}).dropped == ("stream_options.x",)


def test_parts_take_the_forms_of_responses() -> None:
    url = "data:image/png;base64,AAAA"
    mark = {"mode": "explicit"}
    content = [
        {"type": "text", "text": "see", "prompt_cache_breakpoint": mark},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://p"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x"}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ]
    (found,) = items({"role": "user", "content": content})
    assert found["content"] == [
        {"type": "input_text", "text": "see", "prompt_cache_breakpoint": mark},
        {"type": "input_image", "image_url": url, "detail": "low"},
        {"type": "input_image", "image_url": "https://p", "detail": "auto"},
        {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
        {"type": "input_file", "file_id": "file-1"},
    ]


def test_a_turn_keeps_its_order_and_the_ids_of_its_calls() -> None:
    turn = {
        "role": "assistant",
        "content": "calling",
        "reasoning_content": "hm",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
            {"id": "b", "type": "custom", "custom": {"name": "exec", "input": "ls"}},
        ],
    }
    found = items(
        {"role": "developer", "content": "be kind"},
        turn,
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "two"}]},
    )
    assert found[0] == {"type": "message", "role": "developer", "content": "be kind"}
    assert found[1]["content"] == [{"type": "reasoning_text", "text": "hm"}]
    assert found[2:] == [
        {"type": "message", "role": "assistant", "content": "calling"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
        {"type": "custom_tool_call", "call_id": "b", "name": "exec", "input": "ls"},
        {"type": "function_call_output", "call_id": "a", "output": "one"},
        {
            "type": "custom_tool_call_output",
            "call_id": "b",
            "output": [{"type": "input_text", "text": "two"}],
        },
    ]


def test_calls_without_words_say_nothing_else() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    for content in (None, ""):
        (found,) = items({"role": "assistant", "content": content, "tool_calls": [call]})
        assert found["type"] == "function_call"


def test_sealed_reasoning_goes_back_as_it_came() -> None:
    details = [{"type": "reasoning.encrypted", "id": "rs_1", "data": "gAAA", "index": 0}]
    turn = {
        "role": "assistant",
        "content": "so",
        "reasoning_content": "hm",
        "reasoning_details": details,
    }
    found = asked(messages=[turn, *USER])
    assert found["input"][0] == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAA",
    }
    assert found["include"] == ["reasoning.encrypted_content"]
    other = write(messages=[{**turn, "reasoning_details": [{"type": "reasoning.text"}]}, *USER])
    assert other.dropped == ("messages.reasoning_details",)


def test_the_same_reasoning_has_the_same_id_each_turn() -> None:
    turn = {"role": "assistant", "content": "so", "reasoning_content": "hm"}
    first, second = items(turn), items(turn, *USER)
    assert first[0]["id"] == second[0]["id"]


def test_a_refusal_stays_one() -> None:
    (found,) = items({"role": "assistant", "content": None, "refusal": "no"})
    assert found["content"] == [{"type": "refusal", "refusal": "no"}]
    (said,) = items(
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
        }
    )
    assert [part["type"] for part in said["content"]] == ["output_text", "refusal"]


def test_the_old_forms_of_tools_become_the_new_ones() -> None:
    turn = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    found = asked(
        functions=[FUNCTION],
        function_call={"name": "f"},
        messages=[*USER, turn, {"role": "function", "name": "f", "content": "7"}],
    )
    assert found["tools"] == [{"type": "function", **FUNCTION, "strict": False}]
    assert found["tool_choice"] == {"type": "function", "name": "f"}
    assert found["parallel_tool_calls"] is False
    call, output = found["input"][1:]
    assert (call["name"], output["output"]) == ("f", "7")
    assert call["call_id"] == output["call_id"]


def test_tools_and_choices_lose_their_inner_object() -> None:
    grammar = {"syntax": "lark", "definition": "start: A"}
    custom = {"name": "exec", "format": {"type": "grammar", "grammar": grammar}}
    found = asked(
        tools=[
            {"type": "function", "function": {**FUNCTION, "strict": True}},
            {"type": "custom", "custom": custom},
        ],
        tool_choice={
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [{"type": "function", "function": {"name": "f"}}],
            },
        },
    )
    assert found["tools"] == [
        {"type": "function", **FUNCTION, "strict": True},
        {"type": "custom", "name": "exec", "format": {"type": "grammar", **grammar}},
    ]
    assert found["tool_choice"] == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "f"}],
    }
    named = asked(
        tools=[{"type": "custom", "custom": custom}],
        tool_choice={"type": "custom", "custom": {"name": "exec"}},
    )
    assert named["tool_choice"] == {"type": "custom", "name": "exec"}


def test_a_search_becomes_the_vendors_tool() -> None:
    location = {"type": "approximate", "approximate": {"city": "Paris"}}
    found = asked(web_search_options={"search_context_size": "low", "user_location": location})
    assert found["tools"] == [
        {
            "type": "web_search",
            "search_context_size": "low",
            "user_location": {"type": "approximate", "city": "Paris"},
        }
    ]


def test_forms_of_text_and_reasoning() -> None:
    schema = {"name": "s", "schema": {"type": "object"}, "strict": True}
    found = asked(
        response_format={"type": "json_schema", "json_schema": schema},
        verbosity="low",
        reasoning_effort="high",
        logprobs=True,
        top_logprobs=2,
    )
    assert found["text"] == {"format": {"type": "json_schema", **schema}, "verbosity": "low"}
    assert found["reasoning"] == {"effort": "high"}
    assert found["include"] == ["reasoning.encrypted_content", "message.output_text.logprobs"]
    assert found["top_logprobs"] == 2
    assert asked(response_format={"type": "json_object"})["text"] == {
        "format": {"type": "json_object"}
    }
    assert "include" not in asked(reasoning_effort="none")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"n": 2}, "n"),
        ({"stop": ["a"]}, "stop"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "mcp"}}, "tool_choice.type"),
        ({"function_call": "required"}, "function_call"),
        ({"functions": 1}, "functions"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "function", "name": "f", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [1]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"type": "function"}]}]},
            "messages[0].tool_calls[0].id",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": "mcp"}]}]},
            "messages[0].tool_calls[0].type",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": 1}]}, "messages[0].tool_calls"),
        (
            {"messages": [{"role": "assistant", "reasoning_details": 1}]},
            "messages[0].reasoning_details",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].type",
        ),
    ],
)
def test_what_cant_be_carried_is_refused_by_its_place(body: dict[str, Any], param: str) -> None:
    assert refuse(**body).param == param


def test_what_is_left_out_is_named() -> None:
    written = write(
        seed=1,
        top_k=5,
        store=True,
        top_logprobs=2,
        tools=[{"type": "function", "function": {**FUNCTION, "cache": 1}, "x": 1}],
        messages=[
            {"role": "user", "name": "ann", "content": [
                {"type": "image_url", "image_url": {"url": "https://p", "size": 1}}]},
            {"role": "assistant", "content": "a", "audio": {"id": "1"}, "annotations": []},
        ],
    )  # fmt: skip
    assert written.dropped == (
        "messages.audio",
        "messages.image_url.size",
        "messages.name",
        "seed",
        "store",
        "tools.function.cache",
        "tools.x",
        "top_k",
        "top_logprobs",
    )


def test_quirks_act_on_the_vendors_words_and_are_told_in_the_callers() -> None:
    quirks = Quirks(
        clamp={"max_output_tokens": (16, 1e9)},
        drop=frozenset(("reasoning",)),
        since="2026-11",
        source="https://x",
    )
    written = write(quirks, max_tokens=5, reasoning_effort="low")
    assert msgspec.json.decode(whole(written.body))["max_output_tokens"] == 16
    assert written.dropped == ("max_tokens", "reasoning_effort")
    assert write(quirks, max_completion_tokens=5).dropped == ("max_completion_tokens",)


SAMPLES: dict[str, Any] = {
    "audio": {"voice": "alloy", "format": "wav"},
    "frequency_penalty": 0.5,
    "function_call": "none",
    "functions": [{"name": "g"}],
    "logit_bias": {"1": 2},
    "logprobs": True,
    "max_completion_tokens": 20,
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "another"}],
    "metadata": {"a": "b"},
    "modalities": ["audio"],
    "model": "other",
    "moderation": {"model": "omni"},
    "n": 2,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": 0.5,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "seed": 4,
    "service_tier": "flex",
    "stop": "a",
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": True},
    "temperature": 0.1,
    "tool_choice": "none",
    "tools": [{"type": "function", "function": {"name": "g"}}],
    "top_logprobs": 2,
    "top_p": 0.1,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
}


def test_the_samples_cover_every_field_of_the_sdk() -> None:
    assert get_type_hints(CompletionCreateParamsStreaming).keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_of_the_sdk_is_mapped_named_or_refused(name: str) -> None:
    plain: dict[str, Any] = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    if name == "stream_options":
        plain["stream"] = True
    before = write(**plain)
    try:
        after = write(**{**plain, name: SAMPLES[name]})
    except InvalidRequestError as refusal:
        assert refusal.param == name
        return
    named = any(each.partition(".")[0] == name for each in after.dropped)
    assert (after.body != before.body) + named + (name == "model") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"n": 1, "stop": [], "modalities": ["text"], "store": False, "logit_bias": {}},
        {"frequency_penalty": 0, "presence_penalty": 0.0, "logprobs": False, "top_logprobs": 0},
        {"seed": None, "stop": None, "tools": None, "audio": None},
    ],
)
def test_what_asks_for_nothing_is_no_loss(body: dict[str, Any]) -> None:
    assert write(**body) == write()


def test_what_is_sent_fits_the_sdks_whole_request() -> None:
    whole: TypeAdapter[ResponseCreateParamsNonStreaming] = TypeAdapter(
        ResponseCreateParamsNonStreaming
    )
    kept = {k: v for k, v in SAMPLES.items() if k not in ("n", "stop", "modalities", "stream")}
    sent = asked(**{**kept, "stream_options": None})
    exhaust(whole.validate_python(sent))
    assert sent["model"] == "up"
    assert sent.keys() <= get_type_hints(ResponseCreateParamsNonStreaming).keys()
