"""What a chat vendor is asked for a Responses request."""

from typing import Any, get_type_hints

import msgspec
import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

from nexhina.dialects.dialect import Outgoing
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.errors import InvalidRequestError
from support.responses import make_call
from support.sent import whole

BRIDGE = ResponsesOverChat()


def write(quirks: Quirks | None = None, earlier: tuple[bytes, ...] = (), **body: Any) -> Outgoing:
    call = make_call(**body)
    peek = BRIDGE.peek(call)
    peek.earlier = earlier
    return BRIDGE.write_same(peek, call.body, "up", quirks)


def chat(**body: Any) -> Any:
    return msgspec.json.decode(whole(write(**body).body))


def messages(*items: Any) -> Any:
    return chat(input=list(items))["messages"]


def test_a_text_input_is_a_user_message_and_instructions_lead() -> None:
    asked = chat(input="hi", instructions="be kind", max_output_tokens=9, temperature=0.5)
    assert asked == {
        "model": "up",
        "messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "max_tokens": 9,
    }


def test_a_stream_asks_for_usage() -> None:
    asked = chat(input="hi", stream=True)
    assert asked["stream"] is True
    assert asked["stream_options"] == {"include_usage": True}


def test_earlier_items_come_before_the_new_input() -> None:
    earlier = (
        b'{"type":"message","role":"user","content":[{"type":"input_text","text":"one"}]}',
        b'{"type":"message","role":"assistant","content":[{"type":"output_text","text":"two"}]}',
    )
    asked = msgspec.json.decode(whole(write(input="three", earlier=earlier).body))
    assert [each["content"] for each in asked["messages"]] == ["one", "two", "three"]


def test_media_parts_take_chats_form() -> None:
    url = "data:image/png;base64,AAAA"
    found = messages(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": url, "detail": "low"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:x"},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            ],
        }
    )
    assert found[0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
    ]


def test_calls_of_one_turn_share_a_message_and_keep_their_ids() -> None:
    found = messages(
        {"role": "user", "content": "go"},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "hm"}],
        },
        {"role": "assistant", "content": "calling"},
        {
            "type": "function_call",
            "call_id": "a",
            "name": "f",
            "namespace": "ns",
            "arguments": "{}",
        },
        {"type": "custom_tool_call", "call_id": "b", "name": "exec", "input": 'say "x"'},
        {
            "type": "function_call_output",
            "call_id": "a",
            "output": [
                {"type": "input_text", "text": "ok"},
                {"type": "input_image", "image_url": "http://p"},
            ],
        },
        {"type": "custom_tool_call_output", "call_id": "b", "output": "done"},
        {"role": "developer", "content": "go on"},
    )
    assert [each["role"] for each in found] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
        "system",
    ]
    turn = found[1]
    assert (turn["content"], turn["reasoning_content"]) == ("calling", "hm")
    assert [(each["id"], each["function"]["name"]) for each in turn["tool_calls"]] == [
        ("a", "ns__f"),
        ("b", "exec"),
    ]
    assert msgspec.json.decode(turn["tool_calls"][1]["function"]["arguments"]) == {
        "input": 'say "x"'
    }
    assert found[2] == {"role": "tool", "tool_call_id": "a", "content": "ok"}
    assert found[4]["content"][1] == {"type": "image_url", "image_url": {"url": "http://p"}}


def test_sealed_reasoning_and_hosted_calls_are_dropped_and_named() -> None:
    written = write(
        input=[
            {"role": "user", "content": "x", "internal_note": 1},
            {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "e"},
            {"type": "web_search_call", "id": "ws"},
        ]
    )
    assert written.dropped == (
        "input.encrypted_content",
        "input.internal_note",
        "input.reasoning",
        "input.web_search_call",
    )


def test_what_a_part_says_beside_its_text_is_named() -> None:
    mark = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "u"}
    said = {"type": "output_text", "text": "a", "annotations": [mark], "logprobs": []}
    seen = {"type": "input_image", "image_url": "https://p", "file_id": "file-1", "detail": "low"}
    written = write(
        input=[
            {"role": "assistant", "phase": "commentary", "content": [said]},
            {"role": "user", "content": [seen]},
        ]
    )
    assert written.dropped == ("input.annotations", "input.file_id", "input.phase")


def test_reasoning_that_led_to_nothing_is_named_and_joins_no_other_turn() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    for behind in ([], [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]):
        written = write(input=[{"role": "user", "content": "go"}, thought, *behind])
        assert written.dropped == ("input.reasoning",)
        assert b"hm" not in whole(written.body)


def test_the_earlier_of_two_tools_that_share_a_name_is_named() -> None:
    tool = {"type": "function", "name": "f"}
    assert write(input="x", tools=[tool, tool]).dropped == ()
    written = write(input="x", tools=[tool, {"type": "custom", "name": "f"}])
    assert written.dropped == ("tools.custom",)


def test_namespaces_custom_and_hosted_tools() -> None:
    inner = {"type": "function", "name": "spawn", "parameters": {"type": "object"}, "strict": False}
    written = write(
        input=[
            {"type": "additional_tools", "role": "developer", "tools": [
                {"type": "namespace", "name": "agents", "description": "", "tools": [inner]},
            ]},
            {"role": "user", "content": "x"},
        ],
        tools=[
            {"type": "web_search", "external_web_access": True},
            {"type": "custom", "name": "exec", "description": "Runs.", "format": {"type": "grammar", "syntax": "lark", "definition": "start: X"}},
        ],
    )  # fmt: skip
    assert written.dropped == ("tools.web_search",)
    tools = msgspec.json.decode(whole(written.body))["tools"]
    assert [each["function"]["name"] for each in tools] == ["exec", "agents__spawn"]
    assert "start: X" in tools[0]["function"]["description"]
    assert tools[0]["function"]["parameters"]["required"] == ["input"]
    assert tools[1]["function"]["strict"] is False


def test_tool_choice_names_the_flattened_function() -> None:
    tools = [
        {"type": "namespace", "name": "n", "description": "", "tools": [{"type": "function", "name": "f"}]},
        {"type": "function", "name": "g"},
    ]  # fmt: skip
    forced = chat(input="x", tools=tools, tool_choice={"type": "function", "name": "f", "namespace": "n"})  # fmt: skip
    assert forced["tool_choice"] == {"type": "function", "function": {"name": "n__f"}}
    some = chat(input="x", tools=tools, tool_choice={"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]})  # fmt: skip
    assert some["tool_choice"] == "required"
    search = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}
    assert write(input="x", tools=tools, tool_choice=search).dropped == ("tool_choice.tools",)
    assert [each["function"]["name"] for each in some["tools"]] == ["g"]


def test_text_reasoning_and_logprobs() -> None:
    schema = {"type": "json_schema", "name": "s", "schema": {"type": "object"}, "strict": True}
    asked = chat(
        input="x",
        text={"format": schema, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"},
        include=["message.output_text.logprobs"],
        top_logprobs=2,
    )
    assert asked["response_format"]["json_schema"] == {"name": "s", "schema": {"type": "object"}, "strict": True}  # fmt: skip
    assert (asked["verbosity"], asked["reasoning_effort"]) == ("low", "low")
    assert (asked["logprobs"], asked["top_logprobs"]) == (True, 2)


def test_what_chat_has_no_word_for_is_named_and_hostile_names_are_not_repeated() -> None:
    hostile: dict[str, Any] = {"evil\r\nx: y": 1}
    written = write(
        input="x",
        truncation="auto",
        max_tool_calls=3,
        include=["reasoning.encrypted_content", "file_search_call.results"],
        reasoning={"context": "all_turns"},
        stream_options={"include_obfuscation": False},
        background=False,
        metadata={"a": "b"},
        store=False,
        client_metadata={},
        **hostile,
    )
    assert written.dropped == (
        "client_metadata",
        "include.file_search_call.results",
        "max_tool_calls",
        "other",
        "reasoning.context",
        "truncation",
    )
    assert msgspec.json.decode(whole(written.body)) == {
        "model": "up",
        "messages": [{"role": "user", "content": "x"}],
    }


def test_quirks_of_chat_apply_and_are_reported_in_the_callers_words() -> None:
    quirks = Quirks(drop=frozenset({"max_tokens"}), since="2026-01", source="x")
    assert write(quirks, input="x", max_output_tokens=5).dropped == ("max_output_tokens",)
    quirks = Quirks(rename={"max_tokens": "max_completion_tokens"}, since="2026-01", source="x")
    written = write(quirks, input="x", max_output_tokens=5)
    assert msgspec.json.decode(whole(written.body))["max_completion_tokens"] == 5
    assert written.dropped == ()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x", "conversation": "c"}, "conversation"),
        ({"input": "x", "prompt": {"id": "p"}}, "prompt"),
        ({"input": [{"type": "item_reference", "id": "i"}]}, "input[0]"),
        ({"input": [{"id": "i"}]}, "input[0]"),
        ({"input": [3]}, "input[0]"),
        ({"input": [{"role": "wizard", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content[0].image_url"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "f"}]}]}, "input[0].content[0].file_data"),
        ({}, "input"),
        ({"input": "x", "tools": [{"name": "f"}]}, "tools[0].type"),
        ({"input": "x", "tools": [{"type": "function"}]}, "tools[0].name"),
        ({"input": "x", "tool_choice": {"type": "web_search_preview"}}, "tool_choice"),
        ({"input": "x", "tool_choice": {"type": "function", "name": "f"}}, "tool_choice"),
        ({"input": "x", "tool_choice": "required"}, "tool_choice"),
        ({"input": "x", "text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"input": "x", "reasoning": "low"}, "reasoning"),
        ({"input": "x", "include": "all"}, "include"),
        ({"input": "x", "include": [["a"]]}, "include[0]"),
        ({"input": [{"role": "user", "content": [{"type": {}, "text": "x"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0].type"),
        ({"input": [{"type": ["message"], "role": "user", "content": "x"}]}, "input[0].type"),
        ({"input": "x", "truncation": "some"}, "truncation"),
        ({"input": "x", "truncation": {}}, "truncation"),
        ({"input": "x", "metadata": {"a": 1}}, "metadata"),
        ({"input": "x", "metadata": {str(each): "" for each in range(17)}}, "metadata"),
        ({"input": "x", "metadata": {"k" * 65: "a"}}, "metadata"),
        ({"input": "x", "metadata": {"a": "v" * 513}}, "metadata"),
        ({"input": "x", "tool_choice": 3}, "tool_choice"),
        ({"input": "x", "reasoning": ["low"]}, "reasoning"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_with_its_place(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        write(**body)
    assert caught.value.param == param


def test_names_that_chat_vendors_refuse_are_shortened_alike_each_time() -> None:
    tool = {"type": "function", "name": "f" * 80}
    asked = chat(
        input=[
            {"role": "user", "content": "x"},
            {"type": "function_call", "call_id": "a", "name": "f" * 80, "arguments": "{}"},
        ],
        tools=[tool],
    )
    name = asked["tools"][0]["function"]["name"]
    assert len(name) <= 64
    assert asked["messages"][1]["tool_calls"][0]["function"]["name"] == name


SAMPLES: dict[str, Any] = {
    "access_programs": {"cyber": "standard"},
    "background": True,
    "background_options": {"completion_window": "soonest"},
    "context_management": [{"type": "compaction"}],
    "conversation": "conv_1",
    "image": {"context_compression": "auto"},
    "include": ["reasoning.encrypted_content"],
    "input": "another",
    "instructions": "be kind",
    "max_output_tokens": 5,
    "max_tool_calls": 2,
    "metadata": {"a": "b"},
    "model": "other",
    "moderation": {"model": "omni"},
    "parallel_tool_calls": False,
    "previous_response_id": "resp_1",
    "prompt": {"id": "p"},
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning": {"effort": "low"},
    "safety_identifier": "s",
    "service_tier": "flex",
    "store": False,
    "stream": True,
    "stream_options": {"include_obfuscation": True},
    "temperature": 0.1,
    "text": {"verbosity": "low"},
    "tool_choice": "none",
    "tools": [{"type": "function", "name": "g"}],
    "top_logprobs": 2,
    "top_p": 0.1,
    "truncation": "auto",
    "user": "u",
}
KEPT_HERE = {"background", "metadata", "store", "previous_response_id", "model", "include"}


def test_the_samples_cover_every_field_of_the_sdk() -> None:
    fields = get_type_hints(ResponseCreateParamsStreaming).keys()
    assert fields == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_of_the_sdk_is_mapped_named_or_refused(name: str) -> None:
    plain: dict[str, Any] = {"input": "x", "tools": [{"type": "function", "name": "f"}]}
    before = write(**plain)
    try:
        after = write(**{**plain, name: SAMPLES[name]})
    except InvalidRequestError as refusal:
        assert refusal.param == name
        return
    named = any(each.partition(".")[0] == name for each in after.dropped)
    assert (after.body != before.body) + named + (name in KEPT_HERE) == 1
