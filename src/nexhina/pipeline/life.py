"""The facts of one call while it lives, and the log row that they end in."""

from typing import TYPE_CHECKING

import msgspec

from nexhina.contract import header
from nexhina.contract.route import Route
from nexhina.dialects.dialect import Outgoing, Peek, StreamWatch
from nexhina.dialects.dropped import write_header
from nexhina.domain.identity import CHANNEL_SEE, Principal
from nexhina.domain.log import LogRow
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList, NexhinaError
from nexhina.ports import Client, Inbound, Target

if TYPE_CHECKING:
    from nexhina.pipeline.plan import Candidate, Plan
    from nexhina.pipeline.purse import Hold

CLIENT_LEFT = 499
"""Status on the row of a call whose caller hung up (nothing was sent; nginx's convention)."""

STREAM_HEAD: HeaderList = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]

_UNSENT_LINES = b"%b: 0\r\n%b: %%.3f\r\n" % (header.ATTEMPTS, header.OVERHEAD_MS)
_SENT_LINES = b"%b: %%b\r\n%b: %%b\r\n%b: %%d\r\n%b: %%.3f\r\n" % (
    header.LANE,
    header.CHANNEL,
    header.ATTEMPTS,
    header.OVERHEAD_MS,
)


class Life(msgspec.Struct, eq=False):
    """One call from its authentication to its row. Times are monotonic seconds."""

    call: Inbound
    client: Client
    principal: Principal
    row: LogRow
    sent_at: float  # when the newest attempt left
    ready_at: float  # when the vendor's part was done
    pinged_at: float
    peek: Peek | None = None
    plan: "Plan | None" = None
    hold: "Hold | None" = None
    candidate: "Candidate | None" = None  # of the newest attempt
    target: Target | None = None  # … and the key it went out with
    watch: StreamWatch | None = None  # of the stream that serves
    idempotency_key: str | None = None  # held in the store until kept or forgotten
    kept_key: str | None = None  # … under which the answer lies there
    outgoing: Outgoing | None = None  # what that attempt sent
    closed: bool = False
    trace: list[str] | None = None

    def note(self, text: str) -> None:
        """One step of the decision trace."""
        if self.trace is None:
            self.trace = []
        self.trace.append(text)

    def served(self) -> "tuple[Candidate, Peek]":
        """The candidate of the newest attempt and the request it serves."""
        assert self.candidate is not None
        assert self.peek is not None
        return self.candidate, self.peek

    def charge(self, usage: Usage) -> None:
        """Prices the usage at the serving candidate's tariff."""
        assert self.candidate is not None
        tariff = self.candidate.tariff
        row = self.row
        row.charge_nano, row.lines = tariff.charge(usage)
        row.estimated = usage.estimated
        row.unpriced = not self.candidate.priced and not row.charge_nano

    def waive(self) -> None:
        """Nothing is charged."""
        self.row.charge_nano = 0
        self.row.lines = ()
        self.row.estimated = self.row.unpriced = False

    def note_error(self, error: NexhinaError) -> None:
        """The caller gets this error."""
        self.row.status = error.status
        self.row.error_code = error.code

    def end(self, now: float) -> None:
        """Completes the row for the journal."""
        self.closed = True
        row, received = self.row, self.call.received
        row.total_us = int((now - received) * 1e6)
        candidate, outgoing = self.candidate, self.outgoing
        if candidate is not None and outgoing is not None:
            row.channel_id, row.channel_name = candidate.channel.id, candidate.channel.name
            row.upstream_model = candidate.upstream_model
            row.dialect_out = candidate.dialect.name
            row.lane = outgoing.lane
            row.queue_us = int((self.sent_at - received) * 1e6)
            if self.ready_at > received:
                row.first_byte_us = int((self.ready_at - received) * 1e6)
        if self.trace is not None:
            row.trace = tuple(self.trace)
        elif self.plan is not None:
            row.trace = self.plan.told

    def ping(self, now: float) -> None:
        """A stream without content yet gets its head and a comment, to keep its caller waiting."""
        candidate = self.candidate
        if candidate is None or self.client.gone:
            return
        self.pinged_at = now
        if not self.client.started:
            self.client.start(200, STREAM_HEAD, self.answer_lines(now))
        self.client.write(candidate.dialect.write_ping())

    def answer_lines(self, now: float) -> bytes:
        """The x-nexhina-* header lines of an answer whose bytes are ready at `now`."""
        row = self.row
        # Ours is the time before the attempt that served and after its vendor was done.
        ours = self.sent_at - self.call.received
        if self.ready_at > self.sent_at:
            ours += now - self.ready_at
        candidate, outgoing = self.candidate, self.outgoing
        if candidate is None or outgoing is None:
            return _UNSENT_LINES % (ours * 1000)
        sees = CHANNEL_SEE in self.principal.token.permissions
        lines = _SENT_LINES % (
            outgoing.lane.encode(),
            candidate.label if sees else candidate.public_label,
            row.attempts,
            ours * 1000,
        )
        if outgoing.dropped:
            lines += b"%b: %b\r\n" % (header.DROPPED, write_header(outgoing.dropped))
        return lines


def begin_life(
    route: Route, call: Inbound, client: Client, principal: Principal, now: float
) -> Life:
    """The life of a call whose caller is known; `now` in Unix seconds."""
    token = principal.token
    received = call.received
    row = LogRow(
        id=call.id,
        request_id=call.request_id,
        created_at=now,
        tenant_id=principal.tenant.id,
        user_id=token.user_id,
        token_id=token.id,
        token_name=token.name,
        operation=route.operation,
        dialect_in=route.dialect,
    )
    return Life(call, client, principal, row, received, received, received)


def read_lines(lines: bytes) -> HeaderList:
    """Header lines as fields, for answers that are stored or rendered elsewhere."""
    fields = (line.partition(b": ") for line in lines.split(b"\r\n") if line)
    return [(name, value) for name, _, value in fields]
