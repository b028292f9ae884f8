"""Background responses: begun here, followed, cancelled, and ended when the server stops.

Each is one run of the pipeline that this process drives by itself. The stored response is what
outlives it: one that says that it runs, and that no process runs, was interrupted.
"""

import logging

import msgspec

from nexhina.contract.route import ROUTES
from nexhina.dialects.dialect import Peek
from nexhina.dialects.registry import DIALECTS
from nexhina.dialects.responses_background import OPEN, read_state
from nexhina.dialects.responses_replay import write_replay
from nexhina.domain.identity import Principal
from nexhina.errors import ClientGone, UpstreamError, forget_frames
from nexhina.pipeline.background_ends import BackgroundEnds
from nexhina.pipeline.background_pipeline import open_background
from nexhina.pipeline.background_registry import BackgroundLimits, BackgroundRegistry
from nexhina.pipeline.background_run import BackgroundRun
from nexhina.pipeline.background_sink import BackgroundSink
from nexhina.pipeline.life import STREAM_HEAD
from nexhina.pipeline.listing import JSON
from nexhina.pipeline.pipeline import Pipeline
from nexhina.ports import Client, Inbound, StoredResponse
from nexhina.tasks import Steps

LAST = 5.0
"""Seconds that those have which are stopped."""

_log = logging.getLogger("nexhina.pipeline.background")


class Background:
    """One per process."""

    def __init__(self, pipeline: Pipeline, limits: BackgroundLimits) -> None:
        self._pipeline = pipeline
        self._known = BackgroundRegistry(limits)
        self._detached = open_background(pipeline, self._known.admit)
        self._store = pipeline.responses.store
        self._ends = BackgroundEnds(self._store)
        self._route = next(route for route in ROUTES if route.path == "/v1/responses")
        self._dialect = DIALECTS[self._route.dialect]

    # --- begun -------------------------------------------------------------------------------------

    async def begin(self, principal: Principal, peek: Peek, call: Inbound, client: Client) -> None:
        """Answers the call as soon as its response is stored; it goes on by itself."""
        # The call without its connection, which may take the next one meanwhile.
        kept = Inbound(**{name: getattr(call, name) for name in Inbound.__struct_fields__})
        run = BackgroundRun(call, principal.tenant.id, principal.token.id, streams=peek.stream)
        steps = run.steps = Steps(self._live(run, peek, kept), _ended)
        try:
            steps.advance()
            lines = await run.accepted
        except BaseException:  # the caller left, or the request is refused
            run.cancelled = True
            steps.throw(ClientGone())
            raise
        if peek.stream:
            client.start(200, STREAM_HEAD, lines)
            await run.follow(client, 0, self._pipeline.commit_after)
        else:
            client.answer(200, [JSON], msgspec.json.encode(run.begun), lines)

    async def _live(self, run: BackgroundRun, peek: Peek, call: Inbound) -> None:
        sink = BackgroundSink(run)
        try:
            try:
                await self._detached.run(self._route, self._dialect, call, sink, peek)
            except Exception as error:  # noqa: BLE001  (a call's edge: it is told in the response)
                if not run.accepted.done:
                    run.accepted.fail(error)
                if run.begun is not None:
                    await self._ends.close(run, error)
                forget_frames(error)
            else:  # its call is booked
                if run.answer is not None:
                    await self._ends.complete(run, run.answer)
                elif run.begun is not None:
                    await self._ends.close(run, run.failure or UpstreamError())
        finally:
            try:
                if run.begun is not None:
                    run.end()
            finally:
                self._known.forget(run)

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._known.list_running())

    # --- asked about -------------------------------------------------------------------------------

    async def load(
        self, tenant_id: int, name: str
    ) -> tuple[StoredResponse | None, BackgroundRun | None]:
        """The stored response, and its run where this process has it still."""
        run = self._known.find(tenant_id, name)  # first: what it has stored meanwhile is read then
        row = await self._store.find(tenant_id, name)
        if row is None or run is not None or row.native:
            return row, run
        state = read_state(row.answer)
        if state.background and state.status in OPEN:
            return await self._ends.bury(row), None
        return row, None

    async def stream(
        self,
        row: StoredResponse,
        run: BackgroundRun | None,
        client: Client,
        after: int | None,
    ) -> None:
        """Answers the events behind the number `after`: as they come, or of what is stored."""
        begin = 0 if after is None else after + 1
        client.start(200, STREAM_HEAD)
        if run is not None:
            await run.follow(client, begin, self._pipeline.commit_after)
            return
        events = write_replay(row.answer)
        # The last one always comes: it has the whole response, and the number may be of the first
        # stream, which had more events.
        client.end(b"".join(events[min(begin, len(events) - 1) :]))

    # --- ended -------------------------------------------------------------------------------------

    async def cancel(self, run: BackgroundRun) -> None:
        """Returns when the response has ended; what its vendor did so far is charged."""
        run.cancelled = True
        _stop(run)
        await run.ended()

    async def drain(self, seconds: float) -> None:
        """Begins none any more, and returns when none runs; those that do after `seconds` fail."""
        known = self._known
        known.closed = True
        await known.emptied(seconds)
        for run in known.list_running():
            _stop(run)
        await known.emptied(LAST)


def _stop(run: BackgroundRun) -> None:
    if run.steps is not None:
        run.steps.throw(ClientGone())


def _ended(error: BaseException | None) -> None:
    if error is not None:
        _log.error("a background response was not brought to its end", exc_info=error)
