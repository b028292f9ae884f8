"""The OpenAPI document: what it lists, that it holds together, and that it follows the contract."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from nexhina.contract.openapi import BODIES, build_document, list_unknown
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES, Route
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import SCHEMAS

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(build_document("1.2.3")))
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def resolve(ref: str) -> Any:
    found: Any = DOCUMENT
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_it_lists_what_answers_and_nothing_else() -> None:
    listed = {f"{method.upper()} {path}" for method, path, _ in OPERATIONS}
    assert listed == {f"{method} {route.path}" for route in ROUTES for method in route.methods}
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"] == {"title": "Nexhina API", "version": "1.2.3"}


def test_every_reference_leads_somewhere() -> None:
    refs = [part["$ref"] for part in walk(DOCUMENT) if isinstance(part.get("$ref"), str)]
    assert len(refs) > 50
    assert all(resolve(ref) for ref in refs)


def test_operation_ids_are_unique_and_plain() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", name) for name in ids)


def test_every_operation_has_the_parameters_of_its_path_and_the_headers() -> None:
    for _, path, operation in OPERATIONS:
        own = [part for part in operation["parameters"] if "$ref" not in part]
        assert [part["name"] for part in own] == re.findall(r"{(\w+)}", path)
        assert all(part["in"] == "path" and part["required"] for part in own)
        shared = {
            part["$ref"].rpartition("/")[2] for part in operation["parameters"] if "$ref" in part
        }
        assert shared >= {"X-Request-Id", "X-Tenant-Id", "X-Channel"}
    keyed = {route.path for route in ROUTES if route.idempotent_key}
    ref = {"$ref": "#/components/parameters/Idempotency-Key"}
    assert {path for _, path, operation in OPERATIONS if ref in operation["parameters"]} == keyed


def test_every_route_has_its_bodies_written_down() -> None:
    assert list_unknown() == []


def test_every_body_names_schemas_that_exist() -> None:
    named = {
        name for body in BODIES.values() for name in (body.request, body.answer, body.event) if name
    }
    assert named <= set(SCHEMAS)


def test_a_route_that_nobody_described_is_listed_with_any_object_and_named() -> None:
    route = Route(
        path="/v9/odd/{name}",
        methods=("POST",),
        operation=Operation.CHAT,
        dialect="openai_chat",
        summary="Odd",
    )
    assert list_unknown([route]) == ["POST /v9/odd/{name}"]
    operation = build_document("1", [route])["paths"]["/v9/odd/{name}"]["post"]
    content = {"application/json": {"schema": {"type": "object"}}}
    assert operation["requestBody"]["content"] == content
    assert operation["responses"]["200"]["content"] == content


def test_streams_are_told_as_such() -> None:
    chat = DOCUMENT["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
    assert set(chat) == {"application/json", "text/event-stream"}
    assert chat["text/event-stream"]["x-event"]["$ref"].endswith("/ChatCompletionChunk")
    images = DOCUMENT["paths"]["/v1/images/generations"]["post"]["responses"]["200"]["content"]
    assert set(images) == {"application/json"}


def test_errors_carry_their_codes_and_401_the_sites_body() -> None:
    answers = DOCUMENT["components"]["responses"]
    assert answers["401"]["content"]["application/json"]["example"] == EXAMPLES["Error"]
    assert set(answers["404"]["x-codes"]) == {"not_found", "model_not_found"}
    assert set(answers["503"]["x-codes"]) == {"no_available_channel", "overloaded"}
    assert all(part["x-zh"] and part["description"] for part in answers.values())


def test_no_object_is_closed() -> None:
    assert not [part for part in walk(DOCUMENT) if part.get("additionalProperties") is False]


def test_ranges_reach_the_document() -> None:
    fields = DOCUMENT["components"]["schemas"]["ChatCompletionRequest"]["properties"]
    bounds = fields["temperature"]["anyOf"][0]
    assert (bounds["minimum"], bounds["maximum"]) == (0, 2)
    assert fields["temperature"]["x-zh"]


@pytest.mark.parametrize("gone", ["prompt", "n"])
def test_a_field_that_is_taken_away_leaves_document_and_validation(gone: str) -> None:
    whole = SCHEMAS["ImageGenerationRequest"]
    kept = [
        (field.name, field.type, *(() if field.required else (field.default,)))
        for field in msgspec.structs.fields(whole)
        if field.name != gone
    ]
    poor = msgspec.defstruct("ImageGenerationRequest", kept, kw_only=True)
    document = build_document("1", ROUTES, SCHEMAS | {"ImageGenerationRequest": poor})
    before = DOCUMENT["components"]["schemas"]["ImageGenerationRequest"]["properties"]
    after = document["components"]["schemas"]["ImageGenerationRequest"]["properties"]
    assert set(before) - set(after) == {gone}
    bad = EXAMPLES["ImageGenerationRequest"] | {gone: []}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, whole)
    msgspec.convert(bad, poor)
