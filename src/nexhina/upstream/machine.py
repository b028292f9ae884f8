"""Answers of one connection, read without I/O: `feed` bytes, then look at the state.

llhttp parses, strictly. Nobody's code runs inside its callbacks: what an answer sets off (the
pipeline goes on at once) must not meet a parser that stands in the middle of a read.
What a breach means to the connection is decided in `connection.py`.
"""

import contextlib

import httptools

from nexhina.errors import UpstreamFailure
from nexhina.ports import Headers
from nexhina.upstream.decoding import Decoder
from nexhina.upstream.memo import Memo, remember

MAX_FIELD_BYTES = 64 * 1024
FIELD_COST = 512
"""What a field counts on top of its bytes, so that one budget also bounds their number (128)."""
MAX_FRAMING_BYTES = 128 * 1024
"""Bytes in a row that bring no body: heads, interim answers, chunk headers, trailers."""
MAX_INTERIM = 8


_MOST_TRIES = 16
"""Heads of one connection that are looked at to know them again: a pattern costs as much as a call."""
_VERSIONS = frozenset(("1.1", "1.0"))


class _Breach(Exception):  # noqa: N818  (only stops llhttp; the cause is in `failure`)
    pass


class _FieldReader:
    """llhttp's callbacks for a second reading of one head: joins repeated fields, counts their cost."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.headers: Headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field."""
        self.room -= len(name) + len(value) + FIELD_COST
        if self.room < 0:
            raise _Breach
        name = name.lower()
        value = value.rstrip()
        before = self.headers.get(name)
        self.headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        """One head is enough."""
        raise _Breach


class Machine:
    """One answer at a time: `begin`, `feed`… until `complete`, `begin` again; over with a `failure`.

    Three of llhttp's callbacks are methods of a list or a dict, which run without a Python frame:
    an answer has dozens of fields. The dict keeps the first of repeated fields only; where the
    lines of the head outnumber it, `_read_slowly` reads that head once more. So repeats in a trailer
    are dropped unseen: they cost nothing.
    """

    __slots__ = (
        "_bare",
        "_decoder",
        "_fields",
        "_framing_bytes",
        "_interim",
        "_interims",
        "_limit",
        "_named",
        "_parser",
        "_reads",
        "_room",
        "_tickets",
        "_tries",
        "_until_eof",
        "_whole",
        "complete",
        "expecting",
        "failure",
        "head_done",
        "headers",
        "memo",
        "on_body",
        "on_header",
        "on_message_begin",
        "packed",
        "pieces",
        "reusable",
        "status",
        "surplus",
    )

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append
        self._fields: Headers = {}  # as they came, of the head (and trailer) being read
        self.on_header = self._fields.setdefault
        self._tickets: list[None] = []  # one for each answer that is asked for and has not begun
        self.on_message_begin = self._tickets.pop  # an IndexError where nobody asked for one
        self.expecting = False  # a request was sent and its answer is not whole
        self.surplus = False  # bytes came that no request asked for
        self.status = 0
        self.headers: Headers = {}
        self.head_done = False
        self.complete = False
        self.packed = False  # what came unfolds to more: `feed` again, in another turn of the loop
        self._whole = False  # that is the last
        self.reusable = False  # the connection may carry another request
        self.failure: UpstreamFailure | None = None
        self._bare = False
        self._limit = 0
        self._until_eof = False
        self._interim = False
        self._interims = 0
        self._room = MAX_FIELD_BYTES
        self._named = 0  # different fields of the head; what comes on top is a trailer
        self._framing_bytes = 0
        self._reads: list[bytes] | None = None  # of a head that is not whole
        self.memo: Memo | None = None  # of the last head that was the usual kind
        self._tries = _MOST_TRIES
        self._decoder: Decoder | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    @property
    def started(self) -> bool:
        """Whether a first byte came of the answer that was asked for last."""
        return not self._tickets or self._interims > 0

    def begin(self, limit: int, *, bare: bool = False) -> None:
        """Expects the next answer. `limit`: decoded bytes; `bare`: to HEAD, so without a body."""
        if not self._tickets:
            self._tickets.append(None)
        self.pieces.clear()
        self._fields.clear()
        self._reads = []
        self._interims = 0
        self._room = MAX_FIELD_BYTES
        self._framing_bytes = 0
        self._limit = limit
        self._bare = bare
        self.head_done = self.complete = self.reusable = self.packed = self._whole = False
        self.expecting = True

    def feed(self, data: bytes) -> None:  # noqa: C901  (every read comes here: no further calls)
        """Takes one read, b"" for more of what came packed; the state tells what it brought."""
        parser = self._parser
        if parser is None or self.failure is not None:
            return
        if self.packed and not data and self._decoder is not None:
            self._decode(self._decoder, b"")
            return
        if self._reads is not None:
            self._reads.append(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error.__context__, IndexError):
                self.surplus = True
            self._break(str(error))
        if self.pieces:
            self._framing_bytes = 0
            if self._decoder is not None:
                self._decode(self._decoder, self.take())
        elif not self.complete:
            self._framing_bytes += len(data)
            if self._framing_bytes > MAX_FRAMING_BYTES:
                self._break("too many bytes without a body")
        elif self._decoder is not None:
            self._decode(self._decoder, self.take())

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
                self._decode(self._decoder, self.take())
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
        self._reads = None
        self.packed = False

    # --- llhttp's callbacks: note and return, or raise _Breach ------------------------------------

    def on_headers_complete(self) -> None:
        """The head is there: what kind of answer is it, and where does it end?"""
        parser, reads, fields = self._parser, self._reads, self._fields
        assert parser is not None
        assert reads is not None
        status = parser.get_status_code()
        headers = dict(zip(map(bytes.lower, fields), map(bytes.rstrip, fields.values())))  # noqa: B905  (of one dict)
        count = self._named = len(fields)
        head = reads[0]
        end = head.find(b"\r\n\r\n")  # llhttp took no other line end
        if (
            len(reads) == 1
            and self._interims == 0
            and status >= 200
            and head.startswith(b"HTTP/1.1 ")
            and head.count(b"\n", 0, end) == len(headers)
            and end + count * FIELD_COST <= MAX_FIELD_BYTES
        ):
            self._reads = None
            if status == 200 and self._tries and not self._bare:
                self._tries -= 1
                self.memo = remember(head[: end + 4], fields)
        else:
            headers = self._read_slowly(status, parser.get_http_version())
        if status < 200:
            self._note_interim(status, headers)
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
        self._until_eof = has_body and coding is None and b"content-length" not in headers
        if has_body and b"content-encoding" in headers:
            self._choose_decoder(headers)
        self.status = status
        self.headers = headers
        self.head_done = True
        if self._bare:
            self._completed()
            raise _Breach  # llhttp would now wait for a body that never comes

    def on_message_complete(self) -> None:
        """The framing says that the answer is whole."""
        if self._interim:
            self._interim = False
            self._fields.clear()
            self._tickets.append(None)
            return
        if len(self._fields) > self._named:
            self._require_room()
        self.complete = True
        self.expecting = False
        parser = self._parser
        # To be asked here: once feed_data has returned, llhttp answers false for any length.
        self.reusable = parser is not None and parser.should_keep_alive()

    # --- the rest ---------------------------------------------------------------------------------

    def _completed(self) -> None:
        self.complete = True
        self.expecting = False

    def _read_slowly(self, status: int, version: str) -> Headers:
        """The fields of a head that is not the usual one, each by itself; raises _Breach."""
        if version not in _VERSIONS:
            raise self._refuse("the answer is not HTTP/1.1 or HTTP/1.0")
        reads, self._reads = self._reads, None
        head = b"".join(reads or ()).lstrip(b"\r\n")
        if status < 200:  # another head will follow, perhaps in the same bytes
            self._reads = [head[head.index(b"\r\n\r\n") + 4 :]]
        reader = _FieldReader(self._room)
        with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
            httptools.HttpResponseParser(reader).feed_data(head)
        self._room = reader.room
        if reader.room < 0:
            raise self._refuse("the answer has too many headers")
        return reader.headers

    def _require_room(self) -> None:
        """Raises _Breach for a trailer that is too large on top of the head."""
        cost = sum(len(name) + len(value) + FIELD_COST for name, value in self._fields.items())
        if cost > MAX_FIELD_BYTES:
            raise self._refuse("the answer has too many headers")

    def _note_interim(self, status: int, headers: Headers) -> None:
        self._interims += 1
        if status == 101 or status < 100 or self._interims > MAX_INTERIM:
            raise self._refuse("the answer changes the protocol, or never begins")
        if b"content-length" in headers or b"transfer-encoding" in headers:
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

    def _decode(self, decoder: Decoder, data: bytes) -> None:
        """Runs after llhttp's turn: replaces the read's pieces by what they unfold to, or a part of it."""
        whole = self.complete or self._whole
        self.packed = False
        try:
            if (data or decoder.pending) and (decoded := decoder.decode(data)):
                self.pieces.append(decoded)
            self.packed = decoder.pending
            self.complete, self._whole = whole and not self.packed, whole and self.packed
            if self.complete:
                self._decoder = None
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
