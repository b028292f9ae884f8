"""Stage 5: tries candidates until one serves; failed ones are excluded.

This is where a retry is decided. What an outcome means is the vendor's declaration; who comes next
is `routing.choice`'s. Up to its first content a stream may still move to another candidate.
"""

from collections.abc import Callable
from functools import partial

import msgspec

from nexhina.dialects.dialect import Answer, VendorError
from nexhina.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    NexhinaError,
    NotBuiltError,
    UpstreamFailure,
)
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import SANDBOX, Candidate
from nexhina.pipeline.relay import Relay
from nexhina.ports import Clock, Headers, Limits, Metrics, Reply, Upstream
from nexhina.providers.endpoint import write_extra_head
from nexhina.routing.choice import choose_order
from nexhina.routing.cooldown import Cooldown
from nexhina.routing.retry import (
    Failure,
    choose_final_error,
    read_retry_after,
)


class Whole(msgspec.Struct, frozen=True):
    """An answer that came whole; `body` as the vendor sent it, `answer` what was read in it."""

    candidate: Candidate
    headers: Headers
    body: bytes
    answer: Answer


class Attempts:
    """Tries candidates. Shared by all calls; remembers only which channels rest."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        metrics: Metrics,
        clock: Clock,
        limits: Limits,
        draw: Callable[[], float],
        most: int,
    ) -> None:
        self._upstream = upstream
        self._metrics = metrics
        self._clock = clock
        self._limits = limits
        self._draw = draw
        self._most = most
        self._cooldown = Cooldown()

    async def serve(self, life: Life) -> Whole | Relay:
        """The whole answer, or a relay whose first content has gone out.

        Raises the documented error when every candidate failed, or the vendor's refusal that is
        the caller's to mend.
        """
        assert life.plan is not None
        tiers = life.plan.tiers
        single = len(tiers) == 1 and len(tiers[0]) == 1
        failures: list[Failure] = []
        for candidate in tiers[0] if single else choose_order(tiers, self._draw):
            now = self._clock.monotonic()
            if failures and self._is_enough(life, now):
                break
            if self._cooldown.until and (resting := self._cooldown.remaining(candidate.key, now)):
                failures.append(Failure("status", 429, resting, busy=True))
                life.note(f"{candidate.channel.name}: rests {resting:.1f} s more")
                continue
            outcome = await self._attempt(life, candidate, now)
            if not isinstance(outcome, Failure):
                return outcome
            failures.append(self._failed(life, candidate, outcome))
        raise choose_final_error(failures, life.plan.offer.name)

    async def _attempt(
        self, life: Life, candidate: Candidate, now: float
    ) -> Whole | Relay | Failure:
        """One try on one candidate, sent at `now`."""
        peek, dialect = life.peek, candidate.dialect
        assert peek is not None
        outgoing = dialect.write_same(
            peek, life.call.body, candidate.upstream_model, candidate.quirks
        )
        life.candidate, life.outgoing, life.sent_at = candidate, outgoing, now
        life.row.attempts += 1
        extra = b""
        if candidate.provider.forward:
            extra = write_extra_head(candidate.provider, life.call.headers)
        exchange = self._upstream.send(candidate.target, outgoing.body, self._limits, extra)
        try:
            reply = await exchange.reply
            if reply.status != 200:
                failure = await self._read_refusal(candidate, reply)
            elif peek.stream:
                return await self._open_stream(life, candidate, reply)
            else:
                body = await reply.read()
                answer = dialect.read_answer(peek, reply.headers, body)
                if answer is not None:
                    life.ready_at = self._clock.monotonic()
                    return Whole(candidate, reply.headers, body, answer)
                failure = Failure("answer", 200)
        except UpstreamFailure as broken:
            failure = Failure(broken.kind)
        except BaseException:  # the caller left, or the request itself is refused
            exchange.cancel()
            raise
        exchange.cancel()  # the vendor need not go on
        return failure

    async def _open_stream(self, life: Life, candidate: Candidate, reply: Reply) -> Relay:
        assert life.peek is not None
        assert life.plan is not None
        if not candidate.dialect.is_stream_head(reply.headers):
            raise UpstreamFailure("protocol", "a stream was asked for and something else came")
        watch = candidate.dialect.watch(life.peek, candidate.upstream_model, life.plan.offer.name)
        relay = Relay(reply, watch, life.client, partial(self._write_head, life))
        life.watch = watch
        reply.attach(relay)
        await relay.opened
        if not relay.committed:
            life.watch = None
            raise relay.failure or UpstreamFailure("closed", "the stream was empty")
        return relay

    def _write_head(self, life: Life) -> bytes:
        life.ready_at = now = self._clock.monotonic()
        return life.answer_lines(now)

    async def _read_refusal(self, candidate: Candidate, reply: Reply) -> Failure:
        """What a refusing answer means for us; raises what is the caller's to mend."""
        status = reply.status
        provider = candidate.provider
        body = await reply.read()
        vendor = candidate.dialect.read_error(status, reply.headers, body)
        verdict = provider.classify(status, vendor.code)
        if verdict == "caller":
            raise write_refusal(status, vendor)
        wait: float | None = None
        if verdict in {"busy", "overloaded"}:
            field = reply.headers.get(provider.errors.retry_after)
            wait = read_retry_after(field, self._clock.now())
        return Failure("status", status, wait, busy=verdict == "busy")

    def _failed(self, life: Life, candidate: Candidate, failure: Failure) -> Failure:
        """Notes the failure where it counts: rest, trace, metrics."""
        if failure.retry_after and candidate.provider.scheme != SANDBOX:
            # The sandbox is busy only for the call that asked it to be.
            self._cooldown.rest(candidate.key, self._clock.monotonic(), failure.retry_after)
        life.note(f"{candidate.channel.name}: {failure.cause} {failure.status or ''}".rstrip())
        self._metrics.attempt_failed(candidate.provider.name, failure.cause)
        return failure

    def _is_enough(self, life: Life, now: float) -> bool:
        """Whether the call has had its number of attempts or its time."""
        return life.row.attempts >= self._most or now - life.call.received > self._limits.total


def write_refusal(status: int, vendor: VendorError) -> NexhinaError:
    """The vendor's refusal of this very request, as the caller's error."""
    kind = _REFUSALS.get(status, InvalidRequestError)
    return kind(vendor.message, param=vendor.param, code=vendor.code)


_REFUSALS = {413: BodyTooLargeError, 501: NotBuiltError}
