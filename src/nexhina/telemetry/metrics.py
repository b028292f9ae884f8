"""Counters and histograms in memory: a dictionary look-up and a few additions per call.

Labels are bounded: models outside the catalog are "other", and past `MAX_SERIES` combinations
everything new is counted under "other". Never a tenant, a key or a channel's name. The text that a
scraper reads is made in `prometheus`, on demand.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping

import msgspec

from nexhina.domain.log import LogRow
from nexhina.domain.usage import KINDS

MAX_SERIES = 10_000

DURATION_US = tuple(
    round(seconds * 1_000_000)
    for seconds in (
        0.05,
        0.1,
        0.25,
        0.5,
        1.0,
        2.5,
        5.0,
        10.0,
        20.0,
        40.0,
        80.0,
        160.0,
        320.0,
        640.0,
    )
)
"""Upper bounds of the buckets for whole calls and first bytes, in microseconds."""

QUEUE_US = tuple(
    round(seconds * 1_000_000)
    for seconds in (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0)
)
"""Upper bounds for the time before the attempt that served was sent: our own share and failover."""

OTHER = "other"
SeriesKey = tuple[str, str, str, str, int]
"""operation, model, provider, lane, status"""


class Times:
    """The histograms of one operation, provider and way of answering, shared by its series.

    Counts per bucket (the last one is everything above the bounds), and sums in microseconds.
    """

    __slots__ = ("duration", "duration_sum", "first_byte", "first_byte_sum", "queue", "queue_sum")

    def __init__(self) -> None:
        self.duration = [0] * (len(DURATION_US) + 1)
        self.first_byte = [0] * (len(DURATION_US) + 1)
        self.queue = [0] * (len(QUEUE_US) + 1)
        self.duration_sum = 0
        self.first_byte_sum = 0
        self.queue_sum = 0


class Series:
    """What is counted per combination of labels."""

    __slots__ = ("calls", "charge_nano", "quantities", "times", "times_streamed")

    def __init__(self, times: Times, times_streamed: Times) -> None:
        self.calls = 0
        self.charge_nano = 0
        self.quantities: dict[str, int] = dict[str, int].fromkeys(KINDS, 0)
        self.times = times
        self.times_streamed = times_streamed


class Gauge(msgspec.Struct, frozen=True):
    """A value that is asked for when somebody looks. `counter`: it only grows."""

    name: str
    text: str
    read: Callable[[], float]
    counter: bool = False


class MemoryMetrics:
    """ports.Metrics in this process. Single-threaded: called on the loop."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.series: dict[SeriesKey, Series] = {}
        self.times: dict[tuple[str, str, bool], Times] = {}
        self.errors: dict[tuple[str, str], int] = {}
        self.failures: dict[tuple[str, str], int] = {}
        self.flagged: dict[str, int] = {"estimated": 0, "unpriced": 0, "abandoned": 0}
        self.gauges: dict[str, Gauge] = {}
        self._models: frozenset[str] = frozenset()
        self._providers: dict[int | None, str] = {}

    def set_names(self, models: Collection[str], providers: Mapping[int, str]) -> None:
        """The names that may be labels: catalog models, and the provider of each channel id.

        Call it whenever the configuration changes.
        """
        self._models = frozenset(models)
        self._providers = {**providers, None: ""}

    def add_gauge(
        self,
        name: str,
        text: str,
        read: Callable[[], float],
        *,
        counter: bool = False,
    ) -> None:
        """Registers a value that `read` returns at each scrape; a name given again replaces it.

        `name` is the whole Prometheus name with its unit (a counter's ends in "_total"), `text` its
        help line.
        """
        self.gauges[name] = Gauge(name, text, read, counter)

    def call_ended(self, row: LogRow) -> None:
        """Counts a finished call."""
        model = row.model
        if model not in self._models:
            model = OTHER if model else ""
        provider = self._providers.get(row.channel_id, OTHER)
        key = (row.operation, model, provider, row.lane, row.status)
        series = self.series.get(key)
        if series is None:
            series = self._open_series(key)
        series.calls += 1
        series.charge_nano += row.charge_nano
        quantities = series.quantities
        for line in row.lines:
            quantities[line.kind] += line.quantity
        # Three histograms, written out: a call for each would cost as much as the rest.
        times = series.times_streamed if row.stream else series.times
        spent = row.total_us
        times.duration[bisect_left(DURATION_US, spent)] += 1
        times.duration_sum += spent
        if row.lane:  # an attempt was sent
            spent = row.queue_us
            times.queue[bisect_left(QUEUE_US, spent)] += 1
            times.queue_sum += spent
            spent = row.first_byte_us
            if spent:
                times.first_byte[bisect_left(DURATION_US, spent)] += 1
                times.first_byte_sum += spent
        if row.error_code or row.estimated or row.unpriced or row.abandoned:
            self._count_flags(row)

    def attempt_failed(self, provider: str, kind: str) -> None:
        """Counts a failed attempt by cause."""
        key = (provider, kind)
        self.failures[key] = self.failures.get(key, 0) + 1

    def _count_flags(self, row: LogRow) -> None:
        if row.error_code:
            key = (row.operation, row.error_code)
            if key not in self.errors and len(self.errors) >= MAX_SERIES:
                key = (row.operation, OTHER)
            self.errors[key] = self.errors.get(key, 0) + 1
        for name in self.flagged:
            self.flagged[name] += getattr(row, name)

    def _open_series(self, key: SeriesKey) -> Series:
        if len(self.series) >= MAX_SERIES:
            key = (key[0], OTHER, OTHER, OTHER, key[4])
            if key in self.series:
                return self.series[key]
        operation, _, provider, _, _ = key
        series = Series(
            self.times.setdefault((operation, provider, False), Times()),
            self.times.setdefault((operation, provider, True), Times()),
        )
        self.series[key] = series
        return series
