"""Proof that a form was sent from our own page: a double-submit token, and the browser's own word.

The cookie is SameSite=Strict, so another site's form arrives without it. Browsers also say where a
request comes from (Sec-Fetch-Site, Origin), and what they say is believed when it is bad news only:
with `Referrer-Policy: no-referrer` even our own forms carry `Origin: null`.
"""

import hmac
import re
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from nexhina.errors import PermissionDeniedError

COOKIE = "nexhina_csrf"
FIELD = "csrf"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def choose_csrf_token(request: Request) -> str:
    """The visitor's token: the one of the cookie, so that two open tabs both work, else a new one."""
    known = request.cookies.get(COOKIE, "")
    return known if _TOKEN.fullmatch(known) else secrets.token_urlsafe(32)


def set_csrf_cookie(request: Request, response: Response, token: str) -> None:
    """Sends the cookie half of the token."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")


def require_own_form(request: Request, sent: str) -> None:
    """Returns when the form with this hidden field came from our page, else PermissionDeniedError."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "null")
    foreign = origin != "null" and urlsplit(origin).netloc != request.headers.get("host", "")
    known = request.cookies.get(COOKIE, "")
    same = bool(_TOKEN.fullmatch(known)) and hmac.compare_digest(known.encode(), sent.encode())
    if site not in ("same-origin", "none") or foreign or not same:
        raise PermissionDeniedError(
            "This form was not sent from the page itself, or the browser refuses its cookie. "
            "Open the link again and allow cookies for this address."
        )
