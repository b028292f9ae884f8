"""One request and its answer: builds the Inbound, drives the handler's steps, frames what they write.

Each exchange is an object of its own, so that a step that writes late can never reach the answer to
the connection's next request. Bytes and deadlines of the connection itself: protocol.py.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from nexhina.contract.header import X_REQUEST_ID, read_request_id
from nexhina.errors import ClientGone, HeaderList, InternalError, NexhinaError
from nexhina.gateway.answer import (
    CHUNKED,
    CLOSE,
    CORS,
    KEEP_ALIVE,
    LAST_CHUNK,
    has_no_body,
    write_chunk,
    write_head,
    write_plain_error,
)
from nexhina.gateway.request import Request
from nexhina.gateway.router import Match, is_public
from nexhina.gateway.unpack import unpack
from nexhina.ports import Inbound
from nexhina.tasks import Steps

if TYPE_CHECKING:
    from nexhina.gateway.protocol import Connection

_log = logging.getLogger("nexhina.gateway")
_COPIED = 64 * 1024  # up to this size a body is joined to its head; larger ones are sent beside it


class Exchange:
    """The client's side of one call: a `ports.Client`."""

    # The defaults are the class's: a call of the usual kind sets few of them.
    started: bool = False
    finished: bool = False
    gone: bool = False
    keep: bool = False  # the connection stays open behind this answer
    _steps: Steps | None = None
    _on_pause: Callable[[], None] | None = None
    _on_resume: Callable[[], None] | None = None
    _head: bytes = b""  # of a stream, while it waits for the first piece
    _bare: bool = False  # the answer has no body, whatever is written
    _chunked: bool = False
    _id: str = ""
    _lines: bytes = b""  # the gateway's own header lines

    def __init__(self, connection: "Connection", request: Request) -> None:
        self._connection = connection
        self._request = request

    # --- the call ---

    def run(self) -> None:
        """Starts the handler, or answers at once when the request is at fault."""
        request = self._request
        edge = self._connection.edge
        now = edge.clock.now()
        call_id = self._id = edge.ids.new(now)
        error = request.failure
        request_id = call_id
        try:
            if X_REQUEST_ID in request.headers:
                request_id = read_request_id(request.headers) or call_id
        except NexhinaError as bad_id:
            error = error or bad_id
        match = request.match
        self._lines = b"%bx-nexhina-id: %b\r\nx-request-id: %b\r\n%b" % (
            edge.dated(now),
            call_id.encode(),
            request_id.encode(),
            CORS if (match.public if match is not None else is_public(request.path)) else b"",
        )
        if error is not None or match is None:
            self._refuse(error or InternalError())
            return
        inbound = Inbound(
            id=call_id,
            request_id=request_id,
            method=match.method,
            path=match.path,
            params=match.params,
            query=request.query,
            headers=request.headers,
            body=request.body,
            peer=self._connection.name_peer(request),
            received=request.received,
        )
        if b"content-encoding" in request.headers:
            coro = self._run_unpacked(inbound, match)
        else:
            coro = match.handler.run(inbound, self)
        steps = self._steps = Steps(coro, self._ended)
        steps.advance()

    async def _run_unpacked(self, inbound: Inbound, match: Match) -> None:
        cap = match.handler.max_body
        inbound.body = await unpack(inbound.headers.pop(b"content-encoding"), inbound.body, cap)
        await match.handler.run(inbound, self)

    def _ended(self, error: BaseException | None) -> None:
        """The handler's steps are over: sees to it that the client has an answer, or a cut one."""
        self._steps = None  # they hold this method: a cycle would keep the call, body and all
        if error is None and not self.finished:
            error = RuntimeError("the handler ended without ending its answer")
        if error is None or (isinstance(error, ClientGone) and self.gone):
            return
        if isinstance(error, NexhinaError):
            shown = error
        elif isinstance(error, (ClientGone, asyncio.CancelledError)):
            self.abort()
            return
        else:
            _log.error("call %s failed", self._id, exc_info=error)
            shown = InternalError()
        if self.started:
            self.abort()
        elif not self.finished:
            self._refuse(shown)

    def _refuse(self, error: NexhinaError) -> None:
        match = self._request.match
        write = write_plain_error if match is None else match.handler.write_error
        try:
            answer = write(error)
        except Exception:  # noqa: BLE001  (the edge: a caller always gets an answer)
            _log.exception("call %s: its error could not be rendered", self._id)
            answer = write_plain_error(InternalError())
        self.answer(*answer)

    def leave(self) -> None:
        """The client hung up: tells the running steps at once."""
        self.gone = True
        if not self.finished:
            self.finished = True
            if self._steps is not None:
                self._steps.throw(ClientGone())

    # --- ports.Client ---

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        """Sends a whole answer in one write."""
        if self.started or self.finished:
            self._misused("answered")
            return
        lines += self._connection_lines()
        bare = has_no_body(status)
        if not bare:
            lines += b"content-length: %d\r\n" % len(body)
        head = self._write_head(status, headers, lines)
        if head is None:
            return
        self.started = self.finished = True
        if bare or self._request.method == b"HEAD" or not body:
            self._connection.write(head)
        elif len(body) <= _COPIED:
            self._connection.write(head + body)
        else:
            self._connection.write_pair(head, body)
        self._connection.answered(self)

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        """Begins a streamed answer; its head travels with the first `write` or alone after this turn."""
        if self.started or self.finished:
            self._misused("started")
            return
        self._bare = has_no_body(status) or self._request.method == b"HEAD"
        self._chunked = self._request.http11 and not self._bare
        lines += self._connection_lines(close_ends=not self._request.http11)
        if self._request.http11 and not has_no_body(status):
            lines += CHUNKED
        head = self._write_head(status, headers, lines)
        if head is None:
            return
        self.started = True
        self._head = head
        asyncio.get_running_loop().call_soon(self._send_head)

    def _send_head(self) -> None:
        if self._head and not self.gone:
            self._connection.write(self._head)
        self._head = b""

    def write(self, data: bytes) -> None:
        """Sends one piece, framed, in one write."""
        if self.finished or not data or self._bare:
            return
        piece = write_chunk(data) if self._chunked else data
        if self._head:
            piece = self._head + piece
            self._head = b""
        self._connection.write(piece)

    def end(self, data: bytes = b"") -> None:
        """Sends the last piece and the end of the framing, in one write."""
        if self.finished or not self.started:
            return
        self.finished = True
        piece = self._head
        self._head = b""
        if self._chunked:
            piece += write_chunk(data) + LAST_CHUNK if data else LAST_CHUNK
        elif not self._bare:
            piece += data
        if piece:
            self._connection.write(piece)
        self._connection.answered(self)

    def abort(self) -> None:
        """Breaks the answer off: the connection closes without an end of the framing."""
        if self.finished:
            return
        self.finished = True
        self._send_head()
        # Without chunks only a reset tells that the answer is not whole.
        self._connection.cut(reset=self.started and not self._chunked)

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Asks to be told when the caller reads too slowly, and when it has caught up."""
        self._on_pause = pause
        self._on_resume = resume
        if self._connection.is_full:
            pause()

    # --- for the connection ---

    def pause(self) -> None:
        """The connection's buffer is full."""
        if self._on_pause is not None and not self.finished:
            self._on_pause()

    def resume(self) -> None:
        """The connection's buffer has emptied."""
        if self._on_resume is not None and not self.finished:
            self._on_resume()

    # --- heads ---

    def _connection_lines(self, *, close_ends: bool = False) -> bytes:
        request = self._request
        self.keep = request.keep_alive and not close_ends and not self._connection.edge.draining
        if not self.keep:
            return self._lines + CLOSE
        return self._lines if request.http11 else self._lines + KEEP_ALIVE

    def _write_head(self, status: int, headers: HeaderList, lines: bytes) -> bytes | None:
        """The head; None when it could not be written and an error was answered instead."""
        try:
            return write_head(status, headers, lines)
        except ValueError as error:
            _log.error("call %s: %s", self._id, error)
            self.answer(*write_plain_error(InternalError()))
            return None

    def _misused(self, verb: str) -> None:
        if not self.gone:
            _log.error("call %s was %s twice", self._id, verb)
