"""Removes what has had its time: stored answers, responses, media, and log rows when the operator limits them."""

import asyncio
import logging
from typing import TYPE_CHECKING

from nexhina.blobs.store import BlobStore
from nexhina.ports import Clock
from nexhina.storage import idempotency
from nexhina.storage import job as jobs
from nexhina.storage import log as logs
from nexhina.storage import stored_response as responses

if TYPE_CHECKING:
    from nexhina.storage.database import Database

EVERY = 600.0
"""Seconds between two rounds."""

DAY = 86_400.0
BATCH = 100
JOBS_KEPT = 30 * DAY
"""Seconds for which a job that has ended can be read; its files go earlier."""

ROUNDS_A_DAY = int(DAY / EVERY)

_log = logging.getLogger("nexhina.jobs.retention")


async def run_retention(
    database: "Database", media: BlobStore, clock: Clock, log_days: int
) -> None:
    """Runs until cancelled. `log_days` 0 keeps log rows for ever.

    Once a day, first in the second round, it looks for files that no row tells of.
    """
    rounds = 0
    while True:
        await asyncio.sleep(EVERY)
        rounds += 1
        try:
            await remove_expired(database, media, clock.now(), log_days)
            if rounds % ROUNDS_A_DAY == 2 and (count := await media.remove_orphans()):
                _log.info("%d stored files that no row told of were removed", count)
        except Exception:  # noqa: BLE001  (a task's edge: logged, and tried again)
            _log.exception("the round failed; the next one is in %d s", EVERY)


async def remove_expired(database: "Database", media: BlobStore, now: float, log_days: int) -> int:
    """The number of rows that went, in small transactions so that no caller waits for long."""
    removed = await database.writing(idempotency.remove_expired, now)
    while count := await database.writing(responses.remove_expired, now, BATCH):
        removed += count
    while count := await database.writing(jobs.remove_ended, now - JOBS_KEPT, BATCH):
        removed += count
    if log_days > 0:
        while count := await database.writing(logs.remove_before, now - log_days * DAY, 1000):
            removed += count
    while count := await media.remove_expired(BATCH):  # last: their shelf may be out of reach
        removed += count
    return removed
