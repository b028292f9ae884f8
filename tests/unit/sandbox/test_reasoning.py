"""The reasoning model: what it thinks, how long, what that costs, and the seal for the next turn."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion

from nexhina.sandbox.reasoning import SENTENCES, open_seal, seal
from nexhina.sandbox.tokenizer import count_tokens
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
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}


def make_call(prompt: str = "Why do rivers meander?", **more: Any) -> dict[str, Any]:
    return {**make_chat(prompt), "model": "sandbox-reasoning", **more}


async def answer_of(**more: Any) -> Any:
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_call(**more))
    ChatCompletion.model_validate(answer)
    return answer


async def test_the_reasoning_comes_beside_the_answer_and_is_counted():
    answer = await answer_of()
    message, usage = answer["choices"][0]["message"], answer["usage"]
    thoughts = message["reasoning_content"]
    assert "rivers" in thoughts
    assert thoughts not in message["content"]
    details = usage["completion_tokens_details"]
    assert details["reasoning_tokens"] == count_tokens(thoughts)
    assert usage["completion_tokens"] == count_tokens(thoughts) + count_tokens(message["content"])


async def test_more_effort_is_more_reasoning_and_medium_is_the_default():
    told: list[int] = []
    for effort in SENTENCES:
        usage = (await answer_of(reasoning_effort=effort))["usage"]
        told.append(usage["completion_tokens_details"]["reasoning_tokens"])
    assert told[0] == 0
    assert told == sorted(set(told))
    default = (await answer_of())["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert default == told[list(SENTENCES).index("medium")]


async def test_without_effort_the_answer_has_no_reasoning():
    message = (await answer_of(reasoning_effort="none"))["choices"][0]["message"]
    assert "reasoning_content" not in message
    assert "reasoning_details" not in message


async def test_an_effort_that_does_not_exist_is_refused():
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, make_call(reasoning_effort="huge"))
    assert (status, error["param"]) == (400, "reasoning_effort")


async def test_a_stream_tells_the_reasoning_first_and_the_same():
    call = make_call(stream=True, stream_options={"include_usage": True}, n=2)
    async with open_vendor() as vendor:
        whole = await ask_json(vendor, CHAT, make_call(n=2))
        _, raw = await ask(vendor, CHAT, call)
    events = read_events(raw)
    thoughts = {0: "", 1: ""}
    order: list[str] = []
    for choice in (choice for event in events for choice in event["choices"]):
        text = choice["delta"].get("reasoning_content")
        thoughts[choice["index"]] += text or ""
        if choice["index"] == 0:
            order += ["reasoning"] * bool(text) + ["text"] * bool(choice["delta"].get("content"))
    messages = [choice["message"] for choice in whole["choices"]]
    assert list(thoughts.values()) == [message["reasoning_content"] for message in messages]
    assert thoughts[0] != thoughts[1]
    assert list(join_choices(events).values()) == [message["content"] for message in messages]
    assert order == sorted(order)
    assert events[-1]["usage"] == whole["usage"]


async def test_tools_and_schemas_work_as_with_the_chat_model():
    called = await answer_of(prompt="What is the weather in Rome?", tools=[WEATHER])
    choice = called["choices"][0]
    arguments = choice["message"]["tool_calls"][0]["function"]["arguments"]
    assert msgspec.json.decode(arguments) == {"city": "Rome"}
    assert choice["message"]["reasoning_content"]
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}
    formed = (await answer_of(response_format=form))["choices"][0]["message"]
    assert set(msgspec.json.decode(formed["content"])) == {"city"}
    assert formed["reasoning_content"]


async def test_a_small_limit_is_spent_on_the_reasoning():
    answer = await answer_of(max_completion_tokens=5)
    choice = answer["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "length")
    assert count_tokens(choice["message"]["reasoning_content"]) == 5
    assert answer["usage"]["completion_tokens"] == 5
    assert "reasoning_details" not in choice["message"]  # what is not whole is not sealed


async def test_a_chinese_question_is_thought_about_in_chinese():
    message = (await answer_of(prompt="河流为什么会弯曲？"))["choices"][0]["message"]
    assert message["reasoning_content"].startswith("问题是")


async def test_the_chat_model_does_not_reason():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat(reasoning_effort="high"))
    assert "reasoning_content" not in answer["choices"][0]["message"]


async def test_sealed_reasoning_comes_back_and_a_changed_seal_is_refused():
    message = (await answer_of())["choices"][0]["message"]
    (detail,) = message["reasoning_details"]
    assert open_seal(detail["data"]) == message["reasoning_content"]
    call = make_call()
    call["messages"] = [*call["messages"], message, {"role": "user", "content": "And lakes?"}]
    changed = msgspec.json.decode(msgspec.json.encode(call))
    data = detail["data"]
    changed["messages"][1]["reasoning_details"][0]["data"] = data[:40] + "A" + data[41:] + "="
    async with open_vendor() as vendor:
        await ask_json(vendor, CHAT, call)
        status, error = await ask_error(vendor, CHAT, changed)
    assert (status, error["code"]) == (400, "invalid_encrypted_content")
    assert error["param"] == "messages[1].reasoning_details"


@pytest.mark.parametrize("sealed", ["", "sbx1.", "sbx1.AAAA", "x", "sbx1.é", seal("a")[:-1]])
def test_what_was_not_sealed_here_is_no_seal(sealed: str):
    assert open_seal(sealed) is None
