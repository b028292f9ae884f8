"""LangChain's ChatOpenAI over chat and over responses: text, streams, tools, models, agents."""

import itertools
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from support.place import Place

QUESTION = "What is the weather in Paris?"


class Book(BaseModel):
    """A book."""

    title: str
    pages: int


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"cloudy over {city}"


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def model(request: pytest.FixtureRequest, place: Place) -> ChatOpenAI:
    return ChatOpenAI(
        model=place.chat,
        base_url=place.base_url,
        api_key=place.key,
        use_responses_api=request.param,
        stream_usage=True,
        max_retries=0,
    )


def test_a_question_gets_text_and_usage(model: ChatOpenAI) -> None:
    answer = model.invoke("Why is the sea blue?")
    assert answer.text
    usage = answer.usage_metadata
    assert usage is not None
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0


def test_a_stream_says_the_same_and_ends_with_its_usage(model: ChatOpenAI) -> None:
    whole = model.invoke("Name three rivers.")
    pieces = list(model.stream("Name three rivers."))
    assert len([piece for piece in pieces if piece.text]) > 2
    total: Any = list(itertools.accumulate(pieces))[-1]
    assert total.text == whole.text
    assert total.usage_metadata["total_tokens"] == whole.usage_metadata["total_tokens"]


@pytest.mark.asyncio(loop_scope="module")  # LangChain keeps one pool of connections per process
async def test_the_async_forms_say_the_same(model: ChatOpenAI) -> None:
    whole = await model.ainvoke("Name three rivers.")
    pieces = [piece.text async for piece in model.astream("Name three rivers.")]
    assert "".join(pieces) == whole.text


def test_a_tool_is_called_and_its_result_used(model: ChatOpenAI) -> None:
    armed = model.bind_tools([get_weather])
    asked: list[Any] = [HumanMessage(QUESTION)]
    first = armed.invoke(asked)
    [call] = first.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    second = armed.invoke([*asked, first, result])
    assert "cloudy over Paris" in second.text
    assert not second.tool_calls


def test_a_streamed_tool_call_comes_together(model: ChatOpenAI) -> None:
    pieces = list(model.bind_tools([get_weather]).stream(QUESTION))
    total: Any = list(itertools.accumulate(pieces))[-1]
    [call] = total.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_is_the_asked_model(model: ChatOpenAI, method: Any) -> None:
    made = model.with_structured_output(Book, method=method).invoke("Invent a book.")
    assert isinstance(made, Book)


def test_an_agent_uses_a_tool_to_answer(model: ChatOpenAI) -> None:
    agent = create_agent(model, [get_weather])
    done = agent.invoke({"messages": [{"role": "user", "content": QUESTION}]})
    kinds = [type(message) for message in done["messages"]]
    assert kinds == [HumanMessage, AIMessage, ToolMessage, AIMessage]
    assert "cloudy over Paris" in done["messages"][-1].text


def test_responses_go_on_from_the_one_before(place: Place) -> None:
    model = ChatOpenAI(
        model=place.chat,
        base_url=place.base_url,
        api_key=place.key,
        use_responses_api=True,
        use_previous_response_id=True,
    ).bind_tools([get_weather])
    asked: list[Any] = [HumanMessage(QUESTION)]
    first = model.invoke(asked)
    assert first.response_metadata["id"].startswith("resp_")
    result = ToolMessage("cloudy", tool_call_id=first.tool_calls[0]["id"])
    assert "cloudy" in model.invoke([*asked, first, result]).text


def test_documents_and_a_question_become_vectors(place: Place) -> None:
    embeddings = OpenAIEmbeddings(
        model=place.embedding,
        base_url=place.base_url,
        api_key=place.key,
        check_embedding_ctx_length=False,  # else it asks a tokenizer that it has to download
    )
    near, far = embeddings.embed_documents(["the sea is blue", "quarterly tax return"])
    asked = embeddings.embed_query("the blue sea")
    assert sum(map(float.__mul__, asked, near)) > sum(map(float.__mul__, asked, far))
