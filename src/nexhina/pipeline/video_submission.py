"""Stage 5 of a film's life: sent to one vendor after the other until one takes it, and never twice.

Whom it goes to is written down before it goes. Only what was surely refused is tried elsewhere: a
connection that broke, a time-out or an answer that nobody understands may hide a job that runs, so
that is the end of it.
"""

from collections.abc import Awaitable, Callable

import msgspec

from nexhina.dialects.dialect import Answer
from nexhina.dialects.registry import VIDEO_VENDORS
from nexhina.dialects.video import Ask, VideoRequest, VideoVendor
from nexhina.domain.job import Job
from nexhina.errors import (
    ConflictError,
    InvalidRequestError,
    SubmissionLostError,
    UpstreamFailure,
    forget_frames,
)
from nexhina.pipeline.attempts import Attempts, Whole
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import Candidate
from nexhina.pipeline.relay import Relay
from nexhina.pipeline.video_vendor import Place, write_ask
from nexhina.ports import Exchange, Reply, Target
from nexhina.providers.endpoint import write_extra_head
from nexhina.routing.retry import Failure

_REFUSED = frozenset({501, 503, 529})
"""Statuses above 499 by which a server says that it did not take the request."""


Note = Callable[[Candidate, Target], Awaitable[bool]]
"""Writes down whom the job goes to; False: it must not go."""


class Submission(Attempts):
    """One job on its way to a vendor, with the health and the budgets of all calls."""

    def __init__(self, attempts: Attempts, job: Job, request: VideoRequest, note: Note) -> None:
        super().__init__(
            upstream=attempts.upstream,
            metrics=attempts.metrics,
            clock=attempts.clock,
            limits=attempts.limits,
            memory=attempts.memory,
            most=attempts.most,
        )
        self._job = job
        self._request = request
        self._note = note
        self._ask: Ask | None = None

    async def try_key(
        self, life: Life, candidate: Candidate, target: Target, begun: float
    ) -> Whole | Relay | Failure:
        """One attempt, written down before it is sent."""
        vendor = read_vendor(candidate)
        try:
            self._ask = vendor.write_submit(
                self._request, candidate.upstream_model, candidate.quirks
            )
        except InvalidRequestError as refusal:  # another vendor may be able to
            life.note(f"{candidate.channel.name}: can't carry this request: {refusal.message}")
            return Failure("unfit", refusal=refusal)
        if not await self._note(candidate, target):
            raise ConflictError("The job was ended while it was being sent.")
        return await super().try_key(life, candidate, target, begun)

    def send(self, life: Life, candidate: Candidate, target: Target, now: float) -> Exchange:
        """Sends the vendor's own form of the request, marked as one that must not go out twice."""
        ask = self._ask
        assert ask is not None
        assert ask.outgoing is not None
        life.candidate, life.outgoing, life.sent_at = candidate, ask.outgoing, now
        life.target = target
        life.row.attempts += 1
        extra = write_extra_head(candidate.provider, life.call.headers)
        extra += b"Idempotency-Key: %b\r\n" % self._job.id.encode()
        place = Place(candidate.provider, candidate.channel, target, read_vendor(candidate))
        limits = msgspec.structs.replace(self.limits, once=True)
        return self.upstream.send(*write_ask(place, ask, limits, extra))

    async def attempt(
        self, life: Life, candidate: Candidate, exchange: Exchange
    ) -> Whole | Relay | Failure:
        """What came of it; SubmissionLostError where the vendor may have taken it and nobody knows."""
        try:
            reply = await exchange.reply
            outcome = await self._read(life, candidate, reply)
        except UpstreamFailure as broken:
            forget_frames(broken)
            exchange.cancel()
            if broken.sent:
                life.note(f"{candidate.channel.name}: {broken}")
                self.metrics.attempt_failed(candidate.provider.name, broken.kind)
                raise SubmissionLostError from None
            return Failure(broken.kind)
        except BaseException:
            exchange.cancel()
            raise
        if isinstance(outcome, Failure):
            exchange.cancel()
        return outcome

    async def _read(self, life: Life, candidate: Candidate, reply: Reply) -> Whole | Failure:
        status = reply.status
        if 200 <= status < 300:
            body = await reply.read()
            life.ready_at = self.clock.monotonic()
            if read_vendor(candidate).read_submit(reply.headers, body) is None:
                life.note(f"{candidate.channel.name}: an answer that names no job")
                raise SubmissionLostError
            return Whole(
                candidate, reply.headers, body, Answer(usage=None, text_bytes=0, model=None)
            )
        if status == 408 or (status >= 500 and status not in _REFUSED):
            life.note(f"{candidate.channel.name}: status {status}")
            self.metrics.attempt_failed(candidate.provider.name, "status")
            raise SubmissionLostError
        return await self.read_refusal(candidate, reply)


def read_vendor(candidate: Candidate) -> VideoVendor:
    """The vendor's side of films, which the candidate's format names."""
    return VIDEO_VENDORS[candidate.dialect.name]
