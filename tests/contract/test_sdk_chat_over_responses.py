"""The official OpenAI SDK on chat whose only channel speaks Responses: another Nexhina, asked so.

Whatever it says must be what the same model says to a caller of its chat.
"""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from support.place import Place, responses_place
from support.product import Product
from support.sdk import connect, connect_async

ASKED: Any = [{"role": "user", "content": "What is the weather in Paris?"}]


class Book(BaseModel):
    title: str
    pages: int


class GetWeather(BaseModel):
    """Tells the weather of a city."""

    city: str


TOOLS: Any = [openai.pydantic_function_tool(GetWeather)]


@pytest.fixture(scope="module")
def near(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with responses_place(product, tmp_path_factory.mktemp("responses") / "data") as second:
        yield second


@pytest.fixture
def client(near: Place) -> Generator[OpenAI]:
    with connect(near) as made:
        yield made


@pytest.fixture
async def async_client(near: Place) -> AsyncGenerator[AsyncOpenAI]:
    async with connect_async(near) as made:
        yield made


def test_a_whole_answer_is_translated_and_says_what_the_vendor_says(
    client: OpenAI, near: Place, product: Product
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=near.chat, messages=ASKED, seed=4, max_completion_tokens=600
    )
    answer = raw.parse()
    assert raw.headers["x-nexhina-lane"] == "translate"
    assert raw.headers["x-nexhina-dropped"] == "seed"
    assert (answer.model, answer.choices[0].finish_reason) == (near.chat, "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == (
        answer.usage.prompt_tokens + answer.usage.completion_tokens
    )
    with connect(product) as direct:
        far = direct.chat.completions.create(
            model="sandbox-chat", messages=ASKED, max_completion_tokens=600
        )
    assert answer.choices[0].message.content == far.choices[0].message.content


def test_a_stream_ends_in_the_whole_answer_and_its_usage(client: OpenAI, near: Place) -> None:
    asked: Any = {"model": near.chat, "messages": ASKED}
    whole = client.chat.completions.create(**asked)
    options: Any = {"include_usage": True}
    with client.chat.completions.stream(**asked, stream_options=options) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    deltas = [event.delta for event in events if event.type == "content.delta"]
    assert len(deltas) > 2
    assert "".join(deltas) == whole.choices[0].message.content
    assert final.choices[0].finish_reason == "stop"
    assert final.usage == whole.usage


def test_a_stream_without_the_wish_has_no_usage(client: OpenAI, near: Place) -> None:
    stream = client.chat.completions.create(model=near.chat, messages=ASKED, stream=True)
    chunks = list(stream)
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_both_are_parsed_into_a_model(client: OpenAI, near: Place) -> None:
    asked: Any = {"model": near.chat, "messages": [{"role": "user", "content": "Invent a book."}]}
    whole = client.chat.completions.parse(**asked, response_format=Book)
    with client.chat.completions.stream(**asked, response_format=Book) as stream:
        final = stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, Book)
    assert final.choices[0].message.parsed == whole.choices[0].message.parsed


def test_a_tool_is_called_in_pieces_and_its_result_is_used(client: OpenAI, near: Place) -> None:
    with client.chat.completions.stream(
        model=near.chat, messages=ASKED, tools=TOOLS, tool_choice="required"
    ) as stream:
        events = list(stream)
        message = stream.get_final_completion().choices[0].message
    pieces = [e for e in events if e.type == "tool_calls.function.arguments.delta"]
    [call] = message.tool_calls or []
    assert len(pieces) > 1
    assert "".join(piece.arguments_delta for piece in pieces) == call.function.arguments
    assert call.function.parsed_arguments == GetWeather(city="Paris")
    turn: Any = message.model_dump(
        exclude_none=True, exclude={"tool_calls": {"__all__": {"index"}}}
    )
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees, sunny"}
    second = client.chat.completions.create(
        model=near.chat, messages=[*ASKED, turn, result], tools=TOOLS
    )
    assert second.choices[0].finish_reason == "stop"
    assert "21" in (second.choices[0].message.content or "")


def test_log_probabilities_come_with_the_pieces(client: OpenAI, near: Place) -> None:
    with client.chat.completions.stream(
        model=near.chat, messages=ASKED, logprobs=True, top_logprobs=2
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].logprobs is not None
    tokens = final.choices[0].logprobs.content or []
    assert "".join(token.token for token in tokens) == final.choices[0].message.content
    assert all(len(token.top_logprobs) == 2 for token in tokens)


@pytest.mark.parametrize("stream", [False, True])
def test_a_limit_is_told_as_length(client: OpenAI, near: Place, stream: bool) -> None:
    asked: Any = {"model": near.chat, "messages": ASKED, "max_tokens": 3}
    made: Any = client.chat.completions.create(**asked, stream=stream)
    last = list(made)[-1] if stream else made
    assert last.choices[0].finish_reason == "length"


@pytest.mark.parametrize("wish", [{"n": 2}, {"stop": "the"}])
def test_what_responses_cant_do_is_refused_by_name(
    client: OpenAI, near: Place, wish: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=near.chat, messages=ASKED, **wish)
    assert caught.value.param == next(iter(wish))


async def test_the_async_helpers_do_the_same(async_client: AsyncOpenAI, near: Place) -> None:
    create: Any = async_client.chat.completions
    asked: Any = {"model": near.chat, "messages": ASKED}
    async with create.stream(**asked) as stream:
        deltas = [event.delta async for event in stream if event.type == "content.delta"]
        final = await stream.get_final_completion()
    assert "".join(deltas) == final.choices[0].message.content
    parsed = (await create.parse(**asked, response_format=Book)).choices[0].message.parsed
    assert isinstance(parsed, Book)


def test_nothing_is_kept_at_the_vendor(client: OpenAI, near: Place, product: Product) -> None:
    made = client.chat.completions.create(model=near.chat, messages=ASKED)
    with (
        connect(product) as direct,
        pytest.raises(openai.NotFoundError),
    ):
        direct.responses.retrieve(made.id.replace("chatcmpl-", "resp_"))


def test_responses_go_on_from_each_other_there_too(client: OpenAI, near: Place) -> None:
    first = client.responses.create(model=near.chat, input="Remember the number 41.")
    second = client.responses.create(
        model=near.chat, input="Which number was it?", previous_response_id=first.id
    )
    assert second.usage is not None
    assert first.usage is not None
    assert second.usage.input_tokens > first.usage.input_tokens
