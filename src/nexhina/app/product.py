"""One running server, joined from its parts.

One process owns its data folder. Everything that is opened here is closed in reverse order on the
way out, also when a later part fails to start.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from nexhina import __version__
from nexhina.api.control import ControlSocket
from nexhina.api.plain import PlainEndpoints
from nexhina.app.films import Films
from nexhina.app.gauges import add_gauges
from nexhina.app.life import make_pipeline
from nexhina.app.process import explain_listen_error, url_host
from nexhina.app.routes import Stored, choose_error_writer, make_routes
from nexhina.blobs.serve import MediaServer
from nexhina.errors import StartError
from nexhina.gateway.bridge import AsgiApp, AsgiBridge
from nexhina.gateway.options import KIB, ServerOptions
from nexhina.gateway.router import Router
from nexhina.gateway.server import GatewayServer, load_tls
from nexhina.jobs.retention import run_retention
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Planner
from nexhina.ports import Upstream
from nexhina.services import installation
from nexhina.services.media import open_media
from nexhina.services.opening import open_workspace
from nexhina.services.shapes import Install, Installed
from nexhina.services.workspace import Workspace, pepper
from nexhina.settings import Settings
from nexhina.storage.books import Books
from nexhina.storage.directory import StoredDirectory
from nexhina.storage.folder import hold_folder, open_folder
from nexhina.tasks import spawn
from nexhina.telemetry.clock import SystemClock
from nexhina.telemetry.log import LogFormat, start_logging
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.telemetry.prometheus import Renderer
from nexhina.upstream.pool import Pool
from nexhina.upstream.sandbox_transport import open_sandbox
from nexhina.upstream.transports import Transports


class Product:
    """One running server, joined."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        pipeline: Pipeline,
        server: GatewayServer,
        stored: Stored,
    ) -> None:
        self.workspace = workspace
        self.settings = workspace.settings
        self.pipeline = pipeline
        self.server = server
        self._stored = stored
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
        stack.enter_context(hold_folder(folder := open_folder(data_dir)))
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
        films = Films(workspace, pipeline, upstream, books, media)
        stack.push_async_callback(films.close)
        stored = Stored(pipeline, settings)
        routes = make_routes(
            *(pipeline, plain, media, settings), wire=pool, books=books, films=films, stored=stored
        )
        router = Router(
            routes,
            AsgiBridge(
                partial(make_console, workspace), allowed_hosts=settings.allowed_hosts
            ).handler,
            choose_error_writer,
        )
        server = GatewayServer(router, clock, make_options(settings, workspace.folder.uploads))
        add_gauges(metrics, pool, books, pipeline, server, stored)
        stack.callback(spawn(run_ticks(pipeline, metrics), "ticks").cancel)
        retention = run_retention(workspace.database, blobs, clock, settings.log_retention_days)
        stack.callback(spawn(retention, "retention").cancel)
        return cls(workspace=workspace, pipeline=pipeline, server=server, stored=stored)

    async def drain(self, seconds: float) -> None:
        """Lets what runs come to its end, answers to connections and responses in the background."""
        await asyncio.gather(self.server.drain(seconds), self._stored.drain(seconds))

    async def listen(self, stack: AsyncExitStack) -> Installed:
        """Takes requests: first the port, then the installation's facts, then the control socket."""
        settings = self.settings
        try:
            tls = _load_tls(settings)
            address = await self.server.start(settings.host, settings.port, tls=tls)
        except OSError as error:
            raise StartError(explain_listen_error(settings.host, settings.port, error)) from None
        stack.push_async_callback(self.drain, 0)
        scheme = "https" if settings.tls_cert else "http"
        self.base_url = f"{scheme}://{url_host(settings.host)}:{address[1]}"
        self.workspace.base_url = settings.public_url or self.base_url
        control = ControlSocket(self.workspace.folder.control, self.workspace)
        await control.bind()  # what can fail comes first: a key that was made must be printed
        stack.push_async_callback(control.close)
        installed = await installation.install(self.workspace, Install(new_link=False))
        await control.open()
        return installed


def _log_form(settings: Settings) -> LogFormat:
    return "json" if settings.log_format == "json" else "text"


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
