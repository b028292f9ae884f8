"""The strict official SDK uses the sandbox's tools and schemas, directly and through a second Nexhina."""

from typing import Any, Literal

import msgspec
from openai import OpenAI
from pydantic import BaseModel

from support.place import Place


class Stop(BaseModel):
    city: str
    nights: int


class Trip(BaseModel):
    title: str
    transport: Literal["train", "boat"]
    stops: list[Stop]


WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
QUESTION: Any = [{"role": "user", "content": "What is the weather in Rome?"}]


def test_parse_gives_a_pydantic_model(client: OpenAI, place: Place) -> None:
    messages: Any = [{"role": "user", "content": "Plan a trip by boat"}]
    answer = client.chat.completions.parse(
        model=place.chat, messages=messages, response_format=Trip
    )
    trip = answer.choices[0].message.parsed
    assert isinstance(trip, Trip)
    assert trip.transport == "boat"


def test_a_streamed_tool_call_is_put_together_by_the_sdk(client: OpenAI, place: Place) -> None:
    with client.chat.completions.stream(
        model=place.chat, messages=QUESTION, tools=[WEATHER]
    ) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_completion()
    assert kinds.count("tool_calls.function.arguments.delta") > 1
    assert "tool_calls.function.arguments.done" in kinds
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls
    assert choice.message.tool_calls[0].function.parsed_arguments == {"city": "Rome"}


def test_a_tool_round_trip_ends_with_text(client: OpenAI, place: Place) -> None:
    create: Any = client.chat.completions.create
    first = create(model=place.chat, messages=QUESTION, tools=[WEATHER]).choices[0].message
    call = first.tool_calls[0]
    assert msgspec.json.decode(call.function.arguments) == {"city": "Rome"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "31 degrees"}
    messages = [*QUESTION, first.model_dump(exclude_none=True), result]
    last = create(model=place.chat, messages=messages, tools=[WEATHER]).choices[0]
    assert last.finish_reason == "stop"
    assert "31 degrees" in last.message.content
