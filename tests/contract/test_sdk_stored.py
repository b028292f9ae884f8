"""The official OpenAI SDK on responses that are kept: streamed again, deleted, gone on from.

The second installation of `pair` takes the first for a vendor: it asks it about what it stored.
"""

import time
from collections.abc import Generator
from typing import Any, NamedTuple

import openai
import pytest
from openai import OpenAI

from support.place import Place, add_first, native_place
from support.product import Product
from support.sdk import connect, connect_async


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
        plain = {"far-plain": "sandbox-chat"}
        add_first(second.product, product, "openai_compatible", plain, name="plain")
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


# --- in the background --------------------------------------------------------------------------

SLOW = {"X-Sandbox": "latency_ms=30000"}


def wait_for(client: OpenAI, name: str) -> Any:
    """The response once it has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = client.responses.retrieve(name)
        if found.status not in {"queued", "in_progress"}:
            return found
        time.sleep(0.01)
    raise AssertionError("it does not end")


def test_a_response_in_the_background_is_fetched_later(client: OpenAI, place: Place) -> None:
    begun = client.responses.create(model=place.chat, input="My name is Ada.", background=True)
    assert (begun.status, begun.background, begun.output) == ("queued", True, [])
    assert begun.usage is None
    found = wait_for(client, begun.id)
    assert (found.status, found.id, found.background) == ("completed", begun.id, True)
    assert found.output_text
    assert found.usage.total_tokens > 0
    assert [item.type for item in client.responses.input_items.list(begun.id)] == ["message"]
    asked: Any = {"input": "What is my name?", "previous_response_id": begun.id}
    assert client.responses.create(model=place.chat, **asked).usage.input_tokens > 60
    assert client.responses.cancel(begun.id) == found
    client.responses.delete(begun.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(begun.id)


async def test_a_stream_in_the_background_goes_on_without_its_caller(place: Place) -> None:
    async with connect_async(place) as client:
        asked: Any = {"model": place.chat, "input": "Name three rivers.", "background": True}
        stream = await client.responses.create(**asked, stream=True)
        events = [await anext(stream), await anext(stream), await anext(stream)]
        await stream.close()
        first = events[0]
        assert first.type == "response.created"
        assert first.response.status == "queued"
        after = events[-1].sequence_number
        more = await client.responses.retrieve(first.response.id, stream=True, starting_after=after)
        events += [event async for event in more]
        last = events[-1]
        assert last.type == "response.completed"
        assert [event.sequence_number for event in events] == list(range(len(events)))
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert "".join(deltas) == last.response.output_text
        assert await client.responses.retrieve(first.response.id) == last.response


def test_the_sdks_own_stream_works_in_the_background(client: OpenAI, place: Place) -> None:
    asked: Any = {"model": place.chat, "input": "Name three rivers."}
    with client.responses.stream(**asked, background=True) as stream:
        final = stream.get_final_response()
    assert (final.status, final.background) == ("completed", True)
    with client.responses.stream(response_id=final.id) as stream:
        assert stream.get_final_response().output_text == final.output_text


def test_what_runs_is_told_about_streamed_and_cancelled(product: Product) -> None:
    asked: Any = {"model": "sandbox-chat", "input": "Hi", "background": True}
    with connect(product, default_headers=SLOW) as client:
        begun = client.responses.create(**asked)
        assert client.responses.retrieve(begun.id).status == "in_progress"
        scraped = client.get("../metrics", cast_to=str)
        assert "\nnexhina_background_responses 1.0\n" in scraped
        with pytest.raises(openai.BadRequestError, match="in_progress"):
            client.responses.create(**asked, previous_response_id=begun.id)
        with client.responses.retrieve(begun.id, stream=True) as stream:
            assert next(stream).type == "response.created"
            cancelled = client.responses.cancel(begun.id)
            assert (cancelled.status, cancelled.output) == ("cancelled", [])
            assert [event.type for event in stream][-1] == "response.incomplete"
        assert client.responses.cancel(begun.id) == cancelled
        assert client.responses.retrieve(begun.id) == cancelled
        running = client.responses.create(**asked)
        client.responses.delete(running.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(running.id)
        with pytest.raises(openai.BadRequestError, match="store"):
            client.responses.create(**asked, store=False)


def test_a_failure_in_the_background_is_one_that_the_sdk_knows(product: Product) -> None:
    asked: Any = {"model": "sandbox-chat", "input": "Hi", "background": True}
    with connect(product, default_headers={"X-Sandbox": "error_rate=1"}) as client:
        found = wait_for(client, client.responses.create(**asked).id)
        assert found.status == "failed"
        assert found.error.code == "server_error"
        events = list(client.responses.create(**asked, stream=True))
        assert events[-1].type == "response.failed"


def test_a_vendor_of_responses_keeps_nothing_of_one_in_the_background(pair: Pair) -> None:
    begun = make(pair, "My name is Ada.", background=True)
    found = wait_for(pair.near, begun.id)
    assert (found.status, found.model) == ("completed", pair.native)
    with pytest.raises(openai.NotFoundError):
        pair.vendor.responses.retrieve(begun.id)
    native = make(pair, "What is my name?", previous_response_id=begun.id)
    assert native.usage.input_tokens > 60
    last = wait_for(
        pair.near, make(pair, "Again?", background=True, previous_response_id=native.id).id
    )
    assert (last.status, last.previous_response_id) == ("completed", native.id)
