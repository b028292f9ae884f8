import re
from typing import Any

import msgspec
import pytest

from nexhina.dialects.model_list import write_model_list, write_one_model
from nexhina.dialects.openai_models import ModelEntry
from nexhina.dialects.query import read_query
from nexhina.domain.model import Model
from nexhina.errors import InvalidRequestError


def make_entry(name: str, *operations: str, **facts: Any) -> ModelEntry:
    return ModelEntry(
        model=Model(name=name, maker="m", operations=operations, **facts), operations=operations
    )


ENTRIES = [
    make_entry("a-vector", "embeddings", context=8_192, outputs=("vector",)),
    make_entry(
        "b-chat",
        "chat",
        title="B",
        inputs=("text", "image", "file"),
        context=128_000,
        output_limit=16_384,
    ),
    make_entry("c-image", "images", outputs=("image",)),
    make_entry("org/d-answers", "responses"),
]


def list_for(
    query: bytes = b"", path: str = "/v1/models", headers: dict[bytes, bytes] | None = None
) -> dict[str, Any]:
    return msgspec.json.decode(write_model_list(ENTRIES, path, query, headers or {}))


GOOGLE = {b"x-goog-api-key": b"k"}


@pytest.mark.parametrize(
    ("query", "path", "headers", "shape"),
    [
        (b"", "/v1/models", {}, "merged"),
        (b"limit=1000", "/v1/models", {b"x-api-key": b"k"}, "merged"),
        (b"client_version=0.169.0", "/v1/models", {}, "codex"),
        (b"client_version=", "/v1/models", {}, "codex"),
        (b"", "/v1/models", GOOGLE, "google"),
        (b"key=k", "/v1/models", {}, "google"),
        (b"pageSize=9", "/v1beta/models", {b"authorization": b"Bearer k"}, "google"),
        (b"client_version=1", "/v1beta/models", {}, "google"),
        (b"monkey=1", "/v1/models", {}, "merged"),
    ],
)
def test_each_client_gets_its_shape(
    query: bytes, path: str, headers: dict[bytes, bytes], shape: str
) -> None:
    body = list_for(query, path, headers)
    if shape == "merged":
        assert body["object"] == "list"
        assert [each["id"] for each in body["data"]] == [each.model.name for each in ENTRIES]
    else:
        assert "data" not in body
        assert ("slug" if shape == "codex" else "name") in body["models"][0]


def test_google_reads_names_limits_and_methods() -> None:
    vector, chat, image, answers = list_for(path="/v1beta/models")["models"]
    assert vector["supportedGenerationMethods"] == []
    assert chat == {
        "name": "models/b-chat",
        "displayName": "B",
        "supportedGenerationMethods": [],
        "inputTokenLimit": 128_000,
        "outputTokenLimit": 16_384,
    }
    assert image["supportedGenerationMethods"] == []
    assert answers["name"] == "models/org/d-answers"
    assert "inputTokenLimit" not in answers


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_googles_pages_together_are_the_list(size: int) -> None:
    found: list[str] = []
    token = ""
    for _ in range(len(ENTRIES) + 1):
        body = list_for(f"pageSize={size}&pageToken={token}".encode(), "/v1beta/models")
        assert 0 < len(body["models"]) <= size
        found += [each["name"] for each in body["models"]]
        token = body.get("nextPageToken", "")
        if not token:
            break
    assert found == ["models/" + each.model.name for each in ENTRIES]


@pytest.mark.parametrize(
    ("query", "param"),
    [(b"pageSize=0", "pageSize"), (b"pageSize=x", "pageSize"), (b"pageToken=gone", "pageToken")],
)
def test_a_page_that_google_could_not_ask_for_is_refused(query: bytes, param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        list_for(query, "/v1beta/models")
    assert refused.value.param == param


class Truncation(msgspec.Struct):
    mode: str
    limit: int


class Messages(msgspec.Struct):
    instructions_template: str | None
    instructions_variables: dict[str, str] | None


class Info(msgspec.Struct):
    """What a Codex must find: without one of the fields that have no default it drops the list."""

    slug: str
    display_name: str
    supported_reasoning_levels: list[dict[str, str]]
    shell_type: str
    visibility: str
    supported_in_api: bool
    priority: int
    base_instructions: str
    supports_reasoning_summaries: bool
    support_verbosity: bool
    truncation_policy: Truncation
    supports_parallel_tool_calls: bool
    experimental_supported_tools: list[str]
    input_modalities: list[str]
    model_messages: Messages
    description: str | None = None
    context_window: int | None = None


class Infos(msgspec.Struct):
    models: list[Info]


def test_codex_finds_the_models_that_chat_with_all_it_needs() -> None:
    raw = write_model_list(ENTRIES, "/v1/models", b"client_version=0.169.0", {})
    chat, answers = msgspec.json.decode(raw, type=Infos).models
    assert (chat.slug, chat.display_name, chat.context_window) == ("b-chat", "B", 128_000)
    assert chat.input_modalities == ["text", "image"]  # "file" would make it drop the list
    assert (chat.shell_type, chat.visibility) == ("shell_command", "list")
    assert chat.truncation_policy.mode in {"bytes", "tokens"}
    assert (answers.slug, answers.context_window) == ("org/d-answers", None)
    assert chat.priority < answers.priority
    assert chat.base_instructions == chat.model_messages.instructions_template
    # Its template language marks variables so; ours has none to fill.
    assert not re.search(r"\{\{", chat.base_instructions)


@pytest.mark.parametrize(
    ("path", "query", "headers", "key"),
    [
        ("/v1/models/b-chat", b"", {}, "id"),
        ("/v1/models/b-chat", b"", GOOGLE, "name"),
        ("/v1/models/b-chat", b"key=k", {}, "name"),
        ("/v1beta/models/b-chat", b"", {}, "name"),
    ],
)
def test_one_model_comes_in_the_shape_of_the_list(
    path: str, query: bytes, headers: dict[bytes, bytes], key: str
) -> None:
    assert key in msgspec.json.decode(write_one_model(ENTRIES[1], path, query, headers))


@pytest.mark.parametrize(
    ("query", "read"),
    [
        (b"limit=1&limit=2", {"limit": "1"}),
        (b"after_id=org%2Fd", {"after_id": "org/d"}),
        (b"a=%ff&b=%E4%BD%A0", {"a": "\ufffd", "b": "\u4f60"}),
        (b"&&=&flag", {"": "", "flag": ""}),
    ],
)
def test_a_query_is_read_whatever_it_holds(query: bytes, read: dict[str, str]) -> None:
    assert read_query(query) == read
