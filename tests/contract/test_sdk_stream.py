"""The helpers of OpenAI's Python SDK that put a stream together: text, tool calls, parsed models.

They are stricter than a loop over the chunks: a piece without its index, an event out of order or a
missing end is an exception inside the SDK.
"""

from typing import Any, cast

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from support.place import Place
from support.sdk import connect_async


class Book(BaseModel):
    title: str
    pages: int


class GetWeather(BaseModel):
    """Tells the weather of a city."""

    city: str


ASKED: Any = [{"role": "user", "content": "What is the weather in Paris?"}]


def test_a_chat_stream_ends_in_the_whole_answer_and_its_usage(client: OpenAI, place: Place) -> None:
    asked: Any = {"model": place.chat, "messages": ASKED, "seed": 4}
    whole = client.chat.completions.create(**asked)
    options: Any = {"include_usage": True}
    with client.chat.completions.stream(**asked, stream_options=options) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    deltas = [event.delta for event in events if event.type == "content.delta"]
    [done] = [event for event in events if event.type == "content.done"]
    assert len(deltas) > 2
    assert "".join(deltas) == done.content == whole.choices[0].message.content
    assert final.choices[0].finish_reason == "stop"
    assert final.usage == whole.usage


def test_a_chat_stream_is_parsed_into_a_model(client: OpenAI, place: Place) -> None:
    asked: Any = {"model": place.chat, "messages": [{"role": "user", "content": "Invent a book."}]}
    with client.chat.completions.stream(**asked, response_format=Book) as stream:
        final = stream.get_final_completion()
    whole = client.chat.completions.parse(**asked, response_format=Book)
    assert isinstance(final.choices[0].message.parsed, Book)
    assert final.choices[0].message.parsed == whole.choices[0].message.parsed


def test_a_chat_stream_brings_a_tool_call_in_pieces(client: OpenAI, place: Place) -> None:
    tools = [openai.pydantic_function_tool(GetWeather)]
    with client.chat.completions.stream(
        model=place.chat, messages=ASKED, tools=tools, tool_choice="required"
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    pieces = [e for e in events if e.type == "tool_calls.function.arguments.delta"]
    [done] = [e for e in events if e.type == "tool_calls.function.arguments.done"]
    assert len(pieces) > 1
    assert "".join(piece.arguments_delta for piece in pieces) == done.arguments
    [call] = final.choices[0].message.tool_calls or []
    assert call.function.parsed_arguments == GetWeather(city="Paris")
    assert final.choices[0].finish_reason == "tool_calls"


def test_a_chat_stream_carries_log_probabilities(client: OpenAI, place: Place) -> None:
    with client.chat.completions.stream(
        model=place.chat, messages=ASKED, logprobs=True, top_logprobs=2
    ) as stream:
        final = stream.get_final_completion()
    logprobs = final.choices[0].logprobs
    assert logprobs is not None
    tokens = logprobs.content or []
    assert "".join(token.token for token in tokens) == final.choices[0].message.content
    assert all(len(token.top_logprobs) == 2 for token in tokens)


async def test_the_async_chat_helper_gives_text_models_and_tools(
    async_client: AsyncOpenAI, place: Place
) -> None:
    create: Any = async_client.chat.completions
    asked: Any = {"model": place.chat, "messages": ASKED}
    async with create.stream(**asked) as stream:
        deltas = [event.delta async for event in stream if event.type == "content.delta"]
        assert "".join(deltas) == (await stream.get_final_completion()).choices[0].message.content
    async with create.stream(**asked, response_format=Book) as stream:
        parsed = (await stream.get_final_completion()).choices[0].message.parsed
    assert isinstance(parsed, Book)
    tools = [openai.pydantic_function_tool(GetWeather)]
    async with create.stream(**asked, tools=tools) as stream:
        [call] = (await stream.get_final_completion()).choices[0].message.tool_calls
    assert call.function.parsed_arguments == GetWeather(city="Paris")
    whole = await create.parse(**asked, tools=tools)
    [call] = whole.choices[0].message.tool_calls
    assert call.function.parsed_arguments == GetWeather(city="Paris")


def test_a_response_stream_is_parsed_into_a_model(client: OpenAI, place: Place) -> None:
    with client.responses.stream(
        model=place.chat, input="Invent a book.", text_format=Book
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert isinstance(final.output_parsed, Book)
    assert kinds.count("response.output_text.done") == 1
    whole = client.responses.parse(model=place.chat, input="Invent a book.", text_format=Book)
    assert whole.output_parsed == final.output_parsed


def test_a_response_stream_brings_a_tool_call_in_pieces(client: OpenAI, place: Place) -> None:
    tools = [openai.pydantic_function_tool(GetWeather)]
    with client.responses.stream(model=place.chat, input=ASKED, tools=tools) as stream:
        events = list(stream)
        final = stream.get_final_response()
    pieces = [e for e in events if e.type == "response.function_call_arguments.delta"]
    [done] = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert "".join(piece.delta for piece in pieces) == done.arguments
    [call] = [item for item in final.output if item.type == "function_call"]
    assert call.parsed_arguments == GetWeather(city="Paris")
    assert done.item_id == call.id


async def test_the_async_response_helper_gives_text_models_and_tools(
    async_client: AsyncOpenAI, place: Place
) -> None:
    asked: Any = {"model": place.chat, "input": ASKED}
    async with async_client.responses.stream(**asked) as stream:
        deltas = [
            event.delta async for event in stream if event.type == "response.output_text.delta"
        ]
        assert "".join(deltas) == (await stream.get_final_response()).output_text
    async with async_client.responses.stream(**asked, text_format=Book) as stream:
        assert isinstance((await stream.get_final_response()).output_parsed, Book)
    tools: Any = [openai.pydantic_function_tool(GetWeather)]
    async with async_client.responses.stream(**asked, tools=tools) as stream:
        final = await stream.get_final_response()
    [call] = [item for item in final.output if item.type == "function_call"]
    assert call.parsed_arguments == GetWeather(city="Paris")


async def test_a_raw_stream_shows_its_headers_before_its_events(
    async_client: AsyncOpenAI, place: Place
) -> None:
    asked: Any = {"model": place.chat, "input": "Hi", "stream": True}
    async with async_client.responses.with_streaming_response.create(**asked) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        kinds = [event.type async for event in await raw.parse()]
    assert [kinds[0], kinds[-1]] == ["response.created", "response.completed"]


async def test_completions_stream_to_the_async_client(place: Place) -> None:
    asked: Any = {"model": place.chat, "prompt": "Once upon a time", "max_tokens": 30, "seed": 2}
    # Not strict: the SDK's type wants a finish_reason in each piece; OpenAI's pieces have null.
    async with connect_async(place, _strict_response_validation=False) as client:
        whole = await client.completions.create(**asked)
        pieces = [piece async for piece in await client.completions.create(**asked, stream=True)]
    text = "".join(piece.choices[0].text for piece in pieces if piece.choices)
    assert len(pieces) > 1
    assert text == whole.choices[0].text


def test_responses_are_passed_on_where_the_upstream_speaks_them(
    client: OpenAI, place: Place
) -> None:
    raw = client.responses.with_raw_response.create(model=place.chat, input="Hi")
    passed = raw.headers["x-nexhina-lane"] in {"verbatim", "splice"}
    assert passed is (place.name == "native"), raw.headers["x-nexhina-lane"]


def test_a_stored_response_is_streamed_again(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="Name three rivers.")
    events = list(client.responses.retrieve(made.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == made.output_text
    assert events[-1].type == "response.completed"
    later = list(client.responses.retrieve(made.id, stream=True, starting_after=2))
    assert later == events[3:]


async def test_a_stored_response_is_streamed_again_to_the_helper(
    client: OpenAI, async_client: AsyncOpenAI, place: Place
) -> None:
    tools = [openai.pydantic_function_tool(GetWeather)]
    made = client.responses.create(model=place.chat, input=ASKED, tools=cast("Any", tools))
    with client.responses.stream(response_id=made.id, tools=tools) as stream:
        final = stream.get_final_response()
    assert final.output[0].type == "function_call"
    assert final.output[0].parsed_arguments == GetWeather(city="Paris")
    async with async_client.responses.stream(response_id=made.id) as stream:
        assert (await stream.get_final_response()).id == made.id
