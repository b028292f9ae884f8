"""OpenAI's Agents SDK: a runner that calls a function, over responses and over chat."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from agents import (
    Agent,
    CodeInterpreterTool,
    FileSearchTool,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    WebSearchTool,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel

from support.place import Place

QUESTION = "What is the weather in Paris?"
set_tracing_disabled(disabled=True)


class Book(BaseModel):
    title: str
    pages: int


@pytest.fixture
async def client(place: Place) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=place.base_url, api_key=place.key, max_retries=0) as made:
        yield made


@pytest.fixture(
    params=[OpenAIChatCompletionsModel, OpenAIResponsesModel], ids=["chat", "responses"]
)
def model(request: pytest.FixtureRequest, place: Place, client: AsyncOpenAI) -> Any:
    return request.param(model=place.chat, openai_client=client)


def make_agent(model: Any, seen: list[str], **more: Any) -> Agent:
    @function_tool
    def get_weather(city: str) -> str:
        """Tells the weather of a city."""
        seen.append(city)
        return f"cloudy over {city}"

    instructions = "You answer briefly."
    return Agent(name="Helper", instructions=instructions, model=model, tools=[get_weather], **more)


async def test_the_runner_calls_the_function_and_answers_with_its_result(model: Any) -> None:
    seen: list[str] = []
    result = await Runner.run(make_agent(model, seen), QUESTION)
    assert seen == ["Paris"]
    assert "cloudy over Paris" in result.final_output
    assert len(result.raw_responses) == 2
    assert all(one.usage.total_tokens > 0 for one in result.raw_responses)


async def test_a_streamed_run_brings_text_and_the_call_of_the_function(model: Any) -> None:
    seen: list[str] = []
    result = Runner.run_streamed(make_agent(model, seen), QUESTION)
    events = [event async for event in result.stream_events()]
    deltas = [
        event.data.delta
        for event in events
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    names = [event.name for event in events if event.type == "run_item_stream_event"]
    assert seen == ["Paris"]
    assert "".join(deltas) == result.final_output
    assert names == ["tool_called", "tool_output", "message_output_created"]


async def test_an_output_type_is_made(model: Any) -> None:
    agent = Agent(name="Writer", model=model, output_type=Book)
    assert isinstance((await Runner.run(agent, "Invent a book.")).final_output, Book)


async def test_a_second_turn_takes_the_first_along(model: Any) -> None:
    agent = make_agent(model, [])
    first = await Runner.run(agent, QUESTION)
    followed: Any = [*first.to_input_list(), {"role": "user", "content": "And why is that?"}]
    assert (await Runner.run(agent, followed)).final_output


async def test_responses_go_on_from_the_one_before(place: Place, client: AsyncOpenAI) -> None:
    agent = make_agent(OpenAIResponsesModel(model=place.chat, openai_client=client), seen := [])
    first = await Runner.run(agent, QUESTION, auto_previous_response_id=True)
    assert seen == ["Paris"]
    second = await Runner.run(
        agent, "And why is that?", previous_response_id=first.last_response_id
    )
    assert second.final_output


async def test_one_agent_hands_over_to_another(model: Any) -> None:
    expert = make_agent(model, [])
    expert.handoff_description = "Tells the weather"
    front = Agent(name="Front", model=model, handoffs=[expert])
    result = await Runner.run(front, "Transfer me to the helper for the weather in Paris.")
    assert result.last_agent is expert
    assert result.final_output


@pytest.mark.parametrize(
    "hosted",
    [
        WebSearchTool(),
        FileSearchTool(vector_store_ids=["vs_1"]),
        CodeInterpreterTool(
            tool_config={"type": "code_interpreter", "container": {"type": "auto"}}
        ),
    ],
    ids=lambda tool: tool.name,
)
async def test_a_tool_that_the_vendor_would_run_does_not_stop_the_others(
    place: Place, client: AsyncOpenAI, hosted: Any
) -> None:
    agent = make_agent(OpenAIResponsesModel(model=place.chat, openai_client=client), seen := [])
    agent.tools.append(hosted)
    result = await Runner.run(agent, QUESTION)
    assert seen == ["Paris"]
    assert "cloudy over Paris" in result.final_output
