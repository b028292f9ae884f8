"""The composition root: settings → stores → services → servers. The one file that knows every room.

One process owns its data folder. Everything that is opened here is closed in reverse order on the
way out, also when a later part fails to start.
"""

import asyncio
import ctypes
import errno
import gc
import logging
import random
import signal
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

from nexhina import __version__
from nexhina.api.control import ControlSocket
from nexhina.api.plain import PlainEndpoints
from nexhina.blobs.serve import MediaServer
from nexhina.blobs.store import BlobStore
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES
from nexhina.dialects.multipart import begin_scan
from nexhina.dialects.openai_error import write_error
from nexhina.dialects.registry import DIALECTS
from nexhina.domain.channel import Channel
from nexhina.domain.money import NANO
from nexhina.errors import StartError
from nexhina.gateway.bridge import AsgiApp, AsgiBridge
from nexhina.gateway.options import KIB, MIB, ServerOptions
from nexhina.gateway.router import Router
from nexhina.gateway.server import GatewayServer, load_tls
from nexhina.jobs.retention import run_retention
from nexhina.jobs.video import VideoPoller
from nexhina.pipeline.admission import Admission
from nexhina.pipeline.attempts import Attempts
from nexhina.pipeline.listing import Listing
from nexhina.pipeline.media import MediaLinks
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Planner
from nexhina.pipeline.purse import Purse
from nexhina.pipeline.replay import Replays
from nexhina.pipeline.responses import Responses
from nexhina.pipeline.steady import Steady, is_steady
from nexhina.pipeline.stored import StoredRoutes
from nexhina.pipeline.vendor_store import VendorStore
from nexhina.pipeline.video import VideoDesk, VideoTimes
from nexhina.pipeline.video_books import JobBooks
from nexhina.pipeline.video_film import FilmStore
from nexhina.pipeline.video_follow import VideoFollow
from nexhina.pipeline.video_routes import Run, VideoRoutes
from nexhina.pipeline.video_vendor import VideoVendors
from nexhina.ports import Clock, Directory, Handler, Limits, Upstream, Wire
from nexhina.providers.vendors.sandbox import SANDBOX
from nexhina.routing.health import Health
from nexhina.services import installation
from nexhina.services.media import open_media
from nexhina.services.opening import open_workspace
from nexhina.services.shapes import Install, Installed
from nexhina.services.workspace import Workspace, pepper
from nexhina.settings import Settings
from nexhina.storage.books import MOST_WAITING, Books
from nexhina.storage.directory import StoredDirectory
from nexhina.storage.folder import hold_folder, open_folder
from nexhina.storage.idempotency import StoredIdempotency
from nexhina.storage.job import SqlJobs
from nexhina.storage.ledger import SqlLedger
from nexhina.storage.stored_response import SqlResponses
from nexhina.tasks import spawn
from nexhina.telemetry.clock import SystemClock
from nexhina.telemetry.log import LogFormat, start_logging
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.telemetry.prometheus import Renderer
from nexhina.upstream.fetcher import PublicFetcher
from nexhina.upstream.pool import Pool
from nexhina.upstream.reach import read_networks
from nexhina.upstream.sandbox_transport import open_sandbox
from nexhina.upstream.transports import Transports

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_log = logging.getLogger("nexhina.app")

Announce = Callable[["Product", Installed], None]
"""Told once requests are answered: prints the welcome, writes the ready file."""


def serve(settings: Settings, sources: dict[str, str], data_dir: Path, announce: Announce) -> int:
    """Runs the server until SIGTERM or SIGINT; returns the exit code. Raises StartError."""
    return _find_runner()(_serve(settings, sources, data_dir, announce))


async def _serve(
    settings: Settings, sources: dict[str, str], data_dir: Path, announce: Announce
) -> int:
    stop = _listen_for_signals()
    async with AsyncExitStack() as stack:
        product = await Product.open(stack, settings, sources, data_dir)
        installed = await product.listen(stack)
        _settle_memory()
        announce(product, installed)
        await stop.wait()
        _log.info("stopping: running answers have %g s to finish", settings.drain_s)
        await product.server.drain(settings.drain_s)
    return 0


def serve_sandbox(host: str, port: int, announce: Callable[[str], None]) -> int:
    """Runs the offline vendor alone until SIGTERM or SIGINT; `announce` gets its base URL."""
    return _find_runner()(_serve_sandbox(host, port, announce))


async def _serve_sandbox(host: str, port: int, announce: Callable[[str], None]) -> int:
    from nexhina.sandbox.standalone import Standalone  # a gateway with vendors never needs it

    stop = _listen_for_signals()
    clock = SystemClock()
    vendor = Standalone(clock)
    server = GatewayServer(Router(sandbox_routes(vendor.handler)), clock, ServerOptions())
    try:
        try:
            address = await server.start(host, port)
        except OSError as error:
            raise StartError(explain_listen_error(host, port, error)) from None
        announce(f"http://{_url_host(host)}:{address[1]}/v1")
        await stop.wait()
        await server.drain(5.0)
    finally:
        vendor.close()
        await vendor.vendor.wait_closed()
    return 0


def sandbox_routes(handler: Handler) -> dict[tuple[str, str], Handler]:
    """The routes that the sandbox speaks when it runs alone."""
    posts = {f"/v1{SANDBOX.paths[operation]}" for operation in SANDBOX.speaks}
    gets = {"/v1/models", "/v1/models/{model}", "/media/{name}"}
    film = "/v1/videos/{video}"
    return {
        **{(path, "POST"): handler for path in {*posts, "/v1/videos", f"{film}/remix"}},
        **{(path, "GET"): handler for path in {*gets, "/v1/videos", film, f"{film}/content"}},
        (film, "DELETE"): handler,
    }


def _listen_for_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        stop.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        _log.info("%s: stopping", number.name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    return stop


def _find_runner() -> Callable[[Coroutine[Any, Any, int]], int]:
    try:
        from uvloop import run
    except ImportError:  # not on this system: asyncio's own loop does the same, slower
        from asyncio import run
    return run


def _settle_memory() -> None:
    """What start-up made stays for good: later collections need not walk it, and come rarely.

    It is not collected first: hardly any of it is garbage, and the first caller would wait. The
    C library keeps up to 32 MiB that large bodies leave behind instead of giving them back: a page
    that is taken anew for each megabyte costs six times what copying the megabyte costs.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # not glibc
        return
    mallopt(_M_TRIM_THRESHOLD, 32 * MIB)
    mallopt(_M_MMAP_THRESHOLD, 8 * MIB)


class Product:
    """One running server, joined."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        pipeline: Pipeline,
        server: GatewayServer,
    ) -> None:
        self.workspace = workspace
        self.settings = workspace.settings
        self.pipeline = pipeline
        self.server = server
        self.base_url = ""

    @classmethod
    async def open(
        cls,
        stack: AsyncExitStack,
        settings: Settings,
        sources: dict[str, str],
        data_dir: Path,
    ) -> "Product":
        """Opens every part bottom up; `stack` closes them top down."""
        clock = SystemClock()
        log = start_logging(settings.log_level.upper(), _log_form(settings))
        stack.callback(log.stop)
        folder = open_folder(data_dir)
        stack.enter_context(hold_folder(folder))
        pool = Pool(clock)
        pool.open()
        stack.push_async_callback(pool.close)
        sandbox = open_sandbox(clock)
        stack.push_async_callback(sandbox.wait_closed)
        upstream = Transports(pool, sandbox)
        workspace = open_workspace(
            folder, settings, sources, clock=clock, upstream=_lend(upstream), prepare=True
        )
        stack.callback(workspace.database.close)
        metrics = MemoryMetrics(__version__)
        books = Books.open(
            workspace.database,
            folder,
            clock,
            journal_sync=settings.journal_sync,
            interval=settings.journal_flush_ms / 1000,
            flushed=_on_loop(metrics.fold),
        )
        stack.callback(books.close)
        directory = StoredDirectory(
            workspace.database, workspace.vault, [pepper(workspace.master)], clock
        )
        planner = Planner(directory)

        async def refresh() -> None:
            snapshot = await directory.refresh()
            metrics.set_names(
                [model.name for model in snapshot.models],
                {channel.id: channel.provider for channel in snapshot.channels},
            )
            planner.refresh(clock.now())
            for channel in snapshot.channels:
                log.redactor.watch(channel.key.reveal())

        workspace.refresh = refresh
        await refresh()
        blobs = open_media(workspace)
        pipeline = make_pipeline(workspace, upstream, planner, books, blobs, metrics)
        workspace.holds = pipeline.admission
        plain = PlainEndpoints(
            pipeline=pipeline,
            troubles=partial(find_troubles, books),
            render_metrics=Renderer(metrics).render,
            metrics_token=settings.metrics_token,
        )
        media = MediaServer(blobs)
        films = open_films(stack, workspace, pipeline, upstream, books, media)
        router = Router(
            make_routes(pipeline, plain, media, settings, wire=pool, books=books, films=films),
            AsgiBridge(
                partial(make_console, workspace), allowed_hosts=settings.allowed_hosts
            ).handler,
        )
        server = GatewayServer(router, clock, make_options(settings, workspace.folder.uploads))
        add_gauges(metrics, pool, books, pipeline.admission, server)
        add_channel_gauges(metrics, directory, pipeline.attempts.health, clock)
        ticking = spawn(run_ticks(pipeline, metrics), "ticks")
        stack.callback(ticking.cancel)
        retention = spawn(
            run_retention(workspace.database, blobs, clock, settings.log_retention_days),
            "retention",
        )
        stack.callback(retention.cancel)
        return cls(workspace=workspace, pipeline=pipeline, server=server)

    async def listen(self, stack: AsyncExitStack) -> Installed:
        """Takes requests: first the port, then the installation's facts, then the control socket."""
        settings = self.settings
        try:
            tls = _load_tls(settings)
            address = await self.server.start(settings.host, settings.port, tls=tls)
        except OSError as error:
            raise StartError(explain_listen_error(settings.host, settings.port, error)) from None
        stack.push_async_callback(self.server.drain, 0)
        scheme = "https" if settings.tls_cert else "http"
        self.base_url = f"{scheme}://{_url_host(settings.host)}:{address[1]}"
        self.workspace.base_url = settings.public_url or self.base_url
        control = ControlSocket(self.workspace.folder.control, self.workspace)
        await control.bind()  # what can fail comes first: a key that was made must be printed
        stack.push_async_callback(control.close)
        installed = await installation.install(self.workspace, Install(new_link=False))
        await control.open()
        return installed


async def end_task(task: "asyncio.Task[None]") -> None:
    """Cancels it and waits until it has put its things in order."""
    task.cancel()
    await asyncio.wait([task])


def _log_form(settings: Settings) -> LogFormat:
    return "json" if settings.log_format == "json" else "text"


def _url_host(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _lend(upstream: Upstream) -> Callable[[], AbstractAsyncContextManager[Upstream]]:
    """Services borrow the server's connections."""

    @asynccontextmanager
    async def lend() -> AsyncGenerator[Upstream]:
        yield upstream

    return lend


def _load_tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        return load_tls(settings.tls_cert, settings.tls_key)
    except ssl.SSLError as error:
        raise StartError(
            f"{settings.tls_cert} and {settings.tls_key} are no certificate and key that fit: {error.reason}"
        ) from None


def explain_listen_error(host: str, port: int, error: OSError) -> str:
    """One line: what could not be had, and what to do."""
    if error.filename:
        return f"{error.filename} can't be read: {error.strerror}"
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken by another process; choose another --port (0 takes any free one)"
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user; choose a --port above 1023"
    return f"{where} can't be listened on: {error.strerror or error}; check --host and --port"


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
        draw=random.random,
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


def make_routes(  # noqa: PLR0913  (what it joins)
    pipeline: Pipeline,
    plain: PlainEndpoints,
    media: MediaServer,
    settings: Settings,
    *,
    wire: Wire,
    books: Books,
    films: dict[tuple[str, str], Run],
) -> dict[tuple[str, str], Handler]:
    """What serves each path and method; everything else goes to the console."""
    largest = settings.max_body_mib * MIB
    listing = Listing(pipeline)
    stored = StoredRoutes(pipeline)
    beside: dict[tuple[str, str], Run] = {  # the pipeline: our own store answers, or a job is made
        **films,
        ("/v1/responses/{id}", "GET"): stored.run_get,
        ("/v1/responses/{id}", "DELETE"): stored.run_delete,
        ("/v1/responses/{id}/input_items", "GET"): stored.run_items,
        ("/v1/responses/{id}/cancel", "POST"): stored.run_cancel,
        ("/v1/responses/input_tokens", "POST"): stored.run_count,
    }
    routes: dict[tuple[str, str], Handler] = {}
    for route in ROUTES:
        if route.operation is Operation.MODELS:
            run = listing.run_one if "{" in route.path else listing.run_list
            handler = Handler(run=run, write_error=write_error, max_body=64 * KIB)
        else:
            dialect = DIALECTS[route.dialect]
            steady = None
            if is_steady(route):
                steady = Steady(pipeline, wire, route, dialect, books.journal.waiting, MOST_WAITING)
            prepare = steady and steady.prepare
            handler = Handler(
                run=partial(pipeline.run, route, dialect),
                begin=steady and steady.begin,
                prepare=pipeline.refuse_strangers if route.upload else prepare,
                write_error=dialect.write_error,
                max_body=largest,
                spool=route.upload,
                max_upload=settings.max_upload_mib * MIB,
                scan=begin_scan,
            )
        for method in route.methods:
            routes[route.path, method] = handler
    for place, run in beside.items():
        usual, posted = routes[place], place[1] == "POST"
        routes[place] = msgspec.structs.replace(
            usual,
            run=run,
            begin=None,
            prepare=usual.prepare if usual.spool and posted else None,
            write_error=write_error,
            max_body=largest if posted else 64 * KIB,
            spool=usual.spool and posted,
        )
    for path, run in (
        ("/healthz", plain.run_health),
        ("/readyz", plain.run_ready),
        ("/metrics", plain.run_metrics),
        ("/v1", plain.run_index),
        ("/v1/", plain.run_index),
        ("/openapi.json", plain.run_document),
        ("/media/{name}", media.run),
    ):
        routes[path, "GET"] = Handler(run=run, write_error=write_error, max_body=64 * KIB)
    # HEAD of the others is GET without its body; media tell their length without being read.
    routes["/media/{name}", "HEAD"] = routes["/media/{name}", "GET"]
    return routes


def open_films(
    stack: AsyncExitStack,
    workspace: Workspace,
    pipeline: Pipeline,
    upstream: Upstream,
    books: Books,
    media: MediaServer,
) -> dict[tuple[str, str], Run]:
    """What runs the routes of films; follows the jobs behind them until `stack` closes."""
    settings, clock = workspace.settings, workspace.clock
    vendors = VideoVendors(upstream, pipeline.directory, pipeline.attempts.limits)
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
        films=FilmStore(vendors, media.store, pipeline.media),
        planner=pipeline.planner,
        clock=clock,
        draw=random.random,
        times=times,
    )
    desk = VideoDesk(pipeline, job_books, vendors, media.store, times)
    polling = spawn(VideoPoller(job_books, follow, clock).run(), "video poller")
    stack.push_async_callback(end_task, polling)
    return VideoRoutes(desk, follow, media.serve).handlers()


def make_options(settings: Settings, uploads: Path) -> ServerOptions:
    """The HTTP edge's limits from the settings; large forms wait in the folder `uploads`."""
    return ServerOptions(
        spool_folder=str(uploads),
        head_seconds=settings.head_timeout_s,
        body_seconds=settings.body_timeout_s,
        idle_seconds=settings.keepalive_s,
        max_headers=settings.max_headers,
        max_head=settings.max_header_kib * KIB,
        trusted_proxies=tuple(ip_network(net, strict=False) for net in settings.trusted_proxies),
        allowed_hosts=settings.allowed_hosts,
    )


def make_console(workspace: Workspace) -> AsgiApp:
    """The pages, imported on first use."""
    from nexhina.console.app import build_app
    from nexhina.services import setup

    async def set_owner(token: str, email: str, password: str) -> None:
        await setup.use_link(workspace, token, email, password)

    return build_app(
        is_setup_open=partial(setup.is_open, workspace),
        set_owner=set_owner,
        public_url=workspace.settings.public_url or "",
    )


def find_troubles(books: Books) -> list[str]:
    """Why calls would fail now; empty when the server may get traffic."""
    return [] if books.writer.healthy else ["the database can't be written"]


def add_gauges(
    metrics: MemoryMetrics,
    pool: Pool,
    books: Books,
    admission: Admission,
    server: GatewayServer,
) -> None:
    """Values that are asked for when somebody scrapes."""
    for name, text, read in (
        ("nexhina_open_connections", "Client connections open now", lambda: server.connections),
        ("nexhina_upstream_connections", "Vendor connections open now", lambda: pool.standing),
        ("nexhina_upstream_in_flight", "Attempts that run now", lambda: pool.in_flight),
        (
            "nexhina_open_holds_usd",
            "Money held for running calls",
            lambda: admission.open_holds() / NANO,
        ),
        (
            "nexhina_overrun_usd",
            "Charges above what was held and covered",
            lambda: admission.overrun() / NANO,
        ),
        (
            "nexhina_journal_backlog_rows",
            "Closed calls that are not yet in the database",
            lambda: books.writer.backlog,
        ),
    ):
        metrics.add_gauge(name, text, read)
    metrics.add_gauge(
        "nexhina_upstream_connections_opened_total",
        "Vendor connections made",
        lambda: pool.opened,
        counter=True,
    )


def add_channel_gauges(
    metrics: MemoryMetrics, directory: Directory, health: Health, clock: Clock
) -> None:
    """What the breakers say of each channel that is switched on."""

    def list_channels() -> list[tuple[Channel, tuple[str, str]]]:
        channels = directory.snapshot().channels
        return [(c, (str(c.id), c.provider)) for c in channels if c.status == "enabled"]

    def read_breakers() -> list[tuple[tuple[str, ...], float]]:
        now = clock.monotonic()
        return [
            (labels, health.read_state((channel.id, channel.base_url), now))
            for channel, labels in list_channels()
        ]

    def read_keys() -> list[tuple[tuple[str, ...], float]]:
        resting = health.count_resting(clock.monotonic())
        return [(labels, resting[channel.id]) for channel, labels in list_channels()]

    labels = ("channel", "provider")
    metrics.add_family(
        "nexhina_channel_breaker_state",
        "A channel's breaker: 0 closed, 1 half-open (one call probes it), 2 open",
        labels,
        read_breakers,
    )
    metrics.add_family(
        "nexhina_channel_resting_keys",
        "Keys of a channel that are not used now: busy, refused or failing",
        labels,
        read_keys,
    )


async def run_ticks(pipeline: Pipeline, metrics: MemoryMetrics) -> None:
    """Once a second: streams that have waited long are kept alive, calls are counted."""
    while True:
        await asyncio.sleep(1.0)
        pipeline.tick()
        metrics.fold()


def _on_loop(work: Callable[[], None]) -> Callable[[int], None]:
    """For the writer's thread: has the loop do the work, which one batch of rows has made due."""
    loop = asyncio.get_running_loop()

    def flushed(_rows: int) -> None:
        loop.call_soon_threadsafe(work)

    return flushed
