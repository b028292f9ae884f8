"""The seams between rooms: what the pipeline needs of the world, and what the edges need of it.

Implementations live in gateway, upstream, storage, blobs and telemetry; `app` joins them.
Methods without `async` do no I/O and return at once; those that return a `Wait` are awaited by steps.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import msgspec

from nexhina.domain.identity import Principal
from nexhina.domain.log import LogRow
from nexhina.domain.snapshot import Snapshot
from nexhina.errors import HeaderList, JournalError, NexhinaError, UpstreamFailure
from nexhina.tasks import Wait

Headers = dict[bytes, bytes]
"""Header fields by lower-case name; a repeated field's values are joined by ", "."""


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        ...


# --- the client's side of a call (implemented by gateway) -------------------------------------


class Spool(Protocol):
    """A body that lies in a file without a name, gone when the last user lets go of it."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        ...


class Slice(msgspec.Struct, frozen=True):
    """A part of a spooled body."""

    spool: Spool
    offset: int
    length: int


class Segments(msgspec.Struct, frozen=True):
    """A request body in pieces, so that an upload is never whole in memory. May be sent again."""

    pieces: tuple[bytes | Slice, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(each) if isinstance(each, bytes) else each.length for each in self.pieces)


Body = bytes | bytearray | Segments
"""What an upstream sends."""


class Scan(Protocol):
    """Reads a large body while it arrives."""

    def feed(self, data: bytes) -> None:
        """The next piece; raises InvalidRequestError."""
        ...

    def finish(self) -> None:
        """The body is whole; raises InvalidRequestError."""
        ...


class Inbound(msgspec.Struct, kw_only=True):
    """A request as it arrived: head checked, body whole, in `body` or in `upload`."""

    id: str  # x-nexhina-id: UUIDv7
    request_id: str  # the caller's X-Request-Id, else `id`
    method: str
    path: str  # percent-decoded, without the query
    params: Mapping[str, str]  # path parameters
    query: bytes  # raw, without "?"
    headers: Headers
    body: bytes | bytearray
    upload: Spool | None = (
        None  # the body of a route with `spool`, where it is large; then `body` is empty
    )
    scan: Scan | None = None  # what has read the upload, or a smaller form, to its end
    peer: str  # address of the caller, after trusted proxies
    received: float  # Clock.monotonic() when its first byte was read
    prepared: bytes | None = None  # what its handler's `prepare` said of the head


class Running(Protocol):
    """A call under way that is no coroutine."""

    def throw(self, error: Exception) -> None:
        """Breaks the call off, now or when it may be: its caller left."""
        ...


class Client(Protocol):
    """Where the answer goes. Exactly one of `answer` or `start`…`end` | `abort` is called.

    The gateway adds x-request-id, x-nexhina-id and CORS to every head, and frames what is written.
    """

    gone: bool  # the caller hung up; writing is allowed and goes nowhere
    started: bool  # a head has been sent

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        """Sends a whole answer in one write. `lines`: more header lines, each ended by CRLF."""
        ...

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        """`answer` of status 200 with the content type `kind` and no other header."""
        ...

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        """Begins a streamed answer; its head travels with the first `write` or alone after this turn.

        With a content-length among `headers` exactly that many bytes must be written.
        """
        ...

    def write(self, data: bytes) -> None:
        """Sends one piece, framed, in one write."""
        ...

    def end(self, data: bytes = b"") -> None:
        """Sends the last piece and the end of the framing, in one write."""
        ...

    def abort(self) -> None:
        """Breaks the answer off: the connection closes without an end of the framing."""
        ...

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Asks to be told when the caller reads too slowly, and when it has caught up."""
        ...

    def conclude(self, error: BaseException | None) -> None:
        """The call's steps are over: what they raised, if anything, is answered."""
        ...


class Handler(msgspec.Struct, kw_only=True):
    """What serves one route. `run` is driven as steps; what it raises is rendered by `write_error`.

    When the caller leaves, `ClientGone` is thrown into the running steps. `begin`, where there is
    one, is asked in the place of `run`: it may serve the call by callbacks. `prepare` is asked once
    for each distinct head of a connection, and what it returns is the request's `prepared`. `knows`
    tells whether memory knows the caller, before a large body is read; raises where nobody calls.
    """

    run: Callable[[Inbound, Client], Coroutine[Any, Any, None]]
    begin: Callable[[Inbound, Client], Coroutine[Any, Any, None] | Running] | None = None
    prepare: Callable[[Inbound], bytes | None] | None = None
    knows: Callable[[Inbound], bool] | None = None
    write_error: Callable[[NexhinaError], tuple[int, HeaderList, bytes]]
    max_body: int  # bytes
    spool: bool = False  # forms above 1 MiB are kept on disk while they arrive
    max_upload: int = 0  # bytes of such a form; 0: `max_body`
    scan: Callable[[bytes], Scan] | None = None  # by Content-Type; raises what refuses the form


# --- the vendor's side (implemented by upstream) ------------------------------------------------


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where connections go; equal origins share a pool. `scheme` "sandbox" stays in the process."""

    scheme: str  # http | https | sandbox
    host: str
    port: int
    proxy: str | None = (
        None  # http://user:pass@host:port (CONNECT for https) | socks5://… | socks5h://…
    )
    ca_file: str | None = None


class Polling(msgspec.Struct, frozen=True, kw_only=True):
    """How a vendor's task is followed: it is sent once and then asked for until it has ended.

    `id` and `state` are the keys to the task's id in the accepting answer and to its state in later
    ones. A state that is not in `running` has ended, well or not: that is for the dialect to read.
    """

    path: str  # of the GET, with "{id}" for the task's
    id: tuple[str, ...]
    state: tuple[str, ...]
    running: frozenset[str]
    head: bytes = b""  # more header lines of the submission, each ended by CRLF
    head_on_poll: bool = False  # … and of the polls
    first: float = 1.0  # seconds until the first poll
    most: float = 5.0  # … and at most between two


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One route of one channel, prepared once: request line and head are ready bytes.

    `head` = all header lines but Content-Length, each ended by CRLF, without the empty line.
    """

    origin: Origin
    method: str
    path: str  # with query
    head: bytes
    headers: Headers  # the same headers, for transports that are not a wire
    polling: Polling | None = None  # the answer is made meanwhile and must be asked for


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that an attempt may take, and the largest whole answer in bytes."""

    connect: float = 10.0
    first_byte: float = 600.0  # from the request's last byte to the answer's head
    idle: float = 120.0  # between two reads of the answer, while we want to read
    total: float = 1800.0
    max_body: int = 64 * 1024 * 1024
    once: bool = False  # a new connection, and no second try: the request must not arrive twice


class Sink(Protocol):
    """Takes the body of a streamed reply as it comes."""

    def data(self, piece: bytes) -> None:
        """A piece of the body, in order; never empty."""
        ...

    def ended(self) -> None:
        """The body is whole (its framing said so)."""
        ...

    def failed(self, failure: Exception) -> None:
        """The body broke off: an UpstreamFailure."""
        ...


class Reply(Protocol):
    """An upstream answer whose head has arrived."""

    status: int
    whole: bytes | None
    """The whole body when it came with the head; None: `read` it."""

    @property
    def headers(self) -> Headers:
        """The head's fields."""
        ...

    @property
    def kind(self) -> bytes | None:
        """The content type."""
        ...

    def read(self) -> Wait[bytes]:
        """The whole body, at most Limits.max_body; fails with UpstreamFailure."""
        ...

    def attach(self, sink: Sink) -> None:
        """Sends the body to `sink`, what is there already before this call returns."""
        ...

    def pause(self) -> None:
        """Stops reading from the vendor (the caller is slow); the idle limit stops too."""
        ...

    def resume(self) -> None:
        """Reads on."""
        ...

    def cancel(self) -> None:
        """Gives the answer up: the connection is closed unless the body is already whole."""
        ...


class Exchange(Protocol):
    """One attempt under way."""

    reply: Wait[Reply]
    """Resolved at the answer's head (1xx skipped); fails with UpstreamFailure."""

    def cancel(self) -> None:
        """Gives the attempt up at once, at any stage."""
        ...


class Waiter(Protocol):
    """Who is told of an attempt's first answer; exactly one of the two is called, once."""

    def resolve(self, value: Reply, /) -> None:
        """The answer's head has arrived (1xx skipped)."""
        ...

    def fail(self, error: UpstreamFailure, /) -> None:
        """It will not come."""
        ...


class Wire(Protocol):
    """Upstreams that tell a waiter, without an Exchange: what the steady path needs."""

    def dispatch(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes,
        waiter: Waiter,
    ) -> Reply:
        """Starts an attempt; never raises. The reply, to be cancelled before it has begun."""
        ...


class Upstream(Protocol):
    """Sends requests to vendors. No retry but of a dead pooled connection before its first byte."""

    def send(
        self,
        target: Target,
        body: Body,
        limits: Limits,
        extra: bytes = b"",
    ) -> Exchange:
        """Starts an attempt; never raises. `extra` = more header lines, each ended by CRLF."""
        ...


# --- memory and books (implemented by storage) --------------------------------------------------


class Miss(Enum):
    """The one value of `Directory.find` for a digest that memory does not know yet."""

    MISS = "miss"


MISS = Miss.MISS


class Directory(Protocol):
    """Keys and configuration in memory."""

    def find(self, digest: bytes) -> Principal | Miss | None:
        """The principal of SHA-256(key); None: no such key, or it has expired; MISS: ask `load`."""
        ...

    async def load(self, digest: bytes) -> Principal | None:
        """Asks the database once for all that wait (single-flight) and remembers the answer."""
        ...

    def snapshot(self) -> Snapshot:
        """The newest models, channels and prices."""
        ...


class AccountState(msgspec.Struct, kw_only=True):
    """A ledger account when it was loaded, in nano-USD. `floor` None: may go below any sum."""

    id: str
    balance: int
    floor: int | None
    earmarked: int = 0  # set aside for jobs that are not over


class Opening(msgspec.Struct, array_like=True, gc=False):
    """Journal record when a hold is opened: enough to write an `abandoned` row after a crash."""

    row: LogRow
    accounts: tuple[str, ...]


class Closing(msgspec.Struct, array_like=True, gc=False):
    """Journal record of a call's end: `row.charge_nano` is drawn from each of `accounts`."""

    row: LogRow
    accounts: tuple[str, ...]


class Ledger(Protocol):
    """Double-entry accounts. A charge on a set of accounts is booked on all or none."""

    async def load_accounts(self, ids: Sequence[str]) -> tuple[AccountState, ...]:
        """Their booked state; an unknown id raises KeyError."""
        ...


class Journal(Protocol):
    """The write-ahead record of money, and the queue to the books behind it."""

    def opened(self, opening: Opening) -> None:
        """Notes a call that may be charged; written with the turn's other records."""
        ...

    def closed(self, closing: Closing) -> Wait[None]:
        """Notes a call's end; resolved (shielded) once its bytes were handed to the system.

        Its row and ledger entries are committed in a batch soon after, exactly once, also if the
        process dies in between. Fails with a JournalError when the journal can't be written.
        """
        ...

    def note(self, closing: Closing, done: Callable[[JournalError | None], None]) -> None:
        """`closed` with a callback instead of a wait: called once, with the error where it fails."""
        ...


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer kept for its Idempotency-Key."""

    status: int
    headers: HeaderList
    body: bytes


class Idempotency(Protocol):
    """Answers by (token, key), 24 hours."""

    async def begin(self, token_id: int, key: str, body_hash: bytes) -> StoredAnswer | None:
        """The stored answer, or None: the caller is the first and must `finish` or `forget`.

        Raises ConflictError when the body differs, or while the first call still runs.
        """
        ...

    async def finish(self, token_id: int, key: str, answer: StoredAnswer) -> None:
        """Keeps the answer of the first call."""
        ...

    async def forget(self, token_id: int, key: str) -> None:
        """Lets the key be used again: the first call failed and cost nothing."""
        ...

    async def revoke(self, token_id: int, key: str) -> None:
        """Takes back an answer that was kept: its call does not count, so nobody may have it."""
        ...


class StoredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A Response object and the input it answered, kept for its tenant. Times in Unix seconds."""

    tenant_id: int
    id: str
    channel_id: int
    native: bool  # the vendor stores it too: only this channel can go on from it
    model: str
    created_at: float
    expires_at: float
    answer: bytes  # the Response object as JSON
    items: bytes  # the request's own input items, a JSON list
    previous_id: str | None
    key_mark: str = ""  # which of the channel's keys it was made with; "" where that is not known


class ResponseStore(Protocol):
    """Responses by (tenant, id); what has expired is not found."""

    async def save(self, response: StoredResponse) -> None:
        """Keeps it; it can be found, also after a crash, once this returns."""
        ...

    async def find(self, tenant_id: int, name: str) -> StoredResponse | None:
        """The tenant's response."""
        ...

    async def find_chain(
        self,
        tenant_id: int,
        name: str,
        most: int,
        most_bytes: int,
    ) -> list[StoredResponse]:
        """The response and those it goes on from, newest first, up to one that is gone or a bound."""
        ...

    async def update(self, tenant_id: int, name: str, answer: bytes) -> bool:
        """Puts a newer answer into the response; whether there (still) was one."""
        ...

    async def remove(self, tenant_id: int, name: str) -> bool:
        """Whether there was one to remove."""
        ...


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file."""

    name: str  # "<id>.<ext>"
    content_type: str
    size: int
    data: bytes


class BlobWriter(Protocol):
    """A file that is being stored, piece by piece; nobody can read it before `commit`.

    One call at a time. What raises has abandoned the file already.
    """

    size: int  # bytes taken so far

    async def append(self, piece: bytes) -> None:
        """Takes the next bytes, and returns when there is room for more.

        Raises InsufficientQuotaError when the tenant's media would exceed their quota.
        """
        ...

    async def commit(self) -> str:
        """Makes it a file under the type that its bytes show; returns the name "<id>.<ext>".

        Raises InsufficientQuotaError.
        """
        ...

    async def abandon(self) -> None:
        """Takes back what was written; does nothing after `commit` or a second time."""
        ...


class Blobs(Protocol):
    """Media that answers link to."""

    async def begin(self, tenant_id: int, content_type: str) -> BlobWriter:
        """Opens a file. `content_type` is what the sender says: it counts for plain text only."""
        ...

    async def put(self, tenant_id: int, content_type: str, data: bytes) -> str:
        """Stores the bytes; returns the name "<id>.<ext>"."""
        ...

    async def get(self, name: str) -> Media | None:
        """The stored file, None when there is none (any more)."""
        ...

    async def remove(self, name: str) -> None:
        """Removes the file before its time, if it is there."""
        ...

    def link(self, name: str) -> str:
        """A signed path with an expiry: /media/<name>?exp=…&sig=… for `name`."""
        ...


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a fetch."""

    size: int  # bytes that were handed over
    content_type: str  # as the server says; "" when it says none


class Fetcher(Protocol):
    """Reads addresses that callers and vendors give (implemented by upstream)."""

    async def fetch(
        self,
        url: str,
        into: Callable[[bytes], Coroutine[Any, Any, None]],
        *,
        most: int,
        origin: Origin | None = None,
        seconds: float | None = None,
    ) -> Fetched:
        """Hands the body to `into` (a BlobWriter's `append`), read no faster than that takes it.

        Run it in a task, not in steps. `most` bytes; `origin` is where the channel lives that gave
        the address: its host and port are allowed though they be private. `seconds` in all; None:
        the fetcher's own limit. Raises FetchError.
        """
        ...


class Metrics(Protocol):
    """Counters in memory; no tenant or key as label."""

    @property
    def call_ended(self) -> Callable[[LogRow], None]:
        """Counts a finished call, whose row does not change any more. An attribute: it may be bound."""
        ...

    def alike(self, row: LogRow) -> Callable[[LogRow], None]:
        """`call_ended` for rows that differ from this one only in times, lines and charge."""
        ...

    def attempt_failed(self, provider: str, kind: str) -> None:
        """Counts a failed attempt by cause."""
        ...
