"""The life of a request whose caller does not wait: `Pipeline`, with one stage more.

    authenticate → read → plan → admit (hold) → accept → attempt … → relay → settle → record

*Accept* stores the response as one that runs, and tells its caller so; from then on errors go into
the stored response. Whatever is refused before is answered as ever.
"""

from collections.abc import Callable
from typing import cast

import msgspec

from nexhina.dialects.openai_responses import is_stored
from nexhina.dialects.responses_background import adopt, write_begun
from nexhina.errors import ClientGone, InvalidRequestError
from nexhina.pipeline.attempts import Sent
from nexhina.pipeline.background_run import BackgroundRun
from nexhina.pipeline.background_sink import BackgroundSink
from nexhina.pipeline.life import Life
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.responses import Responses


class BackgroundResponses(Responses):
    """The store's side: what is kept is ours, whatever its vendor calls it."""

    async def begin(self, life: Life) -> None:
        """Stores the response as one that runs, and accepts it; raises InvalidRequestError."""
        assert life.peek is not None
        assert life.plan is not None
        if not is_stored(life.peek):
            raise InvalidRequestError(
                "A response in the background is stored, to be read later: leave 'store' out, "
                "or leave 'background' out.",
                param="store",
            )
        require_fit(life)
        begun = write_begun(life.peek, life.plan.offer.name, int(life.row.created_at))
        run = find_run(life)
        await self.save(life, run.id, msgspec.json.encode({**begun, "status": "in_progress"}))
        run.begun = begun

    async def keep(self, life: Life, answer: bytes) -> None:
        """Remembers the answer, to be stored once its call is booked.

        The journal is first: what a kill leaves between the two is charged and has failed. The other
        way round it would be an answer that costs nothing.
        """
        run = find_run(life)
        assert run.begun is not None
        run.answer = adopt(answer, run.begun)


class BackgroundPipeline(Pipeline, kw_only=True, eq=False):
    """The installation's pipeline, for clients that are a `BackgroundSink`."""

    admit: Callable[[BackgroundRun], None]  # raises where no more may run

    async def serve_whole(self, life: Life, sent: Sent | None = None) -> None:
        """One answer in one piece, after its caller was told to come back for it."""
        await self.accept(life)
        await Pipeline.serve_whole(self, life, sent)

    async def serve_stream(self, life: Life) -> None:
        """Events as they come, for those who follow."""
        await self.accept(life)
        await Pipeline.serve_stream(self, life)

    async def accept(self, life: Life) -> None:
        """Stores the response and has its caller answered."""
        assert life.peek is not None
        run = find_run(life)
        run.size += sum(map(len, life.peek.earlier))
        self.admit(run)
        await cast("BackgroundResponses", self.responses).begin(life)
        if run.cancelled:  # its caller left while it was stored
            raise ClientGone
        run.accept(life.answer_lines(self.clock.monotonic()))


def open_background(
    pipeline: Pipeline, admit: Callable[[BackgroundRun], None]
) -> BackgroundPipeline:
    """The same stages on the same parts."""
    parts = {name: getattr(pipeline, name) for name in pipeline.__struct_fields__}
    parts["responses"] = BackgroundResponses(pipeline.responses.store, pipeline.responses.vendors)
    return BackgroundPipeline(**parts, admit=admit)


def find_run(life: Life) -> BackgroundRun:
    """The response that a call is about."""
    return cast("BackgroundSink", life.client).run


def require_fit(life: Life) -> None:
    """Raises InvalidRequestError for what no channel's format can carry: it would fail at once."""
    assert life.plan is not None
    assert life.peek is not None
    refusal: InvalidRequestError | None = None
    for candidate in (each for tier in life.plan.tiers for each in tier):
        try:
            candidate.dialect.write_same(
                life.peek, life.call.body, candidate.upstream_model, candidate.quirks
            )
        except InvalidRequestError as error:
            refusal = refusal or error
        else:
            return
    if refusal is not None:
        raise refusal
