"""Who is at the other end of a connection, and what their requests may ask for.

Asked once per distinct head (memo.py), not once per request: everything here depends on the
connection and on the head alone.
"""

from typing import TYPE_CHECKING

from nexhina.errors import (
    MethodNotAllowedError,
    UnsupportedMediaTypeError,
    UpgradeRequiredError,
)
from nexhina.gateway.request import Request, is_websocket
from nexhina.gateway.spool import is_form
from nexhina.ports import Headers

if TYPE_CHECKING:
    from nexhina.gateway.edge import Edge

_FORWARDED_FOR = b"x-forwarded-for"
_FORWARDED_PROTO = b"x-forwarded-proto"


class Caller:
    """The peer of one connection."""

    __slots__ = ("_edge", "_peer", "_secure", "_trusted")

    def __init__(self, edge: "Edge", peer: str, *, secure: bool) -> None:
        """`secure`: the connection itself is TLS."""
        self._edge = edge
        self._peer = peer
        self._secure = secure
        self._trusted = edge.is_trusted(peer)

    def admit(self, request: Request) -> int:
        """The cap of the request's body; sets its match and peer. Raises when nothing serves it."""
        try:
            match = request.match = self._edge.router.find(request.verb, request.target)
        except MethodNotAllowedError:
            if is_websocket(request):  # asked with GET where only POST answers
                raise UpgradeRequiredError from None
            raise
        if request.upgrade and is_websocket(request):
            raise UpgradeRequiredError
        request.method, request.path, request.params = match.method, match.path, match.params
        request.peer = self.name_peer(request.headers)
        handler = match.handler
        prepare = handler.prepare
        if prepare is not None:
            request.prepared = prepare(request)
        if handler.spool and is_form(request.headers):
            _require_plain(request.headers)
            return handler.max_upload or handler.max_body
        return handler.max_body

    def name_peer(self, headers: Headers) -> str:
        """The caller's address. Removes what only a trusted proxy may say from the headers.

        Afterwards X-Forwarded-Proto can be believed: it is a trusted proxy's, or our own.
        """
        if self._trusted:
            forwarded = headers.get(_FORWARDED_FOR)
            if self._secure:
                headers.setdefault(_FORWARDED_PROTO, b"https")
            return self._edge.read_forwarded(self._peer, forwarded) if forwarded else self._peer
        headers.pop(_FORWARDED_FOR, None)
        headers.pop(_FORWARDED_PROTO, None)
        if self._secure:
            headers[_FORWARDED_PROTO] = b"https"
        return self._peer


def _require_plain(headers: Headers) -> None:
    """Refuses packed forms: nobody sends them, and what they unpack to would need a second file."""
    coding = headers.get(b"content-encoding", b"identity")
    if coding.lower() not in {b"identity", b""}:
        shown = coding[:64].decode("latin-1")
        raise UnsupportedMediaTypeError(
            f"A form with files is taken as it is, not with Content-Encoding {shown!r}; "
            "send the plain body.",
            headers=[(b"accept-encoding", b"identity")],
        )
