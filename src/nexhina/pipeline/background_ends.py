"""How background responses end that have no answer: cancelled, failed, or left by a dead process."""

import asyncio
import logging

import msgspec

from nexhina.dialects.responses_background import write_cancelled, write_failed
from nexhina.errors import ClientGone, InternalError, NexhinaError
from nexhina.pipeline.background_run import BackgroundRun
from nexhina.ports import ResponseStore, StoredResponse

SAVES = (0.5, 2.0, 5.0)
"""Seconds until an end that could not be stored is stored again."""

_STOPPED = "The server was stopped while this response ran. Ask again."
_INTERRUPTED = (
    "The server ended while this response ran, and did not send it again. The log says what it "
    "cost. Ask again."
)
_log = logging.getLogger("nexhina.pipeline.background")


class BackgroundEnds:
    """Writes ends into stored responses."""

    def __init__(self, store: ResponseStore) -> None:
        self._store = store

    async def complete(self, run: BackgroundRun, answer: bytes) -> None:
        """Stores the answer of a response whose call is booked: from here on nothing stops it."""
        run.steps = None
        await self._save(run, answer)

    async def close(self, run: BackgroundRun, error: Exception) -> None:
        """Stores how a response ended whose call `error` ended."""
        assert run.begun is not None
        run.steps = None
        if isinstance(error, ClientGone):
            if run.cancelled:
                final = write_cancelled(run.begun)
            else:
                final = write_failed(run.begun, InternalError(_STOPPED))
        elif isinstance(error, NexhinaError):
            final = write_failed(run.begun, error)
        else:
            _log.error("background response %s failed", run.id, exc_info=error)
            final = write_failed(run.begun, InternalError())
        await self._save(run, final)

    async def bury(self, row: StoredResponse) -> StoredResponse | None:
        """What a process left that was killed while the response ran, as one that has failed.

        None: somebody has deleted it meanwhile.
        """
        answer = write_failed(msgspec.json.decode(row.answer), InternalError(_INTERRUPTED))
        if not await self._store.update(row.tenant_id, row.id, answer):
            return None
        return msgspec.structs.replace(row, answer=answer)

    async def _save(self, run: BackgroundRun, final: bytes) -> None:
        for wait in (*SAVES, None):
            try:
                await self._store.update(run.tenant_id, run.id, final)
                break
            except Exception as trouble:  # noqa: BLE001  (logged, and tried again)
                _log.error("how %s ended could not be stored: %s", run.id, trouble)
            if wait is not None:
                await asyncio.sleep(wait)
        run.final = final
