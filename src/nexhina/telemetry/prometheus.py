"""The metrics as Prometheus text. prometheus_client is imported at the first scrape."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nexhina.domain.money import NANO
from nexhina.telemetry.metrics import DURATION_US, QUEUE_US, MemoryMetrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import HistogramMetricFamily, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_CALL_LABELS = ("operation", "model", "provider", "lane", "status")
_TIME_LABELS = ("operation", "provider", "stream")
_TOKENS = ("input", "cached_input", "output", "image_input", "audio_input", "audio_output")


class Renderer:
    """Renders one MemoryMetrics; keeps its registry from scrape to scrape."""

    def __init__(self, metrics: MemoryMetrics) -> None:
        self._collector = _Collector(metrics)
        self._registry: CollectorRegistry | None = None

    def render(self) -> bytes:
        """The text for GET /metrics, process metrics included where the system tells them."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        if self._registry is None:
            self._registry = CollectorRegistry()
            self._registry.register(self._collector)
            ProcessCollector(registry=self._registry)
        return generate_latest(self._registry)


class _Collector:
    def __init__(self, metrics: MemoryMetrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable["Metric"]:
        """Nothing: the names are known, collecting at registration would call every gauge."""
        return ()

    def collect(self) -> Iterator["Metric"]:
        """Everything, as it stands."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        build = GaugeMetricFamily("nexhina_build_info", "The program.", labels=("version",))
        build.add_metric((self._metrics.version,), 1)
        yield build
        yield from self._calls()
        yield from self._times()
        yield from self._counters()
        yield from self._gauges()

    def _calls(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import CounterMetricFamily

        calls = CounterMetricFamily("nexhina_requests", "Calls that ended.", labels=_CALL_LABELS)
        tokens = CounterMetricFamily(
            "nexhina_tokens", "Tokens used.", labels=("operation", "model", "provider", "direction")
        )
        images = CounterMetricFamily("nexhina_images", "Images made.", labels=("model", "provider"))
        charge = CounterMetricFamily(
            "nexhina_charge_usd", "Money charged.", labels=("operation", "model", "provider")
        )
        sums: dict[tuple[str, ...], int] = {}
        made: dict[tuple[str, ...], int] = {}
        money: dict[tuple[str, ...], int] = {}
        for (operation, model, provider, lane, status), series in self._metrics.series.items():
            calls.add_metric((operation, model, provider, lane, str(status)), series.calls)
            _add(money, (operation, model, provider), series.charge_nano)
            for kind, quantity in series.quantities.items():
                if not quantity:
                    continue
                if kind in _TOKENS:
                    _add(sums, (operation, model, provider, kind), quantity)
                elif kind == "image":
                    _add(made, (model, provider), quantity)
        for labels, quantity in sums.items():
            tokens.add_metric(labels, quantity)
        for labels, quantity in made.items():
            images.add_metric(labels, quantity)
        for labels, nano in money.items():
            charge.add_metric(labels, nano / NANO)  # shown, never summed up again
        yield from (calls, tokens, images, charge)

    def _times(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import HistogramMetricFamily

        duration = HistogramMetricFamily(
            "nexhina_request_duration_seconds",
            "From a call's first byte to its end.",
            labels=_TIME_LABELS,
        )
        first = HistogramMetricFamily(
            "nexhina_first_byte_seconds",
            "From a call's first byte to the answer's.",
            labels=_TIME_LABELS,
        )
        queue = HistogramMetricFamily(
            "nexhina_queue_seconds",
            "From a call's first byte until the attempt that served was sent.",
            labels=_TIME_LABELS,
        )
        for (operation, provider, streamed), times in self._metrics.times.items():
            labels = (operation, provider, "true" if streamed else "false")
            _add_histogram(duration, labels, DURATION_US, times.duration, times.duration_sum)
            _add_histogram(first, labels, DURATION_US, times.first_byte, times.first_byte_sum)
            _add_histogram(queue, labels, QUEUE_US, times.queue, times.queue_sum)
        yield from (duration, first, queue)

    def _counters(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import CounterMetricFamily

        failures = CounterMetricFamily(
            "nexhina_upstream_attempt_failures",
            "Attempts at a vendor that failed, by cause.",
            labels=("provider", "kind"),
        )
        for labels, count in self._metrics.failures.items():
            failures.add_metric(labels, count)
        errors = CounterMetricFamily(
            "nexhina_errors", "Calls that ended in an error.", labels=("operation", "code")
        )
        for labels, count in self._metrics.errors.items():
            errors.add_metric(labels, count)
        flagged = CounterMetricFamily(
            "nexhina_flagged_requests",
            "Calls whose row carries a flag: usage estimated, no price, cut off by a crash.",
            labels=("flag",),
        )
        for flag, count in self._metrics.flagged.items():
            flagged.add_metric((flag,), count)
        yield from (failures, errors, flagged)

    def _gauges(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        for gauge in self._metrics.gauges.values():
            value = gauge.read()
            if gauge.counter:
                yield CounterMetricFamily(gauge.name.removesuffix("_total"), gauge.text, value)
            else:
                yield GaugeMetricFamily(gauge.name, gauge.text, value)
        for family in self._metrics.families.values():
            metric = GaugeMetricFamily(family.name, family.text, labels=family.labels)
            for labels, value in family.read():
                metric.add_metric(labels, value)
            yield metric


def _add(sums: dict[tuple[str, ...], int], labels: tuple[str, ...], amount: int) -> None:
    sums[labels] = sums.get(labels, 0) + amount


def _add_histogram(
    family: "HistogramMetricFamily",
    labels: tuple[str, ...],
    bounds: Sequence[int],
    counts: Sequence[int],
    total_us: int,
) -> None:
    count = 0
    buckets: list[tuple[str, float]] = []
    for bound, number in zip(bounds, counts, strict=False):  # the last count has no bound
        count += number
        buckets.append((repr(bound / 1_000_000), count))
    count += counts[-1]
    if count:
        buckets.append(("+Inf", count))
        family.add_metric(labels, buckets, sum_value=total_us / 1_000_000)
