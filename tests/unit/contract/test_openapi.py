"""The OpenAPI document: what it lists, that it holds together, and that it follows the contract."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from nexhina.contract.openapi import BODIES, build_document, list_unknown
from nexhina.contract.operation import Operation
from nexhina.contract.parameter import QUERIES
from nexhina.contract.route import ROUTES, Route
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA, SCHEMAS

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
        own = [part for part in operation["parameters"] if part.get("in") == "path"]
        assert [part["name"] for part in own] == re.findall(r"{(\w+)}", path)
        assert all(part["required"] for part in own)
        shared = {
            part["$ref"].rpartition("/")[2] for part in operation["parameters"] if "$ref" in part
        }
        assert shared >= {"X-Request-Id", "X-Tenant-Id", "X-Channel"}
    keyed = {("post", route.path) for route in ROUTES if route.idempotent_key}
    ref = {"$ref": "#/components/parameters/Idempotency-Key"}
    found = {(verb, path) for verb, path, each in OPERATIONS if ref in each["parameters"]}
    assert found == keyed


def test_every_route_has_its_bodies_written_down() -> None:
    assert list_unknown() == []


def test_every_body_names_schemas_that_exist() -> None:
    named: set[str | None] = set()
    for body in BODIES.values():
        answers = body.answer if isinstance(body.answer, tuple) else (body.answer,)
        named |= {body.request, body.beside, body.event, *answers}
    assert named - {None} <= set(EVERY_SCHEMA)


def test_every_body_is_described_and_every_description_used() -> None:
    assert set(BODIES) == {f"{method} {route.path}" for route in ROUTES for method in route.methods}
    for name, body in BODIES.items():
        told = body.answer is not None or body.sound or body.film
        assert told, f"{name} answers any object"
        assert body.streams == (body.event is not None), name
        if name.startswith("POST ") and not name.endswith("/cancel"):
            assert body.request is not None, f"{name} takes any object"
            assert body.request in EXAMPLES, f"{name} has no example"


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
    event = chat["text/event-stream"]["schema"]["properties"]["data"]
    assert event["anyOf"][0]["contentSchema"]["$ref"].endswith("/ChatCompletionChunk")
    assert event["anyOf"][1] == {"const": "[DONE]"}
    vectors = DOCUMENT["paths"]["/v1/embeddings"]["post"]["responses"]["200"]["content"]
    assert set(vectors) == {"application/json"}


def test_an_upload_is_told_as_such_and_its_other_form_beside_it() -> None:
    edits = DOCUMENT["paths"]["/v1/images/edits"]["post"]["requestBody"]["content"]
    assert {kind: part["schema"]["$ref"].rpartition("/")[2] for kind, part in edits.items()} == {
        "multipart/form-data": "ImageEditRequest",
        "application/json": "ImageReferenceEditRequest",
    }
    varied = DOCUMENT["paths"]["/v1/images/variations"]["post"]["requestBody"]["content"]
    assert set(varied) == {"multipart/form-data"}


def test_errors_carry_their_codes_and_401_the_sites_body() -> None:
    answers = DOCUMENT["components"]["responses"]
    assert answers["401"]["content"]["application/json"]["example"] == EXAMPLES["Error"]
    assert set(answers["404"]["x-codes"]) == {"not_found", "model_not_found"}
    assert set(answers["503"]["x-codes"]) == {"no_available_channel", "overloaded"}
    assert all(part["x-zh"] and part["description"] for part in answers.values())


def test_below_v1beta_errors_are_in_google_s_shape() -> None:
    answers = DOCUMENT["paths"]["/v1beta/models/{model}"]["get"]["responses"]
    assert answers["404"] == {"$ref": "#/components/responses/google-404"}
    told = DOCUMENT["components"]["responses"]["google-404"]
    assert told["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/GoogleError"}
    }
    assert told["x-codes"] == DOCUMENT["components"]["responses"]["404"]["x-codes"]


def test_who_lists_models_gets_errors_in_the_shape_of_its_client() -> None:
    answers = DOCUMENT["paths"]["/v1/models"]["get"]["responses"]
    assert answers["401"] == {"$ref": "#/components/responses/models-401"}
    told = DOCUMENT["components"]["responses"]["models-401"]["content"]["application/json"]
    names = [each["$ref"].rpartition("/")[2] for each in told["schema"]["anyOf"]]
    assert names == ["Error", "GoogleError"]


def list_unnamed(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    """Fields of an example that the document does not name, at any depth."""
    if "$ref" in schema:
        schema = resolve(schema["$ref"])
    for choice in schema.get("anyOf", ()):
        if "$ref" in choice or choice.get("type") == ("array" if isinstance(value, list) else ""):
            schema = resolve(choice["$ref"]) if "$ref" in choice else choice
    if isinstance(value, list):
        return [each for part in value for each in list_unnamed(part, schema["items"], place)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    unnamed = [f"{place}.{name}" for name in value if name not in schema["properties"]]
    for name, part in value.items():
        if name in schema["properties"]:
            unnamed += list_unnamed(part, schema["properties"][name], f"{place}.{name}")
    return unnamed


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_document_names_every_field_of_its_examples(name: str) -> None:
    assert list_unnamed(EXAMPLES[name], DOCUMENT["components"]["schemas"][name], name) == []


def statuses(name: str) -> set[int]:
    method, _, path = name.partition(" ")
    return {int(each) for each in DOCUMENT["paths"][path][method.lower()]["responses"]}


def test_an_operation_lists_the_errors_that_it_can_give_and_no_others() -> None:
    everywhere = {200, 400, 401, 403, 408, 414, 431, 500, 503, 505}
    assert statuses("GET /v1/models") == everywhere
    assert statuses("GET /v1/models/{model}") == everywhere | {404}
    called = everywhere | {402, 404, 413, 415, 429, 501, 502, 504}
    assert statuses("POST /v1/chat/completions") == called
    assert statuses("POST /v1/images/generations") == called | {409}
    assert statuses("POST /v1/video/generations") == called | {202, 409}
    assert statuses("GET /v1/videos") == everywhere
    for family in ("/v1/videos", "/v1/video/generations"):
        given_up = statuses(f"POST {family}/{{id}}/cancel")
        assert given_up == everywhere | {404, 409, 413, 415, 501, 502}
    assert statuses("DELETE /v1/videos/{id}") == everywhere | {404, 409, 502}
    assert statuses("POST /v1/responses/input_tokens") == everywhere | {404, 413, 415, 501}


def test_every_answer_has_the_headers_that_each_answer_has() -> None:
    answers = [operation["responses"]["200"] for _, _, operation in OPERATIONS]
    answers += DOCUMENT["components"]["responses"].values()
    for answer in answers:
        needed = {name for name, about in answer["headers"].items() if about.get("required")}
        assert needed == {"X-Request-Id", "X-Nexhina-Id"}
        assert all(about["description"] and about["x-zh"] for about in answer["headers"].values())
    for status in ("429", "503"):
        assert "Retry-After" in DOCUMENT["components"]["responses"][status]["headers"]


def test_what_is_still_being_made_says_where_to_ask_for_it() -> None:
    answers = DOCUMENT["paths"]["/v1/video/generations"]["post"]["responses"]
    assert answers["202"]["content"] == answers["200"]["content"]
    assert answers["202"]["headers"].keys() - answers["200"]["headers"].keys() == {"Location"}


def test_links_lead_from_a_response_to_what_can_be_done_with_it() -> None:
    ids = {operation["operationId"]: path for _, path, operation in OPERATIONS}
    links = DOCUMENT["paths"]["/v1/responses"]["post"]["responses"]["200"]["links"]
    targets = {ids[link["operationId"]] for link in links.values()}
    assert targets == {path for path in DOCUMENT["paths"] if path.startswith("/v1/responses/{id}")}
    assert {link["parameters"]["id"] for link in links.values()} == {"$response.body#/id"}


def test_a_query_is_of_a_listed_operation_and_read_in_both_languages() -> None:
    assert set(QUERIES) <= {f"{method.upper()} {path}" for method, path, _ in OPERATIONS}
    for _, _, operation in OPERATIONS:
        for part in operation["parameters"]:
            about = resolve(part["$ref"]) if "$ref" in part else part
            assert about["description"]
            assert about["x-zh"]


def test_a_model_is_described_with_what_is_needed_to_choose_it() -> None:
    schema = DOCUMENT["components"]["schemas"]["ModelObject"]
    assert set(schema["required"]) >= {"operations", "modalities", "context_length", "price"}
    price = DOCUMENT["components"]["schemas"]["ModelPrice"]
    assert set(price["required"]) == {"kind", "amount", "currency", "per"}


def test_no_object_is_closed() -> None:
    assert not [part for part in walk(DOCUMENT) if part.get("additionalProperties") is False]


@pytest.mark.parametrize(
    ("name", "field", "usual"),
    [
        ("ChatCompletionRequest", "tools", "ToolDefinition"),
        ("ResponseObject", "output", "ResponseOutputMessage"),
    ],
)
def test_what_a_list_usually_holds_is_told(name: str, field: str, usual: str) -> None:
    part = DOCUMENT["components"]["schemas"][name]["properties"][field]
    items = [each["items"] for each in walk(part) if each.get("type") == "array"]
    assert items[0]["anyOf"][0] == {"$ref": f"#/components/schemas/{usual}"}
    assert items[0]["anyOf"][1] == {"type": "object"}


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
    document = build_document("1", ROUTES, EVERY_SCHEMA | {"ImageGenerationRequest": poor})
    before = DOCUMENT["components"]["schemas"]["ImageGenerationRequest"]["properties"]
    after = document["components"]["schemas"]["ImageGenerationRequest"]["properties"]
    assert set(before) - set(after) == {gone}
    bad = EXAMPLES["ImageGenerationRequest"] | {gone: []}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, whole)
    msgspec.convert(bad, poor)
