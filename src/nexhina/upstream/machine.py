"""Answers of one connection, read without I/O: `feed` bytes, then look at the state.

llhttp parses, strictly. Nobody's code runs inside its callbacks: what an answer sets off (the
pipeline goes on at once) must not meet a parser that stands in the middle of a read.
What a breach means to the connection is decided in `connection.py`.
"""

import httptools

from nexhina.errors import UpstreamFailure
from nexhina.ports import Headers
from nexhina.upstream.decoding import Decoder

MAX_FIELD_BYTES = 64 * 1024
FIELD_COST = 512
"""What a field counts on top of its bytes, so that one budget also bounds their number (128)."""
MAX_FRAMING_BYTES = 128 * 1024
"""Bytes in a row that bring no body: heads, interim answers, chunk headers, trailers."""
MAX_INTERIM = 8


class _Breach(Exception):  # noqa: N818  (only stops llhttp; the cause is in `failure`)
    pass


class Machine:
    """One answer at a time: `begin`, `feed`… until `complete` or `failure`, `begin` again."""

    __slots__ = (
        "_bare",
        "_decoder",
        "_framing_bytes",
        "_interim",
        "_interims",
        "_limit",
        "_parser",
        "_room",
        "_until_eof",
        "complete",
        "expecting",
        "failure",
        "head_done",
        "headers",
        "on_body",
        "pieces",
        "reusable",
        "started",
        "status",
        "surplus",
    )

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append  # llhttp's callback, without a Python frame
        self.expecting = False  # a request was sent and its answer is not whole
        self.surplus = False  # bytes came that no request asked for
        self._limit = 0
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: Headers = {}
        self.started = False  # a first byte came
        self.head_done = False
        self.complete = False
        self.reusable = False  # the connection may carry another request
        self.failure: UpstreamFailure | None = None
        self._bare = False
        self._until_eof = False
        self._interim = False
        self._interims = 0
        self._room = MAX_FIELD_BYTES
        self._framing_bytes = 0
        self._decoder: Decoder | None = None

    def begin(self, limit: int, *, bare: bool = False) -> None:
        """Expects the next answer. `limit`: decoded bytes; `bare`: to HEAD, so without a body."""
        self._reset()
        self.pieces.clear()
        self._limit = limit
        self._bare = bare
        self.expecting = True

    def feed(self, data: bytes) -> None:
        """Takes one read; the state tells what it brought."""
        parser = self._parser
        if parser is None or self.failure is not None:
            return
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(str(error))
        if self.pieces:
            self._framing_bytes = 0
            if self._decoder is not None:
                self._decode(self._decoder)
        elif not self.complete:
            self._framing_bytes += len(data)
            if self._framing_bytes > MAX_FRAMING_BYTES:
                self._break("too many bytes without a body")
        elif self._decoder is not None:
            self._decode(self._decoder)

    def take(self) -> bytes:
        """The body's bytes since the last call, in one piece."""
        pieces = self.pieces
        if not pieces:
            return b""
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return piece

    def eof(self) -> None:
        """The vendor closed its side: the end of a body without a length, else a cut."""
        if not self.expecting or self.failure is not None:
            return
        if self.head_done and self._until_eof:
            self._completed()
            if self._decoder is not None:
                self._decode(self._decoder)
        else:
            where = "before the answer" if not self.started else "in the middle of the answer"
            self.cut(f"the connection was closed {where}")

    def cut(self, detail: str) -> None:
        """The connection broke; what was expected will not come."""
        if self.expecting and self.failure is None:
            self.failure = UpstreamFailure("closed", detail)

    def close(self) -> None:
        """Lets go of the parser, which refers back to this machine."""
        self._parser = None

    # --- llhttp's callbacks: note and return, or raise _Breach ------------------------------------

    def on_message_begin(self) -> None:
        """A first byte: of an answer that is expected, or not."""
        if not self.expecting:
            self.surplus = True
            raise _Breach
        self.started = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head, or of the trailer."""
        room = self._room = self._room - len(name) - len(value) - FIELD_COST
        if room < 0:
            raise self._refuse("the answer has too many headers")
        if self.head_done:
            return  # a trailer
        headers = self.headers
        name = name.lower()
        value = value.rstrip(b" \t")  # llhttp leaves the white space behind a value in
        if name in headers:
            value = headers[name] + b", " + value
        headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is there: what kind of answer is it, and where does it end?"""
        parser = self._parser
        assert parser is not None
        version = parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise self._refuse("the answer is not HTTP/1.1 or HTTP/1.0")
        status = parser.get_status_code()
        headers = self.headers
        if status < 200:
            self._note_interim(status)
            return
        if status == 407:  # the vendor never saw the request: a proxy spoke in its place
            detail = "the proxy wants other credentials"
            self.failure = UpstreamFailure("connect", detail, sent=False)
            raise _Breach
        coding = headers.get(b"transfer-encoding")
        # RFC 9112 section 6.3: any other coding leaves the end unknown.
        if coding is not None and coding.lower() != b"chunked":
            raise self._refuse("the answer has an unknown transfer coding")
        has_body = not self._bare and status not in {204, 304}
        if has_body:
            self._until_eof = coding is None and b"content-length" not in headers
            if b"content-encoding" in headers:
                self._choose_decoder(headers)
        self.status = status
        self.head_done = True
        if self._bare:
            self._completed()
            raise _Breach  # llhttp would now wait for a body that never comes

    def on_message_complete(self) -> None:
        """The framing says that the answer is whole."""
        if self._interim:
            self._interim = False
            self.headers = {}
            return
        self._completed()
        parser = self._parser
        # To be asked here: once feed_data has returned, llhttp answers false for any length.
        self.reusable = parser is not None and parser.should_keep_alive()

    # --- the rest ---------------------------------------------------------------------------------

    def _completed(self) -> None:
        self.complete = True
        self.expecting = False

    def _note_interim(self, status: int) -> None:
        self._interims += 1
        if status == 101 or status < 100 or self._interims > MAX_INTERIM:
            raise self._refuse("the answer changes the protocol, or never begins")
        if b"content-length" in self.headers or b"transfer-encoding" in self.headers:
            raise self._refuse("an interim answer has a body")
        self._interim = True

    def _choose_decoder(self, headers: Headers) -> None:
        """The body is handed over decoded, so its coding and length leave the headers."""
        coding = headers[b"content-encoding"].strip().lower()
        if coding in {b"", b"identity"}:
            return
        try:
            self._decoder = Decoder(coding, self._limit)
        except ValueError as error:
            raise self._refuse(str(error)) from None
        del headers[b"content-encoding"]
        headers.pop(b"content-length", None)

    def _decode(self, decoder: Decoder) -> None:
        """Runs after llhttp's turn: replaces the read's pieces by what they unfold to."""
        data = self.take()
        try:
            if data and (decoded := decoder.decode(data)):
                self.pieces.append(decoded)
            if self.complete:
                decoder.finish()
        except ValueError as error:
            self._refuse(str(error))

    def _refuse(self, detail: str) -> _Breach:
        self.failure = UpstreamFailure("protocol", detail)
        self.reusable = False
        return _Breach()

    def _break(self, reason: str) -> None:
        """A breach after the end spoils only the connection; before it, the answer."""
        self.reusable = False
        if self.expecting and self.failure is None:
            self.failure = UpstreamFailure("protocol", f"the answer is not HTTP: {reason}")
