"""One request and its answer: builds the Inbound, drives the handler's steps, frames what they write.

Each exchange is an object of its own, so that a step that writes late can never reach the answer to
the connection's next request. Bytes and deadlines of the connection itself: protocol.py.
"""

import asyncio
import logging
from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING

import msgspec

from nexhina.contract.header import X_REQUEST_ID, read_request_id
from nexhina.errors import ClientGone, HeaderList, InternalError, NexhinaError, forget_frames
from nexhina.gateway.answer import (
    CHUNKED,
    CLOSE,
    CORS,
    KEEP_ALIVE,
    LAST_CHUNK,
    has_no_body,
    join_head,
    read_length,
    write_chunk,
    write_fields,
    write_head,
    write_plain_error,
    write_type,
)
from nexhina.gateway.half_closed import FIRST
from nexhina.gateway.request import Request
from nexhina.gateway.router import Match, is_public
from nexhina.gateway.spool import close_upload
from nexhina.gateway.unpack import unpack
from nexhina.ports import Inbound, Running
from nexhina.tasks import Steps

if TYPE_CHECKING:
    from nexhina.gateway.protocol import Connection

_log = logging.getLogger("nexhina.gateway")
_JSON_LINE = write_type(b"application/json")
_COPIED = 64 * 1024  # up to this size a body is joined to its head; larger ones are sent beside it


class Exchange(msgspec.Struct, eq=False, weakref=True):
    """The client's side of one call: a `ports.Client`. A Struct, because it is made at C speed."""

    _connection: "Connection"
    _request: Request
    started: bool = False
    finished: bool = False
    gone: bool = False
    keep: bool = False  # the connection stays open behind this answer
    _id: str = ""
    _lines: bytes = b""  # the gateway's own header lines, without framing
    _running: Running | None = None
    _on_pause: Callable[[], None] | None = None
    _on_resume: Callable[[], None] | None = None
    _head: bytes = b""  # of a stream, while it waits for the first piece
    _bare: bool = False  # the answer has no body, whatever is written
    _chunked: bool = False
    _left: int | None = None  # bytes of a stream whose length the handler gave

    # --- the call ---

    def run(self) -> None:
        """Starts the handler, or answers at once when the request is at fault."""
        request = self._request
        edge = self._connection.edge
        now = edge.now()
        call_id = self._id = request_id = edge.new_id(now)
        id_text = request_text = call_id.encode()
        date = edge.date_line if int(now) == edge.date_second else edge.dated(now)
        error = request.failure
        headers = request.headers
        match = request.match
        if X_REQUEST_ID in headers:
            try:
                request_id = read_request_id(headers) or call_id
                request_text = request_id.encode()
            except NexhinaError as bad_id:
                error = error or bad_id
        self._lines = b"%bx-nexhina-id: %b\r\nx-request-id: %b\r\n%b" % (
            date,
            id_text,
            request_text,
            CORS if (match.public if match is not None else is_public(request.target)) else b"",
        )
        if error is not None or match is None:
            self._refuse(error or InternalError())
            return
        request.id = call_id
        request.request_id = request_id
        handler = match.handler
        if b"content-encoding" in headers:
            running = self._run_unpacked(request, match)
        elif handler.begin is None:
            running = handler.run(request, self)
        else:
            try:
                running = handler.begin(request, self)
            except Exception as error:  # noqa: BLE001  (the edge: answered or cut)
                self.conclude(error)
                return
        if isinstance(running, CoroutineType):
            steps = self._running = Steps(running, self.conclude)
            steps.advance()
        elif not self.finished:
            self._running = running  # pyright: ignore[reportAttributeAccessIssue]  (cast costs a call)

    async def _run_unpacked(self, inbound: Inbound, match: Match) -> None:
        knows, cap = match.handler.knows, match.handler.max_body
        strangers = self._connection.edge.strangers
        # A small body may unpack to very much.
        taken = 0 if knows is None or knows(inbound) else cap
        strangers.take(taken)
        try:
            coding = inbound.headers.pop(b"content-encoding")
            inbound.body = await unpack(coding, inbound.body, cap)
        finally:
            strangers.used -= taken
        await match.handler.run(inbound, self)

    def conclude(self, error: BaseException | None) -> None:
        """The handler's steps are over: sees to it that the client has an answer, or a cut one."""
        self._running = None  # it leads back here: a cycle would keep the call, body and all
        if self._request.upload is not None:
            close_upload(self._request)
        if error is None and not self.finished:
            error = RuntimeError("the handler ended without ending its answer")
        if error is not None:
            self._fail(error)
            forget_frames(error)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ClientGone) and self.gone:
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
        request = self._request
        match = request.match
        if match is not None:
            write = match.handler.write_error
        else:
            choose = self._connection.edge.router.choose_error_writer
            write = choose(request.target, request.query, request.headers)
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
            if self._running is not None:
                self._running.throw(ClientGone())

    # --- ports.Client ---

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        """Sends a whole answer in one write."""
        if status == 200 and len(headers) == 1 and headers[0][0] == b"content-type":
            self.answer_usual(headers[0][1], body, lines)
        else:
            self._answer(status, headers, body, lines)

    def _answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes
    ) -> None:
        if self.started or self.finished:
            self._misused("answered")
            return
        try:
            fields = write_fields(headers)
        except ValueError as error:
            self._answer_unwritable(error)
            return
        self.started = self.finished = True
        self._running = None
        request = self._request
        connection = self._connection
        keep = self.keep = request.keep_alive and not connection.edge.draining
        lines += self._connection_lines(keep=keep)
        self._send_answer(status, fields, headers, body, lines)
        connection.answered(self)

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        """Sends a whole answer of status 200 and the content type `kind` in one write."""
        request = self._request
        connection = self._connection
        if (
            self.started
            or self.finished
            or not (request.is_plain and request.keep_alive)
            or connection.edge.draining
            or len(body) > _COPIED
        ):
            self._answer(200, [(b"content-type", kind)], body, lines)
            return
        line = _JSON_LINE
        if kind != b"application/json":
            try:
                line = write_type(kind)
            except ValueError as error:
                self._answer_unwritable(error)
                return
        self._running = None
        self.started = self.finished = self.keep = True
        connection.send(
            b"HTTP/1.1 200 OK\r\n%b%b%bcontent-length: %d\r\n\r\n%b"
            % (line, lines, self._lines, len(body), body)
        )
        connection.answered(self)

    def _send_answer(
        self,
        status: int,
        fields: bytes,
        headers: HeaderList,
        body: bytes | bytearray,
        lines: bytes,
    ) -> None:
        bare = has_no_body(status)
        is_head = self._request.verb == b"HEAD"
        if not bare:
            # The answer to HEAD may tell the length of a body that was not even made.
            told = read_length(headers) if is_head and not body else None
            lines += b"content-length: %d\r\n" % (len(body) if told is None else told)
        head = join_head(status, fields, lines)
        if bare or is_head or not body:
            self._connection.send(head)
        elif len(body) <= _COPIED:
            self._connection.send(head + body)
        else:
            self._connection.write_pair(head, body)

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        """Begins a streamed answer; its head travels with the first `write` or alone after this turn.

        What follows a Content-Length among `headers` is sent as it is, else in chunks.
        """
        if self.started or self.finished:
            self._misused("started")
            return
        request = self._request
        has_body = not has_no_body(status)
        bare = not has_body or request.verb == b"HEAD"
        length = read_length(headers) if has_body else None
        # Without chunks and without a length only the connection's end ends an answer.
        keep = request.keep_alive and (request.http11 or length is not None)
        keep = self.keep = keep and not self._connection.edge.draining
        lines += self._connection_lines(keep=keep)
        if length is not None:
            lines += b"content-length: %d\r\n" % length
        elif request.http11 and has_body:
            lines += CHUNKED
        try:
            self._head = write_head(status, headers, lines)
        except ValueError as error:
            self._answer_unwritable(error)
            return
        self.started = True
        self._bare = bare
        self._chunked = request.http11 and not bare and length is None
        self._left = None if bare else length
        asyncio.get_running_loop().call_soon(self._send_head)

    def _send_head(self) -> None:
        if self._head and not self.gone:
            self._connection.send(self._head)
        self._head = b""

    def write(self, data: bytes) -> None:
        """Sends one piece, framed, in one write."""
        if self.finished or not data or self._bare:
            return
        if self._chunked:
            piece = b"%x\r\n%b\r\n" % (len(data), data)
        elif self._fits(len(data)):
            piece = data
        else:
            return
        if self._head:
            piece = self._head + piece
            self._head = b""
        self._connection.send(piece)

    def end(self, data: bytes = b"") -> None:
        """Sends the last piece and the end of the framing, in one write."""
        if self.finished or not self.started:
            return
        if self._chunked:
            piece = self._head + write_chunk(data) + LAST_CHUNK if data else self._head + LAST_CHUNK
        elif self._bare:
            piece = self._head
        elif self._fits(len(data), last=True):
            piece = self._head + data
        else:
            return
        self.finished = True
        self._head = b""
        if piece:
            self._connection.send(piece)
        self._connection.answered(self)

    def _fits(self, size: int, *, last: bool = False) -> bool:
        """Whether the next piece keeps to the length that was told; if not, the answer is broken off."""
        if self._left is None:
            return True
        self._left -= size
        if self._left == 0 or (self._left > 0 and not last):
            return True
        _log.error("call %s: the answer is not as long as its Content-Length says", self._id)
        self.abort()
        return False

    def abort(self) -> None:
        """Breaks the answer off: the connection closes without an end of the framing."""
        if self.finished:
            return
        self.finished = True
        self._send_head()
        # Without chunks or a length only a reset tells that the answer is not whole.
        unframed = not self._chunked and self._left is None
        self._connection.cut(reset=self.started and unframed)

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

    def find_beginning(self) -> bytes | None:
        """What the answer goes on with, whatever it will be; None where nobody can know."""
        if not self.started:
            return FIRST
        if self._chunked:
            return b"" if self._head else b"0"  # the head leaves in this turn
        return None if self._left is None else b""

    # --- heads ---

    def _connection_lines(self, *, keep: bool) -> bytes:
        if not keep:
            return self._lines + CLOSE
        return self._lines if self._request.http11 else self._lines + KEEP_ALIVE

    def _answer_unwritable(self, error: ValueError) -> None:
        _log.error("call %s: %s", self._id, error)
        self.answer(*write_plain_error(InternalError()))

    def _misused(self, verb: str) -> None:
        if not self.gone:
            _log.error("call %s was %s twice", self._id, verb)
