"""The OpenAPI 3.1 document, made from the routes, schemas, headers and errors of the contract.

Pure. It lists what answers, nothing else. Parameters that no schema names are passed on, so no
object is closed. Chinese texts stand beside the English ones as `x-zh`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from nexhina.contract.operation import Operation
from nexhina.contract.parameter import (
    ANSWER_HEADERS,
    CALL_HEADERS,
    HEADERS,
    list_parameters,
    write_answer_headers,
)
from nexhina.contract.route import GOOGLE, ROUTES, Route
from nexhina.contract.schema.default import find_default
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA, SCHEMAS
from nexhina.contract.schema.text import SCHEMA_ZH, field_text
from nexhina.contract.status import describe_errors, list_statuses

Json = dict[str, Any]

TEMPLATE = "#/components/schemas/{name}"


class Body(Struct, frozen=True):
    """What goes in and out of an operation: schema names, None where it is any JSON object.

    Several answers: the caller's client decides which (see the operation's parameters).
    """

    request: str | None = None
    answer: str | tuple[str, ...] | None = None
    event: str | None = None  # one event of a streamed answer
    streams: bool = False
    ends: str | None = None  # data of the event that ends a stream, where it is no JSON
    form: bool = False  # the request is multipart/form-data
    beside: str | None = None  # the request as JSON, where a form may be sent as well
    sound: bool = False  # the answer is sound, not JSON
    film: bool = False  # the answer is a file, a film or a picture of it
    later: bool = False  # a 202 with the same body says that it is still being made
    texts: tuple[str, ...] = ()  # content types of text that the answer may have beside JSON


SOUNDS = ("audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm")
FILMS = ("video/mp4", "video/webm", "image/webp", "image/jpeg", "image/png")
TRANSCRIPTS = ("text/plain", "text/vtt", "application/x-subrip")

BODIES: Mapping[str, Body] = {
    "POST /v1/chat/completions": Body(
        "ChatCompletionRequest",
        "ChatCompletionResponse",
        "ChatCompletionChunk",
        streams=True,
        ends="[DONE]",
    ),
    "POST /v1/completions": Body(
        "CompletionRequest",
        "CompletionResponse",
        "CompletionResponse",
        streams=True,
        ends="[DONE]",
    ),
    "POST /v1/responses": Body("ResponseRequest", "ResponseObject", "ResponseEvent", streams=True),
    "GET /v1/responses/{id}": Body(answer="ResponseObject", event="ResponseEvent", streams=True),
    "DELETE /v1/responses/{id}": Body(answer="ResponseDeleted"),
    "POST /v1/responses/{id}/cancel": Body(answer="ResponseObject"),
    "GET /v1/responses/{id}/input_items": Body(answer="ResponseItemList"),
    "POST /v1/responses/input_tokens": Body("ResponseRequest", "InputTokenCount"),
    "POST /v1/responses/compact": Body("CompactionRequest", "CompactedResponse"),
    "POST /v1/embeddings": Body("EmbeddingRequest", "EmbeddingResponse"),
    "POST /v1/images/generations": Body(
        "ImageGenerationRequest", "ImageGenerationResponse", "ImageEvent", streams=True
    ),
    "POST /v1/images/edits": Body(
        "ImageEditRequest",
        "ImageGenerationResponse",
        "ImageEvent",
        streams=True,
        form=True,
        beside="ImageReferenceEditRequest",
    ),
    "POST /v1/images/variations": Body(
        "ImageVariationRequest", "ImageGenerationResponse", form=True
    ),
    "POST /v1/audio/speech": Body("SpeechRequest", event="SpeechEvent", streams=True, sound=True),
    "POST /v1/audio/transcriptions": Body(
        "TranscriptionRequest",
        "TranscriptionResponse",
        "TranscriptEvent",
        streams=True,
        form=True,
        texts=TRANSCRIPTS,
    ),
    "POST /v1/audio/translations": Body(
        "TranslationRequest", "TranslationResponse", form=True, texts=TRANSCRIPTS
    ),
    "POST /v1/video/generations": Body(
        "VideoGenerationRequest", "VideoGenerationResponse", later=True
    ),
    "GET /v1/video/generations/{id}": Body(answer="VideoGenerationResponse"),
    "POST /v1/video/generations/{id}/cancel": Body(answer="VideoGenerationResponse"),
    "POST /v1/videos": Body("VideoCreateRequest", "Video", form=True, beside="VideoCreateRequest"),
    "GET /v1/videos": Body(answer="VideoList"),
    "GET /v1/videos/{id}": Body(answer="Video"),
    "DELETE /v1/videos/{id}": Body(answer="VideoDeleted"),
    "GET /v1/videos/{id}/content": Body(film=True),
    "POST /v1/videos/{id}/remix": Body("VideoRemixRequest", "Video"),
    "POST /v1/videos/{id}/cancel": Body(answer="Video"),
    "POST /v1/moderations": Body("ModerationRequest", "ModerationResponse"),
    "POST /v1/rerank": Body("RerankRequest", "RerankResponse"),
    "POST /v2/rerank": Body("RerankRequest", "CohereRerankResponse"),
    "POST /v2/embed": Body("CohereEmbedRequest", "CohereEmbedResponse"),
    "POST /v1/embed": Body("CohereEmbedRequest", "CohereEmbedV1Response"),
    "GET /v1/models": Body(answer=("ModelList", "GeminiModelList", "CodexModelList")),
    "GET /v1/models/{model}": Body(answer=("ModelObject", "GeminiModel")),
    "GET /v1beta/models": Body(answer="GeminiModelList"),
    "GET /v1beta/models/{model}": Body(answer="GeminiModel"),
}
"""By "METHOD path". A route that is not here is listed with any JSON object in and out."""

_FORMS = frozenset(body.request for body in BODIES.values() if body.form)
"""Requests whose members are fields of a form, which must have a name."""

USUAL: Mapping[str, str] = {
    "ChatCompletionRequest.tools": "ToolDefinition",
    "ResponseObject.output": "ResponseOutputMessage",
}
"""What the entries of a list of objects usually are; others are taken as they are."""

LINKS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "POST /v1/responses": ("/v1/responses/{id}", {"id": "$response.body#/id"}),
    "POST /v1/videos": ("/v1/videos/{id}", {"id": "$response.body#/id"}),
    "POST /v1/video/generations": (
        "/v1/video/generations/{id}",
        {"id": "$response.body#/id"},
    ),
}
"""By "METHOD path": an answer names a thing, which every route below the other path takes."""


def build_document(
    version: str,
    routes: Iterable[Route] = ROUTES,
    schemas: Mapping[str, type[Struct]] = EVERY_SCHEMA,
) -> Json:
    """The whole document, ready to be written as JSON."""
    paths: dict[str, Json] = {}
    tags: dict[str, None] = {}
    for route in routes:
        tags[str(route.operation)] = None
        for method in route.methods:
            operation = _describe(route, method, schemas)
            paths.setdefault(route.path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nexhina API", "version": version},
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in _SECURITY],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": build_components(schemas),
            "securitySchemes": _SECURITY,
            "parameters": {name: each.describe("header") for name, each in HEADERS.items()},
            "responses": _describe_errors(),
        },
    }


def _describe_errors() -> dict[str, Json]:
    """The error answers by the names that operations refer to, Google's marked so."""
    usual = describe_errors({"$ref": TEMPLATE.format(name="Error")}, EXAMPLES["Error"])
    shapes = [{"$ref": TEMPLATE.format(name=name)} for name in ("Error", "GoogleError")]
    for kind, schema in ((_GOOGLE, shapes[1]), (_EITHER, {"anyOf": shapes})):
        statuses = {
            str(status)
            for route in ROUTES
            if _error_kind(route) == kind
            for method in route.methods
            for status in list_statuses(route, method)
        }
        told = describe_errors(schema)
        usual |= {f"{kind}{status}": told[status] for status in told if status in statuses}
    return usual


def _error_kind(route: Route) -> str:
    """How the names begin of the error answers that the route refers to."""
    if route.path.startswith(GOOGLE):
        return _GOOGLE
    return _EITHER if route.operation is Operation.MODELS else ""


_GOOGLE = "google-"
_EITHER = "models-"  # by who asks
_SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer sk-…"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
    "key": {"type": "apiKey", "in": "query", "name": "key"},
}


def build_components(schemas: Mapping[str, type[Struct]] = EVERY_SCHEMA) -> dict[str, Json]:
    """JSON Schemas by name: the site's first, then the others and those they are made of."""
    _, found = msgspec.json.schema_components(schemas.values(), ref_template=TEMPLATE)
    site = [name for name in SCHEMAS if name in found]
    names = [*site, *sorted(set(found) - set(site))]
    return {name: _annotate(name, found[name]) for name in names}


def list_missing(components: Mapping[str, Json]) -> list[str]:
    """What lacks an English or a Chinese text: "Schema" or "Schema.field"."""
    missing: list[str] = []
    for name, schema in components.items():
        parts: dict[str, Json] = {name: schema}
        parts |= {f"{name}.{field}": part for field, part in schema["properties"].items()}
        missing += [
            path for path, part in parts.items() if not part.get("description") or not part["x-zh"]
        ]
    return missing


def list_unknown(routes: Iterable[Route] = ROUTES) -> list[str]:
    """Routes whose bodies nobody has written down: "METHOD path"."""
    every = [f"{method} {route.path}" for route in routes for method in route.methods]
    return [name for name in every if name not in BODIES]


def _annotate(name: str, schema: Json) -> Json:
    """The schema with texts and example, open to fields that it does not name."""
    fields: dict[str, Json] = {}
    for field, part in schema["properties"].items():
        english, chinese = field_text(name, field) or ("", "")
        told = {**part, "description": english, "x-zh": chinese}
        if "default" in part and name.endswith("Request"):
            told["default"] = find_default(name, field, part["default"])
        usual = USUAL.get(f"{name}.{field}")
        fields[field] = told if usual is None else _tell_entries(told, usual)
    texts: Json = {"x-zh": SCHEMA_ZH.get(name, ""), "additionalProperties": True}
    if name in _FORMS:
        texts["propertyNames"] = {"pattern": "^[!-~]{1,256}$"}
    if name in EXAMPLES:
        texts["examples"] = [EXAMPLES[name]]
    return {**schema, **texts, "properties": fields}


def _tell_entries(part: Json, usual: str) -> Json:
    """The list, or the union that one is in, whose entries are of this schema or any object."""
    if "anyOf" in part:
        return {**part, "anyOf": [_tell_entries(each, usual) for each in part["anyOf"]]}
    if part.get("type") != "array":
        return part
    return {**part, "items": {"anyOf": [{"$ref": TEMPLATE.format(name=usual)}, part["items"]]}}


def _describe(route: Route, method: str, schemas: Mapping[str, type[Struct]]) -> Json:
    name = f"{method} {route.path}"
    body = BODIES.get(name, Body())
    answer = _refer(body.answer, schemas)
    answers: dict[str, Any] = {"application/json": {"schema": answer}}
    if body.sound:
        answers = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SOUNDS}
    if body.film:
        answers = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILMS}
    answers |= {kind: {"schema": {"type": "string"}} for kind in body.texts}
    if body.streams:
        answers["text/event-stream"] = {"schema": _describe_event(body, schemas)}
    success = _describe_success(route, method, answers)
    kind = _error_kind(route)
    operation: Json = {
        "operationId": _operation_id(route, method),
        "summary": route.summary,
        "tags": [str(route.operation)],
        "parameters": list_parameters(route, method),
        "responses": {"200": success}
        | ({"202": _describe_later(success)} if body.later else {})
        | {
            str(status): {"$ref": f"#/components/responses/{kind}{status}"}
            for status in list_statuses(route, method)
        },
    }
    if method == "POST" and (body.request is not None or name not in BODIES):
        kind = "multipart/form-data" if body.form else "application/json"
        content = {kind: {"schema": _refer(body.request, schemas)}}
        if body.beside is not None:
            content["application/json"] = {"schema": _refer(body.beside, schemas)}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _describe_success(route: Route, method: str, content: Json) -> Json:
    headers = write_answer_headers(ANSWER_HEADERS, required=True)
    if method == "POST":
        headers |= write_answer_headers(CALL_HEADERS, required=False)
    written: Json = {"description": "The answer", "x-zh": "回答", "headers": headers}
    target = LINKS.get(f"{method} {route.path}")
    if target is not None:
        below, parameters = target
        written["links"] = {
            _operation_id(other, verb): {
                "operationId": _operation_id(other, verb),
                "parameters": dict(parameters),
            }
            for other in ROUTES
            for verb in other.methods
            if other.path.startswith(below)
        }
    return written | {"content": content}


def _describe_later(success: Json) -> Json:
    """The same answer while what was asked for is still being made."""
    place = {
        "description": "Where to ask how far it is",
        "x-zh": "查询进度的地址",
        "schema": {"type": "string"},
        "required": True,
    }
    texts = {"description": "It is being made; ask again", "x-zh": "正在生成，请稍后查询"}
    return success | texts | {"headers": success["headers"] | {"Location": place}}


def _describe_event(body: Body, schemas: Mapping[str, type[Struct]]) -> Json:
    """One event of a stream, of which `schema` speaks before OpenAPI 3.2."""
    data: Json = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": _refer(body.event, schemas),
    }
    if body.ends is not None:
        data = {"anyOf": [data, {"const": body.ends}]}
    fields: Json = {"event": {"type": "string"}, "data": data}
    return {"type": "object", "properties": fields, "required": ["data"]}


def _operation_id(route: Route, method: str) -> str:
    words = route.path.replace("{", "").replace("}", "").strip("/")
    return f"{method.lower()}_{words.replace('/', '_').replace(':', '_')}"


def _refer(names: str | tuple[str, ...] | None, schemas: Mapping[str, type[Struct]]) -> Json:
    """A reference to the schema, one of several, or any object where there is none."""
    if isinstance(names, tuple):
        return {"anyOf": [_refer(name, schemas) for name in names]}
    return {"$ref": TEMPLATE.format(name=names)} if names in schemas else {"type": "object"}
