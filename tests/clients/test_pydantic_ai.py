"""Pydantic AI: an agent with a tool and structured output, over chat and over responses."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from support.place import Place

QUESTION = "What is the weather in Paris?"


class Book(BaseModel):
    title: str
    pages: int


@pytest.fixture
async def provider(place: Place) -> AsyncGenerator[OpenAIProvider]:
    async with AsyncOpenAI(base_url=place.base_url, api_key=place.key, max_retries=0) as client:
        yield OpenAIProvider(openai_client=client)


@pytest.fixture(params=[OpenAIChatModel, OpenAIResponsesModel], ids=["chat", "responses"])
def model(request: pytest.FixtureRequest, place: Place, provider: OpenAIProvider) -> Any:
    return request.param(place.chat, provider=provider)


def make_agent(model: Any, seen: list[str], **more: Any) -> Agent:
    agent = Agent(model, instructions="You answer briefly.", **more)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Tells the weather of a city."""
        seen.append(city)
        return f"cloudy over {city}"

    return agent


async def test_an_agent_uses_its_tool_to_answer(model: Any) -> None:
    seen: list[str] = []
    result = await make_agent(model, seen).run(QUESTION)
    assert seen == ["Paris"]
    assert "cloudy over Paris" in result.output
    assert result.usage.requests == 2
    assert result.usage.output_tokens > 0


async def test_a_streamed_run_uses_its_tool_too(model: Any) -> None:
    seen: list[str] = []
    async with make_agent(model, seen).run_stream(QUESTION) as run:
        pieces = [piece async for piece in run.stream_text(delta=True, debounce_by=None)]
    assert seen == ["Paris"]
    assert len(pieces) > 2
    assert "cloudy over Paris" in "".join(pieces)


@pytest.mark.parametrize("output", [ToolOutput, NativeOutput], ids=["forced tool", "schema"])
async def test_structured_output_is_the_asked_model(model: Any, output: Any) -> None:
    result = await Agent(model, output_type=output(Book)).run("Invent a book.")
    assert isinstance(result.output, Book)


async def test_a_second_run_takes_the_first_along(model: Any) -> None:
    agent = make_agent(model, [])
    first = await agent.run(QUESTION)
    second = await agent.run("And why is that?", message_history=first.all_messages())
    assert second.output
