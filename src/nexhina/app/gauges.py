"""Values that are asked for when somebody scrapes the metrics."""

from nexhina.app.routes import Stored
from nexhina.domain.channel import Channel
from nexhina.domain.money import NANO
from nexhina.gateway.server import GatewayServer
from nexhina.pipeline.pipeline import Pipeline
from nexhina.ports import Clock, Directory
from nexhina.routing.health import Health
from nexhina.storage.books import Books
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.upstream.pool import Pool


def add_gauges(
    metrics: MemoryMetrics,
    pool: Pool,
    books: Books,
    pipeline: Pipeline,
    server: GatewayServer,
    stored: Stored,
) -> None:
    """Adds what the parts say of themselves."""
    admission = pipeline.admission
    for name, text, read in (
        ("nexhina_open_connections", "Client connections open now", lambda: server.connections),
        ("nexhina_upstream_connections", "Vendor connections open now", lambda: pool.standing),
        ("nexhina_upstream_in_flight", "Attempts that run now", lambda: pool.in_flight),
        (
            "nexhina_background_responses",
            "Responses that run in the background now",
            lambda: stored.running,
        ),
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
    _add_channels(metrics, pipeline.directory, pipeline.attempts.health, pipeline.clock)


def _add_channels(
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
