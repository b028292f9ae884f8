"""Stage 5: tries candidates until one serves; failed ones are excluded.

This is where a retry is decided: the next key of a channel first, then the next channel. What an outcome means is the vendor's declaration; who comes next
is `routing.choice`'s. Up to its first content a stream may still move to another candidate.
"""

from collections.abc import Iterable
from functools import partial

import msgspec

from nexhina.dialects.dialect import Answer, VendorError
from nexhina.dialects.image_payload import cut_pictures
from nexhina.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    NexhinaError,
    NotBuiltError,
    UpstreamFailure,
    forget_frames,
)
from nexhina.pipeline.bound import IMAGES
from nexhina.pipeline.life import Life
from nexhina.pipeline.memory import Memory
from nexhina.pipeline.plan import SANDBOX, Candidate, write_choice
from nexhina.pipeline.relay import Relay
from nexhina.ports import Clock, Exchange, Headers, Limits, Metrics, Reply, Target, Upstream
from nexhina.providers.endpoint import write_extra_head, write_kind_line
from nexhina.routing.breaker import Breaker
from nexhina.routing.choice import choose_order
from nexhina.routing.health import NO_PROBE, Names, Probe
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
    cut: tuple[memoryview, ...] = ()  # large pictures whose beginnings alone are in `body`


class Sent(msgspec.Struct, frozen=True):
    """An attempt that is under way already."""

    candidate: Candidate
    target: Target
    exchange: Exchange


class Attempts:
    """Tries candidates. Shared by all calls.

    A request that is sent and read in another way is a subclass with its own `try_key`, `send` and
    `attempt`, on the same `memory`.
    """

    def __init__(
        self,
        *,
        upstream: Upstream,
        metrics: Metrics,
        clock: Clock,
        limits: Limits,
        memory: Memory,
        most: int,
    ) -> None:
        self.upstream = upstream
        self.metrics = metrics
        self.clock = clock
        self.limits = limits
        self.most = most
        self.memory = memory
        self.draw = memory.draw
        self.health = memory.health
        self.budget = memory.budget
        self.turns = memory.turns

    async def serve(self, life: Life, sent: Sent | None = None) -> Whole | Relay:
        """The whole answer, or a relay whose first content has gone out. `sent`: the first attempt.

        Raises the documented error when every candidate failed, or the vendor's refusal that is
        the caller's to mend.
        """
        assert life.plan is not None
        tiers = life.plan.tiers
        failures: list[Failure] = []
        if sent is None:
            self.budget.requests += 1
        else:
            outcome = await self._judge(life, sent, NO_PROBE)
            if not isinstance(outcome, Failure):
                return outcome
            failures.append(outcome)
        for candidate in self._order(tiers, sent):
            now = self.clock.monotonic()
            if life.row.attempts and self._is_enough(life, now):
                life.note("no more attempts: their number or the time is used up")
                break
            health = self.health
            if health.channels.ailing and self._is_skipped(life, candidate, now, failures):
                continue
            targets = candidate.targets
            if len(targets) > 1 or health.busy.until or health.keys.ailing:
                targets = self._choose_keys(life, candidate, now, failures)
            for target in targets:
                outcome = await self.try_key(life, candidate, target, now)
                if not isinstance(outcome, Failure):
                    return outcome
                failures.append(outcome)
                now = self.clock.monotonic()
                if not (outcome.busy or outcome.refused) or self._is_enough(life, now):
                    break  # another key would not help
        _note_candidates(life)
        raise choose_final_error(failures, life.plan.offer.name)

    def _order(
        self, tiers: tuple[tuple[Candidate, ...], ...], sent: Sent | None
    ) -> Iterable[Candidate]:
        """The candidates in the order to try, without the one that was."""
        if sent is not None:
            return (each for each in choose_order(tiers, self.draw) if each is not sent.candidate)
        single = len(tiers) == 1 and len(tiers[0]) == 1
        return tiers[0] if single else choose_order(tiers, self.draw)

    def _is_skipped(
        self, life: Life, candidate: Candidate, now: float, failures: list[Failure]
    ) -> bool:
        """Whether the channel ails too much to be sent anything now; then noted as a failure."""
        channel = candidate.channel
        breaker = self.health.channels.ailing.get((channel.id, channel.base_url))
        reason = self._find_obstacle(life, breaker, now) if breaker is not None else None
        if breaker is None or reason is None:
            return False
        life.note(f"{channel.name}: skipped, {reason}")
        failures.append(Failure("skipped", 0, breaker.wait(now) or 1.0))
        return True

    def _find_obstacle(self, life: Life, breaker: Breaker, now: float) -> str | None:
        """Why nothing may be sent to the channel now; None when it may."""
        if breaker.until is not None:
            wait = breaker.wait(now)
            if wait:
                probing = " (a probe is under way)" if breaker.probing else ""
                return f"breaker open for {wait:.1f} s more{probing}"
        if life.row.attempts and breaker.run and not self.budget.take(now):
            return "it is failing and the retry budget is used up"
        return None

    def _choose_keys(
        self, life: Life, candidate: Candidate, now: float, failures: list[Failure]
    ) -> tuple[Target, ...]:
        """The channel's keys that do not rest, beginning with the next one's turn."""
        targets, channel = candidate.targets, candidate.channel
        if len(targets) > 1:
            turn = self.turns.get(channel.id, -1) + 1
            self.turns[channel.id] = turn
            turn %= len(targets)
            targets = targets[turn:] + targets[:turn]
        health = self.health
        if not (health.busy.until or health.keys.ailing):
            return targets
        awake: list[Target] = []
        rests: list[tuple[float, str]] = []
        resting: list[str] = []
        for target in targets:
            wait, why = health.find_rest(_name(candidate, target), now)
            if wait:
                rests.append((wait, why))
                number = candidate.targets.index(target) + 1
                resting.append(f"key {number} rests {wait:.1f} s more ({why})")
            else:
                awake.append(target)
        if rests and not awake:
            wait, why = min(rests)
            keys = "its key rests" if len(rests) == 1 else f"all its {len(rests)} keys rest"
            life.note(f"{channel.name}: skipped, {keys} {wait:.1f} s more ({why})")
            failures.append(
                Failure("status", 429, wait, busy=True)
                if why == "busy"
                else Failure("skipped", 0, wait)
            )
        if len(targets) > 1 and rests:
            more = f", {len(resting) - _MOST_NOTED} more" if len(resting) > _MOST_NOTED else ""
            life.note(f"{channel.name}: {', '.join(sorted(resting)[:_MOST_NOTED])}{more}")
        return tuple(awake)

    async def try_key(
        self, life: Life, candidate: Candidate, target: Target, begun: float
    ) -> Whole | Relay | Failure:
        """One attempt, sent at `begun`: what came of it, and what that says about health."""
        health, probe = self.health, NO_PROBE
        if health.channels.ailing or health.keys.ailing:
            probe = self._begin_probe(life, candidate, target, begun)
        try:
            sent = Sent(candidate, target, self.send(life, candidate, target, begun))
        except InvalidRequestError as refusal:  # by its format or a quirk: another may carry it
            if probe is not NO_PROBE:
                health.leave(_name(candidate, target), probe)
            life.note(f"{candidate.channel.name}: can't carry this request: {refusal.message}")
            return Failure("unfit", refusal=refusal)
        return await self._judge(life, sent, probe)

    async def _judge(self, life: Life, sent: Sent, probe: Probe) -> Whole | Relay | Failure:
        """What came of an attempt, and what it says about the channel's health and the key's."""
        health, candidate, target = self.health, sent.candidate, sent.target
        try:
            outcome = await self.attempt(life, candidate, sent.exchange)
        except BaseException:  # the caller left, or the request itself is refused
            if probe is not NO_PROBE:
                health.leave(_name(candidate, target), probe)
            raise
        if isinstance(outcome, Failure):
            return self._failed(life, candidate, target, outcome, probe)
        if health.channels.ailing or health.keys.ailing:
            self.served(candidate, target, life.ready_at, probe)
        if life.trace is not None:
            now, which = self.clock.monotonic(), _write_key(candidate, target)
            life.note(f"{candidate.channel.name}: served{which}, {self._write_times(life, now)}")
            _note_candidates(life)
        return outcome

    def _begin_probe(self, life: Life, candidate: Candidate, target: Target, now: float) -> Probe:
        """Whom this attempt probes; the trace says so."""
        probe = self.health.begin(_name(candidate, target), now)
        name = candidate.channel.name
        if probe.channel:
            life.note(f"{name}: its breaker is half-open, this attempt is the probe")
        if probe.key:
            number = candidate.targets.index(target) + 1
            life.note(f"{name}: key {number} rested, this attempt is its probe")
        return probe if probe != NO_PROBE else NO_PROBE

    def served(
        self, candidate: Candidate, target: Target, now: float, probe: Probe = NO_PROBE
    ) -> None:
        """Counts a success where something ails."""
        self.health.succeed(_name(candidate, target), now, probe)

    def broke_off(self, life: Life, failure: UpstreamFailure) -> None:
        """Counts a stream that broke after its first content: trace, metrics, breakers."""
        candidate, target = life.candidate, life.target
        assert candidate is not None
        assert target is not None
        life.note(f"{candidate.channel.name}: broke after content: {failure}")
        self.metrics.attempt_failed(candidate.provider.name, failure.kind)
        self._note_failure(life, candidate, target, Failure(failure.kind, late=True), NO_PROBE)

    def send(self, life: Life, candidate: Candidate, target: Target, now: float) -> Exchange:
        """Sends the request to one candidate with one key, at `now`."""
        peek = life.peek
        assert peek is not None
        outgoing = candidate.dialect.write_same(
            peek, life.call.body, candidate.upstream_model, candidate.quirks
        )
        life.candidate, life.outgoing, life.sent_at = candidate, outgoing, now
        life.target = target
        life.row.attempts += 1
        extra = b""
        if candidate.provider.forward:
            extra = write_extra_head(candidate.provider, life.call.headers)
        if b"content-type" not in target.headers:
            extra += write_kind_line(target, outgoing.kind)
        return self.upstream.send(target, outgoing.body, self.limits, extra)

    async def attempt(
        self, life: Life, candidate: Candidate, exchange: Exchange
    ) -> Whole | Relay | Failure:
        """What came of an attempt."""
        peek, dialect = life.peek, candidate.dialect
        assert peek is not None
        try:
            reply = await exchange.reply
            if reply.status != 200:
                failure = await self.read_refusal(candidate, reply)
            elif peek.stream:
                return await self._open_stream(life, candidate, reply)
            else:
                body, cut = await reply.read(), ()
                if life.row.operation in IMAGES:
                    body, cut = cut_pictures(body)
                answer = dialect.read_answer(peek, reply.headers, body)
                if answer is not None:
                    life.ready_at = self.clock.monotonic()
                    return Whole(candidate, reply.headers, body, answer, cut)
                failure = Failure("answer", 200)
        except UpstreamFailure as broken:
            forget_frames(broken)  # the reply keeps it
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
        life.ready_at = now = self.clock.monotonic()
        return life.answer_lines(now)

    async def read_refusal(self, candidate: Candidate, reply: Reply) -> Failure:
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
            wait = read_retry_after(field, self.clock.now())
        refused = verdict == "ours" and status != 404
        return Failure("status", status, wait, busy=verdict == "busy", refused=refused)

    def _failed(
        self, life: Life, candidate: Candidate, target: Target, failure: Failure, probe: Probe
    ) -> Failure:
        """Notes the failure where it counts: trace, metrics, breakers and rests."""
        text = f"{candidate.channel.name}: {failure.cause} {failure.status or ''}".rstrip()
        now = self.clock.monotonic()
        life.note(f"{text}{_write_key(candidate, target)}, {self._write_times(life, now)}")
        self._note_failure(life, candidate, target, failure, probe)
        self.metrics.attempt_failed(candidate.provider.name, failure.cause)
        return failure

    def _note_failure(
        self, life: Life, candidate: Candidate, target: Target, failure: Failure, probe: Probe
    ) -> None:
        """What follows for the channel and the key; the trace's last note tells of it."""
        if candidate.provider.scheme == SANDBOX:
            return  # its faults are for the one who asks for them
        assert life.plan is not None
        assert life.trace is not None
        names, now = _name(candidate, target), self.clock.monotonic()
        spare = names.several or len(life.plan.offer.candidates) > 1
        self.health.fail(names, failure, now, probe, spare=spare)
        rest, _ = self.health.find_rest(names, now)
        if rest:
            life.trace[-1] += f"; the key rests {rest:.1f} s"
        breaker = self.health.channels.ailing.get(names.channel)
        if breaker is not None and (wait := breaker.wait(now)):
            life.trace[-1] += f"; the breaker is open for {wait:.1f} s"

    def _write_times(self, life: Life, now: float) -> str:
        """When the newest attempt left, counted from the call's arrival, and how long it took."""
        offset = (life.sent_at - life.call.received) * 1000
        return f"sent at +{offset:.1f} ms, took {(now - life.sent_at) * 1000:.1f} ms"

    def _is_enough(self, life: Life, now: float) -> bool:
        """Whether the call has had its number of attempts or its time."""
        return life.row.attempts >= self.most or now - life.call.received > self.limits.total


_MOST_NOTED = 8
"""Resting keys that a trace names one by one."""


def _name(candidate: Candidate, target: Target) -> Names:
    """Whose health an attempt is about; a channel that moved to another address begins anew."""
    channel, head = candidate.channel, target.head
    key, busy, several = (channel.id, head), (candidate.key, head), len(candidate.targets) > 1
    return Names((channel.id, channel.base_url), key, busy, several)


def _write_key(candidate: Candidate, target: Target) -> str:
    """Which of a channel's keys it was, by its place; "" where there is one only."""
    if len(candidate.targets) == 1:
        return ""
    return f" with key {candidate.targets.index(target) + 1} of {len(candidate.targets)}"


def _note_candidates(life: Life) -> None:
    assert life.plan is not None
    life.note(write_choice(life.plan.tiers))


def write_refusal(status: int, vendor: VendorError) -> NexhinaError:
    """The vendor's refusal of this very request, as the caller's error."""
    kind = _REFUSALS.get(status, InvalidRequestError)
    return kind(vendor.message, param=vendor.param, code=vendor.code)


_REFUSALS = {413: BodyTooLargeError, 501: NotBuiltError}
