"""Stage 5: tries candidates until one serves; failed ones are excluded.

This is where a retry is decided: the next key of a channel first, then the next channel. What an outcome means is the vendor's declaration; who comes next
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
from nexhina.ports import Clock, Headers, Limits, Metrics, Reply, Target, Upstream
from nexhina.providers.endpoint import write_extra_head
from nexhina.routing.breaker import Breaker, Breakers
from nexhina.routing.budget import RetryBudget
from nexhina.routing.choice import choose_order
from nexhina.routing.cooldown import Cooldown
from nexhina.routing.retry import (
    Failure,
    choose_final_error,
    read_retry_after,
)

BUSY_REST = 1.0
"""Seconds that a key rests after a 429 that names no time."""


class Whole(msgspec.Struct, frozen=True):
    """An answer that came whole; `body` as the vendor sent it, `answer` what was read in it."""

    candidate: Candidate
    headers: Headers
    body: bytes
    answer: Answer


class Attempts:
    """Tries candidates. Shared by all calls; remembers each channel's health and which keys rest."""

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
        self._breakers = Breakers()
        self._budget = RetryBudget()
        self._turns: dict[int, int] = {}  # by channel with several keys: whose turn it was

    async def serve(self, life: Life) -> Whole | Relay:
        """The whole answer, or a relay whose first content has gone out.

        Raises the documented error when every candidate failed, or the vendor's refusal that is
        the caller's to mend.
        """
        assert life.plan is not None
        tiers = life.plan.tiers
        single = len(tiers) == 1 and len(tiers[0]) == 1
        self._budget.requests += 1
        failures: list[Failure] = []
        for candidate in tiers[0] if single else choose_order(tiers, self._draw):
            now = self._clock.monotonic()
            if life.row.attempts and self._is_enough(life, now):
                life.note("no more attempts: their number or the time is used up")
                break
            breaker = None
            if candidate.provider.scheme != SANDBOX:  # its faults are for the one who asks for them
                channel = candidate.channel
                breaker = self._breakers.find((channel.id, channel.base_url))
                ailing = breaker.until is not None or breaker.run
                reason = self._find_obstacle(life, breaker, now) if ailing else None
                if reason is not None:
                    life.note(f"{channel.name}: skipped, {reason}")
                    wait = breaker.wait(now) or 1.0
                    failures.append(Failure("skipped", 0, wait))
                    continue
            targets = candidate.targets
            if len(targets) > 1 or self._cooldown.until:
                targets = self._choose_keys(life, candidate, now, failures)
            for target in targets:
                outcome = await self._try_key(life, candidate, target, breaker, now)
                if not isinstance(outcome, Failure):
                    return outcome
                failures.append(outcome)
                now = self._clock.monotonic()
                if not (outcome.busy or outcome.refused) or self._is_enough(life, now):
                    break  # another key would not help
        _note_candidates(life)
        raise choose_final_error(failures, life.plan.offer.name)

    def _find_obstacle(self, life: Life, breaker: Breaker, now: float) -> str | None:
        """Why nothing may be sent to the channel now; None when it may."""
        if breaker.until is not None:
            wait = breaker.wait(now)
            if wait:
                probing = " (a probe is under way)" if breaker.probing else ""
                return f"breaker open for {wait:.1f} s more{probing}"
        if life.row.attempts and breaker.run and not self._budget.take(now):
            return "it is failing and the retry budget is used up"
        return None

    def _choose_keys(
        self, life: Life, candidate: Candidate, now: float, failures: list[Failure]
    ) -> tuple[Target, ...]:
        """The channel's keys that do not rest, beginning with the next one's turn."""
        targets, channel = candidate.targets, candidate.channel
        if len(targets) > 1:
            turn = self._turns.get(channel.id, -1) + 1
            self._turns[channel.id] = turn
            turn %= len(targets)
            targets = targets[turn:] + targets[:turn]
        if not self._cooldown.until:
            return targets
        awake: list[Target] = []
        rests: list[tuple[float, bool]] = []
        for target in targets:
            busy = self._cooldown.remaining((candidate.key, target.head), now)
            refused = self._cooldown.remaining((channel.id, target.head), now)
            if busy or refused:
                rests.append((max(busy, refused), bool(refused)))
            else:
                awake.append(target)
        if rests and not awake:
            wait, refused = min(rests)
            keys = "its key rests" if len(rests) == 1 else f"all its {len(rests)} keys rest"
            why = "refused by the vendor" if refused else "busy"
            life.note(f"{channel.name}: skipped, {keys} {wait:.1f} s more ({why})")
            failures.append(
                Failure("skipped", 0, wait) if refused else Failure("status", 429, wait, busy=True)
            )
        elif rests:
            life.note(f"{channel.name}: {len(rests)} of {len(targets)} keys rest")
        return tuple(awake)

    async def _try_key(
        self,
        life: Life,
        candidate: Candidate,
        target: Target,
        breaker: Breaker | None,
        begun: float,
    ) -> Whole | Relay | Failure:
        """One attempt, sent at `begun`, and what it says about the channel's health and the key's."""
        probe = breaker is not None and breaker.until is not None and breaker.begin()
        try:
            outcome = await self._attempt(life, candidate, target, begun)
        except BaseException:  # the caller left, or the request itself is refused
            if breaker is not None:
                breaker.leave(probe=probe)
            raise
        if isinstance(outcome, Failure):
            now = self._clock.monotonic()
            if breaker is not None:
                if outcome.cause != "status" or outcome.status >= 500:
                    breaker.fail(now, self._draw, probe=probe)
                else:
                    breaker.leave(probe=probe)
            return self._failed(life, candidate, target, outcome)
        if breaker is not None:
            breaker.succeed(life.ready_at, probe=probe)
            if self._cooldown.strikes:
                self._cooldown.strikes.pop((candidate.channel.id, target.head), None)
        if life.trace is not None:
            now = self._clock.monotonic()
            life.note(f"{candidate.channel.name}: served, {self._write_times(life, now)}")
            _note_candidates(life)
        return outcome

    async def _attempt(
        self, life: Life, candidate: Candidate, target: Target, now: float
    ) -> Whole | Relay | Failure:
        """One try on one candidate with one key, sent at `now`."""
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
        exchange = self._upstream.send(target, outgoing.body, self._limits, extra)
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
        refused = verdict == "ours" and status != 404
        return Failure("status", status, wait, busy=verdict == "busy", refused=refused)

    def _failed(
        self, life: Life, candidate: Candidate, target: Target, failure: Failure
    ) -> Failure:
        """Notes the failure where it counts: rest, trace, metrics."""
        now = self._clock.monotonic()
        channel, rest = candidate.channel, 0.0
        if candidate.provider.scheme != SANDBOX:
            # The sandbox is busy only for the call that asked it to be.
            if failure.refused:
                assert life.plan is not None
                spare = len(candidate.targets) > 1 or len(life.plan.offer.candidates) > 1
                rest = self._cooldown.refuse((channel.id, target.head), now, spare=spare)
            elif failure.busy or failure.retry_after:
                rest = BUSY_REST if failure.retry_after is None else failure.retry_after
                self._cooldown.rest((candidate.key, target.head), now, rest)
        text = f"{channel.name}: {failure.cause} {failure.status or ''}".rstrip()
        if len(candidate.targets) > 1:
            text += f" with key {candidate.targets.index(target) + 1} of {len(candidate.targets)}"
        text += f", {self._write_times(life, now)}"
        life.note(f"{text}; the key rests {rest:.1f} s" if rest else text)
        self._metrics.attempt_failed(candidate.provider.name, failure.cause)
        return failure

    def _write_times(self, life: Life, now: float) -> str:
        """When the newest attempt left, counted from the call's arrival, and how long it took."""
        offset = (life.sent_at - life.call.received) * 1000
        return f"sent at +{offset:.1f} ms, took {(now - life.sent_at) * 1000:.1f} ms"

    def _is_enough(self, life: Life, now: float) -> bool:
        """Whether the call has had its number of attempts or its time."""
        return life.row.attempts >= self._most or now - life.call.received > self._limits.total


def _note_candidates(life: Life) -> None:
    assert life.plan is not None
    tiers = (" | ".join(c.channel.name for c in tier) for tier in life.plan.tiers)
    life.note(f"candidates by priority: {' > '.join(tiers)}")


def write_refusal(status: int, vendor: VendorError) -> NexhinaError:
    """The vendor's refusal of this very request, as the caller's error."""
    kind = _REFUSALS.get(status, InvalidRequestError)
    return kind(vendor.message, param=vendor.param, code=vendor.code)


_REFUSALS = {413: BodyTooLargeError, 501: NotBuiltError}
