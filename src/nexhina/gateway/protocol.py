"""One client connection: between the event loop, the server machine and the running exchange.

It holds no timer: the server looks at all deadlines once a second (`check`). What HTTP means is in
machine.py and exchange.py.
"""

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, cast

from nexhina.errors import InvalidRequestError, RequestTimeoutError
from nexhina.gateway.answer import CONTINUE
from nexhina.gateway.caller import Caller
from nexhina.gateway.exchange import Exchange
from nexhina.gateway.half_closed import FIRST, LOOKS, HalfClosed
from nexhina.gateway.machine import Phase, ServerMachine
from nexhina.gateway.stranger import SLOWEST, begin_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from nexhina.gateway.edge import Edge

_HEAD = Phase.HEAD
_WHOLE = Phase.WHOLE
_FAILED = Phase.FAILED


class Connection(asyncio.Protocol):
    """A connection from accept to close."""

    __slots__ = (
        "_closing", "_due", "_exchange", "_fresh", "_half", "_machine", "_pending", "_received",
        "_stamp", "_stopped",
        "_transport", "_unsent", "edge", "is_full", "send",
    )  # fmt: skip

    # Set when the connection is made.
    _transport: asyncio.Transport
    _machine: ServerMachine
    send: "Callable[[bytes], None]"  # the transport's write: for an exchange that is not finished

    def __init__(self, edge: "Edge") -> None:
        self.edge = edge
        self.is_full = False  # the client reads too slowly
        self._exchange: Exchange | None = None
        self._fresh = True  # nothing has been answered yet
        self._received = 0.0  # when the present request's first byte came
        self._stamp = edge.tick  # when that began which has a deadline now
        self._unsent = 0  # bytes that waited for the client at the last check
        self._closing = False
        self._pending = b""  # was read in this turn, to be worked on at its end
        self._due = False  # the next request is to begin, when the loop and the client allow
        self._stopped = False  # reading is paused
        self._half: HalfClosed | None = None  # the client sends no more

    # --- asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection in, unless there are too many."""
        edge = self.edge
        self._transport = cast("asyncio.Transport", transport)
        limit = edge.options.max_connections
        if edge.draining or (limit and len(edge.connections) >= limit):
            edge.refused += 1
            self._closing = True
            self._transport.abort()
            return
        edge.connections.add(self)
        self.send = self._transport.write
        name = transport.get_extra_info("peername")
        peer = str(cast("tuple[object, ...]", name)[0]) if isinstance(name, tuple) else ""
        caller = Caller(edge, peer, secure=transport.get_extra_info("ssl_object") is not None)
        self._machine = ServerMachine(
            caller.admit,
            edge.options,
            partial(begin_body, folder=edge.spools, strangers=edge.strangers),
        )
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Takes in what was read; what may be a whole request, together with others'."""
        if self._pending:
            self._pending += data
        elif self._closing:
            return
        elif self._machine.phase is _HEAD:
            self._pending = data
            edge = self.edge
            if self._received == 0.0:
                self._received = edge.monotonic()
            gathering = edge.gathering
            if not gathering.waiting:
                gathering.call()
            gathering.waiting.append(self)
        else:
            self.take_in(data)

    def take_in(self, data: bytes = b"") -> None:
        """Works on `data`, or else on what was read in this turn."""
        if not data:
            data, self._pending = self._pending, b""
            if not data:
                return
        machine = self._machine
        if self._closing or machine.phase is _FAILED:
            return
        edge = self.edge
        if (
            machine.phase is not _HEAD and machine.is_strange
        ):  # who brings little at a time must not keep the room from others
            self._stamp = min(edge.tick, self._stamp + len(data) / SLOWEST)
        elif not machine.partial:  # a head's deadline counts from its first byte
            self._stamp = edge.tick
        if self._received == 0.0:
            self._received = edge.monotonic()
        machine.feed(data)
        if machine.phase is _WHOLE and self._exchange is None and not self._due:
            self._begin()
        else:
            self._advance()

    def give_up(self, error: Exception) -> None:  # noqa: ARG002  (it was logged)
        """A fault of ours: nobody knows where the next request begins."""
        self.abort()

    def eof_received(self) -> bool:
        """The client sends no more; whether it still listens is found out. True keeps our side open."""
        self.take_in()
        if not self._closing:
            if self._exchange is None and not self._due:
                self._end_input()
            elif self._ask_whether_gone():
                return True
        self._closing = True
        self._stamp = self.edge.tick
        self._leave()
        return False

    def _end_input(self) -> None:
        """Nothing more is read: what has begun is no request."""
        machine = self._machine
        if not machine.at_start and machine.phase is not _FAILED:
            machine.fail(InvalidRequestError("The connection was closed before the request's end."))
            self._answer_failure()
        else:
            self._close()

    def _ask_whether_gone(self) -> bool:
        """Whether that can be asked. TLS knows no half-closed connections."""
        exchange = self._exchange
        transport = self._transport
        beginning = b"" if exchange is None else exchange.find_beginning()
        sock = transport.get_extra_info("socket")
        if beginning is None or sock is None or transport.get_extra_info("ssl_object") is not None:
            return False
        half = self._half = HalfClosed(transport, sock)
        self.send = half.send
        half.ask(beginning)
        loop = asyncio.get_running_loop()
        for seconds in LOOKS:
            loop.call_later(seconds, self._look, half)
        return True

    def _look(self, half: HalfClosed) -> None:
        """Ends the call of a client that has left."""
        if not self._closing and half.is_gone():
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """The connection is over."""
        self.take_in()
        if self in self.edge.connections:  # else it was turned away, and has no machine
            self.edge.forget(self)
            self._machine.release()
        self._closing = True
        self._leave()

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.is_full = True
        self._unsent = self._transport.get_write_buffer_size()
        self._stamp = self.edge.tick
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.is_full = False
        if self._exchange is not None:
            self._exchange.resume()
        elif self._due:
            self._next()

    # --- requests ---

    def _advance(self) -> None:
        """Does what the machine's state asks for after input."""
        machine = self._machine
        if machine.phase is _WHOLE:
            if self._exchange is None and not self._due:
                self._begin()
            elif not self._stopped and len(machine.backlog) > self.edge.options.max_backlog:
                self._stopped = True
                self._transport.pause_reading()
        elif machine.phase is _FAILED:
            self._answer_failure()
        elif machine.interim:
            machine.interim = False
            self._transport.write(CONTINUE)

    def _begin(self) -> None:
        request = self._machine.request
        request.received = self._received
        self._received = 0.0
        self._fresh = False
        self.edge.requests += 1
        exchange = self._exchange = Exchange(self, request)
        exchange.run()

    def _answer_failure(self) -> None:
        """The last answer of this connection: what was wrong with the input."""
        request = self._machine.request
        request.failure = self._machine.failure
        request.keep_alive = False
        self._begin()

    def answered(self, exchange: Exchange) -> None:
        """The exchange's answer is complete."""
        if self._exchange is not exchange:
            return
        self._exchange = None
        machine = self._machine
        edge = self.edge
        self._stamp = edge.tick
        if machine.phase is _FAILED:
            self._linger()
        elif not exchange.keep or edge.draining or (self._half and not machine.backlog):
            if machine.backlog:
                machine.fail(RequestTimeoutError())
                self._linger()
            else:
                self._close()
        elif machine.backlog or self.is_full:
            # Through the loop, so that one connection's queue does not hold up all others; and not
            # while the client leaves earlier answers unread, which would pile them up here.
            self._due = True
            asyncio.get_running_loop().call_soon(self._next)
        else:
            machine.next()

    def _next(self) -> None:
        if self._closing or self.is_full or not self._due:
            return
        self._due = False
        machine = self._machine
        self._received = self.edge.monotonic()
        machine.next()
        if self._stopped and len(machine.backlog) <= self.edge.options.max_backlog:
            self._stopped = False
            self._transport.resume_reading()
        self._advance()
        if self._half and not (self._closing or self._exchange or self._due):
            self._end_input()

    def _leave(self) -> None:
        exchange = self._exchange
        if exchange is not None:
            self._exchange = None
            exchange.leave()

    # --- output ---

    def write_pair(self, head: bytes, body: bytes | bytearray) -> None:
        """Sends both together without joining them first."""
        if not self._closing:
            if self._half is not None:
                head = self._half.take_rest(head)
            self._transport.writelines((head, body))

    def cut(self, *, reset: bool) -> None:
        """Ends the connection in the midst of an answer."""
        self._exchange = None
        if reset:
            self._closing = True
            self._transport.abort()
        else:
            self._close()

    def _close(self) -> None:
        """Closes when all is sent."""
        self._closing = True
        self._stamp = self.edge.tick
        self._transport.close()

    def _linger(self) -> None:
        """Closes our side, and goes on reading for a while: unread input would make the kernel reset
        the connection, and the client would lose the answer that tells what was wrong.
        """
        if self._half is not None:  # all that will ever come was read
            self._close()
            return
        self._closing = True
        self._stamp = self.edge.tick
        if self._stopped:
            self._stopped = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    # --- for the server ---

    def check(self, tick: float) -> None:
        """Enforces the deadlines."""
        options = self.edge.options
        spent = tick - self._stamp
        if self._closing:
            if self._transport.get_write_buffer_size():
                self._check_unsent(tick, spent)
            elif spent > options.linger_seconds:
                self._transport.abort()
        elif self._exchange is not None or self.is_full:
            if self.is_full:
                self._check_unsent(tick, spent)
            if self._half is not None:
                self._check_half(self._half)
        elif self._machine.at_start:
            if spent > (options.head_seconds if self._fresh else options.idle_seconds):
                self._close()
        elif spent > (
            options.head_seconds if self._machine.phase is _HEAD else options.body_seconds
        ):
            self._machine.fail(RequestTimeoutError())
            self._answer_failure()

    def _check_half(self, half: HalfClosed) -> None:
        exchange = self._exchange
        if exchange is not None and not exchange.started:
            half.ask(FIRST)
        self._look(half)

    def _check_unsent(self, tick: float, spent: float) -> None:
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._stamp = tick
        elif spent > self.edge.options.write_seconds:
            self._leave()
            self._closing = True
            self._transport.abort()
        self._unsent = unsent

    def drain(self) -> None:
        """Closes an idle connection; a busy one closes itself behind its answer."""
        self.take_in()
        if self._exchange is None and self._machine.at_start and not self._machine.backlog:
            self._close()

    def abort(self) -> None:
        """Ends the connection at once."""
        self._leave()
        self._closing = True
        self._transport.abort()
