"""Tool calls and schemas in the sandbox's chat, whole and streamed."""

from math import exp
from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from support.sandbox import (
    CHAT,
    ask,
    ask_error,
    ask_json,
    join_choices,
    make_chat,
    open_vendor,
    read_events,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def make_tool(name: str, description: str, parameters: Any = CITY) -> dict[str, Any]:
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


def allow(mode: str, *names: str) -> dict[str, Any]:
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


TOOLS = [make_tool("get_weather", "Current weather"), make_tool("find_hotel", "Books rooms")]
BOTH = "What is the weather in Rome, and which hotel is good?"


async def choice_of(prompt: str, **more: Any) -> Any:
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat(prompt, **{"tools": TOOLS, **more}))
    ChatCompletion.model_validate(answer, strict=True)
    return answer["choices"][0]


def names(choice: Any) -> list[str]:
    return [call["function"]["name"] for call in choice["message"].get("tool_calls", ())]


async def test_tools_that_fit_are_called_in_parallel_with_the_users_words():
    choice = await choice_of(BOTH)
    assert names(choice) == ["get_weather", "find_hotel"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    calls = choice["message"]["tool_calls"]
    assert msgspec.json.decode(calls[0]["function"]["arguments"]) == {"city": "Rome"}
    assert len({call["id"] for call in calls}) == 2


@pytest.mark.parametrize(
    ("prompt", "more", "called"),
    [
        (BOTH, {"parallel_tool_calls": False}, ["get_weather"]),
        (BOTH, {"tool_choice": "none"}, []),
        ("Tell me a joke", {}, []),
        ("Tell me a joke", {"tool_choice": "required"}, ["get_weather"]),
        (
            BOTH,
            {"tool_choice": {"type": "function", "function": {"name": "find_hotel"}}},
            ["find_hotel"],
        ),
        (BOTH, {"tool_choice": allow("auto", "find_hotel")}, ["find_hotel"]),
        ("Tell me a joke", {"tool_choice": allow("auto", "find_hotel")}, []),
        ("Tell me a joke", {"tool_choice": allow("required", "find_hotel")}, ["find_hotel"]),
    ],
)
async def test_the_choice_decides_which_are_called(prompt: str, more: Any, called: list[str]):
    choice = await choice_of(prompt, **more)
    assert names(choice) == called
    assert bool(choice["message"]["content"]) == (not called)


async def test_a_stream_sends_the_name_first_and_arguments_in_pieces():
    call = make_chat(BOTH, tools=TOOLS)
    async with open_vendor() as vendor:
        whole = await ask_json(vendor, CHAT, call)
        options = {"stream": True, "stream_options": {"include_usage": True}}
        _, raw = await ask(vendor, CHAT, {**call, **options})
    events = read_events(raw)
    for event in events:
        ChatCompletionChunk.model_validate(event, strict=True)
    deltas = [e["choices"][0]["delta"] for e in events if e["choices"]]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    for index, made in enumerate(whole["choices"][0]["message"]["tool_calls"]):
        mine = [piece for piece in pieces if piece["index"] == index]
        assert (mine[0]["id"], mine[0]["function"]["name"]) == (
            made["id"],
            made["function"]["name"],
        )
        assert len(mine) > 2
        assert "".join(p["function"]["arguments"] for p in mine) == made["function"]["arguments"]
    assert events[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert events[-1]["usage"] == whole["usage"]


async def test_a_custom_tool_is_called_with_free_text_whole_and_in_pieces():
    tools = [{"type": "custom", "custom": {"name": "run_script", "description": "Runs a script"}}]
    choice = await choice_of("Run the script `print(1)`", tools=tools)
    [made] = choice["message"]["tool_calls"]
    assert (made["type"], made["custom"]) == ("custom", {"name": "run_script", "input": "print(1)"})
    named = {"type": "custom", "custom": {"name": "run_script"}}
    call = make_chat("Run the script `print(1)`", tools=tools, tool_choice=named, stream=True)
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, CHAT, call)
    deltas = [event["choices"][0]["delta"] for event in read_events(raw)]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    assert (pieces[0]["type"], pieces[0]["custom"]["name"]) == ("custom", "run_script")
    assert "".join(piece["custom"]["input"] for piece in pieces) == "print(1)"


async def test_after_a_tool_message_the_text_uses_the_result():
    messages = [
        {"role": "user", "content": BOTH},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "a", "content": "21 degrees and sunny"},
    ]
    choice = await choice_of("", messages=messages)
    assert "21 degrees and sunny" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"


async def test_an_answer_follows_its_schema_whole_and_streamed():
    form = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": CITY}}
    call = make_chat("Weather in Oslo", response_format=form)
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, call)
        _, raw = await ask(vendor, CHAT, {**call, "stream": True})
    text = answer["choices"][0]["message"]["content"]
    assert msgspec.json.decode(text) == {"city": "Oslo"}
    assert join_choices(read_events(raw)) == {0: text}


async def test_logprobs_add_up_and_agree_with_the_stream():
    call = make_chat("Why do rivers meander? 为什么", logprobs=True, top_logprobs=4)
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, call)
        _, raw = await ask(vendor, CHAT, {**call, "stream": True})
    ChatCompletion.model_validate(answer, strict=True)
    choice = answer["choices"][0]
    entries = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == choice["message"]["content"]
    for entry in entries:
        top = entry["top_logprobs"]
        assert len({one["token"] for one in top}) == 4
        assert sum(exp(one["logprob"]) for one in top) <= 1
        assert all(one["logprob"] <= 0 for one in top)
        assert entry["token"] == top[0]["token"]
        assert bytes(entry["bytes"]).decode() == entry["token"]
    choices = [event["choices"][0] for event in read_events(raw)]
    parts = [part for one in choices if one["logprobs"] for part in one["logprobs"]["content"]]
    assert parts == entries


FUNCTIONS = [tool["function"] for tool in TOOLS]


@pytest.mark.parametrize(
    ("prompt", "choice", "name"),
    [
        ("What is the weather in Rome?", {}, "get_weather"),
        ("What is the weather in Rome?", {"function_call": "auto"}, "get_weather"),
        ("Anything else", {"function_call": {"name": "find_hotel"}}, "find_hotel"),
    ],
)
async def test_functions_in_the_old_form_are_called_in_the_old_form(
    prompt: str, choice: Any, name: str
):
    body = make_chat(prompt, functions=FUNCTIONS, **choice)
    async with open_vendor() as vendor:
        whole = await ask_json(vendor, CHAT, body)
        _, raw = await ask(vendor, CHAT, {**body, "stream": True})
    ChatCompletion.model_validate(whole, strict=True)
    made = whole["choices"][0]
    assert made["finish_reason"] == "function_call"
    assert "tool_calls" not in made["message"]
    called = made["message"]["function_call"]
    assert called["name"] == name
    assert isinstance(msgspec.json.decode(called["arguments"])["city"], str)
    events = read_events(raw)
    for event in events:
        ChatCompletionChunk.model_validate(event, strict=True)
    deltas = [event["choices"][0]["delta"].get("function_call") for event in events]
    pieces = [delta for delta in deltas if delta]
    assert pieces[0] == {"name": name, "arguments": ""}
    assert "".join(piece["arguments"] for piece in pieces) == called["arguments"]
    assert events[-1]["choices"][0]["finish_reason"] == "function_call"


async def test_functions_are_left_alone_when_told_so_and_their_results_are_repeated():
    body = make_chat("weather in Rome", functions=FUNCTIONS, function_call="none")
    told = [{"role": "function", "name": "get_weather", "content": "18 degrees"}]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, body)
        body = {**body, "function_call": "auto", "messages": body["messages"] + told}
        after = await ask_json(vendor, CHAT, body)
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert "18 degrees" in after["choices"][0]["message"]["content"]


IMPOSSIBLE = {"type": "object", "properties": {"x": False}, "required": ["x"]}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"tools": [make_tool("get_weather", "", IMPOSSIBLE)]}, "tools[0].function.parameters"),
        ({"tool_choice": "required"}, "tool_choice"),
        (
            {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "no"}}},
            "tool_choice",
        ),
        ({"tools": TOOLS, "tool_choice": 5}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": allow("auto", "no")}, "tool_choice"),
        ({"functions": [{"name": 3}]}, "functions[0]"),
        ({"functions": FUNCTIONS, "function_call": {"name": "no"}}, "function_call"),
        ({"functions": FUNCTIONS, "function_call": "some"}, "function_call"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"tools": [{"type": "function", "function": {"name": 3}}]}, "tools[0]"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": IMPOSSIBLE},
                }
            },
            "response_format.json_schema.schema",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_also_in_a_stream(change: Any, param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, make_chat("weather", stream=True, **change))
    assert (status, error["param"]) == (400, param)
