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
    assert (first["context"], first["output_limit"]) == (128_000, 16_384)
    assert first["price"] == [
        {"kind": "input", "amount": "2.5", "currency": "USD", "per": 1_000_000}
    ]
    second = msgspec.json.decode(write_model(IMAGE))
    assert second["image_sizes"] == ["1024x1024"]
    assert second["image_qualities"] == ["high"]
    assert second["price"][0]["variant"] == "1024x1024/high"
    assert msgspec.json.decode(write_model(VECTOR))["dimensions"] == 1536


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
