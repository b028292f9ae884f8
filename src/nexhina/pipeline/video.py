"""Films: asked for, read again, listed, cancelled, deleted. Following them is `video_follow.py`.

The request makes a job and sends it; from the moment the vendor took it the job goes on by itself,
whether its caller stays or not. A request that no vendor took leaves nothing behind but its log row.
"""

import asyncio
import logging
from hashlib import sha256
from typing import NamedTuple

import msgspec

from nexhina.contract.header import X_CHANNEL, X_TENANT_ID, read_idempotency_key
from nexhina.contract.operation import Operation
from nexhina.contract.route import Route
from nexhina.dialects.video import VideoRequest
from nexhina.dialects.video_answer import KeptRequest
from nexhina.dialects.video_call import FilmCall
from nexhina.domain.job import Job
from nexhina.errors import (
    ConflictError,
    InternalError,
    InvalidRequestError,
    NexhinaError,
    NotFoundError,
    SubmissionLostError,
    UpstreamError,
)
from nexhina.pipeline.attempts import Whole
from nexhina.pipeline.life import Life, begin_life, read_lines
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Candidate, Plan
from nexhina.pipeline.video_books import JobBooks
from nexhina.pipeline.video_submission import Submission, read_vendor
from nexhina.pipeline.video_vendor import VideoVendors
from nexhina.ports import Blobs, Client, Inbound, Target
from nexhina.providers.endpoint import mark_key
from nexhina.storage.job import read_row, write_row
from nexhina.tasks import drive, spawn

USUAL_MS = 10_000
"""Milliseconds that are held for where neither the caller nor the catalog tells a length."""

FIRST = 0.5
"""Seconds until a film's vendor is first asked for it: another Nexhina may have it ready soon."""

CANCELLED = 499

_log = logging.getLogger("nexhina.pipeline")


class VideoTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: that a request waits for its film, that a job may take, that a file is kept."""

    wait: float = 600.0
    longest: float = 3600.0
    kept: float = 86_400.0


class Made(NamedTuple):
    """What a request for a film led to."""

    job: Job
    lines: bytes  # the x-nexhina-* header lines
    again: bool = False  # by an earlier request with the same Idempotency-Key


class VideoDesk:
    """What callers do with films."""

    def __init__(
        self,
        pipeline: Pipeline,
        books: JobBooks,
        vendors: VideoVendors,
        blobs: Blobs,
        times: VideoTimes,
    ) -> None:
        self.pipeline = pipeline
        self.books = books
        self.jobs = books.jobs
        self.vendors = vendors
        self.blobs = blobs
        self.times = times

    # --- a film is asked for ----------------------------------------------------------------------

    async def require_caller(self, call: Inbound) -> None:
        """Raises InvalidApiKeyError: a stranger is told that, whatever their body holds."""
        if self.pipeline.find_caller(call) is None:
            await self.pipeline.load_caller(call)

    async def begin(
        self, route: Route, call: Inbound, client: Client, film: FilmCall, source: Job | None = None
    ) -> Made:
        """The job that a vendor took, or the documented refusal; nothing was charged then."""
        pipeline = self.pipeline
        principal = pipeline.find_caller(call) or await pipeline.load_caller(call)
        life = begin_life(route, call, client, principal, pipeline.clock.now())
        try:
            if X_TENANT_ID in call.headers:
                pipeline.require_tenant(principal, call.headers[X_TENANT_ID])
            made = await self._open(life, route, film, source)
        except Exception as error:
            await pipeline.fall(life, error)
            raise
        if isinstance(made, Made):
            return made
        # In a task of its own: a caller who leaves does not break off what the vendor may have taken.
        task = spawn(drive(self._submit(life, made, film.request)), "video submission")
        outcome = await task
        if isinstance(outcome, NexhinaError):
            raise outcome
        return Made(outcome, life.answer_lines(pipeline.clock.monotonic()))

    async def _open(
        self, life: Life, route: Route, film: FilmCall, source: Job | None
    ) -> Job | Made:
        """The new job, its money set aside; or an earlier one of the same Idempotency-Key."""
        pipeline, call, row = self.pipeline, life.call, life.row
        life.peek = peek = film.peek
        row.model = peek.model
        life.plan = plan = pipeline.planner.plan(
            life.principal, route, peek, call.headers.get(X_CHANNEL), row.created_at
        )
        if source is not None:
            life.plan = plan = narrow(plan, source)
        key, digest = read_idempotency(call, film)
        if key is not None:
            earlier = await self.jobs.find_key(row.token_id, key)
            if earlier is not None:
                return await self._answer_again(life, earlier, digest)
        complete_peek(film, plan)
        while not pipeline.admission.admit(life):
            await pipeline.admission.load(life)
        now = pipeline.clock.now()
        job = Job(
            id=f"video_{call.id.replace('-', '')}",
            tenant_id=row.tenant_id,
            token_id=row.token_id,
            operation=Operation.VIDEO.value,
            model=row.model,
            state="submitting",
            request=msgspec.json.encode(
                KeptRequest(
                    prompt=film.request.prompt,
                    fps=film.request.fps,
                    seed=film.request.seed,
                    pictures=len(film.request.pictures),
                )
            ),
            source_id=None if source is None else source.id,
            ms=peek.video_ms or None,
            size=peek.size,
            created_at=row.created_at,
            deadline_at=now + self.times.longest,
            worker="",
            epoch=0,
            key=key,
            body_hash=digest,
            accounts=life.principal.accounts,
            held=row.hold_nano,
            row=write_row(row),
        )
        kept = await self.books.create(job)
        if kept.id != job.id:  # the same request came twice at once
            pipeline.admission.settle(life, 0)
            return await self._answer_again(life, kept, digest)
        life.hold = None  # the earmark stands for it
        return kept

    async def _answer_again(self, life: Life, job: Job, digest: bytes) -> Made:
        if job.body_hash != digest:
            raise ConflictError(
                f"The Idempotency-Key {job.key!r} was used with another request body; use a new key."
            )
        life.row.status = 200
        life.note("answered again for its Idempotency-Key, not charged")
        await self.pipeline.record(life)
        self.pipeline.book(life)
        return Made(job, b"idempotency-replayed: true\r\n", again=True)

    async def _submit(self, life: Life, job: Job, request: VideoRequest) -> Job | NexhinaError:
        """The job as its vendor took it, or why none did."""
        clock = self.pipeline.clock

        async def note(candidate: Candidate, target: Target) -> bool:
            return await self.jobs.note_attempt(
                job,
                channel_id=candidate.channel.id,
                upstream_model=candidate.upstream_model,
                key_mark=mark_key(candidate.provider, target),
            )

        error: NexhinaError
        try:
            whole = await Submission(self.pipeline.attempts, job, request, note).serve(life)
            assert isinstance(whole, Whole)
            vendor = read_vendor(whole.candidate)
            taken = vendor.read_submit(whole.headers, whole.body)
            assert taken is not None
        except NexhinaError as refusal:
            error = refusal
        except BaseException:
            error = InternalError()
            await self._refuse(life, job, error, lost=True)
            raise
        else:
            life.row.status = 200
            life.end(clock.monotonic())
            progress = taken.progress
            going = progress.state if progress.state in ("queued", "in_progress") else "in_progress"
            await self.jobs.note_taken(
                job,
                life.row,
                vendor_id=taken.id,
                state=going,
                percent=progress.percent or 0,
                ms=min(progress.ms or job.ms or 0, job.ms or 0) or None,
                size=progress.size or job.size,
                poll_at=clock.now() + FIRST,
            )
            self.books.begun()
            found = await self.jobs.find(job.tenant_id, job.id)
            return found or job
        await self._refuse(life, job, error, lost=isinstance(error, SubmissionLostError))
        return error

    async def _refuse(self, life: Life, job: Job, error: NexhinaError, *, lost: bool) -> None:
        """Ends a job that no vendor took; one of which nobody knows is kept as failed."""
        clock = self.pipeline.clock
        error.headers += read_lines(life.answer_lines(clock.monotonic()))
        life.note_error(error)
        life.waive()
        life.end(clock.monotonic())
        await self.books.end(
            job,
            life.row,
            keep=lost,
            state="failed",
            error_code=error.code,
            error_text=error.message,
        )

    # --- a job is looked after ----------------------------------------------------------------------

    async def find(self, call: Inbound) -> Job:
        """The job of the caller's tenant that the path names; raises NotFoundError."""
        principal = await self.pipeline.authenticate(call)
        return await self.find_in(principal.tenant.id, call.params["id"])

    async def find_in(self, tenant_id: int, name: str) -> Job:
        """The tenant's job; raises NotFoundError."""
        job = await self.jobs.find(tenant_id, name) if name.startswith("video_") else None
        if job is None:
            raise NotFoundError(
                f"There is no video {name[:80]!r} here; it may have been deleted or have expired.",
                param="video_id",
            )
        return job

    async def await_end(self, job: Job) -> Job:
        """The job when it has ended, or as it is when the waiting time is over."""
        wait = self.books.expect(job.id)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.times.wait, wait.resolve, job)
        try:
            # It may have ended before anybody waited.
            found = await self.jobs.find(job.tenant_id, job.id)
            if found is None or found.ended:
                return found or job
            await wait
            return await self.jobs.find(job.tenant_id, job.id) or job
        finally:
            timer.cancel()
            self.books.forget(job.id, wait)

    async def cancel(self, job: Job) -> Job:
        """The job, given up at its vendor; it costs nothing. Raises ConflictError, UpstreamError."""
        if job.state == "cancelled":
            return job
        if job.ended:
            raise ConflictError(f"The video {job.id} has {job.state}; there is nothing to cancel.")
        if job.state == "submitting":
            raise ConflictError(f"The video {job.id} is being sent; try again in a moment.")
        place = self.vendors.find(job)
        if place is not None:
            said = await self.vendors.ask(place, place.vendor.write_poll(job.vendor_id))
            if said.outcome == "ok":
                progress = place.vendor.read_poll(job.vendor_id, said.headers, said.body)
                if progress is not None and progress.state == "completed":
                    raise ConflictError(f"The video {job.id} is ready; it can't be cancelled now.")
            ask = place.vendor.write_cancel(job.vendor_id)
            if ask is None:
                raise ConflictError(
                    f"The provider of {job.id} can't cancel a video; it goes on, and is charged "
                    "when it is ready."
                )
            said = await self.vendors.ask(place, ask)
            if said.outcome == "refused":
                assert said.error is not None
                raise ConflictError(
                    f"The provider of {job.id} does not cancel it now: {said.error.message}"
                )
            if said.outcome == "failed":
                raise UpstreamError(f"The provider of {job.id} could not be asked. Try again.")
        row = read_row(job)
        row.status, row.error_code = CANCELLED, "cancelled"
        row.total_us = int((self.pipeline.clock.now() - job.created_at) * 1e6)
        text = "Cancelled by its caller."
        ended = await self.books.end(
            job, row, state="cancelled", error_code="cancelled", error_text=text
        )
        return ended or await self.find_in(job.tenant_id, job.id)

    async def remove(self, job: Job) -> None:
        """Deletes the job with its files; one that runs is cancelled first.

        A film that was made is removed at its vendor too, where that can be, beside the answer: the
        caller neither waits for it nor hears of its failure.
        """
        lies_there = job.ended and job.state != "cancelled" and job.vendor_id
        if not job.ended:
            job = await self.cancel(job)
        for name in job.files.values():
            await self.blobs.remove(name)
        await self.jobs.remove(job.tenant_id, job.id)
        if lies_there:
            spawn(drive(self._remove_there(job)), "video removal")

    async def _remove_there(self, job: Job) -> None:
        place = self.vendors.find(job)
        ask = place and place.vendor.write_delete(job.vendor_id)
        if place is None or ask is None:
            return
        said = await self.vendors.ask(place, ask)
        if said.outcome not in ("ok", "gone"):
            told = "no answer" if said.error is None else said.error.message
            _log.warning("%s was not removed at its provider: %s", job.id, told)


def narrow(plan: Plan, source: Job) -> Plan:
    """The plan with the source's channel only: nobody else has the film."""
    tiers = tuple(
        tuple(each for each in tier if each.channel.id == source.channel_id) for tier in plan.tiers
    )
    tiers = tuple(tier for tier in tiers if tier)
    if not tiers:
        raise ConflictError(f"The channel that made {source.id} can't be asked now.")
    if not read_vendor(tiers[0][0]).remixes:
        raise InvalidRequestError(
            f"The provider of {source.model} can't remix a video; ask for a new one."
        )
    return msgspec.structs.replace(plan, tiers=tiers)


def complete_peek(film: FilmCall, plan: Plan) -> None:
    """Checks the request against the model's facts, and fills in the length that is held for."""
    peek, model = film.peek, plan.offer.model
    sizes = () if model is None else model.video_sizes
    lengths = () if model is None else model.video_ms
    size = film.request.size
    if size and sizes and size not in sizes:
        raise InvalidRequestError(
            f"'size' is {size!r}, which {peek.model} does not make; it makes {', '.join(sizes)}.",
            param="size",
        )
    if film.request.source is not None and lengths:
        # Its source's length, which nobody asked for: as long as it was found, or the next that is made.
        peek.video_ms = min(
            (each for each in lengths if each >= peek.video_ms), default=max(lengths)
        )
    elif peek.video_ms and lengths and peek.video_ms not in lengths:
        shown = ", ".join(f"{each / 1000:g}" for each in lengths)
        raise InvalidRequestError(
            f"'seconds' is {peek.video_ms / 1000:g}, which {peek.model} does not make; it makes "
            f"{shown}.",
            param="seconds",
        )
    if not peek.video_ms:
        peek.video_ms = max(lengths, default=USUAL_MS)


def read_idempotency(call: Inbound, film: FilmCall) -> tuple[str | None, bytes]:
    """The Idempotency-Key and what tells the same request from another; raises InvalidRequestError.

    Read from what was asked for, not from the bytes: a form is written anew at each try.
    """
    key = read_idempotency_key(call.headers)
    if key is None:
        return None, b""
    request = film.request
    digest = sha256(call.path.encode() + b"\0" + film.peek.model.encode() + b"\0")
    for picture in request.pictures:
        digest.update(sha256(picture.data).digest())
    bare = msgspec.structs.replace(
        request,
        pictures=tuple(msgspec.structs.replace(each, data=b"") for each in request.pictures),
    )
    digest.update(msgspec.json.encode(bare))
    return key, digest.digest()
