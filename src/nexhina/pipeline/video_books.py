"""The money of durable jobs in this process's memory, and the one way in which a job ends.

A job's bound is held in the purse like a call's, and at once becomes an earmark in the database,
in the transaction that makes the job: from then on the hold in memory stands for the earmark, after
a restart as well. Whoever ends the job moves charge, row and earmark in one transaction; the database
lets one do it, and only that one moves the purse.
"""

from collections.abc import Callable
from typing import Any

from nexhina.domain.job import Job
from nexhina.domain.log import LogRow
from nexhina.pipeline.purse import Purse
from nexhina.ports import Metrics
from nexhina.storage.job import SqlJobs
from nexhina.tasks import Wait


class JobBooks:
    """Ends jobs, and tells those who wait for their end."""

    def __init__(self, jobs: SqlJobs, purse: Purse, metrics: Metrics) -> None:
        self.jobs = jobs
        self._purse = purse
        self._metrics = metrics
        self._waiting: dict[str, list[Wait[Job]]] = {}
        self._held: dict[str, tuple[int, int]] = {}  # token and amount of open jobs
        self.begun: Callable[[], None] = lambda: None
        """Called when there is a job to follow."""

    async def create(self, job: Job) -> Job:
        """The job, or an earlier one with the same Idempotency-Key (see `SqlJobs.create`)."""
        kept = await self.jobs.create(job)
        if kept.id == job.id:
            self._held[job.id] = (job.token_id, job.held)
        return kept

    async def load_held(self) -> None:
        """Reads what is set aside for the jobs of earlier lives."""
        for name, token_id, held in await self.jobs.list_held():
            self._held[name] = (token_id, held)

    def held_by_token(self, token_id: int) -> int:
        """nano-USD set aside for jobs of this token."""
        return sum(held for token, held in self._held.values() if token == token_id)

    async def end(self, job: Job, row: LogRow, *, keep: bool = True, **values: Any) -> Job | None:
        """The job as it ended, charged `row.charge_nano`; None: somebody else ended it before."""
        # Loaded before the transaction: what memory reads of an account must not have its charge yet.
        accounts = await self._purse.load(job.accounts)
        ended = await self.jobs.end(job, row, keep=keep, **values)
        if ended is None:
            return None
        self._held.pop(job.id, None)
        self._purse.close(accounts, ended.held, row.charge_nano)
        self._metrics.call_ended(row)
        for wait in self._waiting.pop(job.id, ()):
            wait.resolve(ended)
        return ended

    def expect(self, job_id: str) -> Wait[Job]:
        """Resolved when the job ends in this process. `forget` it when nobody waits any more."""
        wait: Wait[Job] = Wait()
        self._waiting.setdefault(job_id, []).append(wait)
        return wait

    def forget(self, job_id: str, wait: Wait[Job]) -> None:
        """Nobody waits for it any more."""
        waits = self._waiting.get(job_id, [])
        if wait in waits:
            waits.remove(wait)
            if not waits:
                del self._waiting[job_id]
