"""Legacy completions: the wire format, whole and streamed."""

from typing import Any

import pytest
from openai.types import Completion

from support.sandbox import ask, ask_error, ask_json, open_vendor, read_events

COMPLETIONS = "/v1/completions"


def make_call(prompt: Any = "Tell me about rivers", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox-chat", "prompt": prompt, **more}


async def test_each_prompt_has_n_choices_and_sixteen_tokens_by_default():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, COMPLETIONS, make_call(["Rivers", "Lakes"], n=2))
    Completion.model_validate(answer, strict=True)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    assert {choice["finish_reason"] for choice in answer["choices"]} == {"length"}
    assert answer["usage"]["completion_tokens"] == 64
    assert answer["usage"]["total_tokens"] == 64 + answer["usage"]["prompt_tokens"]


async def test_echo_repeats_the_prompt_and_stop_ends_the_text():
    async with open_vendor() as vendor:
        plain = await ask_json(vendor, COMPLETIONS, make_call(max_tokens=500))
        ended = await ask_json(
            vendor, COMPLETIONS, make_call(max_tokens=500, echo=True, stop=["."])
        )
    first = plain["choices"][0]["text"].partition(".")[0]
    assert ended["choices"][0]["text"] == "Tell me about rivers" + first
    assert ended["choices"][0]["finish_reason"] == "stop"


async def test_a_stream_says_what_the_whole_answer_says():
    call = make_call(["Rivers", "Lakes"], n=2, max_tokens=40, echo=True, logprobs=1)
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, COMPLETIONS, call)
        call |= {"stream": True, "stream_options": {"include_usage": True}}
        _, raw = await ask(vendor, COMPLETIONS, call)
    *events, last = read_events(raw)
    texts, tokens = dict.fromkeys(range(4), ""), {index: [] for index in range(4)}
    ends: dict[int, str] = {}
    for event in events:
        (choice,) = event["choices"]
        texts[choice["index"]] += choice["text"]
        tokens[choice["index"]] += choice["logprobs"]["tokens"]
        if choice["finish_reason"]:
            ends[choice["index"]] = choice["finish_reason"]
    for choice in answer["choices"]:
        index = choice["index"]
        assert texts[index] == choice["text"]
        assert tokens[index] == choice["logprobs"]["tokens"]
        assert ends[index] == choice["finish_reason"]
    assert last["usage"] == answer["usage"]
    assert last["choices"] == []


async def test_logprobs_have_the_legacy_shape_with_places_in_the_text():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, COMPLETIONS, make_call(logprobs=2, echo=True))
    choice = answer["choices"][0]
    shape = choice["logprobs"]
    for token, place in zip(shape["tokens"], shape["text_offset"], strict=True):
        assert choice["text"][place:].startswith(token)
    assert all(value < 0 for value in shape["token_logprobs"])


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": ["a"] * 129}, "prompt"),
        ({"n": 0}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"stop": ""}, "stop"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"n": 3, "best_of": 2}, "best_of"),
        ({"logprobs": 9}, "logprobs"),
    ],
)
async def test_a_bad_value_is_refused_by_name(more: dict[str, Any], param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, COMPLETIONS, make_call(**more))
    assert (status, error["param"]) == (400, param)
