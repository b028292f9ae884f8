"""The OpenAPI 3.1 document, made from the routes, schemas, headers and errors of the contract.

Pure. It lists what answers, nothing else. Parameters that no schema names are passed on, so no
object is closed. Chinese texts stand beside the English ones as `x-zh`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from nexhina.contract.route import ROUTES, Route
from nexhina.contract.schema.error import Error
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import SCHEMAS
from nexhina.contract.schema.text import SCHEMA_ZH, field_text
from nexhina.errors import NexhinaError

Json = dict[str, Any]

TEMPLATE = "#/components/schemas/{name}"


class Body(Struct, frozen=True):
    """What goes in and out of an operation: schema names, None where it is any JSON object."""

    request: str | None = None
    answer: str | None = None
    event: str | None = None  # one event of a streamed answer
    streams: bool = False


BODIES: Mapping[str, Body] = {
    "POST /v1/chat/completions": Body(
        "ChatCompletionRequest", "ChatCompletionResponse", "ChatCompletionChunk", streams=True
    ),
    "POST /v1/completions": Body(streams=True),
    "POST /v1/responses": Body("ResponseRequest", "ResponseObject", streams=True),
    "GET /v1/responses/{id}": Body(answer="ResponseObject"),
    "DELETE /v1/responses/{id}": Body(),
    "POST /v1/responses/{id}/cancel": Body(answer="ResponseObject"),
    "GET /v1/responses/{id}/input_items": Body(),
    "POST /v1/responses/input_tokens": Body(),
    "POST /v1/embeddings": Body("EmbeddingRequest", "EmbeddingResponse"),
    "POST /v1/images/generations": Body("ImageGenerationRequest", "ImageGenerationResponse"),
    "POST /v1/moderations": Body("ModerationRequest", "ModerationResponse"),
    "POST /v1/rerank": Body("RerankRequest", "RerankResponse"),
    "POST /v2/rerank": Body("RerankRequest", "RerankResponse"),
    "GET /v1/models": Body(),
    "GET /v1/models/{model}": Body(),
    "GET /v1beta/models": Body(),
    "GET /v1beta/models/{model}": Body(),
}
"""By "METHOD path". A route that is not here is listed with any JSON object in and out."""

HEADERS: Mapping[str, tuple[str, str]] = {
    "X-Request-Id": (
        "Your own id of the call, up to 128 visible ASCII characters; it comes back",
        "您自己的调用 id，最多 128 个可见 ASCII 字符，会原样返回",
    ),
    "X-Tenant-Id": (
        "The tenant that pays, as id or slug; empty = the key's own",
        "付费租户的 id 或短名；为空即密钥所属租户",
    ),
    "X-Channel": (
        "The channel to use, by name; the key needs channel:pin; empty = no wish",
        "指定渠道的名称；密钥需有 channel:pin 权限；为空即不指定",
    ),
    "Idempotency-Key": (
        "The same key within 24 hours gives the same answer, charged once",
        "24 小时内相同的键返回相同的回答，只计费一次",
    ),
}

STATUS_ZH: Mapping[int, str] = {
    400: "请求有误",
    401: "API 密钥不正确",
    402: "余额不足",
    403: "没有权限",
    404: "不存在",
    408: "请求未及时到达",
    409: "与之前的请求冲突",
    413: "请求体过大",
    415: "内容类型不受支持",
    429: "请求过多",
    500: "服务器内部错误",
    502: "所有渠道都失败",
    503: "暂无可用渠道",
    504: "渠道超时",
}


def build_document(
    version: str,
    routes: Iterable[Route] = ROUTES,
    schemas: Mapping[str, type[Struct]] = SCHEMAS,
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
            "parameters": {name: _header(name, texts) for name, texts in HEADERS.items()},
            "responses": _errors(),
        },
    }


_SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer sk-…"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
    "key": {"type": "apiKey", "in": "query", "name": "key"},
}


def build_components(schemas: Mapping[str, type[Struct]] = SCHEMAS) -> dict[str, Json]:
    """JSON Schemas by name: the site's first, then those they are made of."""
    kinds = [*schemas.values(), Error]
    _, found = msgspec.json.schema_components(kinds, ref_template=TEMPLATE)
    names = [*schemas, *sorted(set(found) - set(schemas))]
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
        fields[field] = {**part, "description": english, "x-zh": chinese}
    texts: Json = {"x-zh": SCHEMA_ZH.get(name, ""), "additionalProperties": True}
    if name in EXAMPLES:
        texts["examples"] = [EXAMPLES[name]]
    return {**schema, **texts, "properties": fields}


def _describe(route: Route, method: str, schemas: Mapping[str, type[Struct]]) -> Json:
    body = BODIES.get(f"{method} {route.path}", Body())
    answers: dict[str, Any] = {"application/json": {"schema": _refer(body.answer, schemas)}}
    if body.streams:
        answers["text/event-stream"] = {"schema": {"type": "string"}}
        if body.event is not None:
            answers["text/event-stream"]["x-event"] = _refer(body.event, schemas)
    operation: Json = {
        "operationId": _operation_id(route, method),
        "summary": route.summary,
        "tags": [str(route.operation)],
        "parameters": _parameters(route),
        "responses": {"200": {"description": "The answer", "x-zh": "回答", "content": answers}}
        | {
            str(status): {"$ref": f"#/components/responses/{status}"}
            for status in STATUS_ZH
            if status != 409 or route.idempotent_key
        },
    }
    if method == "POST":
        content = {"application/json": {"schema": _refer(body.request, schemas)}}
        operation["requestBody"] = {
            "required": not route.path.endswith("/cancel"),
            "content": content,
        }
    return operation


def _operation_id(route: Route, method: str) -> str:
    words = route.path.replace("{", "").replace("}", "").strip("/")
    return f"{method.lower()}_{words.replace('/', '_').replace(':', '_')}"


def _parameters(route: Route) -> list[Json]:
    names = [part.partition("}")[0] for part in route.path.split("{")[1:]]
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    return found + [
        {"$ref": f"#/components/parameters/{name}"}
        for name in HEADERS
        if name != "Idempotency-Key" or route.idempotent_key
    ]


def _refer(name: str | None, schemas: Mapping[str, type[Struct]]) -> Json:
    return {"$ref": TEMPLATE.format(name=name)} if name in schemas else {"type": "object"}


def _header(name: str, texts: tuple[str, str]) -> Json:
    schema: Json = {"type": "string"}
    if name == "X-Request-Id":
        schema["maxLength"] = 128
    english, chinese = texts
    return {"name": name, "in": "header", "description": english, "x-zh": chinese, "schema": schema}


def _errors() -> dict[str, Json]:
    """One answer per status, with the codes that it may carry."""
    found: dict[int, list[type[NexhinaError]]] = {}
    for kind in _list_errors(NexhinaError):
        found.setdefault(kind.status, []).append(kind)
    return {str(status): _error(status, found[status]) for status in STATUS_ZH}


def _error(status: int, kinds: list[type[NexhinaError]]) -> Json:
    content: Json = {"schema": {"$ref": TEMPLATE.format(name="Error")}}
    if status == 401:
        content["example"] = EXAMPLES["Error"]
    return {
        "description": " ".join((kind.__doc__ or "").strip() for kind in kinds),
        "x-zh": STATUS_ZH[status],
        "x-codes": [kind.code for kind in kinds],
        "content": {"application/json": content},
    }


def _list_errors(kind: type[NexhinaError]) -> list[type[NexhinaError]]:
    below = kind.__subclasses__()
    return below + [deeper for each in below for deeper in _list_errors(each)]
