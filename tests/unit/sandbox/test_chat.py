"""Chat of the sandbox: texts, streams, limits, usage, refusals."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from nexhina.sandbox.tokenizer import IMAGE_TOKENS, MESSAGE_TOKENS, count_tokens
from support.attachment import make_picture
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


async def text_of(prompt: str, **more: Any) -> str:
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat(prompt, **more))
    return answer["choices"][0]["message"]["content"]


async def test_a_whole_answer_is_what_the_official_types_expect():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat())
    ChatCompletion.model_validate(answer, strict=True)
    assert answer["object"] == "chat.completion"
    assert answer["created"] == 1_700_000_000
    assert answer["model"] == "sandbox-chat"
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["refusal"] is None
    assert choice["logprobs"] is None


async def test_different_prompts_get_different_answers_about_their_words():
    prompts = ["Why do rivers meander?", "How do volcanoes erupt?", "Explain compound interest"]
    texts = [await text_of(prompt) for prompt in prompts]
    assert len(set(texts)) == 3
    assert "rivers" in texts[0]
    assert "volcanoes" in texts[1]
    assert "compound interest" in texts[2]


@pytest.mark.parametrize("prompt", ["hi", "hello", "why?", "?", "你好", "测试", "who are you", "x"])
async def test_even_small_prompts_are_answered(prompt: str):
    assert len(await text_of(prompt)) > 60


async def test_the_same_seed_gives_the_same_text_and_another_seed_another():
    first, again = await text_of("Rivers", seed=7), await text_of("Rivers", seed=7)
    assert first == again
    assert await text_of("Rivers", seed=8) != first
    assert await text_of("Rivers") == await text_of("Rivers", temperature=1.7, top_p=0.3)


async def test_another_vendor_seed_gives_another_text():
    async with open_vendor(seed=1) as one, open_vendor(seed=2) as two:
        texts = [
            (await ask_json(vendor, CHAT, make_chat()))["choices"][0]["message"]["content"]
            for vendor in (one, two)
        ]
    assert texts[0] != texts[1]


async def test_a_chinese_prompt_gets_a_chinese_answer():
    text = await text_of("请介绍一下人工智能在医疗领域的应用")
    han = sum("一" <= char <= "鿿" for char in text)
    assert han > len(text) / 2
    assert "人工智能" in text


@pytest.mark.parametrize(
    "prompt",
    [
        "Who are you?",
        "Are you a real model?",
        "What model is this?",
        "你是谁？",
        "你是沙盒吗",
        "What is your name?",
    ],
)
async def test_it_says_what_it_is_when_asked(prompt: str):
    text = await text_of(prompt)
    assert "Nexhina" in text
    assert "sandbox" in text or "沙盒" in text


async def test_it_never_pretends_to_know_and_says_so_in_every_article():
    for prompt in ("Explain photosynthesis to a child", "解释光合作用"):
        last = (await text_of(prompt)).rsplit("\n\n", 1)[-1]
        assert "sandbox" in last or "沙盒" in last


async def test_articles_have_paragraphs_and_repeat_no_sentence():
    text = await text_of("What makes a good database index for large tables?")
    assert text.count("\n\n") >= 3
    sentences = [part for part in text.replace("\n", " ").split(". ") if part]
    assert len(sentences) == len(set(sentences))


async def test_steps_and_code_are_given_where_the_prompt_asks_for_them():
    assert "\n1. " in await text_of("How do I grow tomatoes?")
    assert "```python" in await text_of("Write a function that parses dates")


async def test_usage_adds_up_and_counts_what_was_sent():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat("Tell me about rivers", n=2))
    usage = answer["usage"]
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert usage["prompt_tokens"] == MESSAGE_TOKENS + 4
    assert usage["completion_tokens"] == sum(map(count_tokens, texts))
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_choices_are_different():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat("hi", n=24))
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert [choice["index"] for choice in answer["choices"]] == list(range(24))
    assert len(set(texts)) == 24


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_token_limit_ends_the_text_with_length(name: str):
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat("Rivers", **{name: 5}))
        whole = await ask_json(vendor, CHAT, make_chat("Rivers"))
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 5
    assert whole["choices"][0]["message"]["content"].startswith(choice["message"]["content"])


async def test_a_stop_text_ends_the_text_before_it():
    whole = await text_of("Rivers")
    word = whole.split()[7]
    text = await text_of("Rivers", stop=word)
    assert text == whole[: whole.index(word)]
    assert await text_of("Rivers", stop=["\x00 never", word]) == text


async def test_a_stream_begins_with_the_role_and_ends_with_reason_usage_and_done():
    async with open_vendor() as vendor:
        call = make_chat(stream=True, stream_options={"include_usage": True})
        reply, raw = await ask(vendor, CHAT, call)
    assert reply.headers[b"content-type"].startswith(b"text/event-stream")
    assert not reply.length_known
    events = read_events(raw)
    for event in events:
        ChatCompletionChunk.model_validate(event, strict=True)
    assert len({event["id"] for event in events}) == 1
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert events[-2]["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert events[-1]["choices"] == []
    assert all(event["usage"] is None for event in events[:-1])
    assert len(events) > 10


async def test_a_stream_shows_usage_only_when_asked():
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, CHAT, make_chat(stream=True))
    events = read_events(raw)
    assert all("usage" not in event and event["choices"] for event in events)


async def test_streamed_choices_come_interleaved():
    async with open_vendor() as vendor:
        _, raw = await ask(vendor, CHAT, make_chat(stream=True, n=3))
    events = read_events(raw)
    order = [event["choices"][0]["index"] for event in events[:9]]
    assert order == [0, 1, 2] * 3
    assert len(set(join_choices(events).values())) == 3


async def test_json_is_answered_as_valid_json():
    for prompt in ("Describe a river as json", "用 json 描述一条河"):
        text = await text_of(prompt, response_format={"type": "json_object"})
        assert isinstance(msgspec.json.decode(text), dict)


async def test_a_json_object_has_the_keys_that_the_messages_name():
    prompt = "Return the result as a JSON with `setup` and `punchline` keys."
    text = await text_of(prompt, response_format={"type": "json_object"})
    assert list(msgspec.json.decode(text)) == ["setup", "punchline"]
    unmeetable = 'By this schema: {"properties": {"a": false}, "required": ["a"]}'
    text = await text_of(unmeetable, response_format={"type": "json_object"})
    assert isinstance(msgspec.json.decode(text), dict)


async def test_a_text_that_is_told_to_be_json_by_a_schema_is_a_block_of_it():
    schema = '{"properties": {"age": {"type": "integer"}}, "required": ["age"]}'
    told = (
        f"The output should be formatted as a JSON instance of the schema.\n{schema}\nAnna is 31."
    )
    text = await text_of(told)
    assert msgspec.json.decode(text.removeprefix("```json\n").removesuffix("\n```")) == {"age": 31}
    assert not (await text_of(f"Explain this JSON schema: {schema}")).startswith("```")


async def test_content_parts_and_tools_are_accepted_and_counted():
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": make_picture(), "detail": "low"}},
    ]
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    async with open_vendor() as vendor:
        call = {"model": "sandbox-chat", "messages": [{"role": "user", "content": parts}]}
        plain = await ask_json(vendor, CHAT, call)
        tooled = await ask_json(vendor, CHAT, {**call, "tools": [tool], "tool_choice": "auto"})
    tokens = plain["usage"]["prompt_tokens"]
    assert tokens == MESSAGE_TOKENS + IMAGE_TOKENS + count_tokens("What is this?")
    assert tooled["usage"]["prompt_tokens"] > tokens
    assert tooled["choices"][0]["message"]["content"]


async def test_a_whole_conversation_with_tool_results_is_accepted():
    messages = [
        {"role": "developer", "content": "Be brief"},
        {"role": "user", "content": "Tell me about Lisbon harbours"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "b", "type": "custom", "custom": {"name": "g", "input": ""}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "21 degrees"},
        {"role": "user", "content": "And what about Porto wines?"},
    ]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, {"model": "sandbox-chat", "messages": messages})
    text = answer["choices"][0]["message"]["content"]
    assert "Porto" in text
    assert "Lisbon" in text  # what was said before is taken up


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"temperature": 3}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "poem"}}, "response_format.type"),
        ({"messages": [{"role": "assistant", "tool_calls": [None]}]}, "messages[0].tool_calls[0]"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]},
            "messages[0].tool_calls",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_parameter(change: dict[str, Any], param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, make_chat(**change))
    assert status == 400
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"model":1}', b'{"messages":[]}', b"\xff\xfe", b"[" * 10_000],
)
async def test_a_body_that_is_no_request_is_refused(body: bytes):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, body)
    assert (status, error["type"]) == (400, "invalid_request_error")


async def test_a_missing_field_is_named():
    async with open_vendor() as vendor:
        _, error = await ask_error(vendor, CHAT, {"model": "sandbox-chat"})
    assert error["param"] == "messages"


async def test_no_piece_of_a_long_prompt_takes_long():
    from time import perf_counter

    prompt = "The quick brown fox. 敏捷的狐狸。" * 20_000
    async with open_vendor() as vendor:
        from nexhina.tasks import drive

        raw = msgspec.json.encode(make_chat(prompt))
        reply = await drive(vendor.answer("POST", CHAT, {}, raw))
        spells: list[float] = []
        began = perf_counter()
        for _ in reply.pieces:
            spells.append(perf_counter() - began)
            began = perf_counter()
    assert len(spells) > 20  # it pauses to breathe
    assert sorted(spells)[len(spells) // 2] < 0.02
