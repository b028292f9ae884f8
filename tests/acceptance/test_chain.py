"""A second Nexhina as upstream of the first: what a vendor does for us, we do for others."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from support.bookkeeping import PATIENCE, BooksFile
from support.caller import Caller, chat
from support.control import ask
from support.installation import Installation
from support.product import Product
from support.served import serve_installation

PAIR = tuple[Product, Product]


@pytest.fixture(scope="module")
def pair(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PAIR]:
    """The near server, whose only channel is the far one, and the far one with its sandbox."""
    folder = tmp_path_factory.mktemp("pair")
    with serve_installation(installation, folder / "far") as far:
        key = str(ask(far, "keys.create", name="near", budget_usd="1")["key"])
        with serve_installation(installation, folder / "near") as near:
            near.run(
                *("channels", "add", "--provider", "openai_compatible", "--name", "far"),
                *("--base-url", far.origin + "/", "--key", key),
                *("--models", "auto", "--price", "3/4"),
            )
            yield near, far


def far_row_of(pair: PAIR, near_id: str, already: set[str]) -> tuple[int, int]:
    """Charges of the newest call in the far and near books, once both are booked."""
    near, far = pair
    mine = BooksFile(near.data).wait_for(near_id)
    deadline = time.monotonic() + PATIENCE
    while not (new := [row for row in BooksFile(far.data).rows() if row.id not in already]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    [row] = new
    return row.charge_nano, mine.charge_nano


def test_the_list_of_models_is_read_from_the_other(pair: PAIR) -> None:
    near, far = pair
    [channel] = [c for c in ask(near, "channels.list") if c["name"] == "far"]
    listed = {model["id"] for model in far.call("GET", "/v1/models").json()["data"]}
    assert set(channel["models"]) == listed
    assert {"sandbox-chat", "sandbox-embedding", "gpt-4o"} <= listed
    assert channel["base_url"] == far.base_url  # a base URL without a path gets /v1
    assert {model["id"] for model in near.call("GET", "/v1/models").json()["data"]} == listed


def test_a_whole_chat_is_the_same_through_both_and_each_charges_its_own_price(pair: PAIR) -> None:
    near, far = pair
    direct = chat(far, "sandbox-chat", "What is a ledger?", seed=7).json()
    BooksFile(far.data).wait_for(chat(far, "sandbox-chat").headers["x-nexhina-id"])
    already = {row.id for row in BooksFile(far.data).rows()}
    told = chat(near, "sandbox-chat", "What is a ledger?", seed=7)
    assert told.status == 200
    assert told.headers["x-nexhina-channel"] == "far"
    assert told.headers["x-nexhina-lane"] == "verbatim"
    assert told.json()["choices"] == direct["choices"]
    assert told.json()["usage"] == direct["usage"]
    theirs, ours = far_row_of(pair, told.headers["x-nexhina-id"], already)
    usage = direct["usage"]
    assert ours == usage["prompt_tokens"] * 3_000 + usage["completion_tokens"] * 4_000
    assert 0 < theirs < ours


def test_a_stream_comes_through_both_in_pieces_with_its_usage(pair: PAIR) -> None:
    near, _far = pair
    whole = chat(near, "sandbox-chat", "Tell me of rivers.", seed=3).json()
    with Caller(near) as caller:
        caller.chat(
            "sandbox-chat",
            "Tell me of rivers.",
            seed=3,
            stream=True,
            stream_options={"include_usage": True},
        )
        head = caller.read_head()
        events = list(caller.events())
    assert events[-1] == b"[DONE]"
    chunks = [msgspec.json.decode(event) for event in events[:-1]]
    text = "".join(
        choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]
    )
    assert len(chunks) > 3
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["usage"] == whole["usage"]
    row = BooksFile(near.data).wait_for(head.id)
    assert (row.status, row.estimated) == (200, 0)
    assert row.charge_nano > 0


def test_embeddings_are_the_same_through_both(pair: PAIR) -> None:
    near, far = pair
    body = {"model": "sandbox-embedding", "input": ["a red house", "ein Haus"], "dimensions": 64}
    direct, told = (each.call("POST", "/v1/embeddings", body) for each in (far, near))
    assert told.status == 200
    assert told.json()["data"] == direct.json()["data"]
    assert len(told.json()["data"]) == 2


def test_the_others_refusals_are_the_callers_only_where_the_caller_is_at_fault(pair: PAIR) -> None:
    near, far = pair
    bad = chat(near, "sandbox-chat", temperature="hot")
    assert (bad.status, bad.json()["error"]["type"]) == (400, "invalid_request_error")
    ask(far, "channels.disable", channel="sandbox")
    try:
        gone = chat(near, "sandbox-chat")
    finally:
        ask(far, "channels.enable", channel="sandbox")
    assert gone.status == 502
    assert far.origin.rpartition(":")[2] not in gone.body.decode()


def test_the_budget_of_the_others_key_is_not_the_callers_fault(pair: PAIR) -> None:
    near, far = pair
    poor = ask(far, "keys.create", name="poor", budget_usd="0")
    before = str(ask(far, "keys.create", name="rich")["key"])
    ask(near, "channels.set", channel="far", key=poor["key"])
    try:
        told = chat(near, "sandbox-chat")
    finally:
        ask(near, "channels.set", channel="far", key=before)
    assert told.status == 502
    assert "insufficient_quota" not in told.body.decode()
    assert chat(near, "sandbox-chat").status == 200
