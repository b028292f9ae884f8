"""The one-time page on which the owner gets an e-mail address and a password.

Who holds the link may use the page, once, within its hour; whether a link still works is the
service's knowledge. The page works without scripts and without any cookie but its CSRF token.
"""

import re
from collections.abc import Awaitable, Callable

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nexhina.console.text import TEXTS, Text
from nexhina.errors import NotFoundError
from nexhina.identity.password import LONGEST, SHORTEST, require_strong
from nexhina.web.csrf import FIELD, choose_csrf_token, require_own_form, set_csrf_cookie
from nexhina.web.form import read_form
from nexhina.web.page import render_page, request_language

IsSetupOpen = Callable[[str], Awaitable[bool]]
"""Whether the link with this token still works."""

SetOwner = Callable[[str, str, str], Awaitable[None]]
"""(token, e-mail, password): makes the account and ends the link, both or neither.

Raises NotFoundError when the link is dead, ValueError with a readable text when it can't be done
for another reason, such as an e-mail address that is taken.
"""

_EMAIL = re.compile(
    r"[^@\s<>\x00-\x1f\x7f]{1,64}@[^@\s<>\x00-\x1f\x7f.]+(\.[^@\s<>\x00-\x1f\x7f.]+)*"
)


class SetupForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the visitor sent."""

    token: str
    email: str
    password: str
    repeat: str


class SetupPage:
    """The handlers of /setup."""

    def __init__(
        self, environment: jinja2.Environment, is_setup_open: IsSetupOpen, set_owner: SetOwner
    ) -> None:
        self._environment = environment
        self._is_setup_open = is_setup_open
        self._set_owner = set_owner

    def routes(self) -> list[Route]:
        """The routes of this page."""
        return [
            Route("/setup", self._show, methods=["GET"]),
            Route("/setup", self._submit, methods=["POST"]),
            Route("/setup/done", self._done, methods=["GET"]),
        ]

    async def _show(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if not token or not await self._is_setup_open(token):
            return self._gone(request)
        return self._form(request, token)

    async def _submit(self, request: Request) -> Response:
        fields = await read_form(request)
        require_own_form(request, fields.get(FIELD, ""))
        form = SetupForm(
            token=fields.get("token", ""),
            email=fields.get("email", "").strip(),
            password=fields.get("password", ""),
            repeat=fields.get("repeat", ""),
        )
        if not form.token or not await self._is_setup_open(form.token):
            return self._gone(request)
        text = TEXTS[request_language(request)]
        problems = find_problems(form, text)
        if not problems:
            try:
                await self._set_owner(form.token, form.email, form.password)
            except NotFoundError:  # used in another window between the two questions
                return self._gone(request)
            except ValueError as error:
                problems = {"account": str(error)}
        if problems:
            return self._form(request, form.token, form.email, problems)
        return RedirectResponse("/setup/done", status_code=303)

    async def _done(self, request: Request) -> Response:
        text = TEXTS[request_language(request)]
        return render_page(self._environment, request, "setup_done.html", text=text)

    def _form(
        self,
        request: Request,
        token: str,
        email: str = "",
        problems: dict[str, str] | None = None,
    ) -> Response:
        csrf = choose_csrf_token(request)
        page = render_page(
            self._environment,
            request,
            "setup.html",
            status=400 if problems else 200,
            text=TEXTS[request_language(request)],
            token=token,
            email=email,
            problems=problems or {},
            csrf=csrf,
            csrf_field=FIELD,
        )
        set_csrf_cookie(request, page, csrf)
        return page

    def _gone(self, request: Request) -> Response:
        text = TEXTS[request_language(request)]
        return render_page(self._environment, request, "setup_gone.html", status=410, text=text)


def find_problems(form: SetupForm, text: Text) -> dict[str, str]:
    """What is wrong with the form, by field, before the service is asked."""
    problems: dict[str, str] = {}
    if len(form.email) > 254 or not _EMAIL.fullmatch(form.email):
        problems["email"] = text.bad_email
    if weakness := _find_weakness(form.password, text):
        problems["password"] = weakness
    elif form.password != form.repeat:
        problems["repeat"] = text.not_repeated
    return problems


def _find_weakness(password: str, text: Text) -> str | None:
    if not password:
        return text.no_password
    if len(password) < SHORTEST:
        return text.short_password
    if len(password) > LONGEST:
        return text.long_password
    try:
        require_strong(password)
    except ValueError:
        return text.weak_password
    return None
