"""Commands change a running server in less than a second; and the rules of the sandbox's names."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.bookkeeping import BooksFile
from support.caller import Caller, chat
from support.control import CHARGE, USAGE, add_vendor, ask, chat_answer
from support.installation import Installation
from support.product import Product, spawn_product
from support.scripted_upstream import Cut, Hold, ScriptedUpstream, chat_stream
from support.served import serve_installation

SOON = 1.0  # seconds from a command's end to its effect
SITE = {"deepseek-v3", "gpt-4o", "text-embedding-v3", "wanx-v2", "cogview-4"}
OWN = {
    "sandbox-chat",
    "sandbox-reasoning",
    "sandbox-embedding",
    "sandbox-image",
    "sandbox-moderation",
    "sandbox-rerank",
    "sandbox-speech",
    "sandbox-hearing",
    "sandbox-video",
}


@pytest.fixture
def served(installation: Installation, tmp_path: Path) -> Iterator[Product]:
    with serve_installation(installation, tmp_path) as product:
        yield product


def models_of(product: Product, key: str | None = None) -> set[str]:
    return {model["id"] for model in product.call("GET", "/v1/models", key=key).json()["data"]}


def restarted(product: Product) -> Product:
    assert product.stop() == 0
    again = spawn_product(product.data)
    again.key = product.key
    return again


# --- at once --------------------------------------------------------------------------------------


def test_a_revoked_key_is_refused_at_once_also_on_an_open_connection(served: Product) -> None:
    key = str(served.run("keys", "create", "--name", "app")["key"])
    with Caller(served, key=key) as caller:
        caller.chat("sandbox-chat")
        assert caller.read_head().status == 200
        caller.read_body()
        served.run("keys", "revoke", "app")
        began = time.monotonic()
        caller.chat("sandbox-chat")
        assert caller.read_head().status == 401
        assert b"invalid_api_key" in caller.read_body()
        assert chat(served, "sandbox-chat", key=key).status == 401
        assert time.monotonic() - began < SOON
    assert chat(served, "sandbox-chat").status == 200


def test_a_stream_that_runs_when_its_key_is_revoked_is_given_to_the_end(
    served: Product, vendor: ScriptedUpstream
) -> None:
    add_vendor(served, vendor)
    made = ask(served, "keys.create", name="app")
    gate = threading.Event()
    head, first, *rest = chat_stream(3, usage=USAGE)
    vendor.play(head, first, Hold(gate), *rest)
    with Caller(served, key=made["key"]) as caller:
        caller.chat("m", stream=True)
        call_id = caller.read_head().id
        ask(served, "keys.revoke", key="app")
        gate.set()
        assert list(caller.events())[-1] == b"[DONE]"
    assert BooksFile(served.data).wait_for(call_id).charge_nano == CHARGE


def test_a_disabled_channel_serves_no_more_and_an_enabled_one_again(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    assert chat(served, "m").status == 200
    served.run("channels", "disable", "vendor")
    began = time.monotonic()
    told = chat(served, "m")
    assert time.monotonic() - began < SOON
    assert (told.status, told.json()["error"]["code"]) == (503, "no_available_channel")
    assert len(vendor.received) == 1
    served.run("channels", "enable", "vendor")
    assert chat(served, "m").status == 200
    served.run("channels", "remove", "vendor")
    assert (told := chat(served, "m")).status == 404
    assert told.json()["error"]["code"] == "model_not_found"


def test_a_new_key_of_a_vendor_is_sent_with_the_next_call(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    chat(served, "m")
    served.run("channels", "set", "vendor", "--key", "sk-the-new-one")
    chat(served, "m")
    sent = [request.headers["authorization"] for request in vendor.received]
    assert sent[-1] == "Bearer sk-the-new-one"
    assert sent[0] != sent[-1]


def test_a_new_price_is_charged_from_the_next_call_on(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    assert chat(served, "m").headers["x-nexhina-cost"] == "0.00002"
    served.run("channels", "set", "vendor", "--price", "10/20")
    assert chat(served, "m").headers["x-nexhina-cost"] == "0.0002"


# --- budget ---------------------------------------------------------------------------------------


def find_key(product: Product, name: str) -> dict[str, Any]:
    [key] = [key for key in product.run("keys", "list") if key["name"] == name]
    return key


def test_a_budget_is_spent_to_the_402_and_no_further(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    made = served.run("keys", "create", "--name", "app", "--budget-usd", "0.001")
    key = str(made["key"])
    served_calls = 0
    while (told := chat(served, "m", key=key, max_tokens=50)).status == 200:
        served_calls += 1
        assert served_calls <= 50
    ended = time.monotonic()
    assert told.status == 402
    error = told.json()["error"]
    assert error["code"] == "insufficient_quota"
    assert "max_tokens" in error["message"]
    assert len(vendor.received) == served_calls
    spent = served_calls * CHARGE
    while (shown := find_key(served, "app"))["spent_nano_usd"] != spent:
        assert time.monotonic() - ended < 3.0
    [hold] = {row.hold_nano for row in BooksFile(served.data).rows() if row.status == 200}
    assert 1_000_000 - hold < spent <= 1_000_000
    assert shown["held_usd"] == "0"
    assert shown["spent_usd"] == f"{spent / 1e9:.9f}".rstrip("0")
    # What is left pays for a call that can't cost more, and others are not touched.
    assert chat(served, "m", key=key, max_tokens=1).status in {200, 402}
    assert chat(served, "m", max_tokens=50).status == 200
    books = BooksFile(served.data)
    books.wait_for(chat(served, "m").headers["x-nexhina-id"])
    books.require_exact({f"budget/{made['id']}/0": 1_000_000})


def test_a_budget_survives_a_restart(served: Product, vendor: ScriptedUpstream) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    made = served.run("keys", "create", "--name", "app", "--budget-usd", "0.0002")
    key = str(made["key"])
    assert chat(served, "m", key=key, max_tokens=50).status == 200
    again = restarted(served)
    try:
        served_calls = 1
        while chat(again, "m", key=key, max_tokens=50).status == 200:
            served_calls += 1
        assert served_calls * CHARGE <= 200_000
        assert len(vendor.received) == served_calls
    finally:
        again.stop()


def test_what_a_running_stream_holds_is_shown_and_let_go(
    served: Product, vendor: ScriptedUpstream
) -> None:
    add_vendor(served, vendor)
    made = served.run("keys", "create", "--name", "app", "--budget-usd", "1")
    gate = threading.Event()
    head, first, *rest = chat_stream(3, usage=USAGE)
    vendor.play(head, first, Hold(gate), *rest)
    with Caller(served, key=made["key"]) as caller:
        caller.chat("m", stream=True, max_tokens=100)
        assert caller.read_head().status == 200
        held = find_key(served, "app")["held_nano_usd"]
        assert held >= 100 * 2_000  # its 100 tokens at the channel's price, and the prompt
        assert find_key(served, "owner")["held_nano_usd"] == 0
        gate.set()
        assert list(caller.events())[-1] == b"[DONE]"
    assert find_key(served, "app")["held_nano_usd"] == 0


def test_many_calls_at_once_never_spend_more_than_the_budget(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer()]
    add_vendor(served, vendor)
    made = ask(served, "keys.create", name="app", budget_usd="0.0005")
    statuses: list[int] = []

    def run() -> None:
        for _ in range(10):
            statuses.append(chat(served, "m", key=made["key"], max_tokens=5).status)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 402}
    assert statuses.count(200) * CHARGE <= 500_000
    assert statuses.count(200) == len(vendor.received)


# --- the sandbox's names --------------------------------------------------------------------------


def says_who_answers(said: str) -> bool:
    """Whether the start text names every borrowed name and the sandbox."""
    return "offline sandbox" in said and all(name in said for name in SITE)


def test_at_first_the_sandbox_answers_to_the_sites_names_and_says_so(served: Product) -> None:
    assert models_of(served) >= SITE | OWN
    said = " ".join(served.read_log().split())
    assert says_who_answers(said)
    plain = ask(served, "keys.create", name="plain")["key"]
    for key in (served.key, plain):
        told = chat(served, "gpt-4o", key=key)
        assert told.status == 200
        assert told.headers["x-nexhina-channel"] == "sandbox"
        assert told.json()["model"] == "gpt-4o"
    asleep = restarted(served)  # a restart without a real channel changes nothing
    try:
        assert models_of(asleep) >= SITE | OWN
        assert says_who_answers(" ".join(asleep.read_log().split()).removeprefix(said))
    finally:
        asleep.stop()


def test_a_borrowed_name_costs_what_the_sandbox_costs_and_nothing_of_its_makers_price(
    served: Product,
) -> None:
    body = {"model": "gpt-image-1", "prompt": "sea", "size": "1024x1024", "quality": "high"}
    told = served.call("POST", "/v1/images/generations", body)
    own = served.call("POST", "/v1/images/generations", body | {"model": "sandbox-image"})
    assert told.status == own.status == 200
    assert told.headers["x-nexhina-cost"] == own.headers["x-nexhina-cost"] != "0"


def test_the_first_real_channel_takes_the_names_away_and_lists_them_once(
    served: Product, vendor: ScriptedUpstream
) -> None:
    vendor.otherwise = [chat_answer("a real one")]
    added = served.run(
        *("channels", "add", "--provider", "openai_compatible", "--name", "real"),
        *("--base-url", vendor.base_url, "--key", "k", "--models", "gpt-4o=scripted"),
    )
    assert set(added["removed_aliases"]) >= SITE
    assert not OWN & set(added["removed_aliases"])
    assert models_of(served) == OWN | {"gpt-4o"}
    told = chat(served, "gpt-4o")
    assert "a real one" in told.body.decode()
    assert told.headers["x-nexhina-channel"] == "real"
    assert chat(served, "deepseek-v3").status == 404
    assert chat(served, "sandbox-chat").status == 200
    assert add_vendor(served, vendor, name="next", models="deepseek-v3=x")["removed_aliases"] == []


def test_the_names_do_not_come_back_after_a_restart_or_when_the_real_channel_goes(
    served: Product, vendor: ScriptedUpstream
) -> None:
    add_vendor(served, vendor, models="gpt-4o=scripted")
    served.run("channels", "remove", "vendor")
    assert models_of(served) == OWN
    log = served.log.stat().st_size
    again = restarted(served)
    try:
        assert models_of(again) == OWN
        assert chat(again, "gpt-4o").status == 404
        assert not says_who_answers(again.read_log()[log:])
        assert "gpt-4o" not in again.read_log()[log:]
        assert chat(again, "sandbox-chat").status == 200
    finally:
        again.stop()


def test_a_sandbox_channel_made_by_hand_takes_nothing_away(served: Product) -> None:
    added = served.run(
        *("channels", "add", "--provider", "sandbox", "--name", "play", "--key", "any"),
        *("--models", "my-model=sandbox-chat"),
    )
    assert added["removed_aliases"] == []
    assert models_of(served) >= SITE | OWN | {"my-model"}
    told = chat(served, "my-model")
    assert (told.status, told.headers["x-nexhina-channel"]) == (200, "play")
    assert told.json()["model"] == "my-model"


def test_a_sandbox_channel_made_by_hand_outlives_the_first_real_channel(
    served: Product, vendor: ScriptedUpstream
) -> None:
    served.run(
        *("channels", "add", "--provider", "sandbox", "--name", "play"),
        *("--models", "my-model=sandbox-chat"),
    )
    add_vendor(served, vendor)
    assert models_of(served) == OWN | {"m", "my-model"}
    assert chat(served, "my-model").status == 200


def test_a_real_channel_that_is_refused_takes_nothing_away(
    served: Product, vendor: ScriptedUpstream
) -> None:
    refused = ("channels", "add", "--provider", "openai_compatible", "--name", "real")
    served.run(*refused, "--base-url", "ftp://nowhere", "--models", "m", "--key", "k", check=False)
    vendor.close_idle()
    with ScriptedUpstream() as gone:
        address = gone.base_url
    served.run(*refused, "--base-url", address, "--models", "auto", "--key", "k", check=False)
    assert models_of(served) >= SITE | OWN


def test_a_model_whose_real_channels_are_down_is_never_the_sandboxs(
    served: Product, vendor: ScriptedUpstream
) -> None:
    served.run(
        *("channels", "add", "--provider", "sandbox", "--name", "play"),
        *("--models", "gpt-4o=sandbox-chat", "--priority", "-5"),
    )
    add_vendor(served, vendor, models="gpt-4o=scripted")
    vendor.otherwise = [Cut()]
    assert chat(served, "gpt-4o").status == 502
    vendor.otherwise = [chat_answer("real")]
    assert "real" in chat(served, "gpt-4o").body.decode()
    served.run("channels", "disable", "vendor")
    told = chat(served, "gpt-4o")
    assert (told.status, told.json()["error"]["code"]) == (503, "no_available_channel")
    pinned = served.call(
        "POST",
        "/v1/chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]},
        {"x-channel": "play"},
    )
    assert pinned.status == 503
    assert chat(served, "sandbox-chat").headers["x-nexhina-channel"] == "sandbox"
