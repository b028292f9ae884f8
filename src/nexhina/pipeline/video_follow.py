"""One look after a job: its vendor is asked, its film is fetched, its end is booked.

What goes wrong on the way is tried again, slower each time, until the job's own time is over; then,
and when the vendor says so, the job has failed and costs nothing.
"""

import logging
from collections.abc import Callable
from typing import Any

from nexhina.billing.tariff import choose_tariff
from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import VendorError
from nexhina.dialects.video import Film, Progress, Variant
from nexhina.domain.job import Job
from nexhina.domain.log import LogRow
from nexhina.domain.usage import Usage
from nexhina.errors import InsufficientQuotaError, OverloadedError
from nexhina.pipeline.bound import is_priced
from nexhina.pipeline.plan import Planner
from nexhina.pipeline.video import CANCELLED, FIRST, VideoTimes
from nexhina.pipeline.video_books import JobBooks
from nexhina.pipeline.video_film import (
    PICTURES,
    FilmError,
    FilmStore,
    choose_length,
    is_lie,
)
from nexhina.pipeline.video_vendor import Place, VideoVendors
from nexhina.ports import Clock
from nexhina.storage.job import read_row

SLOWER, SLOWEST = 1.5, 15.0
"""Each wait for the next question is so many times the one before; seconds of the longest."""

MOST_REFUSALS = 5
"""Answers in a row by which a vendor refuses to tell of a job before it is given up."""

MOST_FETCHES = 8
"""Tries in a row to fetch and keep a film."""

FAILED = 502
LOST = "Lost at submission: whether the vendor took it is not known; nothing is charged."

_log = logging.getLogger("nexhina.pipeline")


class VideoFollow:
    """Looks after jobs; each is claimed by one process at a time."""

    def __init__(  # noqa: PLR0913  (what it joins)
        self,
        *,
        books: JobBooks,
        vendors: VideoVendors,
        films: FilmStore,
        planner: Planner,
        clock: Clock,
        draw: Callable[[], float],
        times: VideoTimes,
    ) -> None:
        self._books = books
        self._jobs = books.jobs
        self._vendors = vendors
        self._films = films
        self._planner = planner
        self._clock = clock
        self._draw = draw
        self._times = times

    async def end_lost(self) -> int:
        """How many jobs were being sent when their process died; they have failed now."""
        lost = await self._jobs.list_lost()
        for job in lost:
            await self._fail(job, "submission_lost", LOST)
        return len(lost)

    async def look(self, job: Job) -> None:
        """Asks the job's vendor once and does what follows."""
        place = self._vendors.find(job)
        if place is None:
            await self._fail(job, "channel_removed", "The channel that took it was removed.")
            return
        if self._clock.now() >= job.deadline_at:
            await self._give_up(job, place)
            return
        said = await self._vendors.ask(place, place.vendor.write_poll(job.vendor_id))
        if said.outcome == "gone":
            await self._fail(job, "vendor_lost_job", "The provider knows no such job any more.")
            return
        progress = None
        if said.outcome == "ok":
            progress = place.vendor.read_poll(job.vendor_id, said.headers, said.body)
        if progress is None:
            if said.outcome == "refused" and job.failures + 1 >= MOST_REFUSALS:
                assert said.error is not None
                await self._fail(job, "vendor_refused", said.error.message)
                return
            await self._again(job, failures=job.failures + 1)
        elif progress.state in ("queued", "in_progress"):
            await self._again(
                job,
                state=progress.state,
                percent=max(job.percent, min(progress.percent or 0, 99)),
                failures=0,
            )
        elif progress.state == "completed":
            await self._keep(job, place, progress)
        else:
            await self._end_without(job, progress)

    async def fetch_beside(self, job: Job, variant: Variant) -> str | None:
        """The name of a stored thumbnail or sprite sheet; None: the vendor has none (any more)."""
        place = self._vendors.find(job)
        if place is None or variant not in place.vendor.variants:
            return None
        ask = place.vendor.write_content(job.vendor_id, variant)
        if ask is None:
            return None
        try:
            name = (await self._films.keep(place, Film(ask=ask), job.tenant_id, PICTURES)).name
        except FilmError:
            return None
        try:
            await self._jobs.note_files(job, {**job.files, variant: name})
        except Exception:
            await self._drop_unknown(job, variant, name)
            raise
        return name

    # --- what follows -------------------------------------------------------------------------------

    async def _again(self, job: Job, **values: Any) -> None:
        number = job.polls + 1
        wait = min(SLOWEST, FIRST * SLOWER**number) * (0.85 + 0.3 * self._draw())
        # A film must not wait for a question that comes after the job's own time.
        due = min(self._clock.now() + wait, max(job.deadline_at, self._clock.now() + 1.0))
        await self._jobs.note(job, polls=number, poll_at=due, **values)

    async def _keep(self, job: Job, place: Place, progress: Progress) -> None:
        assert progress.film is not None
        try:
            name, measured = await self._films.keep(place, progress.film, job.tenant_id)
        except InsufficientQuotaError as error:
            await self._fail(job, error.code, error.message)
            return
        except OverloadedError:  # our own store: it is in the log, and the vendor keeps the film
            await self._again(job, state="in_progress", percent=99)
            return
        except FilmError as error:
            if error.final or job.failures + 1 >= MOST_FETCHES:
                await self._fail(
                    job, "film_not_stored", f"The film was made but could not be fetched: {error}."
                )
                return
            _log.warning("the film of %s could not be fetched: %s", job.id, error)
            await self._again(job, state="in_progress", percent=99, failures=job.failures + 1)
            return
        charged, size = choose_length(job.ms, progress.ms, measured), progress.size or job.size
        row = self._write_row(job)
        row.status = 200
        self._charge(row, job, place, charged, size or "", estimated=progress.ms is None)
        ms = _tell_length(row, job, progress, measured)
        try:
            ended = await self._books.end(
                job,
                row,
                state="completed",
                percent=100,
                ms=ms or None,
                size=size,
                files={"video": name},
                expires_at=self._clock.now() + self._times.kept,
            )
        except Exception:  # the next look fetches the film again
            await self._drop_unknown(job, "video", name)
            raise
        if ended is None:  # cancelled or deleted meanwhile
            await self._films.drop(name)

    async def _drop_unknown(self, job: Job, variant: Variant, name: str) -> None:
        """Removes a file that could not be booked, unless it was: a commit's answer can be lost."""
        try:
            known = await self._jobs.find(job.tenant_id, job.id)
            if known is None or known.files.get(variant) != name:
                await self._films.drop(name)
        except Exception:  # noqa: BLE001  (the first error is told; what stays ends with its time)
            _log.warning("%s of %s may lie there unused until its time is over", name, job.id)

    async def _end_without(self, job: Job, progress: Progress) -> None:
        cancelled = progress.state == "cancelled"
        error = progress.error or VendorError(
            message="The provider cancelled it." if cancelled else "The provider gave no reason."
        )
        row = self._write_row(job)
        row.status = CANCELLED if cancelled else FAILED
        row.error_code = error.code or ("cancelled" if cancelled else "video_failed")
        place = self._vendors.find(job)
        if progress.charged and place is not None:
            ms, size = progress.ms or job.ms or 0, progress.size or job.size or ""
            self._charge(row, job, place, ms, size, estimated=progress.ms is None)
        await self._books.end(
            job,
            row,
            state="cancelled" if cancelled else "failed",
            error_code=row.error_code,
            error_text=error.message,
        )

    async def _give_up(self, job: Job, place: Place) -> None:
        """The job's time is over: its vendor is told, where it can be."""
        ask = place.vendor.write_cancel(job.vendor_id)
        if ask is not None:
            await self._vendors.ask(place, ask)
        seconds = self._times.longest
        await self._fail(job, "video_timeout", f"It was not ready after {seconds:g} s.")

    async def _fail(self, job: Job, code: str, text: str) -> None:
        row = self._write_row(job)
        row.status, row.error_code = FAILED, code
        await self._books.end(job, row, state="failed", error_code=code, error_text=text)

    def _write_row(self, job: Job) -> LogRow:
        """The job's log row as it began, with its time up to now; nothing is charged yet."""
        row = read_row(job)
        row.total_us = int(max(0.0, self._clock.now() - job.created_at) * 1e6)
        row.charge_nano, row.lines = 0, ()
        row.estimated = row.unpriced = False
        return row

    def _charge(
        self, row: LogRow, job: Job, place: Place, ms: int, size: str, *, estimated: bool
    ) -> None:
        """Prices the film at the tariff of the channel that made it, as it was when it was asked for."""
        snapshot = self._planner.directory.snapshot()
        prices = [each for each in snapshot.prices if each.model == job.model]
        tariff = choose_tariff(prices, job.model, place.channel.id, job.created_at)
        usage = Usage(video=ms, video_variant=size, estimated=estimated)
        row.charge_nano, row.lines = tariff.charge(usage)
        row.estimated = usage.estimated
        row.unpriced = not is_priced(Operation.VIDEO, tariff)


def _tell_length(row: LogRow, job: Job, progress: Progress, measured: int | None) -> int:
    """Milliseconds that the film is said to have; a length that can't be true is noted in the row."""
    ms = progress.ms or job.ms or 0
    if measured is None or not is_lie(ms, measured):
        return ms
    told = "were counted on" if progress.ms is None else "its provider said"
    row.trace += (f"the film lasts {measured / 1000:g} s; {ms / 1000:g} s {told}",)
    if progress.ms is not None:
        _log.warning("%s: %s", job.id, row.trace[-1])
    return measured
