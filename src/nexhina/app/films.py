"""Films, opened late: their rooms are loaded for the first call about one, or a moment after the start."""

import asyncio
import random
from importlib import import_module
from typing import TYPE_CHECKING

from nexhina.blobs.serve import MediaServer
from nexhina.pipeline.pipeline import Pipeline
from nexhina.ports import Upstream
from nexhina.services.workspace import Workspace
from nexhina.storage.books import Books
from nexhina.tasks import spawn

if TYPE_CHECKING:
    from nexhina.pipeline.video_routes import VideoRoutes

HEAD_START = 0.5
"""Seconds that a server has for its first callers before it looks after the jobs of its last life."""


class Films:
    """The handlers of films, and what follows the jobs behind them."""

    def __init__(
        self,
        workspace: Workspace,
        pipeline: Pipeline,
        upstream: Upstream,
        books: Books,
        media: MediaServer,
    ) -> None:
        self._workspace = workspace
        self._pipeline = pipeline
        self._upstream = upstream
        self._books = books
        self._media = media
        self._routes: VideoRoutes | None = None
        self._tasks = [spawn(self._wake(), "films")]

    def routes(self) -> "VideoRoutes":
        """The handlers, opened on first use."""
        if self._routes is None:
            self._routes = self._open()
        return self._routes

    async def close(self) -> None:
        """Stops following; jobs go on in the next life."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)  # until they have put their things in order

    async def _wake(self) -> None:
        await asyncio.sleep(HEAD_START)
        for module in ("nexhina.pipeline.video_routes", "nexhina.jobs.video"):
            await asyncio.to_thread(import_module, module)  # running streams would notice
        self.routes()

    def _open(self) -> "VideoRoutes":
        from nexhina.jobs.video import VideoPoller
        from nexhina.pipeline.video import VideoDesk, VideoTimes
        from nexhina.pipeline.video_books import JobBooks
        from nexhina.pipeline.video_film import FilmStore
        from nexhina.pipeline.video_follow import VideoFollow
        from nexhina.pipeline.video_routes import VideoRoutes
        from nexhina.pipeline.video_vendor import VideoVendors
        from nexhina.storage.job import SqlJobs

        workspace, pipeline, books = self._workspace, self._pipeline, self._books
        settings, clock = workspace.settings, workspace.clock
        vendors = VideoVendors(self._upstream, pipeline.directory, pipeline.attempts.limits)
        job_books = JobBooks(
            SqlJobs(workspace.database, clock, books.worker_id, books.epoch),
            pipeline.admission.purse,
            pipeline.metrics,
        )
        pipeline.admission.held_by_jobs = job_books.held_by_token
        times = VideoTimes(
            wait=settings.video_wait_s,
            longest=settings.video_timeout_s,
            kept=settings.media_ttl_h * 3600.0,
        )
        follow = VideoFollow(
            books=job_books,
            vendors=vendors,
            films=FilmStore(vendors, self._media.store, pipeline.media),
            planner=pipeline.planner,
            clock=clock,
            draw=random.random,
            times=times,
        )
        self._tasks.append(spawn(VideoPoller(job_books, follow, clock).run(), "video poller"))
        desk = VideoDesk(pipeline, job_books, vendors, self._media.store, times)
        return VideoRoutes(desk, follow, self._media.serve)
