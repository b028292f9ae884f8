"""A request on its way through the edge, and the checks of its head that llhttp leaves to us.

llhttp has already refused bare LF, obs-fold, NUL, bad characters, spaces before a colon, bad or
repeated Content-Length and Content-Length with Transfer-Encoding.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from nexhina.errors import (
    InvalidRequestError,
    NexhinaError,
    NotBuiltError,
    UrlTooLongError,
    VersionNotSupportedError,
)
from nexhina.gateway.router import Match
from nexhina.ports import Headers, Inbound

CHUNKED = -1
"""`Request.length` of a body in chunks."""

_SLASH, _HASH, _QUESTION_MARK = b"/#?"  # as numbers: looked for several times faster
_HOST = re.compile(
    rb"(?!\.|[^:]*\.\.)(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?\Z"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)\Z", re.IGNORECASE)
_MINOR_VERSION = re.compile(rb" HTTP/1\.[0-9]\Z")  # RFC 9110 2.5: a later one is read as ours
_OTHER_VERSION = re.compile(rb"HTTP/[0-9](?:\.[0-9])?\Z")


class Request(Inbound, kw_only=True, eq=False):
    """One request: its head as soon as that is checked, its body when it is whole."""

    # Of what the handler sees, set by `Caller.admit`, by the exchange and at the body's end.
    id: str = ""
    request_id: str = ""
    method: str = ""
    path: str = ""
    params: Mapping[str, str] = MappingProxyType({})
    peer: str = ""
    received: float = 0.0
    body: bytes | bytearray = b""

    verb: bytes = b""
    target: bytes = b""  # the path as sent, without the query
    query: bytes = b""
    headers: Headers = {}  # noqa: RUF012  (a Struct copies it)
    repeats: int = 0  # header fields beyond the first of their name
    http11: bool = True
    keep_alive: bool = False
    is_plain: bool = False  # HTTP/1.1 and not HEAD: nothing is special about its answer
    upgrade: bool = False
    expect: bool = False  # 100-continue
    length: int = 0
    match: Match | None = None
    failure: NexhinaError | None = None


def read_request_line(request: Request, head: bytes, url: bytes, max_url: int) -> None:
    """Sets version, path and query; raises for other protocols and for targets that are not served."""
    line_end = head.find(b"\r\n")
    version = head[line_end - 9 : line_end]
    if version != b" HTTP/1.1":
        if not _MINOR_VERSION.match(version):
            raise version_error(head[:line_end])
        request.http11 = version != b" HTTP/1.0"
    if len(url) > max_url:
        raise UrlTooLongError(f"The URL has {len(url)} bytes; at most {max_url} are read.")
    if not url or url[0] != _SLASH:
        url = _read_other_form(request, url)
    if _HASH in url:
        raise InvalidRequestError("The URL holds a fragment (#…); leave it away.")
    if _QUESTION_MARK in url:
        request.target, _, request.query = url.partition(b"?")
    else:
        request.target = url


def version_error(line: bytes) -> NexhinaError:
    """The error of a request line that does not end with HTTP/1.0, HTTP/1.1 or a later 1.x."""
    if _OTHER_VERSION.match(line.rpartition(b" ")[2]):
        return VersionNotSupportedError()
    return InvalidRequestError("The request line does not end with HTTP/1.1: is this HTTP?")


def _read_other_form(request: Request, url: bytes) -> bytes:
    if request.verb == b"CONNECT":
        raise NotBuiltError("CONNECT is not served: this is no proxy.")
    if url == b"*" and request.verb == b"OPTIONS":
        return url
    absolute = _ABSOLUTE.match(url)
    if absolute is None:
        raise InvalidRequestError("The request's target must be a path or an http(s) URL.")
    authority, rest = absolute.groups()
    if b"@" in authority or not authority:
        raise InvalidRequestError("The authority of the request's URL is not a host.")
    if b"host" in request.headers:  # RFC 9112 3.2.2: the target's authority wins
        request.headers[b"host"] = authority
    return rest if rest[:1] == b"/" else b"/" + rest


def require_host(request: Request) -> None:
    """Raises when the Host is missing (HTTP/1.1) or is not one."""
    host = request.headers.get(b"host")
    if host is None:
        if request.http11:
            raise InvalidRequestError("The Host header is missing.")
    elif not _HOST.match(host):
        raise InvalidRequestError("The Host header is not a host name with an optional port.")


def read_framing(request: Request) -> None:
    """Sets the body's length, whether the connection stays, upgrade and expect."""
    headers = request.headers
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        _require_chunked(coding, http11=request.http11)
        request.length = CHUNKED
    else:
        length = headers.get(b"content-length")
        if length:
            request.length = int(length)
    connection = headers.get(b"connection")
    if connection is None:
        request.keep_alive = request.http11
    elif connection in (b"keep-alive", b"Keep-Alive"):
        request.keep_alive = True
    else:
        tokens = [token.strip() for token in connection.lower().split(b",")]
        request.keep_alive = b"close" not in tokens and (request.http11 or b"keep-alive" in tokens)
        request.upgrade = b"upgrade" in tokens and b"upgrade" in headers
    request.is_plain = request.http11 and request.verb != b"HEAD"
    if b"expect" in headers:
        request.expect = request.http11 and headers[b"expect"].lower() == b"100-continue"


def _require_chunked(coding: bytes, *, http11: bool) -> None:
    if not http11:
        raise InvalidRequestError("Transfer-Encoding needs HTTP/1.1.")
    if coding.lower() != b"chunked":
        raise coding_error(coding)


def coding_error(coding: bytes) -> NexhinaError:
    """The error of a Transfer-Encoding other than chunked."""
    name = coding[:64].decode("latin-1")
    return NotBuiltError(f"Transfer-Encoding {name!r} is not understood; send chunked.")


def is_websocket(request: Request) -> bool:
    """Whether the request asks to speak WebSocket."""
    return request.upgrade and b"websocket" in request.headers[b"upgrade"].lower()
