"""The life of the most frequent call without a coroutine: one whole answer, from the first attempt.

The stages and their order are pipeline.py's. What is the same for all calls of one key to one model
was worked out before (course.py); the vendor's answer and the journal's word come as callbacks. All
that is not plain sailing is pipeline.py's: a key or an account that memory does not know, a stream,
a wish in the headers, a refusal, an ailing channel; and what turns out so on the way goes over to
its coroutine with all that is known: a failed attempt, an answer in several reads, a caller who left.
"""

from collections.abc import Coroutine, Sized
from typing import Any

import msgspec

from nexhina.contract.header import (
    COST,
    DROPPED,
    IDEMPOTENCY_KEY,
    OVERHEAD_MS,
    X_CHANNEL,
    X_TENANT_ID,
    read_key,
)
from nexhina.contract.operation import Operation
from nexhina.contract.route import Route
from nexhina.dialects.dialect import Dialect
from nexhina.dialects.dropped import write_header
from nexhina.domain.money import write_usd
from nexhina.errors import InvalidApiKeyError, JournalError, NexhinaError, UpstreamFailure
from nexhina.identity.key import digest_key
from nexhina.pipeline.attempts import Sent
from nexhina.pipeline.course import Course, Courses, Leg, write_lane
from nexhina.pipeline.life import Life
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.purse import Hold, ShortBalanceError
from nexhina.ports import (
    MISS,
    Client,
    Closing,
    Headers,
    Inbound,
    Opening,
    Reply,
    Running,
    Wire,
)
from nexhina.providers.endpoint import write_extra_head
from nexhina.routing.choice import choose_index
from nexhina.tasks import Steps, Wait

_WISHES = frozenset({X_TENANT_ID, X_CHANNEL, IDEMPOTENCY_KEY})
"""Headers that make a call unlike the others of its key."""

_JSON = b"application/json"
_JSON_HEAD: Headers = {b"content-type": _JSON}
_LINES = b"%%b%b: %%.3f\r\n%b: %%b\r\n" % (OVERHEAD_MS, COST)


def is_steady(route: Route) -> bool:
    """Whether calls of this route may go this way: their answers are neither stored nor linked."""
    return not route.idempotent_key and route.operation is not Operation.RESPONSES


class Steady:
    """Serves one route: `begin` in the place of the pipeline's `run`."""

    def __init__(
        self,
        pipeline: Pipeline,
        wire: Wire,
        route: Route,
        dialect: Dialect,
        waiting: Sized,
        most: int,
    ) -> None:
        """`waiting`: closed calls that are not in the books yet; past `most` nothing is begun."""
        self.pipeline = pipeline
        self.wire = wire
        self.route = route
        self.dialect = dialect
        self.waiting = waiting
        self.most = most
        attempts = self.attempts = pipeline.attempts
        self.courses = Courses(route, pipeline.planner, pipeline.admission.purse, pipeline.metrics)
        self.find = pipeline.directory.find  # bound, as are the following: asked at every request
        self.now = pipeline.clock.now
        self.monotonic = pipeline.clock.monotonic
        self.purse = pipeline.admission.purse
        health = attempts.health  # its lists are empty while all is well
        self.ailing_channels, self.ailing_keys = health.channels.ailing, health.keys.ailing
        self.busy = health.busy.until
        self.opened = pipeline.journal.opened
        self.note = pipeline.journal.note
        self.count = pipeline.metrics.call_ended

    def prepare(self, call: Inbound) -> bytes | None:
        """The key's digest; None for a call without one, or with wishes: not for this way."""
        headers = call.headers
        if not _WISHES.isdisjoint(headers):
            return None
        try:
            return digest_key(read_key(headers, call.query))
        except InvalidApiKeyError:
            return None

    def begin(self, call: Inbound, client: Client) -> Coroutine[Any, Any, None] | Running:
        """Serves one call, by callbacks if it may be."""
        pipeline, route, dialect = self.pipeline, self.route, self.dialect
        digest = call.prepared
        principal = None if digest is None else self.find(digest)
        if principal is None or principal is MISS:
            return pipeline.run(route, dialect, call, client)
        body = call.body
        try:
            peek = dialect.peek(call)
            if peek.stream or peek.previous_id is not None:
                return pipeline.run(route, dialect, call, client, peek)
            now = self.now()
            course = self.courses.find(principal, peek, now)
            if (
                course is None
                or not course.legs
                or self.ailing_channels  # attempts.py knows whom to pass over
                or self.ailing_keys
                or self.busy
                or len(self.waiting) > self.most
            ):
                return pipeline.run(route, dialect, call, client, peek)
            attempts = self.attempts
            legs = course.legs
            leg = legs[0]
            if len(legs) > 1:
                leg = legs[choose_index(course.weights, attempts.draw())]
            candidate = leg.candidate
            outgoing = leg.outgoing
            if outgoing is None:
                outgoing = candidate.dialect.write_same(
                    peek, body, candidate.upstream_model, candidate.quirks
                )
                body = outgoing.body
            bounds = course.bounds
            bound = bounds[0](peek) if len(bounds) == 1 else max([cost(peek) for cost in bounds])
            self.purse.take(course.accounts, bound)
        except (NexhinaError, ShortBalanceError):  # to be said as pipeline.py says it
            return pipeline.run(route, dialect, call, client)
        row = leg.new_row()
        row.id = call.id
        row.request_id = call.request_id
        row.created_at = now
        row.hold_nano = bound
        if outgoing is not leg.outgoing:
            row.lane = outgoing.lane
        extra = b""
        if candidate.provider.forward:
            extra = write_extra_head(candidate.provider, call.headers)
        attempts.budget.requests += 1
        passage = Passage(
            call,
            client,
            principal,
            row,
            self.monotonic(),
            call.received,
            call.received,
            peek,
            steady=self,
            course=course,
            leg=leg,
            outgoing=outgoing,
        )
        self.opened(Opening(row, principal.accounts))
        passage.reply = self.wire.dispatch(leg.target, body, attempts.limits, extra, passage)
        return passage


class Passage(Life, kw_only=True):
    """One call on its steady way: `ports.Running` to the gateway, `ports.Waiter` to the wire."""

    steady: Steady
    course: Course
    leg: Leg
    reply: Reply | None = None  # None when the attempt failed before it was sent
    body: bytes = b""  # of the answer, until the journal has the row
    kind: bytes = _JSON  # its content type
    steps: Steps | None = None  # the coroutine that took over

    # --- the vendor -----------------------------------------------------------------------------

    def resolve(self, reply: Reply) -> None:
        """The vendor's answer has begun, and is mostly whole by then: it is read and priced, and the
        row goes to the journal.
        """
        try:
            body, peek, candidate = reply.whole, self.peek, self.leg.candidate
            assert peek is not None
            kind, answer = reply.kind, None
            if reply.status == 200 and body is not None:
                head = _JSON_HEAD if kind == _JSON else reply.headers
                answer = candidate.dialect.read_answer(peek, head, body)
            if answer is None or body is None:
                self._go_on(Wait(done=True, value=reply))
                return
            steady, row = self.steady, self.row
            usage = answer.usage
            if usage is None:
                self._furnish()
                estimate = steady.pipeline.admission.estimate
                usage = estimate(self, answer.text_bytes, answer.counted)
                row.estimated = usage.estimated
            if candidate.rewrites:
                body = candidate.dialect.write_answer(
                    peek, body, candidate.upstream_model, self.course.plan.offer.name
                )
            row.charge_nano, row.lines = candidate.tariff.charge(usage)
        except Exception as error:  # noqa: BLE001  (the edge: closed and answered)
            self._furnish()
            self._hand_over(self.steady.pipeline.break_off(self, error))
            return
        self.body = body
        self.kind = kind or _JSON
        received = self.call.received
        self.ready_at = ready = steady.monotonic()
        row.status = 200
        row.queue_us = int((self.sent_at - received) * 1e6)
        row.first_byte_us = row.total_us = int((ready - received) * 1e6)
        self.closed = True
        if steady.ailing_channels or steady.ailing_keys:
            steady.attempts.served(candidate, self.leg.target, ready)
        steady.note(Closing(row, self.principal.accounts), self.recorded)

    def fail(self, error: UpstreamFailure) -> None:
        """The vendor does not answer."""
        wait: Wait[Reply] = Wait()
        wait.fail(error)
        self._go_on(wait)

    # --- the journal ----------------------------------------------------------------------------

    def recorded(self, error: JournalError | None) -> None:
        """The journal has the row, or can't be written: then the call does not count."""
        steady, row, leg = self.steady, self.row, self.leg
        try:
            if error is not None:
                self._furnish()
                self.client.conclude(steady.pipeline.give_up(self, error))
                return
            charge, outgoing = row.charge_nano, self.outgoing
            assert outgoing is not None
            steady.purse.close(self.course.accounts, row.hold_nano, charge)
            plain = outgoing is leg.outgoing and not row.estimated
            (leg.count if plain else steady.count)(row)
            lines = _LINES % (
                leg.lines if leg.outgoing is not None else leg.lines + write_lane(row.lane),
                (self.sent_at - self.call.received + steady.monotonic() - self.ready_at) * 1000,
                write_usd(charge),
            )
            if outgoing.dropped:
                lines += b"%b: %b\r\n" % (DROPPED, write_header(outgoing.dropped))
            self.client.answer_usual(self.kind, self.body, lines)
        except Exception as wrong:  # noqa: BLE001  (the edge: others of this turn wait behind)
            self.client.conclude(wrong)

    # --- what is not plain sailing ----------------------------------------------------------------

    def throw(self, error: Exception) -> None:
        """The caller left: the vendor stops, unless all is done."""
        if self.steps is not None:
            self.steps.throw(error)
        elif not self.closed:
            self._furnish()
            if self.reply is not None:
                self.reply.cancel()
            self._hand_over(self.steady.pipeline.break_off(self, error))

    def _go_on(self, reply: Wait[Reply]) -> None:
        self._furnish()
        sent = Sent(self.leg.candidate, self.leg.target, _Attempt(self.reply, reply))
        self._hand_over(self.steady.pipeline.go_on(self, sent))

    def _furnish(self) -> None:
        """Makes this the Life that pipeline.py knows."""
        self.plan, self.candidate = self.course.plan, self.leg.candidate
        self.target = self.leg.target
        self.hold = Hold(self.course.accounts, self.row.hold_nano)

    def _hand_over(self, coro: Coroutine[Any, Any, None]) -> None:
        self.steps = Steps(coro, self.client.conclude)
        self.steps.advance()


class _Attempt(msgspec.Struct):
    """The attempt as an Exchange."""

    _reply: Reply | None
    reply: Wait[Reply]

    def cancel(self) -> None:
        """Gives the attempt up."""
        if self._reply is not None:
            self._reply.cancel()
