"""The front page: what this is and how to call it. It tells nothing about the installation."""

import jinja2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexhina.console.text import TEXTS
from nexhina.web.page import render_page, request_language


class HomePage:
    """The handler of /."""

    def __init__(self, environment: jinja2.Environment, public_url: str, docs_url: str) -> None:
        self._environment = environment
        self._public_url = public_url.rstrip("/")
        self._docs_url = docs_url

    def routes(self) -> list[Route]:
        """The routes of this page."""
        return [Route("/", self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        origin = self._public_url or str(request.base_url).rstrip("/")
        return render_page(
            self._environment,
            request,
            "home.html",
            text=TEXTS[request_language(request)],
            base_url=f"{origin}/v1",
            docs_url=self._docs_url,
        )
