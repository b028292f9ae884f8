"""Which errors an operation may answer with, and what each says: made from `errors`."""

from collections.abc import Mapping
from typing import Any

from nexhina.contract.operation import Operation
from nexhina.contract.parameter import ANSWER_HEADERS, Texts, write_answer_headers
from nexhina.contract.route import Route
from nexhina.errors import NexhinaError

Json = dict[str, Any]

STATUS_ZH: Mapping[int, str] = {
    400: "请求有误",
    401: "API 密钥不正确",
    402: "余额不足",
    403: "没有权限",
    404: "不存在",
    405: "不支持该方法",
    408: "请求未及时到达",
    409: "与之前的请求冲突",
    413: "请求体过大",
    414: "URL 过长",
    415: "内容类型不受支持",
    426: "需要改用 POST",
    429: "请求过多",
    431: "请求头过大",
    500: "服务器内部错误",
    501: "此安装不支持",
    502: "所有渠道都失败",
    503: "暂无可用渠道",
    504: "渠道超时",
    505: "HTTP 版本不受支持",
}

_EDGE = (400, 401, 403, 408, 414, 431, 500, 503, 505)
"""Every request may meet these."""
_BODY = (413, 415, 501)
_VENDOR = (402, 404, 429, 502, 504)
_KEPT_THERE = (429, 502, 504)
"""What its vendor says of a response that it keeps."""
_GIVEN_UP = (409, 502)
"""A film that is ready or can't be stopped; a vendor that could not be asked."""
_OWN_STORE = ("/cancel", "/input_tokens")
_RETRY_AFTER: Texts = ("Seconds to wait before the next try", "重试前等待的秒数")


def list_statuses(route: Route, method: str) -> list[int]:
    """The statuses of errors that this operation may answer with, in order."""
    found: set[int] = set(_EDGE)
    if "{" in route.path:
        found.add(404)
    if method == "POST":
        found.update(_BODY)
        if route.operation is not Operation.MODELS and not route.path.endswith(_OWN_STORE):
            found.update(_VENDOR)
        if route.operation is Operation.RESPONSES:
            found.add(404)  # previous_response_id
    if route.operation is Operation.RESPONSES and "{" in route.path:
        found.update(_KEPT_THERE)
    if method == "POST" and route.idempotent_key:
        found.add(409)
    if _is_film_given_up(route, method):
        found.update(_GIVEN_UP)
    return sorted(found)


def _is_film_given_up(route: Route, method: str) -> bool:
    """Whether it cancels a film; one that runs is cancelled before it is deleted."""
    return route.operation is Operation.VIDEO and (
        method == "DELETE" or route.path.endswith("/cancel")
    )


def describe_errors(schema: Json, example: Json | None = None) -> dict[str, Json]:
    """One answer per status, with the codes that it may carry.

    `schema` is that of the body, `example` one of status 401.
    """
    kinds: dict[int, list[type[NexhinaError]]] = {}
    for kind in _list_errors(NexhinaError):
        kinds.setdefault(kind.status, []).append(kind)
    answers = {str(status): _describe(status, kinds[status], schema) for status in STATUS_ZH}
    if example is not None:
        answers["401"]["content"]["application/json"]["example"] = example
    return answers


def _describe(status: int, kinds: list[type[NexhinaError]], schema: Json) -> Json:
    content: Json = {"schema": schema}
    headers = write_answer_headers(ANSWER_HEADERS, required=True)
    if status in {429, 503}:
        headers |= write_answer_headers({"Retry-After": _RETRY_AFTER}, required=False)
    return {
        "description": " ".join((kind.__doc__ or "").strip() for kind in kinds),
        "x-zh": STATUS_ZH[status],
        "x-codes": [kind.code for kind in kinds],
        "headers": headers,
        "content": {"application/json": content},
    }


def _list_errors(kind: type[NexhinaError]) -> list[type[NexhinaError]]:
    below = kind.__subclasses__()
    return below + [deeper for each in below for deeper in _list_errors(each)]
