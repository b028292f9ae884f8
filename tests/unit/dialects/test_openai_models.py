from datetime import UTC, datetime

import msgspec
import pytest

from nexhina.dialects.openai_models import (
    ModelEntry,
    format_time,
    read_model_names,
    write_model,
    write_models,
)
from nexhina.domain.model import Model, Price
from nexhina.errors import InvalidRequestError

CHAT = ModelEntry(
    model=Model(
        name="gpt-4o",
        maker="openai",
        title="GPT-4o",
        operations=("chat", "responses"),
        inputs=("text", "image"),
        context=128_000,
        output_limit=16_384,
        created=1_715_367_049,
    ),
    operations=("chat",),
    prices=(
        Price(
            id=1,
            model="gpt-4o",
            channel_id=None,
            kind="input",
            nano=2_500_000_000,
            per=1_000_000,
            since=0.0,
            source="https://vendor.example",
        ),
    ),
)
IMAGE = ModelEntry(
    model=Model(
        name="wanx-v2",
        maker="alibaba",
        operations=("images",),
        outputs=("image",),
        image_sizes=("1024x1024",),
        image_qualities=("high",),
    ),
    operations=("images",),
    prices=(
        Price(
            id=2,
            model="wanx-v2",
            channel_id=None,
            kind="image",
            variant="1024x1024/high",
            nano=1,
            per=1,
            since=0.0,
            source="https://vendor.example",
        ),
    ),
)
VECTOR = ModelEntry(
    model=Model(name="e", maker="x", operations=("embeddings",), dimensions=1536),
    operations=("embeddings",),
)


def test_the_list_serves_openai_and_anthropic_clients_at_once() -> None:
    body = msgspec.json.decode(write_models([CHAT, IMAGE]))
    assert body["object"] == "list"
    assert (body["has_more"], body["first_id"], body["last_id"]) == (False, "gpt-4o", "wanx-v2")
    first, second = body["data"]
    assert (first["object"], first["type"]) == ("model", "model")
    assert (first["id"], first["owned_by"], first["display_name"]) == ("gpt-4o", "openai", "GPT-4o")
    assert (first["created"], first["created_at"]) == (1_715_367_049, "2024-05-10T18:50:49Z")
    assert second["display_name"] == "wanx-v2"


def test_an_entry_says_what_a_caller_needs_to_choose() -> None:
    first = msgspec.json.decode(write_model(CHAT))
    assert first["operations"] == ["chat"]
    assert first["modalities"] == {"input": ["text", "image"], "output": ["text"]}
    assert (first["context_length"], first["max_output_tokens"]) == (128_000, 16_384)
    assert (first["max_input_tokens"], first["max_tokens"]) == (128_000, 16_384)
    assert first["price"] == [
        {
            "kind": "input",
            "amount": "2.5",
            "amount_nano_usd": 2_500_000_000,
            "currency": "USD",
            "per": 1_000_000,
        }
    ]
    second = msgspec.json.decode(write_model(IMAGE))
    assert second["image_sizes"] == ["1024x1024"]
    assert second["image_qualities"] == ["high"]
    assert second["price"][0]["variant"] == "1024x1024/high"
    assert msgspec.json.decode(write_model(VECTOR))["dimensions"] == 1536


@pytest.mark.parametrize(
    ("query", "names", "has_more"),
    [
        ({}, ["gpt-4o", "m", "wanx-v2"], False),
        ({"limit": "2"}, ["gpt-4o", "m"], True),
        ({"limit": "3"}, ["gpt-4o", "m", "wanx-v2"], False),
        ({"after_id": "gpt-4o"}, ["m", "wanx-v2"], False),
        ({"after_id": "gpt-4o", "limit": "1"}, ["m"], True),
        ({"after_id": "wanx-v2"}, [], False),
        ({"before_id": "wanx-v2"}, ["gpt-4o", "m"], False),
        ({"before_id": "wanx-v2", "limit": "1"}, ["m"], True),
        ({"before_id": "gpt-4o", "limit": "1"}, [], False),
        ({"after_id": ""}, ["gpt-4o", "m", "wanx-v2"], False),
    ],
)
def test_a_page_is_cut_only_when_it_is_asked_for(
    query: dict[str, str], names: list[str], has_more: bool
) -> None:
    between = ModelEntry(model=Model(name="m", maker="x", operations=("chat",)), operations=())
    body = msgspec.json.decode(write_models([CHAT, between, IMAGE], query))
    assert [each["id"] for each in body["data"]] == names
    assert body["has_more"] is has_more
    assert body["first_id"] == (names[0] if names else None)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "9" * 10_000}, "limit"),
        ({"limit": "\u0663"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"after_id": "gone"}, "after_id"),
        ({"before_id": "gone"}, "before_id"),
        ({"after_id": "gpt-4o", "before_id": "gpt-4o"}, "before_id"),
    ],
)
def test_a_page_that_can_not_be_cut_is_refused(query: dict[str, str], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        write_models([CHAT], query)
    assert refused.value.param == param


def test_a_price_in_another_currency_has_no_dollars() -> None:
    price = msgspec.structs.replace(CHAT.prices[0], currency="CNY")
    entry = ModelEntry(model=CHAT.model, operations=("chat",), prices=(price,))
    assert "amount_nano_usd" not in msgspec.json.decode(write_model(entry))["price"][0]


def test_an_empty_list_has_no_first_and_no_last() -> None:
    body = msgspec.json.decode(write_models([]))
    assert (body["data"], body["first_id"], body["last_id"]) == ([], None, None)


@pytest.mark.parametrize(
    "seconds",
    [0, 951_782_399, 951_782_400, 951_868_800, 1_709_164_800, 1_735_689_599, 4_107_542_400],
)
def test_times_are_those_of_the_calendar(seconds: int) -> None:
    expected = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert format_time(seconds) == expected


def test_a_vendors_list_gives_names_once_each() -> None:
    body = b'{"object":"list","data":[{"id":"b","x":1},{"id":"a"},{"id":"b"},{"id":""}]}'
    assert read_model_names(body) == ["b", "a"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data":[5]}', b'{"data":[{"id":"\xff"}]}'])
def test_what_is_no_list_of_models_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="list of models"):
        read_model_names(body)
