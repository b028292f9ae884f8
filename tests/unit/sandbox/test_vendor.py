"""The vendor's own routes, names and refusals."""

import pytest

from support.sandbox import (
    CHAT,
    EMBEDDINGS,
    IMAGES,
    ask,
    ask_error,
    ask_json,
    make_chat,
    open_vendor,
)


async def test_the_models_are_listed_and_described():
    async with open_vendor() as vendor:
        listed = await ask_json(vendor, "/v1/models", b"", method="GET")
        one = await ask_json(vendor, "/v1/models/sandbox-chat", b"", method="GET")
    names = [model["id"] for model in listed["data"]]
    assert names == [
        "sandbox-chat",
        "sandbox-reasoning",
        "sandbox-embedding",
        "sandbox-image",
        "sandbox-moderation",
        "sandbox-rerank",
        "sandbox-speech",
        "sandbox-hearing",
        "sandbox-video",
    ]
    assert one == listed["data"][0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CHAT, 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/audio/voices", 404),
        ("POST", "/", 404),
        ("GET", "/v1/models/gpt-9", 404),
    ],
)
async def test_routes_and_methods_that_are_not_there_are_refused(
    method: str, path: str, status: int
):
    async with open_vendor() as vendor:
        got, error = await ask_error(vendor, path, make_chat(), method=method)
    assert got == status
    assert error["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [(IMAGES, {"prompt": "a cat", "size": "64x64"}), ("/v1/moderations", {"input": "a cat"})],
)
async def test_a_call_without_a_model_is_served_where_openai_has_a_default(
    path: str, body: dict[str, str]
):
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, path, body)
        assert reply.status == 200, raw
        status, error = await ask_error(vendor, EMBEDDINGS, {"input": "a cat"})
    assert (status, error["param"]) == (400, "model")


async def test_an_unknown_model_is_refused_with_the_nearest_name():
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, {**make_chat(), "model": "sandbox-chatt"})
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "sandbox-chat?" in error["message"]


@pytest.mark.parametrize(
    ("path", "model"),
    [(CHAT, "sandbox-embedding"), (EMBEDDINGS, "sandbox-image"), (IMAGES, "sandbox-chat")],
)
async def test_a_model_of_another_route_is_refused_with_the_right_one(path: str, model: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, path, {"model": model})
    assert status == 400
    assert model in error["message"]


async def test_a_query_behind_the_path_does_not_matter():
    async with open_vendor() as vendor:
        reply, _ = await ask(vendor, CHAT + "?api-version=1", make_chat())
    assert reply.status == 200


async def test_ids_are_never_given_twice():
    async with open_vendor() as vendor:
        ids = {(await ask_json(vendor, CHAT, make_chat()))["id"] for _ in range(20)}
    assert len(ids) == 20
