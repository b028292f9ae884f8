"""One attempt as the pipeline sees it: `Attempt` is the Exchange, `Call` becomes the Reply.

Holds the body until somebody wants it, and asks its *line* (a place in the pool, a connection, the
scripted fake) to stop while nobody does. Knows no socket and no clock. The two are apart so that
nothing refers back to itself: an answer of 60 MB must not wait for the cycle collector.
"""

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from nexhina.errors import FailureKind, UpstreamFailure
from nexhina.ports import Body, Headers, Limits, Reply, Sink, Target, Waiter
from nexhina.tasks import Wait
from nexhina.upstream.memo import Memo

MAX_UNCLAIMED = 256 * 1024
"""Bytes of a body that are read before anybody asked for it."""

Stage = Literal["connect", "first_byte", "body"]


class Line(Protocol):
    """What carries a call."""

    def pause(self) -> None:
        """Stops reading from the vendor."""
        ...

    def resume(self) -> None:
        """Reads on."""
        ...

    def drop(self, call: "Call") -> None:
        """Gives the call up and closes what was opened for it; nothing more arrives."""
        ...


class Attempt(msgspec.Struct, eq=False):
    """Implements Exchange. `reply` is what the call resolves at its head."""

    call: "Call"
    reply: Wait[Reply]

    def cancel(self) -> None:
        """Gives the attempt up at once, at any stage."""
        self.call.cancel()


class Call:
    """Implements Reply. Its line calls `begin`, `more` and `fail`.

    These three run the pipeline, so a line calls them last, when its own state is in order. What
    most calls never change lies in the class: every request makes one of these. (No Struct: one is
    made faster, but each assignment to it takes four times as long.)
    """

    status = 0
    kind: bytes | None = None  # the content type
    whole: bytes | None = None  # the body, when it came with the head
    line: Line | None = None  # None once nothing more can come
    stage: Stage = "connect"
    moved = True  # something happened since the last sweep
    retried = False
    sink: Sink | None = None
    _headers: Headers | None = None
    _head: tuple[Memo, re.Match[bytes]] | None = None  # from which headers are made when asked for
    _pieces: Sequence[bytes] = ()  # of the body that nobody has taken yet
    _size = 0  # of these pieces
    _since: float | None = None  # sweep time of the last movement
    _started: float | None = None  # sweep time of the beginning
    _reader: Wait[bytes] | None = None
    _held = False  # by `pause`
    _full = False  # by the bytes that nobody claimed
    _ended = False
    _failure: UpstreamFailure | None = None

    def __init__(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes = b"",
        head: bytes = b"",
        waiter: Waiter | None = None,
    ) -> None:
        """`head`: request line and header lines, without extra and length; `waiter` of its answer."""
        self.target = target
        self.body = body
        self.limits = limits
        self.extra = extra
        self.head = head
        self._waiter = waiter

    # --- the pipeline's side ----------------------------------------------------------------------

    @property
    def headers(self) -> Headers:
        """The head's fields; empty before it has come."""
        headers = self._headers
        if headers is None:
            if self._head is None:
                return {}
            memo, found = self._head
            headers = self._headers = dict(zip(memo.names, found.groups(), strict=True))
        return headers

    def read(self) -> Wait[bytes]:
        """The whole decoded body; resolved already when it came with the head."""
        if self.whole is not None:
            return Wait(done=True, value=self.whole)
        if self._ended and self._failure is None and self._size <= self.limits.max_body:
            pieces = self._pieces
            if len(pieces) != 1:
                self._pieces = pieces = (b"".join(pieces),)
            return Wait(done=True, value=pieces[0])
        wait: Wait[bytes] = Wait()
        if self._ended:
            self._give(wait)
        elif self._is_too_large():
            self._refuse(wait)
        else:
            self._reader = wait
            self._unblock()
        return wait

    def attach(self, sink: Sink) -> None:
        """Sends the body to `sink`, in one piece per read of the socket."""
        self.sink = sink
        pieces = self._pieces if self.whole is None else (self.whole,)
        if pieces and pieces[0]:
            self._pieces = ()
            self._size = 0
            self.whole = None
            sink.data(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if self._ended:
            self._close_sink()
        else:
            self._unblock()

    def pause(self) -> None:
        """Stops reading from the vendor; the idle limit rests."""
        self._held = True
        if self.line is not None:
            self.line.pause()

    def resume(self) -> None:
        """Reads on; the idle limit begins anew."""
        self._held = False
        self.moved = True
        if self.line is not None and not self._full:
            self.line.resume()

    def cancel(self) -> None:
        """Gives the attempt up at any stage; the connection survives only a whole answer."""
        self.sink = None
        self._reader = None
        self._waiter = None
        self._pieces = ()
        self.whole = None
        line = self.line
        if line is not None:
            self.line = None
            line.drop(self)

    # --- the line's side --------------------------------------------------------------------------

    def begin(
        self,
        status: int,
        headers: Headers,
        piece: bytes,
        *,
        ended: bool,
        failure: UpstreamFailure | None = None,
    ) -> None:
        """The head has come, with the first `piece` of the body and perhaps its end."""
        self.status = status
        self._headers = headers
        self.kind = headers.get(b"content-type")
        self.stage = "body"
        self.body = b""
        if piece:
            self._pieces = (piece,)
            self._size = len(piece)
        if ended:
            self._ended = True
            self._failure = failure
            self.line = None
            if failure is None and self._size <= self.limits.max_body:
                self.whole = piece
        else:
            self.moved = True
            if self._size > MAX_UNCLAIMED:
                self._block()
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            waiter.resolve(self)

    def begin_whole(self, memo: Memo, found: re.Match[bytes], body: bytes) -> None:
        """As `begin` with a whole answer 200 whose head `memo` has `found`."""
        self.status = 200
        self._head = (memo, found)
        self.kind = found[memo.kind] if memo.kind else None
        self._ended = True
        self.line = None
        if len(body) <= self.limits.max_body:
            self.whole = body
        else:
            self._pieces, self._size = (body,), len(body)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            waiter.resolve(self)

    def more(self, piece: bytes, *, ended: bool, failure: UpstreamFailure | None = None) -> None:
        """The next piece of the body (may be empty) and perhaps its end."""
        self.moved = True
        if ended:
            self._ended = True
            self._failure = failure
            self.line = None
        sink = self.sink
        if sink is None:
            self._keep(piece, ended=ended)
            return
        if piece:
            sink.data(piece)
        if ended:
            self._close_sink()

    def fail(self, failure: UpstreamFailure) -> None:
        """The attempt failed, before the head or in the middle of the body."""
        self.line = None
        if self.stage == "body":
            self.more(b"", ended=True, failure=failure)
        else:
            self.body = b""
            waiter, self._waiter = self._waiter, None
            if waiter is not None:
                waiter.fail(failure)

    def find_overdue(self, now: float) -> FailureKind | None:
        """Which limit has run out at the sweep of `now` (seconds), if any.

        Movement is noted without a clock and dated by the next sweep, so a limit may fire up to two
        sweeps late and never early.
        """
        if self._started is None:
            self._started = now
        if self.moved:
            self.moved = False
            self._since = now
        limits = self.limits
        if now - self._started > limits.total:
            return "total_timeout"
        since = now if self._since is None else self._since
        if self.stage == "connect":
            return "connect_timeout" if now - since > limits.connect else None
        if self.stage == "first_byte":
            return "first_byte_timeout" if now - since > limits.first_byte else None
        if self._held or self._full:
            self._since = now
            return None
        return "idle_timeout" if now - since > limits.idle else None

    # --- the body ---------------------------------------------------------------------------------

    def _keep(self, piece: bytes, *, ended: bool) -> None:
        """Adds a piece that no sink takes, and looks whether a reader has enough."""
        if piece:
            pieces = self._pieces
            if isinstance(pieces, list):
                pieces.append(piece)
            else:
                self._pieces = [*pieces, piece]
            self._size += len(piece)
        reader = self._reader
        if reader is not None:
            if ended:
                self._reader = None
                self._give(reader)
            elif self._size > self.limits.max_body:
                self._reader = None
                self._refuse(reader)
        elif not ended and self._size > MAX_UNCLAIMED:
            self._block()

    def _is_too_large(self) -> bool:
        """Whether a reader would get too much: of what is here, or of what the head announced."""
        limit = self.limits.max_body
        declared = self.headers.get(b"content-length")
        # Digits only: llhttp saw to it.
        return self._size > limit or (declared is not None and int(declared) > limit)

    def _give(self, reader: Wait[bytes]) -> None:
        """Resolves or fails `reader`: the body has ended."""
        if self._failure is not None:
            reader.fail(self._failure)
        elif self._size > self.limits.max_body:
            self._refuse(reader)
        else:
            self._pieces = whole = (b"".join(self._pieces),)
            reader.resolve(whole[0])

    def _refuse(self, reader: Wait[bytes]) -> None:
        """Fails `reader` and gives the rest of an answer over the cap up."""
        self.cancel()
        limit = self.limits.max_body
        self._failure = UpstreamFailure("protocol", f"the answer is over {limit} bytes")
        self._ended = True
        reader.fail(self._failure)

    def _close_sink(self) -> None:
        """Tells the sink how the body ended, unless it cancelled meanwhile."""
        sink, self.sink = self.sink, None
        if sink is None:
            return
        if self._failure is None:
            sink.ended()
        else:
            sink.failed(self._failure)

    def _block(self) -> None:
        self._full = True
        if self.line is not None:
            self.line.pause()

    def _unblock(self) -> None:
        if self._full:
            self._full = False
            self.moved = True
            if self.line is not None and not self._held:
                self.line.resume()


def open_attempt(
    target: Target,
    body: Body,
    limits: Limits,
    extra: bytes = b"",
    line: Line | None = None,
    waiter: Waiter | None = None,
) -> tuple[Call, Attempt]:
    """A call of `line`, for transports that are not a wire, and the pipeline's handle on it.

    `waiter` is told of the answer in the place of the handle's `reply`.
    """
    wait: Wait[Reply] = Wait()
    call = Call(target, body, limits, extra, b"", waiter or wait)
    if line is not None:
        call.line = line
        call.stage = "first_byte"
    return call, Attempt(call, wait)


def refuse(target: Target, limits: Limits, detail: str) -> Attempt:
    """An attempt that has failed already: nothing can be sent."""
    call, attempt = open_attempt(target, b"", limits)
    call.fail(UpstreamFailure("connect", detail, sent=False))
    return attempt
