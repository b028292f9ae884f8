"""What the document says about paths, queries and headers, with texts in English and Chinese.

Only what is read is named; the schemas are those of the readers: a value that does not fit them is
refused with a 400 (an unknown id with a 404).
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from nexhina.contract.route import Route

Json = dict[str, Any]
Texts = tuple[str, str]

VISIBLE = "^[!-~]+$"
"""Visible ASCII characters."""


class Parameter(Struct, frozen=True):
    """One parameter: its name, its JSON Schema, its text in English and Chinese."""

    name: str
    schema: Json
    texts: Texts
    example: str | None = None

    def describe(self, place: str) -> Json:
        """The parameter as OpenAPI has it; `place`: query, header or path."""
        written: Json = {"name": self.name, "in": place}
        if place == "path":
            written["required"] = True
        english, chinese = self.texts
        written |= {"description": english, "x-zh": chinese, "schema": self.schema}
        return written if self.example is None else written | {"example": self.example}


HEADERS: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        Parameter(
            "X-Request-Id",
            {"type": "string", "maxLength": 128, "pattern": "^[!-~]*$"},
            (
                "Your own id of the call, up to 128 visible ASCII characters; it comes back",
                "您自己的调用 id，最多 128 个可见 ASCII 字符，会原样返回",
            ),
        ),
        Parameter(
            "X-Tenant-Id",
            {"type": "string"},
            (
                "The tenant that pays, as id or slug; empty = the key's own",
                "付费租户的 id 或短名；为空即密钥所属租户",
            ),
        ),
        Parameter(
            "X-Channel",
            {"type": "string"},
            (
                "The channel to use, by name; the key needs channel:pin; empty = no wish",
                "指定渠道的名称；密钥需有 channel:pin 权限；为空即不指定",
            ),
        ),
        Parameter(
            "Idempotency-Key",
            {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
            (
                "The same key within 24 hours gives the same answer, charged once",
                "24 小时内相同的键返回相同的回答，只计费一次",
            ),
        ),
    )
}
"""Of requests."""

ANSWER_HEADERS: Mapping[str, Texts] = {
    "X-Request-Id": ("Your own id of the call, or ours", "您自己的调用 id；未提供时为我们的 id"),
    "X-Nexhina-Id": ("Our id of the call", "我们的调用 id"),
}
"""Every answer has these."""

CALL_HEADERS: Mapping[str, Texts] = {
    "X-Nexhina-Lane": (
        "How the request went to the vendor: verbatim, splice or translate",
        "请求发往供应商的方式：verbatim、splice 或 translate",
    ),
    "X-Nexhina-Channel": (
        "The channel that answered, for keys with channel:see",
        "作答的渠道；密钥需有 channel:see 权限",
    ),
    "X-Nexhina-Attempts": ("How many attempts were made", "尝试次数"),
    "X-Nexhina-Overhead-Ms": ("Our own share of the time, milliseconds", "我们自身耗时，毫秒"),
    "X-Nexhina-Cost": ("What the call cost, US dollars", "本次调用的费用，美元"),
    "X-Nexhina-Dropped": (
        "Parameters that the vendor could not be sent",
        "未能转发给供应商的参数",
    ),
}
"""Answers of calls that went to a vendor may have these."""

PATHS: Mapping[str, Parameter] = {
    "id": Parameter(
        "id",
        {"type": "string", "pattern": VISIBLE, "maxLength": 256},
        ("Id of a stored response", "已保存的响应的 id"),
    ),
    "model": Parameter(
        "model",
        {"type": "string", "pattern": VISIBLE, "maxLength": 256},
        ("Name of a model; it may hold slashes", "模型名称，可以包含斜杠"),
        "deepseek-v3",
    ),
}
"""By the name between the braces; another is any visible text."""


def _count(name: str, most: int, texts: Texts) -> Parameter:
    return Parameter(name, {"type": "integer", "minimum": 1, "maximum": most}, texts)


def _or_empty(schema: Json) -> Json:
    """Of a parameter that is as good as not given when its value is empty."""
    return {"anyOf": [schema, {"const": ""}]}


_TEXT: Json = {"type": "string"}
_GEMINI_PAGE = (
    _count("pageSize", 1000, ("Most models on a page; default 1000", "每页最多模型数；默认 1000")),
    Parameter(
        "pageToken",
        _TEXT,
        ("nextPageToken of the page before", "上一页的 nextPageToken"),
    ),
)

QUERIES: Mapping[str, tuple[Parameter, ...]] = {
    "GET /v1/models": (
        _count("limit", 1000, ("Most models on a page; default all", "每页最多模型数；默认全部")),
        Parameter("after_id", _TEXT, ("The page begins behind this model", "从该模型之后开始")),
        Parameter("before_id", _TEXT, ("The page ends before this model", "到该模型之前为止")),
        Parameter(
            "client_version",
            _TEXT,
            (
                "Sent by the Codex command line: the list in its shape",
                "由 Codex 命令行发送：返回其格式的列表",
            ),
        ),
    ),
    "GET /v1beta/models": _GEMINI_PAGE,
    "GET /v1/responses/{id}": (
        Parameter(
            "stream",
            _or_empty({"type": "boolean"}),
            (
                "Whether the events that lead to the response are sent; default false",
                "是否发送生成该响应的事件；默认 false",
            ),
        ),
        Parameter(
            "starting_after",
            _or_empty({"type": "integer", "minimum": 0}),
            (
                "With stream: only events of higher sequence numbers",
                "与 stream 一起使用：仅发送序号更大的事件",
            ),
        ),
    ),
    "GET /v1/responses/{id}/input_items": (
        Parameter(
            "limit",
            _or_empty({"type": "integer", "minimum": 1, "maximum": 100}),
            ("Most items on a page; default 20", "每页最多条目数；默认 20"),
        ),
        Parameter(
            "order",
            _or_empty({"type": "string", "enum": ["asc", "desc"]}),
            ("asc = oldest first; default desc", "asc 为最早的在前；默认 desc"),
        ),
        Parameter("after", _TEXT, ("The page begins behind this item", "从该条目之后开始")),
    ),
    "GET /v1/videos": (
        Parameter(
            "limit",
            _or_empty({"type": "integer", "minimum": 0, "maximum": 100}),
            ("Most films on a page; default 20", "每页最多视频数；默认 20"),
        ),
        Parameter(
            "order",
            _or_empty({"type": "string", "enum": ["asc", "desc"]}),
            ("asc = oldest first; default desc", "asc 为最早的在前；默认 desc"),
        ),
        Parameter("after", _TEXT, ("The page begins behind this film", "从该视频之后开始")),
    ),
    "GET /v1/videos/{id}/content": (
        Parameter(
            "variant",
            _or_empty({"type": "string", "enum": ["video", "thumbnail", "spritesheet"]}),
            (
                "The film or a picture of it; default video",
                "视频本身或其图片；默认 video",
            ),
        ),
    ),
}
"""By "METHOD path"."""


def list_parameters(route: Route, method: str) -> list[Json]:
    """The operation's parameters: of its path, its query, and references to the headers."""
    names = [part.partition("}")[0] for part in route.path.split("{")[1:]]
    found = [_path(name).describe("path") for name in names]
    found += [each.describe("query") for each in QUERIES.get(f"{method} {route.path}", ())]
    return found + [
        {"$ref": f"#/components/parameters/{name}"}
        for name in HEADERS
        if name != "Idempotency-Key" or (route.idempotent_key and method == "POST")
    ]


def write_answer_headers(texts: Mapping[str, Texts], *, required: bool) -> dict[str, Json]:
    """Headers of an answer as OpenAPI has them."""
    written: dict[str, Json] = {}
    for name, (english, chinese) in texts.items():
        part: Json = {"description": english, "x-zh": chinese, "schema": {"type": "string"}}
        written[name] = {**part, "required": True} if required else part
    return written


def _path(name: str) -> Parameter:
    return PATHS.get(name) or Parameter(name, {"type": "string", "pattern": VISIBLE}, (name, name))
