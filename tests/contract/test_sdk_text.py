"""The official OpenAI SDK on responses, legacy completions and moderations; rerank as plain HTTP.

The chained place speaks only chat to its upstream, so responses are translated there as well.
"""

from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from support.place import Place
from support.sdk import connect, connect_async

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather of a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["c", "f"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}


class Book(BaseModel):
    title: str
    pages: int


def test_a_response_has_text_and_usage_that_adds_up(client: OpenAI, place: Place) -> None:
    made = client.responses.create(
        model=place.chat, input="What is a ledger?", instructions="Answer in one sentence."
    )
    assert made.status == "completed"
    assert made.model == place.chat
    assert made.id.startswith("resp_")
    assert made.output_text
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens


def test_a_streamed_response_says_the_same_in_numbered_events(client: OpenAI, place: Place) -> None:
    asked: Any = {"model": place.chat, "input": "Name three rivers."}
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 1
    assert "".join(deltas) == final.output_text == whole.output_text


def test_a_response_calls_a_tool_and_uses_its_result(client: OpenAI, place: Place) -> None:
    first = client.responses.create(
        model=place.chat, input="What is the weather in Paris?", tools=[WEATHER]
    )
    [call] = [item for item in first.output if item.type == "function_call"]
    assert call.name == "get_weather"
    second = client.responses.create(
        model=place.chat,
        previous_response_id=first.id,
        input=[
            {"type": "function_call_output", "call_id": call.call_id, "output": '{"sky":"cloudy"}'}
        ],
        tools=[WEATHER],
    )
    assert second.previous_response_id == first.id
    assert "cloudy" in second.output_text


def test_a_response_is_parsed_into_a_model(client: OpenAI, place: Place) -> None:
    made = client.responses.parse(model=place.chat, input="Invent a book.", text_format=Book)
    assert isinstance(made.output_parsed, Book)


def test_a_response_can_be_read_again_and_deleted(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="Remember the number 41.")
    assert client.responses.retrieve(made.id).output_text == made.output_text
    [item] = client.responses.input_items.list(made.id).data
    assert item.type == "message"
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    unstored = client.responses.create(model=place.chat, input="Forget this.", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(unstored.id)


def test_a_response_that_was_cut_is_incomplete(client: OpenAI, place: Place) -> None:
    made = client.responses.create(
        model=place.chat, input="Tell me a long story.", max_output_tokens=16
    )
    assert made.status == "incomplete"
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"


def test_unknown_predecessors_are_refused(client: OpenAI, place: Place) -> None:
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=place.chat, input="Hi", previous_response_id="resp_none")


async def test_responses_stream_to_the_async_client(place: Place) -> None:
    async with connect_async(place) as client:
        stream = await client.responses.create(model=place.chat, input="Hi", stream=True)
        kinds = [event.type async for event in stream]
    assert kinds[-1] == "response.completed"


def test_completions_answer_whole_and_streamed_alike(client: OpenAI, place: Place) -> None:
    asked: Any = {"model": place.chat, "prompt": "Once upon a time", "max_tokens": 40, "seed": 3}
    whole = client.completions.create(**asked)
    assert whole.usage is not None
    assert whole.usage.completion_tokens > 0
    # The SDK's type wants a finish_reason in each piece; OpenAI's own pieces have null there.
    with connect(place, _strict_response_validation=False) as loose:
        pieces = list(loose.completions.create(stream=True, **asked))
    text = "".join(piece.choices[0].text for piece in pieces if piece.choices)
    assert len(pieces) > 1
    assert text == whole.choices[0].text


def test_a_moderation_flags_a_threat_and_passes_a_greeting(client: OpenAI, place: Place) -> None:
    made = client.moderations.create(
        model=place.moderation, input=["I will kill you tonight.", "Good morning, how are you?"]
    )
    threat, greeting = made.results
    assert threat.flagged
    assert threat.categories.violence
    assert 0 <= greeting.category_scores.violence < threat.category_scores.violence <= 1
    assert not greeting.flagged


def test_a_moderation_needs_no_model(client: OpenAI, place: Place) -> None:
    if place.name == "sandbox":
        assert not client.moderations.create(input="Good morning").results[0].flagged


def test_rerank_puts_the_fitting_document_first(place: Place) -> None:
    asked = {
        "model": place.rerank,
        "query": "How do I reset my password?",
        "documents": [
            "Our office is closed on Sundays.",
            "To change a forgotten password, open the sign-in page and choose Reset.",
            "The invoice lists every call of the month.",
        ],
        "top_n": 2,
        "return_documents": True,
    }
    made = place.product.call("POST", "/v1/rerank", asked)
    assert made.status == 200, made.body
    results = made.json()["results"]
    assert [len(results), results[0]["index"]] == [2, 1]
    assert 1 >= results[0]["relevance_score"] >= results[1]["relevance_score"] >= 0
    assert made.json()["usage"]["total_tokens"] > 0
    second = place.product.call("POST", "/v2/rerank", asked)
    assert second.status == 200, second.body
    assert second.json()["results"][0]["index"] == 1
