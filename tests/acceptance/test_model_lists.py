"""The four shapes of the model list from the running product, to a key that may use two models."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from support.installation import Installation
from support.product import Product
from support.served import serve_installation


@pytest.fixture
def served(installation: Installation, tmp_path: Path) -> Iterator[Product]:
    with serve_installation(installation, tmp_path) as product:
        names = "sandbox-chat,sandbox-embedding"
        product.key = str(product.run("keys", "create", "--name", "two", "--models", names)["key"])
        yield product


def test_each_kind_of_client_lists_what_its_key_may_use(served: Product) -> None:
    merged = served.call("GET", "/v1/models?limit=1000").json()
    assert [each["id"] for each in merged["data"]] == ["sandbox-chat", "sandbox-embedding"]
    assert (merged["has_more"], merged["last_id"]) == (False, "sandbox-embedding")
    codex = served.call("GET", "/v1/models?client_version=0.169.0").json()
    assert [each["slug"] for each in codex["models"]] == ["sandbox-chat"]
    google = served.call("GET", "/v1beta/models").json()
    names = ["models/sandbox-chat", "models/sandbox-embedding"]
    assert [each["name"] for each in google["models"]] == names
    # The key that is in the query is the caller's: no other way to tell who asks.
    asked = served.call("GET", f"/v1/models?key={served.key}", headers={"authorization": ""})
    assert asked.json() == google
    one = served.call("GET", "/v1beta/models/sandbox-chat").json()
    assert one == google["models"][0]


def test_what_the_key_may_not_use_is_in_no_shape(served: Product) -> None:
    refused = served.call("GET", "/v1/models/sandbox-image")
    assert (refused.status, refused.json()["error"]["code"]) == (404, "model_not_found")
    mistyped = served.call("GET", "/v1/models/sandbox-chad").json()["error"]["message"]
    assert "Did you mean sandbox-chat" in mistyped
    assert "sandbox-image" not in served.call("GET", "/v1/models/sandbox-imagine").body.decode()
    after = served.call("GET", "/v1/models?after_id=sandbox-image")
    assert (after.status, after.json()["error"]["param"]) == (400, "after_id")


def test_google_s_clients_read_every_error_in_their_shape(served: Product) -> None:
    for path, method, key, status, word in (
        ("/v1beta/models", "GET", "sk-wrong", 401, "UNAUTHENTICATED"),
        ("/v1beta/models?pageSize=x", "GET", None, 400, "INVALID_ARGUMENT"),
        ("/v1beta/models/sandbox-image", "GET", None, 404, "NOT_FOUND"),
        ("/v1beta/tunedModels", "GET", None, 404, "NOT_FOUND"),
        ("/v1beta/models", "DELETE", None, 405, "UNIMPLEMENTED"),
    ):
        refused = served.call(method, path, key=key)
        error = refused.json()["error"]
        assert (refused.status, error["code"], error["status"]) == (status, status, word), path
        assert error["details"][0]["reason"].isupper()
    # Its SDK asks below /v1 by now, and shows who it is by the header of its key.
    for path, method, key, status in (
        ("/v1/models", "GET", "sk-wrong", 401),
        ("/v1/models/sandbox-image", "GET", served.key, 404),
        ("/v1/models/sandbox-chat:generateContent", "POST", served.key, 405),
    ):
        google = {"authorization": "", "x-goog-api-key": key}
        refused = served.call(method, path, headers=google)
        assert (refused.status, refused.json()["error"]["code"]) == (status, status), path
    refused = served.call("DELETE", "/v1/models?key=sk-wrong", headers={"authorization": ""})
    assert refused.json()["error"]["status"] == "UNIMPLEMENTED"
    asked = served.call("GET", "/v1/models/nothing?key=sk-wrong", headers={"authorization": ""})
    assert asked.json()["error"]["status"] == "UNAUTHENTICATED"


def test_pages_lead_through_the_list(served: Product) -> None:
    first = served.call("GET", "/v1/models?limit=1").json()
    assert (len(first["data"]), first["has_more"]) == (1, True)
    second = served.call("GET", f"/v1/models?limit=1&after_id={first['last_id']}").json()
    assert [each["id"] for each in second["data"]] == ["sandbox-embedding"]
    assert second["has_more"] is False


def test_the_official_sdk_reads_the_fields_beside_its_own(served: Product) -> None:
    client = openai.OpenAI(api_key=served.key, base_url=f"{served.origin}/v1", max_retries=0)
    with client:
        model = client.models.retrieve("sandbox-chat")
    extra = model.model_extra or {}
    assert (model.owned_by, extra["type"], extra["context_length"]) == ("sandbox", "model", 128_000)
    assert extra["operations"][0] == "chat"
    kinds = {price["kind"]: price for price in extra["price"]}
    assert int(kinds["input"]["amount_nano_usd"]) == float(kinds["input"]["amount"]) * 10**9


def test_the_command_shows_what_a_model_takes_and_gives(served: Product) -> None:
    shown = {each["name"]: each for each in served.run("models")}
    chat, image = shown["sandbox-chat"], shown["sandbox-image"]
    assert (chat["inputs"], chat["outputs"]) == (["text", "image", "audio", "file"], ["text"])
    assert (chat["context"], chat["output_limit"]) == (128_000, 16_384)
    assert image["outputs"] == ["image"]
