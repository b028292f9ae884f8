"""LlamaIndex's OpenAILike and OpenAILikeResponses: chat, streams, tools, structured output, an agent."""

from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike, OpenAILikeResponses
from pydantic import BaseModel

from support.client_page import list_examples, run_example
from support.place import Place
from support.product import Product

QUESTION = "What is the weather in Paris?"


class Book(BaseModel):
    """A book."""

    title: str
    pages: int


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def weather(seen: list[str]) -> FunctionTool:
    def get_weather(city: str) -> str:
        """Tells the weather of a city."""
        seen.append(city)
        return f"cloudy over {city}"

    return FunctionTool.from_defaults(get_weather)


@pytest.fixture(params=[OpenAILike, OpenAILikeResponses], ids=["chat", "responses"])
def llm(request: pytest.FixtureRequest, place: Place) -> Any:
    return request.param(
        model=place.chat,
        api_base=place.base_url,
        api_key=place.key,
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=100_000,
        max_retries=0,
    )


def test_a_chat_answers_whole_and_streamed_alike(llm: Any) -> None:
    asked = [ChatMessage(role="system", content="Be brief."), ChatMessage("Name three rivers.")]
    whole = llm.chat(asked)
    pieces = list(llm.stream_chat(asked))
    assert whole.message.content
    assert len(pieces) > 2
    assert pieces[-1].message.content == whole.message.content


async def test_the_async_forms_answer(llm: Any) -> None:
    asked = [ChatMessage("Name three rivers.")]
    whole = await llm.achat(asked)
    pieces = [piece.delta or "" async for piece in await llm.astream_chat(asked)]
    assert "".join(pieces) == whole.message.content


def test_predict_and_call_runs_the_tool(llm: Any, weather: FunctionTool, seen: list[str]) -> None:
    answer = llm.predict_and_call([weather], QUESTION)
    assert seen == ["Paris"]
    assert "cloudy over Paris" in str(answer)


def test_a_tool_and_its_result_are_told_to_the_model(llm: Any, weather: FunctionTool) -> None:
    asked = ChatMessage(QUESTION)
    first = llm.chat_with_tools([weather], chat_history=[asked])
    [call] = llm.get_tool_calls_from_response(first)
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "Paris"})
    result = ChatMessage(
        role="tool", content="cloudy", additional_kwargs={"tool_call_id": call.tool_id}
    )
    second = llm.chat_with_tools([weather], chat_history=[asked, first.message, result])
    assert "cloudy" in (second.message.content or "")


async def test_a_function_agent_uses_its_tool_to_answer(
    llm: Any, weather: FunctionTool, seen: list[str]
) -> None:
    agent = FunctionAgent(tools=[weather], llm=llm, system_prompt="You answer briefly.")
    answer = await agent.run(QUESTION)
    assert seen == ["Paris"]
    assert "cloudy over Paris" in str(answer)


def test_structured_output_is_the_asked_model(llm: Any) -> None:
    made = llm.as_structured_llm(Book).complete("Invent a book.")
    assert isinstance(made.raw, Book)


def test_legacy_completions_answer(place: Place) -> None:
    llm = OpenAILike(
        model=place.chat, api_base=place.base_url, api_key=place.key, is_chat_model=False
    )
    whole = llm.complete("Once upon a time")
    pieces = list(llm.stream_complete("Once upon a time"))
    assert whole.text
    assert pieces[-1].text == whole.text


def test_the_example_of_the_page_prints_an_answer(product: Product) -> None:
    [text] = list_examples("python", word="llama_index")
    assert "cloudy over Paris" in run_example(text, product)
