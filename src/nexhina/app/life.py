"""The life of a request on this installation's parts."""

import random

from nexhina.blobs.store import BlobStore
from nexhina.pipeline.admission import Admission
from nexhina.pipeline.attempts import Attempts
from nexhina.pipeline.media import MediaLinks
from nexhina.pipeline.memory import Memory
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Planner
from nexhina.pipeline.purse import Purse
from nexhina.pipeline.replay import Replays
from nexhina.pipeline.responses import Responses
from nexhina.pipeline.vendor_store import VendorStore
from nexhina.ports import Limits, Upstream
from nexhina.services.workspace import Workspace
from nexhina.storage.books import Books
from nexhina.storage.idempotency import StoredIdempotency
from nexhina.storage.ledger import SqlLedger
from nexhina.storage.stored_response import SqlResponses
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.upstream.fetcher import PublicFetcher
from nexhina.upstream.reach import read_networks


def make_pipeline(
    workspace: Workspace,
    upstream: Upstream,
    planner: Planner,
    books: Books,
    blobs: BlobStore,
    metrics: MemoryMetrics,
) -> Pipeline:
    """The life of a request on this installation's parts."""
    settings = workspace.settings
    limits = Limits(
        connect=settings.connect_timeout_s,
        first_byte=settings.first_byte_timeout_s,
        idle=settings.stream_idle_timeout_s,
        total=settings.total_timeout_s,
    )
    attempts = Attempts(
        upstream=upstream,
        metrics=metrics,
        clock=workspace.clock,
        limits=limits,
        memory=Memory(random.random),
        most=settings.max_attempts,
    )
    return Pipeline(
        directory=planner.directory,
        planner=planner,
        admission=Admission(
            Purse(SqlLedger(workspace.database)), books.is_overloaded, books.journal.list_open
        ),
        attempts=attempts,
        journal=books.journal,
        replays=Replays(
            StoredIdempotency(workspace.database, workspace.clock, books.worker_id, books.epoch)
        ),
        responses=Responses(
            SqlResponses(workspace.database, workspace.clock),
            VendorStore(upstream, planner.directory, limits),
        ),
        media=MediaLinks(
            blobs,
            settings.public_url,
            PublicFetcher(workspace.clock, allowed=read_networks(settings.fetch_networks)),
        ),
        metrics=metrics,
        clock=workspace.clock,
        commit_after=settings.commit_after_s,
    )
