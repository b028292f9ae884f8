"""The server's side of HTTP/1.0 and 1.1, without sockets and without a clock.

Bytes go in through `feed`; one request at a time comes out. Bytes behind a request wait, unread,
until `next`. llhttp parses the heads; it is fed exactly up to a head's end, so that no byte of a
later request can touch an earlier, and a body's bytes do not pass through it. A head that the
connection has sent before does not either (memo.py). Forms of routes with uploads go to an intake
(spool.py), which may keep them on disk, large bodies of unknown callers to another (stranger.py).
Deadlines and answers are elsewhere (protocol.py, exchange.py).
"""

from collections.abc import Callable
from enum import IntEnum

import httptools

from nexhina.errors import (
    BodyTooLargeError,
    HeadersTooLargeError,
    InvalidRequestError,
    NexhinaError,
    VersionNotSupportedError,
    forget_frames,
)
from nexhina.gateway.chunked import ChunkReader
from nexhina.gateway.memo import MAX_DIGITS, Memo, remember
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.request import (
    CHUNKED,
    Request,
    coding_error,
    read_framing,
    read_request_line,
    require_host,
    version_error,
)
from nexhina.gateway.spool import Intake
from nexhina.gateway.stranger import StrangersBody

_LINE_ENDS = b"\r\n"
_BLANK_LINE = b"\r\n\r\n"
_HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n"

_NOTHING = Request()
"""Stands where no request has begun; nobody writes to it."""


class Phase(IntEnum):
    """What the machine reads, or why it does not."""

    HEAD = 0
    BODY = 1  # a body of known length that did not come with its head
    CHUNKS = 2
    WHOLE = 3  # a request waits to be answered
    FAILED = 4  # nothing more is read; `failure` says why


_HEAD, _BODY, _CHUNKS, _WHOLE, _FAILED = Phase  # a global is read faster than a member
_MAX_BLANKS = 8  # line ends before a request line: old clients send one behind a body


def _begin_parser(owner: "ServerMachine") -> httptools.HttpRequestParser:
    """A parser that takes any HTTP version: which of them are served, the request line's reader knows."""
    parser = httptools.HttpRequestParser(owner)
    parser.set_dangerous_leniencies(lenient_version=True)
    return parser


def _keep_in_memory(_: Request) -> None:
    """No intake: the body is joined here."""


class ServerMachine:
    """Turns bytes into requests. `admit` judges each checked head: it returns the body's cap or raises.

    `begin_intake` is asked before a body that does not come in one piece with its head.
    """

    __slots__ = (
        "_admit",
        "_begin_intake",
        "_begun",
        "_blanks",
        "_came",
        "_chunks",
        "_head_ended",
        "_host",
        "_host_repeated",
        "_intake",
        "_memo",
        "_options",
        "_parser",
        "_passed",
        "_pieces",
        "_scan",
        "_url",
        "backlog",
        "failure",
        "interim",
        "partial",
        "phase",
        "request",
    )  # fmt: skip

    def __init__(
        self,
        admit: Callable[[Request], int],
        options: ServerOptions,
        begin_intake: Callable[[Request], Intake | StrangersBody | None] = _keep_in_memory,
    ) -> None:
        self._admit = admit
        self._begin_intake = begin_intake
        self._intake: Intake | StrangersBody | None = None  # of a body that is under way
        self._options = options
        self._parser = _begin_parser(self)
        self._host: bytes | None = None  # the last that was found good
        self._memo: Memo | None = None  # the last head that was found good
        self._chunks: ChunkReader | None = None
        self._pieces: list[bytes] = []  # of a body
        self._came = 0  # bytes of it
        self.phase = _HEAD
        self.request = _NOTHING
        self.failure: NexhinaError | None = None
        self.interim = False  # 100 Continue is to be sent
        self.backlog = b""  # bytes behind the present request
        self.partial = bytearray()  # the beginning of a head
        self._begin_head()
        self._begun = False

    def _begin_head(self) -> None:
        self.request = Request()
        self._begun = True  # llhttp reads this request's head
        self._memo = None  # so a head is only known when it, and nothing else, came just before
        self._head_ended = False
        self._host_repeated = False
        self._passed = False  # llhttp does not wait for this request's body
        self._url = b""
        self._scan = 0
        self._blanks = 0

    # --- llhttp's callbacks ---

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole field."""
        name = name.lower()
        headers = self.request.headers
        if name in headers:
            self._repeat(name, value.strip())
        else:
            headers[name] = value.strip()  # llhttp leaves blanks behind a value

    def on_headers_complete(self) -> None:
        """The end of the head."""
        self._head_ended = True
        self.request.verb = self._parser.get_method()

    def _repeat(self, name: bytes, value: bytes) -> None:
        request = self.request
        request.repeats += 1
        if name == b"host":
            self._host_repeated = True
        elif request.repeats <= self._options.max_headers:  # more are refused: don't pile them up
            glue = b"; " if name == b"cookie" else b", "
            request.headers[name] += glue + value

    # --- input ---

    def feed(self, data: bytes) -> None:
        """Reads on: afterwards `phase`, `request`, `failure` and `interim` tell what is to be done.

        A view is copied before this returns.
        """
        phase = self.phase
        if phase is _HEAD:
            memo = self._memo
            if memo is None or not data.startswith(memo.start):
                self._feed_head(data)
                return
            # The head that came before, if what follows its beginning agrees too.
            at = memo.size
            end = memo.end
            request = memo.copy()
            request.headers = memo.headers.copy()
            if end:
                stop = data.find(b"\r", at, at + MAX_DIGITS + 1)
                digits = data[at:stop]
                if stop < 0 or not digits.isdigit() or not data.startswith(end, stop):
                    self._feed_head(data)
                    return
                request.headers[b"content-length"] = digits
                request.length = int(digits)
                at = stop + len(end)
            self.request = request
            rest = data[at:]
            if len(rest) == request.length <= memo.cap:
                request.body = rest
                self.phase = _WHOLE
            else:
                self._take_body(request, memo.cap, rest)
        elif phase is _BODY:
            self._feed_body(data)
        elif phase is _WHOLE:
            self.backlog += data
        elif phase is _CHUNKS:
            self._feed_chunks(data)

    def next(self) -> None:
        """Goes on to the next request, which may already be in the backlog."""
        self.request = _NOTHING
        self.phase = _HEAD
        self._begun = False
        data = self.backlog
        if data:
            self.backlog = b""
            self.feed(data)

    def fail(self, error: NexhinaError) -> None:
        """Ends the reading for good."""
        self.phase = _FAILED
        forget_frames(error)
        self.failure = error
        self.backlog = b""
        self.partial.clear()
        self._pieces = []
        self._chunks = None
        self._abandon()

    def _abandon(self) -> None:
        intake, self._intake = self._intake, None
        if intake is not None:
            intake.abandon()

    def release(self) -> None:
        """Nothing comes any more: lets go of llhttp's parser, which leads back here, and of uploads."""
        del self._parser
        self._abandon()
        self._chunks = None
        self.request = _NOTHING

    @property
    def at_start(self) -> bool:
        """Whether no byte of a next request has come."""
        return self.phase is _HEAD and not self.partial

    @property
    def is_strange(self) -> bool:
        """Whether a body is under way that takes room which strangers share."""
        return self._intake.__class__ is StrangersBody

    # --- heads ---

    def _feed_head(self, data: bytes) -> None:
        partial = self.partial
        before = len(partial)
        if before:
            partial += data
            found = partial.find(_BLANK_LINE, self._scan)
        else:
            if not self._begun:
                self._begin_head()
            if data[:1] in _LINE_ENDS and not (data := self._skip_blanks(data)):
                return
            found = data.find(_BLANK_LINE)
        size = found + 4 if found >= 0 else before + len(data)
        if size > self._options.max_head:
            self.fail(_headers_error(self._options))
            return
        piece = data if size - before == len(data) else data[: size - before]
        try:
            self._parser.feed_data(piece)
        except (httptools.HttpParserUpgrade, httptools.HttpParserError) as stop:
            if not self._excuse(stop, piece):
                return
        if found < 0:
            if not before:
                partial += data
            self._scan = max(0, size - 3)
            return
        head = piece
        if before:
            head = bytes(partial[:size])
            partial.clear()
        self._take_head(head, data[size - before :])

    def _skip_blanks(self, data: bytes) -> bytes:
        rest = data.lstrip(_LINE_ENDS)
        self._blanks += len(data) - len(rest)
        if self._blanks > _MAX_BLANKS:
            self.fail(InvalidRequestError("There are only blank lines where a request should be."))
            return b""
        return rest

    def _excuse(self, stop: Exception, piece: bytes) -> bool:
        """Whether llhttp stopped for an offer to change the protocol, which we pass over."""
        if isinstance(stop, httptools.HttpParserUpgrade):
            self._parser = _begin_parser(self)
            self._passed = True
            return True
        self.fail(self._explain(stop, piece))
        return False

    def _explain(self, error: Exception, piece: bytes) -> NexhinaError:
        if (self.partial or piece).startswith(_HTTP2_PREFACE):
            return VersionNotSupportedError()
        coding = self.request.headers.get(b"transfer-encoding")
        if self._head_ended and coding is not None:
            return coding_error(coding)
        return InvalidRequestError(f"This is not a well-formed HTTP request: {error}.")

    def _take_head(self, head: bytes, rest: bytes) -> None:
        request = self.request
        options = self._options
        try:
            if not self._head_ended:  # HTTP/2's preface: llhttp does not see the end that we see
                raise version_error(head[: head.find(_LINE_ENDS)])
            read_request_line(request, head, self._url, options.max_url)
            if len(request.headers) + request.repeats > options.max_headers:
                raise _headers_error(options)
            if self._host_repeated:
                raise InvalidRequestError("There are two Host headers.")
            host = request.headers.get(b"host")
            if host is None or host != self._host:
                require_host(request)
                self._host = host
            read_framing(request)
        except NexhinaError as error:
            self._refuse(error)
            return
        if b"proxy-connection" in request.headers:  # meant for no server, but llhttp heeds it
            self._parser = _begin_parser(self)
            self._passed = True
        try:
            cap = self._admit(request)
        except NexhinaError as error:
            if request.length:
                self._refuse(error)
            else:  # nothing follows that must be skipped: the connection may stay
                forget_frames(error)
                request.failure = error
                self._whole(rest)
            return
        # A head grows by the digits that its length may gain.
        if len(head) + MAX_DIGITS <= options.max_head:
            self._memo = remember(head, request, cap)
        self._take_body(request, cap, rest)

    def _take_body(self, request: Request, cap: int, rest: bytes) -> None:
        length = request.length
        if length > cap:
            self._refuse(
                BodyTooLargeError(f"The body has {length} bytes; this route takes at most {cap}.")
            )
        elif length == 0:
            self._whole(rest)
        elif 0 < length <= len(rest):  # the body came together with its head
            body = request.body = rest if len(rest) == length else rest[:length]
            if self._begun and not self._passed:
                self._parser.feed_data(body)  # llhttp steps over it without looking
            self.phase = _WHOLE
            self.backlog = rest[length:]
        else:
            self._await_body(request, cap, rest)

    def _refuse(self, error: NexhinaError) -> None:
        self.request.keep_alive = False
        self.fail(error)

    def _await_body(self, request: Request, cap: int, rest: bytes) -> None:
        if self._begun:
            self._parser = _begin_parser(self)  # the old one waits for a body
        try:
            intake = self._intake = self._begin_intake(request)
        except NexhinaError as error:
            self._refuse(error)
            return
        self.interim = request.expect and not rest
        if request.length == CHUNKED:
            self.phase = _CHUNKS
            self._chunks = ChunkReader(cap, intake and intake.add)
            if rest:
                self._feed_chunks(rest)
            return
        self.phase = _BODY
        if intake is not None:
            if rest:
                self._feed_intake(intake, rest)
            return
        self._pieces = [rest] if rest else []
        self._came = len(rest)

    def _whole(self, rest: bytes) -> None:
        self.phase = _WHOLE
        self.backlog = rest

    # --- bodies ---

    def _feed_chunks(self, data: bytes) -> None:
        chunks = self._chunks
        assert chunks is not None
        intake = self._intake
        try:
            took = chunks.feed(data)
            if not chunks.done:
                return
            if intake is None:
                self.request.body = chunks.body
            else:
                intake.finish(self.request)
                self._intake = None
        except NexhinaError as error:
            self._refuse(error)
            return
        self._chunks = None
        self._whole(data[took:])

    def _feed_body(self, data: bytes) -> None:
        """Keeps what came, to be joined once: memory is never taken on the word of a Content-Length."""
        request = self.request
        if self._intake is not None:
            self._feed_intake(self._intake, data)
            return
        left = request.length - self._came
        if len(data) < left:
            self._pieces.append(data)
            self._came += len(data)
            return
        pieces, self._pieces = self._pieces, []
        rest = data[left:]
        if pieces:
            pieces.append(data[:left] if rest else data)
            request.body = b"".join(pieces)
        else:  # the whole, in one read of its own
            request.body = data[:left] if rest else data
        self._whole(rest)

    def _feed_intake(self, intake: Intake | StrangersBody, data: bytes) -> None:
        """A body of known length goes to the intake."""
        request = self.request
        left = request.length - intake.size
        rest = data[left:]
        try:
            intake.add(data[:left] if rest else data)
            if intake.size < request.length:
                return
            intake.finish(request)
            self._intake = None
        except NexhinaError as error:
            self._refuse(error)
            return
        self._whole(rest)


def _headers_error(options: ServerOptions) -> NexhinaError:
    return HeadersTooLargeError(
        f"The request's head is too large: at most {options.max_headers} headers "
        f"and {options.max_head} bytes are read."
    )
