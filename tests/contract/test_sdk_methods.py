"""Every method of OpenAI's Python SDK whose route is served, in each of the forms that the SDK has.

The forms: synchronous, asynchronous, raw (headers, then the parsed answer) and as a response that
is read later. Answers are validated strictly. What the SDK has and this suite does not call is
listed below with its reason, so that a new method of the SDK fails here until somebody decides.
"""

import inspect
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from support.pictures import make_png
from support.place import Place

PICTURE = make_png(256, 192)


class Book(BaseModel):
    title: str
    pages: int


class Method(msgspec.Struct, frozen=True):
    """A method by its path in the client, what it is given, and what its answer must be like."""

    path: str
    arguments: Callable[[Place], dict[str, Any]]
    is_right: Callable[[Any], bool]
    of_a_response: bool = False
    """It takes the id of a stored response."""

    def bind(self, client: Any, place: Place, stored: str, form: str = "") -> Callable[[], Any]:
        """The call; `form` is `with_raw_response` or `with_streaming_response`."""
        resource, _, name = self.path.rpartition(".")
        member = getattr(attrgetter(f"{resource}.{form}" if form else resource)(client), name)
        given = [stored] if self.of_a_response else []
        return partial(member, *given, **self.arguments(place))


def ask(place: Place) -> dict[str, Any]:
    return {"model": place.chat, "messages": [{"role": "user", "content": "Name a river."}]}


def respond(place: Place) -> dict[str, Any]:
    return {"model": place.chat, "input": "Name a river."}


def nothing(_: Place) -> dict[str, Any]:
    return {}


METHODS = (
    Method("responses.create", respond, lambda made: bool(made.output_text)),
    Method(
        "responses.parse",
        lambda place: respond(place) | {"text_format": Book},
        lambda made: isinstance(made.output_parsed, Book),
    ),
    Method("responses.retrieve", nothing, lambda made: bool(made.output_text), True),
    Method("responses.delete", nothing, lambda made: made is None, True),
    Method(
        "responses.input_items.list", nothing, lambda page: page.data[0].type == "message", True
    ),
    Method("responses.input_tokens.count", respond, lambda made: made.input_tokens > 0),
    Method("responses.compact", respond, lambda made: made.output[0].type == "compaction"),
    Method("beta.responses.compact", respond, lambda made: made.output[0].type == "compaction"),
    Method("beta.responses.create", respond, lambda made: bool(made.output)),
    Method("beta.responses.retrieve", nothing, lambda made: bool(made.output), True),
    Method("beta.responses.delete", nothing, lambda made: made is None, True),
    Method("beta.responses.input_items.list", nothing, lambda page: len(page.data) == 1, True),
    Method("beta.responses.input_tokens.count", respond, lambda made: made.input_tokens > 0),
    Method("chat.completions.create", ask, lambda made: bool(made.choices[0].message.content)),
    Method(
        "chat.completions.parse",
        lambda place: ask(place) | {"response_format": Book},
        lambda made: isinstance(made.choices[0].message.parsed, Book),
    ),
    Method(
        "completions.create",
        lambda place: {"model": place.chat, "prompt": "Once upon a time"},
        lambda made: bool(made.choices[0].text),
    ),
    Method(
        "embeddings.create",
        lambda place: {"model": place.embedding, "input": "sea", "encoding_format": "float"},
        lambda made: len(made.data[0].embedding) == 1536,
    ),
    Method(
        "images.generate",
        lambda place: {"model": place.image, "prompt": "A bridge", "size": "256x256"},
        lambda made: bool(made.data[0].url or made.data[0].b64_json),
    ),
    Method(
        "images.edit",
        lambda place: {"model": place.image, "prompt": "A bridge at night", "image": PICTURE},
        lambda made: bool(made.data[0].url or made.data[0].b64_json) and made.size == "256x192",
    ),
    Method(
        "images.create_variation",
        lambda place: {"model": place.image, "image": PICTURE, "n": 2},
        lambda made: len(made.data) == 2,
    ),
    Method(
        "moderations.create",
        lambda place: {"model": place.moderation, "input": "I will kill you tonight."},
        lambda made: made.results[0].flagged,
    ),
    Method("models.list", nothing, lambda page: len(page.data) >= 5),
    Method(
        "models.retrieve",
        lambda place: {"model": place.chat},
        lambda model: model.object == "model",
    ),
)
# OpenAI retired variations; vendors after its pattern, and the sandbox, still make them.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
BY_PATH = {method.path: method for method in METHODS}
EACH = pytest.mark.parametrize("path", BY_PATH)
EACH_WITH_FORMS = pytest.mark.parametrize("path", [p for p in BY_PATH if p != "responses.parse"])

ELSEWHERE = {
    "chat.completions.stream": "test_sdk_stream.py",
    "responses.stream": "test_sdk_stream.py",
    "responses.cancel": "the last test here",
    "beta.responses.cancel": "the last test here",
    "audio.speech.create": "test_sdk_media.py",
    "audio.transcriptions.create": "test_sdk_media.py",
    "audio.translations.create": "test_sdk_media.py",
    "videos.create": "test_sdk_media.py",
    "videos.create_and_poll": "test_sdk_media.py",
    "videos.poll": "test_sdk_media.py",
    "videos.retrieve": "test_sdk_media.py",
    "videos.list": "test_sdk_media.py",
    "videos.delete": "test_sdk_media.py",
    "videos.remix": "test_sdk_media.py",
    "videos.download_content": "test_sdk_media.py",
}
NOT_SERVED = {
    "responses.connect": "a WebSocket: 426, after which clients use POST",
    "beta.responses.connect": "a WebSocket: 426, after which clients use POST",
    "chat.completions.list": "chats are not stored",
    "chat.completions.retrieve": "chats are not stored",
    "chat.completions.update": "chats are not stored",
    "chat.completions.delete": "chats are not stored",
    "chat.completions.messages.list": "chats are not stored",
    "models.delete": "models are the operator's, not the caller's",
    "audio.voices.create": "voices are the vendors' own",
    "audio.voices.delete": "voices are the vendors' own",
    "audio.voice_consents.create": "voices are the vendors' own",
    "audio.voice_consents.retrieve": "voices are the vendors' own",
    "audio.voice_consents.update": "voices are the vendors' own",
    "audio.voice_consents.list": "voices are the vendors' own",
    "audio.voice_consents.delete": "voices are the vendors' own",
    "videos.create_character": "characters are not kept",
    "videos.get_character": "characters are not kept",
    "videos.edit": "films are made anew by a remix",
    "videos.extend": "films are made anew by a remix",
}
RESOURCES = (
    "responses",
    "responses.input_items",
    "responses.input_tokens",
    "beta.responses",
    "beta.responses.input_items",
    "beta.responses.input_tokens",
    "chat.completions",
    "chat.completions.messages",
    "completions",
    "embeddings",
    "images",
    "moderations",
    "models",
    "audio.speech",
    "audio.transcriptions",
    "audio.translations",
    "audio.voices",
    "audio.voice_consents",
    "videos",
)


@pytest.fixture
def stored(place: Place, path: str) -> str:
    """The id of a response that was stored just now, for the methods that take one."""
    return store(place) if BY_PATH[path].of_a_response else ""


def store(place: Place) -> str:
    made = place.product.call("POST", "/v1/responses", respond(place))
    assert made.status == 200, made.body
    return str(made.json()["id"])


def test_each_method_of_the_sdk_is_called_or_has_a_reason() -> None:
    client = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")
    there = {
        f"{path}.{name}"
        for path in RESOURCES
        for name, _ in inspect.getmembers(attrgetter(path)(client), inspect.ismethod)
        if not name.startswith("_")
    }
    assert there == set(BY_PATH) | set(ELSEWHERE) | set(NOT_SERVED)


@EACH
def test_a_method_answers(client: OpenAI, place: Place, stored: str, path: str) -> None:
    method = BY_PATH[path]
    assert method.is_right(method.bind(client, place, stored)())


@EACH
async def test_a_method_answers_the_async_client(
    async_client: AsyncOpenAI, place: Place, stored: str, path: str
) -> None:
    method = BY_PATH[path]
    assert method.is_right(await method.bind(async_client, place, stored)())


@EACH_WITH_FORMS
def test_a_method_shows_its_headers_and_then_its_answer(
    client: OpenAI, place: Place, stored: str, path: str
) -> None:
    method = BY_PATH[path]
    raw = method.bind(client, place, stored, "with_raw_response")()
    assert raw.status_code == 200
    assert raw.headers["x-nexhina-id"]
    assert method.is_right(raw.parse())


@EACH_WITH_FORMS
async def test_a_method_can_be_read_later_by_the_async_client(
    async_client: AsyncOpenAI, place: Place, stored: str, path: str
) -> None:
    method = BY_PATH[path]
    async with method.bind(async_client, place, stored, "with_streaming_response")() as raw:
        assert raw.headers["x-request-id"]
        assert method.is_right(await raw.parse())


def test_a_response_that_has_ended_cannot_be_cancelled(client: OpenAI, place: Place) -> None:
    stored = store(place)
    for resource in (client.responses, client.beta.responses):
        with pytest.raises(openai.BadRequestError):
            resource.cancel(stored)


def ask_five(place: Place) -> Any:
    said = [{"role": "user", "content": f"Number {number}."} for number in range(5)]
    return {"model": place.chat, "input": said}


def read_texts(items: list[Any]) -> list[str]:
    return [item.content[0].text for item in items]


FIVE = [f"Number {number}." for number in range(5)]


def test_input_items_are_paged_to_their_end(client: OpenAI, place: Place) -> None:
    made = client.responses.create(**ask_five(place))
    pages = client.responses.input_items.list(made.id, limit=2, order="asc")
    assert len(pages.data) == 2
    assert read_texts(list(pages)) == FIVE
    newest_first = client.responses.input_items.list(made.id, limit=3)
    assert read_texts(list(newest_first)) == FIVE[::-1]


async def test_input_items_are_paged_to_their_end_for_the_async_client(
    async_client: AsyncOpenAI, place: Place
) -> None:
    made = await async_client.responses.create(**ask_five(place))
    pages = async_client.responses.input_items.list(made.id, limit=2, order="asc")
    assert read_texts([item async for item in pages]) == FIVE
