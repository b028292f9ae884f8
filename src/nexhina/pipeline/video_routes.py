"""The routes of films: /v1/videos and /v1/video/generations, over the same jobs."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, cast

import msgspec

from nexhina.contract.header import COST
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES
from nexhina.contract.schema.video import VideoDeleted
from nexhina.dialects.dialect import Peek
from nexhina.dialects.query import read_count, read_query
from nexhina.dialects.video import VideoRequest
from nexhina.dialects.video_answer import make_generation, make_video, make_video_list
from nexhina.dialects.video_call import (
    FilmCall,
    read_create,
    read_generation,
    read_remix,
)
from nexhina.domain.job import Job
from nexhina.domain.money import write_usd
from nexhina.errors import (
    ConflictError,
    HeaderList,
    InvalidRequestError,
    NexhinaError,
    NotFoundError,
    UpstreamError,
)
from nexhina.pipeline.listing import JSON
from nexhina.pipeline.video import VideoDesk
from nexhina.pipeline.video_follow import VideoFollow
from nexhina.ports import Client, Inbound
from nexhina.providers.spec import ErrorMap
from nexhina.storage.job import read_row

Serve = Callable[[Inbound, Client, str, float], Coroutine[Any, Any, None]]

MOST_LISTED = 100
_VARIANTS = ("video", "thumbnail", "spritesheet")
_POLICY = ErrorMap().policy_codes
_write = msgspec.json.Encoder().encode


class VideoRoutes:
    """Handlers. `serve` answers with a stored file (blobs.serve)."""

    def __init__(self, desk: VideoDesk, follow: VideoFollow, serve: Serve) -> None:
        self._desk = desk
        self._follow = follow
        self._serve = serve
        self._routes = {route.path: route for route in ROUTES if route.operation is Operation.VIDEO}

    # --- /v1/videos --------------------------------------------------------------------------------

    async def run_create(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/videos with the job, once a vendor has taken it."""
        await self._desk.require_caller(call)
        made = await self._desk.begin(self._routes["/v1/videos"], call, client, read_create(call))
        client.answer(200, [JSON], _write(make_video(made.job)), made.lines)

    async def run_remix(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/videos/{id}/remix."""
        source = await self._desk.find(call)
        prompt, envelope = read_remix(call)
        if source.state != "completed":
            raise InvalidRequestError(
                f"The video {source.id} is {source.state}; only a completed one can be remixed.",
                param="video_id",
            )
        request = VideoRequest(
            prompt=prompt, size=source.size, ms=source.ms, source=source.vendor_id
        )
        peek = Peek(
            model=source.model,
            envelope=envelope,
            text_bytes=len(prompt.encode()),
            size=source.size,
            video_ms=source.ms or 0,
        )
        route = self._routes["/v1/videos/{id}/remix"]
        made = await self._desk.begin(route, call, client, FilmCall(peek, request), source)
        client.answer(200, [JSON], _write(make_video(made.job)), made.lines)

    async def run_list(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/videos."""
        principal = await self._desk.pipeline.authenticate(call)
        query = {name: value for name, value in read_query(call.query).items() if value}
        limit = read_count(query, "limit", MOST_LISTED, least=0)
        limit = 20 if limit is None else limit
        order, after = query.get("order", "desc"), query.get("after")
        if order not in {"asc", "desc"}:
            raise InvalidRequestError("'order' must be asc or desc.", param="order")
        jobs = await self._desk.jobs.list_page(
            principal.tenant.id,
            Operation.VIDEO.value,
            after=after,
            limit=limit + 1,
            ascending=order == "asc",
        )
        if jobs is None:
            raise InvalidRequestError(f"There is no video {(after or '')[:80]!r}.", param="after")
        page = make_video_list(jobs[:limit], more=len(jobs) > limit)
        client.answer(200, [JSON], _write(page))

    async def run_get(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/videos/{id}."""
        client.answer(200, [JSON], _write(make_video(await self._desk.find(call))))

    async def run_cancel(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/videos/{id}/cancel."""
        job = await self._desk.cancel(await self._desk.find(call))
        client.answer(200, [JSON], _write(make_video(job)))

    async def run_delete(self, call: Inbound, client: Client) -> None:
        """Answers DELETE /v1/videos/{id}."""
        job = await self._desk.find(call)
        await self._desk.remove(job)
        client.answer(200, [JSON], _write(VideoDeleted(id=job.id)))

    async def run_content(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/videos/{id}/content with the stored file, whole or a range of it."""
        job = await self._desk.find(call)
        variant = read_query(call.query).get("variant") or "video"
        if variant not in _VARIANTS:
            raise InvalidRequestError(
                f"'variant' is {variant[:40]!r}; there are {', '.join(_VARIANTS)}.", param="variant"
            )
        if job.state != "completed":
            why = "was cancelled" if job.state == "cancelled" else "failed"
            ready = f"has no file: it {why}" if job.ended else "is not ready yet"
            raise NotFoundError(f"The video {job.id} {ready}.", code="video_not_ready")
        name = job.files.get(variant)
        if name is None:
            beside = cast("Literal['thumbnail', 'spritesheet']", variant)
            name = await self._follow.fetch_beside(job, beside)
        if name is None:
            raise NotFoundError(
                f"The provider of {job.model} gives no {variant} of {job.id}.", param="variant"
            )
        left = (job.expires_at or 0.0) - self._desk.pipeline.clock.now()
        await self._serve(call, client, name, max(0.0, left))

    # --- /v1/video/generations ---------------------------------------------------------------------

    async def run_generate(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/video/generations: with the film, or with the job where that was asked for
        or takes too long.
        """
        await self._desk.require_caller(call)
        film = read_generation(call)
        made = await self._desk.begin(self._routes["/v1/video/generations"], call, client, film)
        job, lines = made.job, made.lines
        if not (film.at_once or job.ended):
            job = await self._desk.await_end(job)
        if not film.at_once:
            require_good(job)
        if job.state == "completed" and not made.again:
            lines += b"%b: %b\r\n" % (COST, write_usd(read_row(job).charge_nano))
        head: HeaderList = [JSON]
        if not job.ended:
            head.append((b"location", f"/v1/video/generations/{job.id}".encode()))
        body = _write(make_generation(job, self._link(call, job)))
        client.answer(200 if job.ended else 202, head, body, lines)

    async def run_get_generation(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/video/generations/{id}."""
        job = await self._desk.find(call)
        client.answer(200, [JSON], _write(make_generation(job, self._link(call, job))))

    async def run_cancel_generation(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/video/generations/{id}/cancel."""
        job = await self._desk.cancel(await self._desk.find(call))
        client.answer(200, [JSON], _write(make_generation(job, None)))

    def _link(self, call: Inbound, job: Job) -> str | None:
        name = job.files.get("video")
        return None if name is None else self._desk.pipeline.media.write_link_for(call, name)


def require_good(job: Job) -> None:
    """Raises the error of a job that ended without a film, for a caller who waited for one."""
    if job.state == "cancelled":
        raise ConflictError(f"The video {job.id} was cancelled.", code="cancelled")
    if job.state == "failed":
        text = f"The video {job.id} failed: {job.error_text}"
        if not read_row(job).charge_nano:
            text += " Nothing was charged."
        kind: type[NexhinaError] = UpstreamError
        if job.error_code in _POLICY:
            kind = InvalidRequestError
        raise kind(text, code=job.error_code)
