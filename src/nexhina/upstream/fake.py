"""A vendor that a script plays: an `Upstream` without sockets, for tests of everything above it.

Shipped with the code so that it keeps the contract of the real pool, and tested by the same suite.
Each request takes the next script; without one it stays open and the test plays the vendor by hand:

    vendor = FakeUpstream()
    vendor.answer(200, {b"content-type": b"application/json"}, b"{}")
    vendor.fail("connect")
    …
    play = vendor.plays[-1]
    play.head(200, data=b"data: 1"); play.end()
"""

from collections import deque
from collections.abc import Callable, Mapping

from nexhina.errors import FailureKind, UpstreamFailure
from nexhina.ports import Body, Exchange, Limits, Reply, Segments, Target, Waiter
from nexhina.upstream.call import Call, open_attempt
from nexhina.upstream.outflow import read_segments

_NOT_SENT = {"connect", "connect_timeout"}


class Play:
    """One request as the vendor got it, and the answer, given by hand."""

    def __init__(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes,
        waiter: Waiter | None = None,
    ) -> None:
        self.target = target
        self.body = read_segments(body) if isinstance(body, Segments) else bytes(body)
        self.limits = limits
        self.extra = extra
        self.cancelled = False
        self.paused = False
        self.pauses = 0  # how often reading stopped
        self._call, self.exchange = open_attempt(target, body, limits, extra, self, waiter)

    @property
    def reply(self) -> Reply:
        """The answer, also before it has begun."""
        return self._call

    # --- the vendor's moves -----------------------------------------------------------------------

    def head(
        self, status: int = 200, headers: Mapping[bytes, bytes] | None = None, data: bytes = b""
    ) -> None:
        """The answer's head, with the first piece of the body."""
        if not self.cancelled:
            self._call.begin(status, dict(headers or {}), data, ended=False)

    def piece(self, data: bytes) -> None:
        """A piece of the body, also while paused: a socket may have read it already."""
        if not self.cancelled:
            self._call.more(data, ended=False)

    def end(self, data: bytes = b"") -> None:
        """The last piece; the framing says that the body is whole."""
        if not self.cancelled:
            self._call.more(data, ended=True)

    def answer(
        self, status: int = 200, headers: Mapping[bytes, bytes] | None = None, body: bytes = b""
    ) -> None:
        """A whole answer in one read."""
        if not self.cancelled:
            self._call.begin(status, dict(headers or {}), body, ended=True)

    def fail(self, kind: FailureKind, detail: str = "as the script says") -> None:
        """The attempt fails, before the head or after it."""
        if not self.cancelled:
            self._call.fail(UpstreamFailure(kind, detail, sent=kind not in _NOT_SENT))

    def cut(self) -> None:
        """The connection closes in the middle of the answer."""
        self.fail("closed", "the connection was closed in the middle of the answer")

    # --- Line: what the pipeline asked for --------------------------------------------------------

    def pause(self) -> None:
        """Noted in `paused` and `pauses`."""
        if not self.paused:
            self.paused = True
            self.pauses += 1

    def resume(self) -> None:
        """Noted in `paused`."""
        self.paused = False

    def drop(self, call: Call) -> None:
        """Noted in `cancelled`; later moves of the vendor go nowhere."""
        del call
        self.cancelled = True


class FakeUpstream:
    """Implements Upstream. `plays` holds every request in order."""

    def __init__(self) -> None:
        self.plays: list[Play] = []
        self._scripts: deque[Callable[[Play], None]] = deque()

    def script(self, moves: Callable[[Play], None]) -> None:
        """`moves` plays the next unscripted request, inside `send`."""
        self._scripts.append(moves)

    def answer(
        self, status: int = 200, headers: Mapping[bytes, bytes] | None = None, body: bytes = b""
    ) -> None:
        """The next unscripted request gets this answer, whole, at once."""
        self.script(lambda play: play.answer(status, headers, body))

    def stream(
        self,
        *pieces: bytes,
        status: int = 200,
        headers: Mapping[bytes, bytes] | None = None,
        cut: bool = False,
    ) -> None:
        """The next unscripted request gets these pieces, one per read, then the end or a cut."""

        def moves(play: Play) -> None:
            play.head(status, headers)
            for data in pieces:
                play.piece(data)
            if cut:
                play.cut()
            else:
                play.end()

        self.script(moves)

    def fail(self, kind: FailureKind, detail: str = "as the script says") -> None:
        """The next unscripted request fails before its head."""
        self.script(lambda play: play.fail(kind, detail))

    def hold(self) -> None:
        """The next unscripted request stays open, to be played by hand through `plays`."""
        self.script(lambda _: None)

    def send(self, target: Target, body: Body, limits: Limits, extra: bytes = b"") -> Exchange:
        """Records the request and plays its script; never raises."""
        return self._play(Play(target, body, limits, extra)).exchange

    def dispatch(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes,
        waiter: Waiter,
    ) -> Reply:
        """As `send`, and tells `waiter`."""
        return self._play(Play(target, body, limits, extra, waiter)).reply

    def _play(self, play: Play) -> Play:
        self.plays.append(play)
        if self._scripts:
            self._scripts.popleft()(play)
        return play
