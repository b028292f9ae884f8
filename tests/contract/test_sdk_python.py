"""The official OpenAI SDK for Python runs every operation against the started product.

Answers are validated strictly: a field of the wrong type fails the call inside the SDK. Each test
runs twice, against the sandbox and against a second Nexhina whose upstream is the first.
"""

import asyncio
import base64
import io
import urllib.request
from collections.abc import Generator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from PIL import Image

from support.place import Place
from support.product import Product
from support.sdk import connect

PROMPT: Any = [
    {"role": "system", "content": "You answer in whole sentences."},
    {"role": "user", "content": "Why does the sea look blue?"},
]


@pytest.fixture
def packed_client(place: Place) -> Generator[OpenAI]:
    """For packed vectors: the SDK asks for them by default, but checks before it unpacks them."""
    with connect(place, _strict_response_validation=False) as made:
        yield made


# --- chat -----------------------------------------------------------------------------------------


def say(client: OpenAI, place: Place, **parameters: Any) -> Any:
    wanted: dict[str, Any] = {"model": place.chat, "messages": PROMPT, "seed": 7, **parameters}
    return client.chat.completions.create(**wanted)


def test_a_chat_answers_with_text_and_usage_that_adds_up(client: OpenAI, place: Place) -> None:
    answer = say(client, place)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_an_answer_names_the_model_that_was_asked_for(client: OpenAI, place: Place) -> None:
    assert say(client, place).model == place.chat
    assert {chunk.model for chunk in say(client, place, stream=True)} == {place.chat}


def test_a_stream_says_the_same_in_several_pieces(client: OpenAI, place: Place) -> None:
    whole = say(client, place)
    chunks = list(say(client, place, stream=True))
    deltas = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert len([text for text in deltas if text]) > 2
    assert "".join(deltas) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert all(c.usage is None for c in chunks)  # not asked for, so not there


def test_a_stream_ends_with_its_usage_when_asked(client: OpenAI, place: Place) -> None:
    whole = say(client, place)
    chunks = list(say(client, place, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert all(c.usage is None for c in chunks[:-1])


def test_a_stream_that_is_left_early_leaves_the_client_usable(client: OpenAI, place: Place) -> None:
    with say(client, place, stream=True) as stream:
        next(iter(stream))
    assert say(client, place).choices


def test_max_tokens_cuts_the_answer_and_says_so(client: OpenAI, place: Place) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        answer = say(client, place, **{name: 3})
        assert answer.choices[0].finish_reason == "length"
        assert answer.usage.completion_tokens == 3


def test_the_text_ends_before_a_stop_word(client: OpenAI, place: Place) -> None:
    text = say(client, place).choices[0].message.content
    word = text.split()[len(text.split()) // 2]
    answer = say(client, place, stop=[word])
    assert answer.choices[0].message.content == text.partition(word)[0]
    assert answer.choices[0].finish_reason == "stop"


def test_n_gives_that_many_answers(client: OpenAI, place: Place) -> None:
    answer = say(client, place, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 3


def test_the_same_seed_gives_the_same_text_and_another_prompt_another(
    client: OpenAI, place: Place
) -> None:
    first = say(client, place).choices[0].message.content
    assert say(client, place).choices[0].message.content == first
    other: Any = [{"role": "user", "content": "Name three rivers."}]
    assert say(client, place, messages=other).choices[0].message.content != first


def test_a_raw_answer_shows_the_products_headers(client: OpenAI, place: Place) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=place.chat, messages=PROMPT, extra_headers={"X-Request-Id": "my-own-id-1"}
    )
    assert raw.headers["x-request-id"] == "my-own-id-1"
    assert raw.parse()._request_id == "my-own-id-1"
    assert raw.headers["x-nexhina-id"] != "my-own-id-1"
    assert raw.headers["x-nexhina-attempts"] == "1"
    assert raw.headers["x-nexhina-lane"] in {"verbatim", "splice"}
    assert float(raw.headers["x-nexhina-overhead-ms"]) >= 0
    assert "x-nexhina-cost" in raw.headers


def test_a_streaming_response_can_be_read_line_by_line(client: OpenAI, place: Place) -> None:
    with client.chat.completions.with_streaming_response.create(
        model=place.chat, messages=PROMPT, stream=True
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"


async def test_many_chats_at_once_each_get_their_own_answer(
    async_client: AsyncOpenAI, place: Place
) -> None:
    async def ask(number: int) -> str:
        prompt: Any = [{"role": "user", "content": f"Say something about the number {number}."}]
        answer = await async_client.chat.completions.create(model=place.chat, messages=prompt)
        return answer.choices[0].message.content or ""

    first = await asyncio.gather(*(ask(number) for number in range(16)))
    again = [await ask(number) for number in range(16)]
    assert first == again
    assert len(set(first)) > 8


async def test_an_async_stream_ends(async_client: AsyncOpenAI, place: Place) -> None:
    stream = await async_client.chat.completions.create(
        model=place.chat, messages=PROMPT, stream=True
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].choices[0].finish_reason == "stop"


# --- models ---------------------------------------------------------------------------------------


def test_the_list_of_models_holds_what_can_be_called(client: OpenAI, place: Place) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {place.chat, place.embedding, place.image} <= set(models)
    assert all(m.object == "model" and m.owned_by and m.created >= 0 for m in models.values())


def test_one_model_is_described_as_in_the_list(client: OpenAI, place: Place) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert client.models.retrieve(place.chat) == listed[place.chat]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"


# --- embeddings -----------------------------------------------------------------------------------


def test_vectors_come_packed_by_default_and_as_numbers_when_asked(
    client: OpenAI, packed_client: OpenAI, place: Place
) -> None:
    texts = ["the sea is blue", "der Himmel ist grau", "天空是蓝色的"]
    packed = packed_client.embeddings.create(model=place.embedding, input=texts)
    plain = client.embeddings.create(model=place.embedding, input=texts, encoding_format="float")
    assert [item.index for item in packed.data] == [0, 1, 2]
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 0
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert sum(x * x for x in one.embedding) == pytest.approx(1, abs=1e-3)


def test_dimensions_are_honoured(client: OpenAI, packed_client: OpenAI, place: Place) -> None:
    plain = client.embeddings.create(
        model=place.embedding, input="short", dimensions=64, encoding_format="float"
    )
    packed = packed_client.embeddings.create(model=place.embedding, input="short", dimensions=64)
    assert len(plain.data[0].embedding) == len(packed.data[0].embedding) == 64


def test_token_lists_are_taken_too(packed_client: OpenAI, place: Place) -> None:
    create = packed_client.embeddings.create
    one = create(model=place.embedding, input=[11, 22, 33])
    two = create(model=place.embedding, input=[[11, 22, 33], [44]])
    assert (len(one.data), len(two.data)) == (1, 2)


async def test_async_embeddings_are_the_same(async_client: AsyncOpenAI, place: Place) -> None:
    create = async_client.embeddings.create
    first = await create(model=place.embedding, input="hello", encoding_format="float")
    again = await create(model=place.embedding, input=["hello"], encoding_format="float")
    assert first.data == again.data


# --- images ---------------------------------------------------------------------------------------


def draw(client: OpenAI, place: Place, **parameters: Any) -> Any:
    wanted: dict[str, Any] = {"model": place.image, "prompt": "A lighthouse at dusk"}
    return client.images.generate(**(wanted | parameters))


def open_image(data: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture.format, picture.size


def fetch(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.headers["content-type"], reply.read()


def test_an_image_can_be_fetched_from_its_link_at_the_asked_size(
    client: OpenAI, place: Place
) -> None:
    answer = draw(client, place, size="1024x1024", response_format="url")
    content_type, data = fetch(answer.data[0].url)
    assert content_type == "image/png"
    assert open_image(data) == ("PNG", (1024, 1024))


@pytest.mark.parametrize(
    ("output", "kind", "size"), [("png", "PNG", 512), ("jpeg", "JPEG", 256), ("webp", "WEBP", 256)]
)
def test_an_image_can_come_inside_the_answer_in_each_format(
    client: OpenAI, place: Place, output: str, kind: str, size: int
) -> None:
    answer = draw(
        client, place, size=f"{size}x{size}", response_format="b64_json", output_format=output
    )
    data = base64.b64decode(answer.data[0].b64_json, validate=True)
    assert open_image(data) == (kind, (size, size))


def test_several_images_are_different_and_a_seed_repeats_them(client: OpenAI, place: Place) -> None:
    def pictures(**parameters: Any) -> list[str]:
        answer = draw(client, place, size="256x256", response_format="b64_json", n=2, **parameters)
        return [item.b64_json for item in answer.data]

    first = pictures(extra_body={"seed": 5})
    assert len(set(first)) == 2
    assert pictures(extra_body={"seed": 5}) == first
    assert pictures(extra_body={"seed": 5}, prompt="A train in the snow") != first


def test_an_image_without_a_model_is_of_the_default_one_or_of_none(
    client: OpenAI, place: Place
) -> None:
    if place.name != "sandbox":  # it offers only what its operator named
        with pytest.raises(openai.NotFoundError, match="dall-e-2"):
            client.images.generate(prompt="A lighthouse at dusk")
        return
    answer = client.images.generate(prompt="A lighthouse at dusk", size="256x256")
    assert answer.data is not None
    url = answer.data[0].url
    assert url is not None
    assert open_image(fetch(url)[1]) == ("PNG", (256, 256))


def test_an_idempotency_key_gives_the_first_answer_again(client: OpenAI, place: Place) -> None:
    headers = {"Idempotency-Key": f"order-{place.name}"}
    first = draw(client, place, size="256x256", extra_headers=headers)
    assert draw(client, place, size="256x256", extra_headers=headers) == first
    with pytest.raises(openai.ConflictError):
        draw(client, place, size="512x512", extra_headers=headers)


# --- errors ---------------------------------------------------------------------------------------


def test_a_wrong_key_is_an_authentication_error_as_documented(place: Place) -> None:
    with (
        connect(place, api_key="sk-wrong") as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        say(stranger, place)
    assert caught.value.response.json() == {
        "error": {
            "message": "Incorrect API key provided",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    }


def test_an_unknown_model_is_not_found_and_the_nearest_is_named(
    client: OpenAI, place: Place
) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        say(client, place, model=place.chat + "t")
    assert caught.value.code == "model_not_found"
    assert place.chat in caught.value.message


def test_a_size_that_the_model_does_not_draw_is_a_bad_request_that_lists_the_sizes(
    product: Product,
) -> None:
    with (
        connect(product) as client,
        pytest.raises(openai.BadRequestError) as caught,
    ):
        client.images.generate(model="wanx-v2", prompt="A bridge", size="1x1")
    assert caught.value.param == "size"
    assert all(size in caught.value.message for size in ("1024x1024", "720x1280", "1280x720"))


def test_a_missing_field_is_a_bad_request_that_names_it(client: OpenAI, place: Place) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", cast_to=object, body={"model": place.chat})
    assert caught.value.param == "messages"


def test_a_key_for_one_model_may_not_use_another(place: Place) -> None:
    made = place.product.run(
        "keys", "create", "--name", f"only-chat-{place.name}", "--models", place.chat
    )
    with connect(place, api_key=made["key"]) as client:
        assert say(client, place).choices
        assert [model.id for model in client.models.list()] == [place.chat]
        with pytest.raises(openai.PermissionDeniedError):
            client.embeddings.create(model=place.embedding, input="hello")
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(place.embedding)
