"""One connection to a vendor: the thin Protocol between asyncio and the machine.

Every method brings its own state in order first and lets the call run the pipeline last: the
pipeline may send the next request, on this very connection, before the method has returned.
"""

import asyncio
from typing import Protocol, cast

from nexhina.errors import UpstreamFailure
from nexhina.ports import Segments
from nexhina.tasks import Gathering
from nexhina.upstream.call import Call
from nexhina.upstream.machine import Machine
from nexhina.upstream.outflow import Outflow

JOINED_BODY = 64 * 1024
"""Up to here head and body leave in one write; a larger body is not copied but sliced."""


class Home(Protocol):
    """The pool's side."""

    gathering: Gathering

    def opened(self, connection: "Connection") -> None:
        """The connection stands."""
        ...

    def released(self, connection: "Connection") -> None:
        """Its answer is whole and it may carry the next request."""
        ...

    def lost(self, connection: "Connection", orphan: Call | None) -> None:
        """It is closed. `orphan` deserves a fresh connection: this one was dead when it was taken."""
        ...

    def settled(self) -> None:
        """A call has ended without releasing the connection."""
        ...


class Connection(asyncio.Protocol):
    """Carries one call at a time."""

    __slots__ = (
        "_clogged",
        "_halted",
        "_home",
        "_pending",
        "_stopped",
        "_transport",
        "_untouched",
        "_upload",
        "call",
        "closed",
        "idle",
        "idle_since",
        "machine",
        "used",
    )

    def __init__(self, home: Home) -> None:
        self._home = home
        self._transport: asyncio.Transport | None = None
        self._upload: Outflow | None = None  # what is left of a large body
        self._clogged = False  # the vendor takes bytes too slowly
        self._halted = False  # the call wants no more for now
        self._stopped = False  # reading is paused
        self._untouched = False  # no byte of the answer has come
        self._pending = b""  # was read in this turn, to be worked on at its end
        self.machine = Machine()
        self.call: Call | None = None
        self.closed = False
        self.used = False  # an earlier answer came over it
        self.idle = False  # it lies in its site's list
        self.idle_since: float | None = None  # sweep time; None: not seen idle yet

    def start(self, call: Call) -> None:
        """Sends the request; the answer goes to `call`."""
        transport = self._transport
        assert transport is not None
        self.call = call
        call.line = self
        call.stage = "first_byte"
        self.idle_since = None
        body = call.body
        # As isinstance(), without its call.
        large = body.__class__ is Segments
        size: int = body.size if large else len(body)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        self._untouched = True
        if size == 0 and call.target.method in {"GET", "HEAD", "DELETE"}:
            transport.write(b"%b%b\r\n" % (call.head, call.extra))
        elif size <= JOINED_BODY and not large:
            transport.write(
                b"%b%bContent-Length: %d\r\n\r\n%b" % (call.head, call.extra, size, body)
            )
        else:
            transport.write(b"%b%bContent-Length: %d\r\n\r\n" % (call.head, call.extra, size))
            self._upload = Outflow(body)
            self._pump()

    # --- Line: the call's side --------------------------------------------------------------------

    def pause(self) -> None:
        """Stops reading from the vendor."""
        self._halted = True
        self._regulate()

    def resume(self) -> None:
        """Reads on."""
        if self._halted:
            self._halted = False
            self._regulate()
            if self.machine.packed:
                self._unfold_soon()

    def drop(self, call: Call) -> None:
        """Closes at once: a vendor that still works on the answer must learn it now."""
        if self.call is call:
            self.call = None
            self.close()
            self._home.settled()

    def close(self, orphan: Call | None = None) -> None:
        """Closes without ado; nothing that is still to be sent leaves."""
        if self.closed:
            return
        self.closed = True
        self._upload = None
        self.machine.close()
        if self._transport is not None:
            self._transport.abort()
        self._home.lost(self, orphan)

    # --- asyncio's side ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands (TLS included)."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._home.opened(self)

    def data_received(self, data: bytes) -> None:
        """One read; the first of an answer is worked on together with others'."""
        if self._pending:
            self._pending += data
        elif self._untouched:
            self._pending = data
            gathering = self._home.gathering
            if not gathering.waiting:
                gathering.call()
            gathering.waiting.append(self)
        else:
            self.take_in(data)

    def take_in(self, data: bytes = b"") -> None:  # noqa: C901, PLR0912  (the usual kind, written out)
        """Works on `data`, or else on what was read in this turn: one call into the pipeline at most."""
        if not data:
            data, self._pending = self._pending, b""
        machine = self.machine
        if self.closed or not (data or machine.packed):
            return
        call = self.call
        if self._untouched and call is not None:
            memo = machine.memo
            found = None if memo is None or self._halted else memo.match(data)
            if found is not None and memo is not None and self._upload is None:
                end = found.end()
                if len(data) - end == int(found[memo.length]) and not self._clogged:
                    # The usual kind, whole in one read: as `_settle`, which knows all others.
                    self._untouched = False
                    self.call = None
                    self.used = True
                    self._home.released(self)
                    call.begin_whole(memo, found, data[end:])
                    return
            self._expect(call)
        machine.feed(data)
        if call is None:
            if machine.surplus:
                self.close()
        elif machine.complete or machine.failure is not None:
            self._settle(call)
        elif machine.head_done:
            pieces = machine.pieces
            if call.stage != "body":
                call.begin(machine.status, machine.headers, machine.take(), ended=False)
            elif pieces:
                piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                pieces.clear()
                call.more(piece, ended=False)
            else:
                call.moved = True
        if machine.packed:
            self._unfold_soon()

    def _unfold_soon(self) -> None:
        """What came compressed is more than one turn's work: nothing more is read until it is out."""
        self._regulate()
        if not self._halted:
            asyncio.get_running_loop().call_soon(self._unfold)

    def _unfold(self) -> None:
        if self.machine.packed and not self._halted:
            self.take_in()
            self._regulate()

    def _regulate(self) -> None:
        """Reads from the vendor, or does not."""
        stop = self._halted or self.machine.packed
        if stop != self._stopped and self._transport is not None:
            self._stopped = stop
            (self._transport.pause_reading if stop else self._transport.resume_reading)()

    def give_up(self, error: Exception) -> None:
        """A fault of ours: the call fails, the connection is not used again."""
        self._ended(error)

    def eof_received(self) -> None:
        """The vendor closed its side; we never keep half a connection."""
        self.take_in()
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone; `exc` when it broke."""
        self.take_in()
        self._ended(exc)
        self._transport = None

    def pause_writing(self) -> None:
        """The transport has enough of a large body."""
        self._clogged = True

    def resume_writing(self) -> None:
        """The transport takes more of it."""
        self._clogged = False
        if self._upload is not None:
            self._pump()

    def _expect(self, call: Call) -> None:
        """Prepares the machine for the answer's first byte."""
        self._untouched = False
        self.machine.begin(call.limits.max_body, bare=call.target.method == "HEAD")

    # --- the rest ---------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Writes slices until the transport has enough of them."""
        transport, call = self._transport, self.call
        while transport is not None and self._upload is not None and not self._clogged:
            upload = self._upload
            if upload.left == 0:
                self._upload = None
                break
            try:
                piece = upload.take()
            except OSError:
                self._lose_upload()
                return
            if upload.left == 0:
                self._upload = None
            transport.write(piece)
            if call is not None and call.stage == "first_byte":
                call.moved = True

    def _lose_upload(self) -> None:
        """What is to be sent can't be read back: the vendor must not take the half for the whole."""
        call, self.call = self.call, None
        self.close()
        self._home.settled()
        if call is not None:
            call.fail(UpstreamFailure("closed", "the upload could not be read back from disk"))

    def _settle(self, call: Call) -> None:
        """The answer is whole or broken: frees the connection, then tells the call."""
        machine = self.machine
        failure = machine.failure
        # The next request may go out on this connection before the call learns of its answer.
        status, headers, head_done = machine.status, machine.headers, machine.head_done
        pieces = machine.pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.call = None
        if machine.reusable and failure is None and self._upload is None and not self._clogged:
            if self._halted:
                self.resume()
            self.used = True
            self._home.released(self)
        else:
            call.line = None
            self.close()
            self._home.settled()
        if call.stage == "body":
            call.more(piece, ended=True, failure=failure)
        elif head_done:
            call.begin(status, headers, piece, ended=True, failure=failure)
        else:
            call.fail(failure or UpstreamFailure("closed", "the answer has no head"))

    def _ended(self, exc: Exception | None) -> None:
        """The vendor closed, orderly or not."""
        if self.closed:
            return
        machine, call = self.machine, self.call
        if call is None:
            self.close()
            return
        untouched = self._untouched
        if untouched:
            self._expect(call)
        untold = untouched or not machine.started
        if self.used and untold and not call.retried and not call.limits.once:
            # Vendors drop idle connections; a request that meets such a one was not looked at.
            call.retried = call.moved = True
            self.call = None
            self.close(call)
            return
        if exc is None:
            machine.eof()
        else:
            machine.cut("the connection broke")
        machine.reusable = False  # a whole answer that is still unfolding said it was
        if machine.packed and machine.failure is None:
            self._unfold_soon()
        else:
            self._settle(call)
