"""Follows films until they have ended: asks their vendors, in batches, slower the longer it takes.

A job is claimed before it is looked after, so that several processes share the work; a claim of a
process that died runs out, and its own next life takes it up at once.
"""

import asyncio
import logging

from nexhina.domain.job import Job
from nexhina.pipeline.video_books import JobBooks
from nexhina.pipeline.video_follow import VideoFollow
from nexhina.ports import Clock
from nexhina.tasks import drive, spawn

MOST_AT_ONCE = 16
CLAIM = 120.0
"""Seconds that a claim holds; a film that takes longer to fetch is claimed again and again."""

IDLE = 5.0
"""Seconds between two looks into the table at most, while there are open jobs."""

TROUBLE = 5.0
"""Seconds until the next try after a look that failed for a reason of our own."""

_log = logging.getLogger("nexhina.jobs.video")


class VideoPoller:
    """One per process."""

    def __init__(self, books: JobBooks, follow: VideoFollow, clock: Clock) -> None:
        self._books = books
        self._jobs = books.jobs
        self._follow = follow
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        books.begun = self._woken.set

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            await self._begin()
            while True:
                self._woken.clear()
                wait = await self._round()
                if wait is None:
                    await self._woken.wait()
                    continue
                try:
                    await asyncio.wait_for(self._woken.wait(), wait)
                except TimeoutError:
                    continue
        finally:
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _begin(self) -> None:
        """Takes up what an earlier life of this process left."""
        while True:
            try:
                await self._books.load_held()
                await self._jobs.wake_claimed()
                count = await drive(self._follow.end_lost())
            except Exception:  # noqa: BLE001  (a task's edge: logged, and tried again)
                _log.exception("jobs of an earlier life could not be taken up; next try in 5 s")
                await asyncio.sleep(TROUBLE)
                continue
            if count:
                _log.warning("%d jobs were lost at submission when the server ended", count)
            return

    async def _round(self) -> float | None:
        """Starts what is due; seconds until something may be due again, None: there is no open job."""
        try:
            free = MOST_AT_ONCE - len(self._running)
            now = self._clock.now()
            due = await self._jobs.list_due(now, free) if free > 0 else []
            for job in due:
                if job.id not in self._running and await self._jobs.claim(job, now + CLAIM):
                    self._running[job.id] = spawn(self._look(job), f"follow {job.id}")
            if len(due) == free or free <= 0:
                return 0.05 if free > 0 else IDLE  # a look that ends wakes this loop
            following = await self._jobs.next_due()
        except Exception:  # noqa: BLE001  (a task's edge: logged, and tried again)
            _log.exception("the round failed; the next one is in %g s", TROUBLE)
            return TROUBLE
        if following is None:
            return None
        return max(0.02, min(IDLE, following - self._clock.now()))

    async def _look(self, job: Job) -> None:
        holding = spawn(self._hold(job), f"claim of {job.id}")
        try:
            await drive(self._follow.look(job))
        except Exception:  # noqa: BLE001  (a task's edge: logged, and tried again)
            _log.exception("the look after %s failed; the next one is in %g s", job.id, TROUBLE)
            await self._postpone(job)
        finally:
            holding.cancel()
            self._running.pop(job.id, None)
            self._woken.set()

    async def _hold(self, job: Job) -> None:
        """Keeps the claim of a look that takes long."""
        while True:
            await asyncio.sleep(CLAIM / 2)
            await self._jobs.note(job, poll_at=self._clock.now() + CLAIM)

    async def _postpone(self, job: Job) -> None:
        try:
            await self._jobs.note(job, poll_at=self._clock.now() + TROUBLE)
        except Exception:  # noqa: BLE001  (the claim runs out)
            _log.exception("%s waits for its claim to run out", job.id)
