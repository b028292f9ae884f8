"""Builds the console: routes, error pages, security headers. What it needs comes as values."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp

from nexhina.console.home import HomePage
from nexhina.console.setup import IsSetupOpen, SetOwner, SetupPage
from nexhina.web.asset import ASSET_ROUTE
from nexhina.web.page import error_handlers, make_environment
from nexhina.web.security import SecurityHeaders

_TEMPLATES = Path(__file__).parent / "templates"


def build_app(
    *,
    is_setup_open: IsSetupOpen,
    set_owner: SetOwner,
    public_url: str = "",
    docs_url: str = "",
) -> ASGIApp:
    """The ASGI app for every path that no other room serves.

    `public_url` is the origin that callers use ("https://ai.example.com"); empty: the one of the
    request. `docs_url` empty: the front page links to the list of routes only.
    """
    environment = make_environment(_TEMPLATES)
    home = HomePage(environment, public_url, docs_url)
    setup = SetupPage(environment, is_setup_open, set_owner)
    # Not in `middleware`: Starlette answers an unforeseen error outside of it.
    return SecurityHeaders(
        Starlette(
            routes=[*home.routes(), *setup.routes(), ASSET_ROUTE],
            exception_handlers=error_handlers(environment),
        )
    )
