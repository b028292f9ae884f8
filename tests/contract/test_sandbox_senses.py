"""The sandbox's pictures, sounds and reasoning, asked for through the platform by the official SDK."""

from collections.abc import Generator
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from support.attachment import make_picture, make_wav, play, say, show
from support.place import Place
from support.sdk import connect


@pytest.fixture
def client(place: Place) -> Generator[OpenAI]:
    with connect(place, _strict_response_validation=False) as made:
        yield made


def test_a_picture_and_a_sound_are_told_at_every_place(client: OpenAI, place: Place) -> None:
    parts: Any = [say("What is this?"), show(make_picture((120, 90))), play(make_wav(1.5))]
    if place.name == "native":
        parts = parts[:2]  # OpenAI's responses take no sound
    messages: Any = [{"role": "user", "content": parts}]
    answer = client.chat.completions.create(model=place.chat, messages=messages)
    text = answer.choices[0].message.content or ""
    assert "120 × 90 pixels, mostly red" in text
    assert ("1.50 seconds" in text) is (place.name != "native")


def test_a_broken_picture_is_the_callers_mistake(client: OpenAI, place: Place) -> None:
    messages: Any = [{"role": "user", "content": [show("data:image/png;base64,AAAA")]}]
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(model=place.chat, messages=messages)
    assert "can't be read" in str(refused.value)


def test_responses_see_the_picture_too(client: OpenAI, place: Place) -> None:
    content: Any = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": make_picture((30, 40), "#2244cc"), "detail": "auto"},
    ]
    answer = client.responses.create(model=place.chat, input=[{"role": "user", "content": content}])
    assert "30 × 40 pixels, mostly blue" in answer.output_text


def test_reasoning_over_responses_is_summed_up_sealed_and_taken_back(
    client: OpenAI, place: Place
) -> None:
    if place.name != "sandbox":
        pytest.skip("the second installation has no channel for this model")
    asked: Any = {
        "model": "sandbox-reasoning",
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    question: Any = {"role": "user", "content": "Why do rivers meander?"}
    with client.responses.stream(input=[question], **asked) as stream:
        kinds = [event.type for event in stream]
        first = stream.get_final_response()
    assert kinds.count("response.reasoning_summary_text.delta") > 1
    reasoning = first.output[0]
    assert reasoning.type == "reasoning"
    assert "rivers" in reasoning.summary[0].text
    assert reasoning.encrypted_content
    assert first.usage is not None
    assert first.usage.output_tokens_details.reasoning_tokens > 50
    kept: Any = [item.model_dump(exclude_none=True) for item in first.output]
    again = client.responses.with_raw_response.create(
        input=[question, *kept, {"role": "user", "content": "And lakes?"}], **asked
    )
    assert "x-nexhina-dropped" not in again.headers
    assert again.parse().output[0].type == "reasoning"
