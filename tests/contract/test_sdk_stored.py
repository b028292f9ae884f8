"""The official OpenAI SDK on responses that are kept: streamed again, deleted, gone on from.

The second installation of `pair` takes the first for a vendor: it asks it about what it stored.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import openai
import pytest
from openai import OpenAI

from support.place import Place, native_place
from support.product import Product


@contextmanager
def connect(product: Product) -> Generator[OpenAI]:
    with OpenAI(
        base_url=product.base_url,
        api_key=product.key,
        max_retries=0,
        _strict_response_validation=True,
    ) as made:
        yield made


@pytest.fixture
def client(place: Place) -> Generator[OpenAI]:
    with connect(place.product) as made:
        yield made


class Pair(NamedTuple):
    """Two installations, the second one's clients for both, and its models."""

    vendor: OpenAI
    near: OpenAI
    product: Product
    native: str = "far-chat"
    plain: str = "far-plain"  # over chat


@pytest.fixture(scope="module")
def pair(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Generator[Pair]:
    with native_place(product, tmp_path_factory.mktemp("pair") / "data") as second:
        second.product.run(
            *("channels", "add", "--provider", "openai_compatible", "--name", "plain"),
            *("--base-url", product.base_url, "--key", product.key),
            *("--models", "far-plain=sandbox-chat"),
        )
        with connect(product) as vendor, connect(second.product) as near:
            yield Pair(vendor, near, second.product)


def make(pair: Pair, text: str = "Remember the number 41.", **fields: Any) -> Any:
    return pair.near.responses.create(model=pair.native, input=text, **fields)


def test_a_stored_response_streams_again(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="Tell me about lighthouses.")
    events = list(client.responses.retrieve(made.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == made.output_text
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response == client.responses.retrieve(made.id)
    rest = list(client.responses.retrieve(made.id, stream=True, starting_after=2))
    assert [event.type for event in rest] == [event.type for event in events[3:]]


def test_the_sdks_own_stream_takes_a_response_up_again(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="Tell me about lighthouses.")
    with client.responses.stream(response_id=made.id) as stream:
        assert stream.get_final_response().output_text == made.output_text
    with client.responses.stream(response_id=made.id, starting_after=3) as stream:
        assert [event.type for event in stream][-1] == "response.completed"


def test_what_was_asked_with_include_is_in_the_copy(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="Hi")
    wanted: Any = ["message.output_text.logprobs", "reasoning.encrypted_content"]
    assert client.responses.retrieve(made.id, include=wanted).output_text == made.output_text


def test_a_response_with_a_tool_call_streams_again(client: OpenAI, place: Place) -> None:
    tool: Any = {
        "type": "function",
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    }
    made = client.responses.create(
        model=place.chat, input="How is the weather in Oslo?", tools=[tool], tool_choice="required"
    )
    events = list(client.responses.retrieve(made.id, stream=True))
    [call] = [item for item in made.output if item.type == "function_call"]
    [done] = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert done.arguments == call.arguments
    assert done.to_dict()["name"] == "get_weather"


def test_what_is_deleted_here_is_deleted_at_its_vendor(pair: Pair) -> None:
    made = make(pair)
    assert pair.vendor.responses.retrieve(made.id).output_text == made.output_text
    pair.near.responses.delete(made.id)
    for each in (pair.near, pair.vendor):
        with pytest.raises(openai.NotFoundError):
            each.responses.retrieve(made.id)


def test_what_its_vendor_deleted_is_gone_here(pair: Pair) -> None:
    made = make(pair)
    pair.vendor.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        pair.near.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        pair.near.responses.create(model=pair.native, input="x", previous_response_id=made.id)


def test_the_vendors_name_of_the_model_stays_the_vendors(pair: Pair) -> None:
    made = make(pair)
    assert pair.near.responses.retrieve(made.id).model == made.model == pair.native
    assert pair.vendor.responses.retrieve(made.id).model == "sandbox-chat"


def test_a_chain_over_chat_goes_on_where_responses_are_spoken(pair: Pair) -> None:
    plain = pair.near.responses.create(model=pair.plain, input="My name is Ada.")
    native = make(pair, "What is my name?", previous_response_id=plain.id)
    items = list(pair.vendor.responses.input_items.list(native.id, order="asc"))
    assert [item.type for item in items] == ["message"] * 3
    last = make(pair, "And again?", previous_response_id=native.id)
    assert pair.vendor.responses.retrieve(last.id).previous_response_id == native.id


def test_a_vendors_chain_does_not_go_on_over_chat(pair: Pair) -> None:
    native = make(pair)
    with pytest.raises(openai.BadRequestError, match="Use the model far-chat"):
        pair.near.responses.create(model=pair.plain, input="x", previous_response_id=native.id)


def test_tokens_of_a_chain_are_counted(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="word " * 100)
    short: Any = {"model": place.chat, "input": "Hi"}
    alone = client.responses.input_tokens.count(**short)
    whole = client.responses.input_tokens.count(**short, previous_response_id=made.id)
    assert alone.input_tokens + 100 < whole.input_tokens < alone.input_tokens + 2_000


def test_a_response_that_is_complete_is_not_cancelled(pair: Pair) -> None:
    made = make(pair)
    with pytest.raises(openai.BadRequestError, match="background"):
        pair.near.responses.cancel(made.id)


def test_a_conversation_goes_on_from_its_compaction(client: OpenAI, place: Place) -> None:
    made = client.responses.create(model=place.chat, input="My name is Ada.")
    compacted = client.responses.compact(model=place.chat, previous_response_id=made.id)
    [item] = compacted.output
    assert item.type == "compaction"
    assert compacted.usage.total_tokens > 0
    said: Any = [item.model_dump(), {"role": "user", "content": "What is my name?"}]
    assert client.responses.create(model=place.chat, input=said).output_text
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(compacted.id)


def test_a_compaction_over_chat_is_read_where_responses_are_spoken(pair: Pair) -> None:
    said: Any = [{"role": "user", "content": "My name is Ada."}]
    compacted = pair.near.responses.compact(model=pair.plain, input=said)
    asked: Any = [compacted.output[0].model_dump(), {"role": "user", "content": "Who am I?"}]
    made = pair.near.responses.create(model=pair.native, input=asked)
    items = list(pair.vendor.responses.input_items.list(made.id, order="asc"))
    assert [item.type for item in items] == ["message", "message"]


def test_a_compaction_by_a_vendor_is_not_read_over_chat(pair: Pair) -> None:
    sealed: Any = [{"type": "compaction", "encrypted_content": "gAAA"}]
    with pytest.raises(openai.BadRequestError, match="sealed by another provider"):
        pair.near.responses.create(model=pair.plain, input=sealed)
