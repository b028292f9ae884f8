"""The sandbox vendor as an upstream: attempts that never leave the process.

A play drives the vendor's coroutine as steps and hands its pieces to the call, one per fair turn
(`sandbox.turns`), so that hundreds of streams share the loop. Timers only where a piece has a delay,
and one sweep for the limits. The vendor is loaded with the first attempt.
"""

import asyncio
import logging
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from nexhina.errors import ClientGone, UpstreamFailure
from nexhina.ports import Body, Clock, Exchange, Headers, Limits, Segments, Target
from nexhina.tasks import Steps, Wait
from nexhina.upstream.call import Call, open_attempt, refuse

if TYPE_CHECKING:
    from nexhina.sandbox.reply import Piece, SandboxReply
    from nexhina.sandbox.vendor import SandboxVendor

_log = logging.getLogger("nexhina.upstream.sandbox")


def open_sandbox(clock: Clock, seed: int = 0) -> "SandboxUpstream":
    """The sandbox of this process. Cheap; its children end with `close`."""
    return SandboxUpstream(clock, seed=seed)


class SandboxUpstream:
    """Implements Upstream for the scheme "sandbox"."""

    def __init__(self, clock: Clock, *, seed: int = 0, sweep_s: float = 0.5) -> None:
        self._clock = clock
        self._seed = seed
        self._sweep_s = sweep_s
        self._vendor: SandboxVendor | None = None
        self._plays: set[_Play] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    def vendor(self) -> "SandboxVendor":
        """The vendor, made on first use."""
        if self._vendor is None:
            from nexhina.sandbox.vendor import SandboxVendor

            self._vendor = SandboxVendor(self._clock, seed=self._seed)
        return self._vendor

    def send(self, target: Target, body: Body, limits: Limits, extra: bytes = b"") -> Exchange:
        """Starts an attempt; never raises. The vendor takes it in one of the next turns."""
        if self._closed:
            return refuse(target, limits, "the server is about to stop")
        call, attempt = open_attempt(target, b"", limits)
        call.stage = "first_byte"
        headers = _merge(target.headers, extra)
        play = _Play(call, self.vendor(), headers, _keep(body), self._plays)
        call.line = play
        self._plays.add(play)
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._sweep_s, self._look)
        return attempt

    def close(self) -> None:
        """Fails what is under way and ends the children."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for play in tuple(self._plays):
            play.give_up(UpstreamFailure("closed", "the server is about to stop"))
        if self._vendor is not None:
            self._vendor.close()

    async def wait_closed(self) -> None:
        """Closes, and returns once the children are gone; call it before the loop ends."""
        self.close()
        if self._vendor is not None:
            await self._vendor.wait_closed()

    def _look(self) -> None:
        """Fails the attempts whose limits have run out; goes on while there are any."""
        now = monotonic()
        for play in tuple(self._plays):
            kind = play.call.find_overdue(now)
            if kind is not None:
                play.give_up(UpstreamFailure(kind, "the sandbox did not answer in time"))
        self._sweep = None
        if self._plays and not self._closed:
            self._sweep = asyncio.get_running_loop().call_later(self._sweep_s, self._look)


class _Play:
    """One answer being played: the `Line` of a call."""

    __slots__ = (
        "_body",
        "_headers",
        "_late",
        "_paused",
        "_pieces",
        "_plays",
        "_queued",
        "_reply",
        "_steps",
        "_timer",
        "_vendor",
        "call",
        "done",
    )

    def __init__(
        self,
        call: Call,
        vendor: "SandboxVendor",
        headers: Headers,
        body: Body,
        plays: "set[_Play]",
    ) -> None:
        self.call = call
        self.done = False
        self._vendor = vendor
        self._headers = headers
        self._body = body
        self._plays = plays
        self._reply: SandboxReply | None = None
        self._pieces: Iterator[Piece] = iter(())
        self._late: Piece | None = None  # the piece whose delay runs or has run out
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._queued = True
        self._steps: Steps | None = Steps(self._ask(), self._answered)
        vendor.turns.add(self._start)

    # --- asking the vendor ------------------------------------------------------------------------

    def _start(self) -> None:
        self._queued = False
        if self._steps is not None:
            self._steps.advance()

    async def _ask(self) -> None:
        target = self.call.target
        body, self._body = self._body, b""
        self._reply = await self._vendor.answer(target.method, target.path, self._headers, body)

    def _answered(self, error: BaseException | None) -> None:
        self._steps = (
            None  # nothing may refer back to itself: answers must not wait for the collector
        )
        if self.done:
            return
        reply = self._reply
        if error is not None or reply is None:
            _log.error("the sandbox failed to answer", exc_info=error)
            self.give_up(UpstreamFailure("closed", "the sandbox failed to answer"))
            return
        self._pieces = reply.pieces
        self.call.begin(reply.status, reply.headers, b"", ended=False)
        self._queue()

    # --- playing its answer -----------------------------------------------------------------------

    def _queue(self) -> None:
        """Asks for a turn, unless one is coming or there is a reason to wait."""
        if not (self.done or self._paused or self._queued or self._timer is not None):
            self._queued = True
            self._vendor.turns.add(self._step)

    def _step(self) -> None:
        """Plays one piece."""
        self._queued = False
        if self.done or self._paused:
            return  # `resume` asks again
        piece, self._late = self._late, None
        if piece is None:
            try:
                piece = next(self._pieces, None)
            except Exception:  # noqa: BLE001  (the edge of an attempt, logged)
                _log.exception("the sandbox failed in the middle of an answer")
                self.give_up(UpstreamFailure("closed", "the sandbox failed in mid-answer"))
                return
            if piece is None:
                self._end()
                return
            if piece.until is not None:
                self._steps = Steps(_await(piece.until), self._is_ready)
                self._steps.advance()
                return
            if piece.delay_s > 0:
                self._late = piece
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(piece.delay_s, self._is_due)
                return
        if piece.data:
            self.call.more(piece.data, ended=False)
        self._queue()

    def _is_ready(self, error: BaseException | None) -> None:
        """The next piece is there: it can be had in a turn of its own."""
        del error  # what went wrong is raised by the pieces
        self._steps = None
        self._queue()

    def _is_due(self) -> None:
        self._timer = None
        self._queue()

    def _end(self) -> None:
        if self._reply is not None and self._reply.cut:
            self.give_up(UpstreamFailure("closed", "the sandbox cut its answer off, as asked"))
            return
        self._release()
        self.call.more(b"", ended=True)

    def give_up(self, failure: UpstreamFailure) -> None:
        """Ends the play and fails its call."""
        if not self.done:
            self._release()
            self.call.fail(failure)

    def _release(self) -> None:
        self.done = True
        self._plays.discard(self)
        self._pieces = iter(())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.throw(ClientGone())

    # --- Line: what the pipeline asks for ---------------------------------------------------------

    def pause(self) -> None:
        """No more pieces until `resume`; a delay that runs goes on running."""
        self._paused = True

    def resume(self) -> None:
        """Plays on."""
        self._paused = False
        self._queue()

    def drop(self, call: Call) -> None:
        """Stops the play; a picture that waits to be drawn leaves the queue."""
        del call
        if not self.done:
            self._release()


def _keep(body: Body) -> Body:
    """The body as it is now: what a caller goes on writing into must not change it."""
    return body if isinstance(body, Segments) else bytes(body)


async def _await(wait: Wait[None]) -> None:
    await wait


def _merge(headers: Headers, extra: bytes) -> Headers:
    """The target's headers and the lines of one attempt, by lower-case name."""
    if not extra:
        return headers
    merged = dict(headers)
    for line in extra.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            merged[name.strip().lower()] = value.strip()
    return merged
