"""Which handler serves a path and method.

Knows paths only: the handlers come as values, the ASGI rooms as one fallback handler.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from nexhina.contract.header import X_REQUEST_ID
from nexhina.errors import (
    HeaderList,
    InvalidRequestError,
    MethodNotAllowedError,
    NexhinaError,
    NotFoundError,
)
from nexhina.gateway.answer import write_plain_error
from nexhina.ports import Client, Handler, Headers, Inbound

ErrorWriter = Callable[[NexhinaError], tuple[int, HeaderList, bytes]]
ErrorWriterChoice = Callable[[bytes, bytes, Headers], ErrorWriter]

_NO_PARAMS: Mapping[str, str] = MappingProxyType({})
_PUBLIC = re.compile(rb"/v[0-9]+(?:beta)?(?:/|\Z)|/openapi\.json\Z|/media/")
_SEGMENT, _WITH_SLASH = "[^/]+", ".+"
_PREFLIGHT_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


class Match:
    """What serves a request: the handler, with the decoded path and its parameters."""

    __slots__ = ("handler", "method", "params", "path", "public")

    def __init__(
        self, handler: Handler, method: str, path: str, params: Mapping[str, str], *, public: bool
    ) -> None:
        self.handler = handler
        self.method = method  # what the handler is told: GET for a HEAD that GET answers
        self.path = path
        self.params = params
        self.public = public  # of the API, or a link that it gave: CORS for every origin


class Router:
    """Finds handlers by exact path, then by template, then the fallback."""

    def __init__(
        self,
        routes: Mapping[tuple[str, str], Handler],
        fallback: Handler | None = None,
        choose_error_writer: ErrorWriterChoice = lambda _path, _query, _headers: write_plain_error,
    ) -> None:
        """`routes`: handlers by (path template, method). `fallback`: for paths outside the API.

        `choose_error_writer`: who writes the errors of a path, as sent, that no route owns.
        """
        self._fallback = fallback
        self.choose_error_writer = choose_error_writer
        self._exact: dict[bytes, dict[bytes, Match]] = {}
        self._templates: list[tuple[re.Pattern[str], dict[bytes, Handler]]] = []
        paths: dict[str, dict[str, Handler]] = {}
        for (path, method), handler in routes.items():
            paths.setdefault(path, {})[method] = handler
        for path in sorted(paths, key=len, reverse=True):
            handlers = paths[path]
            if "{" in path:
                by_method = {method.encode(): handler for method, handler in handlers.items()}
                self._templates.append((_template(path), by_method))
            else:
                self._add_exact(path, handlers)

    def _add_exact(self, path: str, handlers: Mapping[str, Handler]) -> None:
        public = is_public(path.encode())
        matches = {
            method.encode(): Match(handler, method, path, _NO_PARAMS, public=public)
            for method, handler in handlers.items()
        }
        if b"GET" in matches:
            matches.setdefault(b"HEAD", matches[b"GET"])
        self._exact[path.encode()] = matches

    def find(self, method: bytes, path: bytes) -> Match:
        """The match; raises NotFoundError, MethodNotAllowedError or, for a bad path, InvalidRequestError."""
        matches = self._exact.get(path)
        if matches is not None:
            match = matches.get(method)
            if match is not None:
                return match
        return self._search(method, path)

    def _search(self, method: bytes, raw: bytes) -> Match:
        """All but the plain case: escapes, parameters, OPTIONS, the fallback, and errors."""
        path = _decode(raw)
        public = is_public(raw)
        exact = self._exact.get(path.encode())
        if exact is not None and method in exact:
            return exact[method]
        allowed = set(exact or ())
        for pattern, handlers in self._templates:
            found = pattern.fullmatch(path) if exact is None else None
            if found is None:
                continue
            known = b"GET" if method == b"HEAD" and b"HEAD" not in handlers else method
            if known in handlers:
                params = found.groupdict()
                return Match(handlers[known], known.decode(), path, params, public=public)
            allowed.update(handlers)
        if method == b"OPTIONS" and (public or raw == b"*"):
            allow = _list_methods(allowed, public=True) if public else _PREFLIGHT_METHODS
            handler = _preflight(allow)
            return Match(handler, "OPTIONS", path, _NO_PARAMS, public=public)
        if allowed:
            raise _method_error(method, path, allowed, public=public)
        if public or self._fallback is None:
            raise NotFoundError(f"There is no route {path[:200]!r} here; GET /v1 lists the routes.")
        return Match(self._fallback, method.decode(), path, _NO_PARAMS, public=False)


def is_public(path: bytes) -> bool:
    """Whether the path lies in the API (/v1…, /v1beta…, its document), so that unknown ones are its errors."""
    return _PUBLIC.match(path) is not None


def _template(path: str) -> re.Pattern[str]:
    """A `{name}` takes one or more characters; only a model's name may hold "/"."""
    parts = re.split(r"\{(\w+)\}", path)
    texts = [
        f"(?P<{part}>{_WITH_SLASH if part == 'model' else _SEGMENT})"
        if index % 2
        else re.escape(part)
        for index, part in enumerate(parts)
    ]
    return re.compile("".join(texts))


def _decode(raw: bytes) -> str:
    try:
        path = (unquote_to_bytes(raw) if b"%" in raw else raw).decode()
    except UnicodeDecodeError:
        raise InvalidRequestError(
            "The URL's path is not UTF-8 when its escapes are decoded."
        ) from None
    if not path.isprintable():
        raise InvalidRequestError("The URL's path holds a control character.")
    return path


def _method_error(
    method: bytes, path: str, allowed: set[bytes], *, public: bool
) -> MethodNotAllowedError:
    allow = _list_methods(allowed, public=public)
    return MethodNotAllowedError(
        f"{method.decode()} is not possible on {path[:200]}; use {allow.decode()}.",
        headers=[(b"allow", allow)],
    )


def _list_methods(allowed: set[bytes], *, public: bool) -> bytes:
    """The field Allow of a path whose handlers have these methods."""
    names = set(allowed)
    if b"GET" in names:
        names.add(b"HEAD")
    if public:
        names.add(b"OPTIONS")
    return b", ".join(sorted(names))


async def _answer_preflight(allow: bytes, inbound: Inbound, client: Client) -> None:
    """Lets scripts of any page call the API: it never reads cookies, so there is nothing to steal.

    A method that the path does not have may be tried: the script is to see the error.
    """
    headers: HeaderList = [
        (b"access-control-allow-methods", _PREFLIGHT_METHODS),
        (b"access-control-max-age", b"86400"),
        (b"allow", allow),
    ]
    # "*" would not cover Authorization (Fetch standard, CORS protocol), so the wish is granted as it is.
    wish = inbound.headers.get(b"access-control-request-headers")
    headers.append(
        (b"access-control-allow-headers", wish or b"authorization, content-type, " + X_REQUEST_ID)
    )
    headers.append((b"vary", b"access-control-request-headers"))
    client.answer(204, headers, b"")


def _preflight(allow: bytes) -> Handler:
    run = partial(_answer_preflight, allow)
    return Handler(run=run, write_error=write_plain_error, max_body=64 * 1024)
