"""Templates and error pages. What a visitor typed is always escaped; there is no other mode.

A browser gets errors as a page, everything else gets the JSON shape of /v1.
"""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import jinja2
import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nexhina.errors import InternalError, MethodNotAllowedError, NexhinaError, NotFoundError
from nexhina.web.asset import asset_path
from nexhina.web.language import Language, choose_language

_TEMPLATES = Path(__file__).parent / "templates"

_TITLES: dict[Language, dict[int, str]] = {
    "en": {404: "Nothing here", 410: "This link is gone", 500: "Something broke on our side"},
    "zh": {404: "这里什么也没有", 410: "链接已失效", 500: "服务器内部错误"},
}
_FALLBACK_TITLE: dict[Language, str] = {"en": "That did not work", "zh": "请求未能完成"}


def make_environment(*folders: Path) -> jinja2.Environment:
    """A template environment over these folders and the shared ones; unknown names are errors."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def request_language(request: Request) -> Language:
    """The language in which this visitor is answered."""
    return choose_language(request.headers.get("accept-language", ""))


def render_page(
    environment: jinja2.Environment,
    request: Request,
    template: str,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """The page in the visitor's language, which the template finds as `language`."""
    language = request_language(request)
    values |= {"language": language, "asset": asset_path}
    html = environment.get_template(template).render(values)
    vary = {"vary": "accept-language"}
    return HTMLResponse(html, status_code=status, headers=vary)


def render_error(
    environment: jinja2.Environment, request: Request, error: NexhinaError
) -> Response:
    """The error as a page for browsers, as JSON for all others."""
    headers = {name.decode(): value.decode() for name, value in error.headers}
    if "text/html" not in request.headers.get("accept", ""):
        body = {
            "error": {
                "message": error.message,
                "type": error.type,
                "param": error.param,
                "code": error.code,
            }
        }
        data = msgspec.json.encode(body)
        return Response(data, error.status, headers, media_type="application/json")
    titles = _TITLES[request_language(request)]
    title = titles.get(error.status, _FALLBACK_TITLE[request_language(request)])
    page = render_page(
        environment, request, "error.html", error.status, title=title, message=error.message
    )
    page.headers.update(headers)
    return page


def error_handlers(
    environment: jinja2.Environment,
) -> dict[type[Exception], Callable[[Request, Exception], Response]]:
    """What Starlette calls for our errors, for its own (404, 405), and for the unforeseen.

    The last is raised again after its answer, so that the server logs it.
    """

    def nexhina_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, NexhinaError)  # registered for this class only
        return render_error(environment, request, error)

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # registered for this class only
        return render_error(environment, request, _from_starlette(request, error))

    def unforeseen(request: Request, _error: Exception) -> Response:
        return render_error(environment, request, InternalError())

    return {NexhinaError: nexhina_error, HTTPException: http_error, Exception: unforeseen}


def _from_starlette(request: Request, error: HTTPException) -> NexhinaError:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = (error.headers or {}).get("Allow", "GET")
        return MethodNotAllowedError(
            f"{request.url.path} takes {allow}, not {request.method}.",
            headers=[(b"allow", allow.encode())],
        )
    return NotFoundError(f"There is nothing at {request.url.path}.")
