"""The whole life of a request, top to bottom: read this file first.

    authenticate → read → plan → admit (hold) → attempt … → relay → settle → record

`run` is a coroutine that the exchange drives step by step (tasks.Steps): it suspends only while the
vendor is silent, while the journal writes, and in the rare slow steps (a key or an account that
memory does not know yet, pictures to store). No SQL, no logging and no task on the steady path.
How bytes of a format are read is the dialects' business, who may serve the planner's, what it costs
the tariff's; nothing here knows a vendor or parses JSON.
"""

import logging

import msgspec

from nexhina.contract.header import COST, IDEMPOTENCY_KEY, X_CHANNEL, X_TENANT_ID, read_key
from nexhina.contract.operation import Operation
from nexhina.contract.route import Route
from nexhina.dialects.dialect import Dialect, Peek
from nexhina.domain.identity import Principal
from nexhina.domain.money import write_usd
from nexhina.domain.usage import Usage
from nexhina.errors import (
    ClientGone,
    InternalError,
    InvalidApiKeyError,
    JournalError,
    NexhinaError,
    PermissionDeniedError,
    UpstreamError,
)
from nexhina.identity.key import digest_key
from nexhina.pipeline.admission import Admission
from nexhina.pipeline.attempts import Attempts, Sent, Whole
from nexhina.pipeline.bound import IMAGES
from nexhina.pipeline.life import CLIENT_LEFT, Life, begin_life, read_lines
from nexhina.pipeline.media import MediaLinks
from nexhina.pipeline.plan import Planner
from nexhina.pipeline.relay import Relay
from nexhina.pipeline.replay import Replays
from nexhina.pipeline.responses import Responses
from nexhina.ports import (
    MISS,
    Client,
    Clock,
    Closing,
    Directory,
    Inbound,
    Journal,
    Metrics,
    Opening,
    StoredAnswer,
)
from nexhina.tasks import Wait

_log = logging.getLogger("nexhina.pipeline")

RESPONSES = Operation.RESPONSES


class Pipeline(msgspec.Struct, kw_only=True, eq=False):
    """The stages and what they stand on; one for the whole process."""

    directory: Directory
    planner: Planner
    admission: Admission
    attempts: Attempts
    journal: Journal
    replays: Replays
    responses: Responses
    media: MediaLinks
    metrics: Metrics
    clock: Clock
    commit_after: float  # seconds until a silent stream is answered with a ping
    waiting: set[Life] = msgspec.field(default_factory=set[Life])  # streams without content yet

    async def run(
        self,
        route: Route,
        dialect: Dialect,
        call: Inbound,
        client: Client,
        peek: Peek | None = None,
    ) -> None:
        """Serves one call. What it raises is rendered by the gateway, and nothing was charged."""
        headers = call.headers
        principal = self.find_caller(call) or await self.load_caller(call)
        life = begin_life(route, call, client, principal, self.clock.now())
        row = life.row
        try:
            if X_TENANT_ID in headers:
                self.require_tenant(principal, headers[X_TENANT_ID])
            life.peek = peek = peek or dialect.peek(call)
            row.model, row.stream = peek.model, peek.stream
            life.plan = self.planner.plan(
                principal, route, peek, headers.get(X_CHANNEL), row.created_at
            )
            if peek.previous_id is not None:
                await self.responses.recall(life)
            if route.idempotent_key and IDEMPOTENCY_KEY in headers:
                stored = await self.replays.find(life)
                if stored is not None:
                    await self.serve_again(life, stored)
                    return
            while not self.admission.admit(life):
                await self.admission.load(life)
            self.journal.opened(Opening(row, principal.accounts))
            if peek.stream:
                await self.serve_stream(life)
            else:
                await self.serve_whole(life)
        except Exception as error:
            await self.fall(life, error)
            raise

    async def go_on(self, life: Life, sent: Sent) -> None:
        """Serves a call whose first attempt steady.py has sent."""
        try:
            await self.serve_whole(life, sent)
        except Exception as error:
            await self.fall(life, error)
            raise

    async def break_off(self, life: Life, error: Exception) -> None:
        """Ends a call that steady.py could not go on with."""
        await self.fall(life, error)
        raise error

    async def fall(self, life: Life, error: Exception) -> None:
        """Closes a call that `error` ended; what the gateway has to render instead is raised."""
        if isinstance(error, ClientGone):
            life.row.status, life.row.error_code = CLIENT_LEFT, "client_left"
            await self.settle(life, self.admission.usage_so_far(life))
        elif isinstance(error, NexhinaError):
            await self.refuse(life, error)
        elif isinstance(error, JournalError):
            gone = self.give_up(life, error)
            await self.replays.revoke(life)
            raise gone from error
        else:
            await self.refuse(life, InternalError())

    # --- who calls --------------------------------------------------------------------------

    def find_caller(self, call: Inbound) -> Principal | None:
        """The principal of the call's key; None when memory does not know the key yet."""
        found = self.directory.find(digest_key(read_key(call.headers, call.query)))
        if found is MISS:
            return None
        if found is None or found.token.status != "enabled":
            raise InvalidApiKeyError
        return found

    def refuse_strangers(self, call: Inbound) -> None:
        """Refuses a large body before it is read where memory knows that nobody is calling."""
        self.find_caller(call)

    def knows_caller(self, call: Inbound) -> bool:
        """Whether memory knows who calls; raises InvalidApiKeyError where it knows that nobody does."""
        return self.find_caller(call) is not None

    async def load_caller(self, call: Inbound) -> Principal:
        """The principal of a key that memory did not know."""
        found = await self.directory.load(digest_key(read_key(call.headers, call.query)))
        if found is None or found.token.status != "enabled":
            raise InvalidApiKeyError
        return found

    async def authenticate(self, call: Inbound) -> Principal:
        """Who calls, for routes that need no more; their tenant may be named, but only theirs."""
        principal = self.find_caller(call) or await self.load_caller(call)
        if X_TENANT_ID in call.headers:
            self.require_tenant(principal, call.headers[X_TENANT_ID])
        return principal

    def require_tenant(self, principal: Principal, raw: bytes) -> None:
        """Refuses an X-Tenant-Id that names another tenant; unknown and foreign read the same."""
        asked = raw.decode("latin-1")
        if asked and asked not in {principal.tenant.slug, str(principal.tenant.id)}:
            raise PermissionDeniedError(
                f"This API key may not act for the tenant {asked!r}, or there is no such tenant. "
                "Leave X-Tenant-Id away to use the key's own.",
                param="X-Tenant-Id",
            )

    # --- the two shapes of an answer ----------------------------------------------------------

    async def serve_whole(self, life: Life, sent: Sent | None = None) -> None:
        """One answer in one piece: attempt, price, settle, send."""
        whole = await self.attempts.serve(life, sent)
        assert isinstance(whole, Whole)
        assert life.plan is not None
        peek, candidate = life.peek, whole.candidate
        assert peek is not None
        body, usage = whole.body, whole.answer.usage
        if usage is None:
            answer = whole.answer
            usage = self.admission.estimate(life, answer.text_bytes, answer.counted)
        else:
            usage = self.admission.complete(life, usage, whole.answer.text_bytes)
        if candidate.rewrites:
            body = candidate.dialect.write_answer(
                peek, body, candidate.upstream_model, life.plan.offer.name
            )
        life.charge(usage)  # before anything is waited for: the vendor's work is done
        if life.row.operation in IMAGES:
            body = await self.media.link_pictures(life, body, whole.cut)
        if life.row.operation is RESPONSES:
            await self.responses.keep(life, body)
        life.row.status = 200
        kind = whole.answer.kind or whole.headers.get(b"content-type", b"application/json")
        head = [(b"content-type", kind)]
        lines = b"%b%b: %b\r\n" % (
            life.answer_lines(self.clock.monotonic()),
            COST,
            write_usd(life.row.charge_nano),
        )
        if life.idempotency_key is not None:
            await self.replays.keep(life, 200, head + read_lines(lines), body)
        await self.record(life)
        self.book(life)
        life.client.answer(200, head, body, lines)

    async def serve_again(self, life: Life, stored: StoredAnswer) -> None:
        """The answer of an earlier call with the same Idempotency-Key; it was charged then."""
        await self.record(life)
        self.book(life)
        headers = [*stored.headers, (b"idempotency-replayed", b"true")]
        life.client.answer(stored.status, headers, stored.body)

    async def serve_stream(self, life: Life) -> None:
        """Events or sound as they come; what ends the answer waits for the journal."""
        raw = life.peek is not None and life.peek.raw
        kept = self.replays.record(life)
        if not raw:  # a ping would be heard
            self.waiting.add(life)
        try:
            relay = await self.attempts.serve(life)
        except NexhinaError as error:
            if not life.client.started:
                raise
            await self.refuse(life, error)  # a ping has begun the answer: its end is an error event
            life.client.end(life.served()[0].dialect.write_stream_error(error))
            return
        finally:
            self.waiting.discard(life)
        assert isinstance(relay, Relay)
        try:
            await relay.done
        except ClientGone:
            relay.cancel()
            raise
        candidate, _ = life.served()
        life.row.status = 200
        end = relay.tail
        if relay.failure is not None:
            error = UpstreamError(
                "The channel broke off in the middle of its answer; what came so far is charged. Ask again."
            )
            life.row.error_code = error.code
            self.attempts.broke_off(life, relay.failure)
            end = candidate.dialect.write_stream_error(error)
            if life.row.operation is RESPONSES:
                end = self.responses.number(end, life.watch)
        elif kept is not None:
            await self.replays.keep_stream(life, kept, end)
        await self.settle(life, self.admission.usage_so_far(life))
        if life.row.operation is RESPONSES and relay.failure is None:
            await self.responses.keep_streamed(life)
        if raw and relay.failure is not None:
            life.client.abort()  # no bytes of sound can say it
        else:
            life.client.end(end)

    def tick(self) -> None:
        """Once a second: streams that have waited long get their head and a ping (a comment)."""
        now = self.clock.monotonic()
        for life in list(self.waiting):
            if now - life.pinged_at >= self.commit_after:
                life.ping(now)

    # --- how it ends ---------------------------------------------------------------------------

    async def settle(self, life: Life, usage: Usage | None) -> None:
        """Closes the call with the usage's charge; None: nothing was used."""
        if life.closed:
            return
        if usage is not None:
            life.charge(usage)
        await self.close(life)

    async def refuse(self, life: Life, error: NexhinaError) -> None:
        """Closes a call that got no answer: nothing is charged, the row says why."""
        if life.closed:
            return
        error.headers += read_lines(life.answer_lines(self.clock.monotonic()))
        life.note_error(error)
        life.waive()
        await self.close(life)

    async def close(self, life: Life) -> None:
        """Ends a call whose answer is not to be had again under its Idempotency-Key."""
        if life.idempotency_key is not None:
            await self.replays.forget(life)
        try:
            await self.record(life)
        except JournalError as error:
            gone = self.give_up(life, error)
            await self.replays.revoke(life)
            raise gone from error
        self.book(life)

    def give_up(self, life: Life, error: JournalError) -> InternalError:
        """What is not in the journal is neither charged nor answered."""
        self.admission.settle(life, 0)
        _log.error("the journal can't be written, call %s does not count: %s", life.row.id, error)
        return InternalError()

    def record(self, life: Life) -> Wait[None]:
        """Resolved when the journal has the row; from then on the call counts, whatever happens."""
        life.end(self.clock.monotonic())
        return self.journal.closed(Closing(life.row, life.principal.accounts))

    def book(self, life: Life) -> None:
        """Turns the hold into the row's charge, and counts the call. Follows `record` at once."""
        self.admission.settle(life, life.row.charge_nano)
        self.metrics.call_ended(life.row)
