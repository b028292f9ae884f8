"""Counters and histograms in memory. A call that ends costs one `list.append`.

The rows are folded into the counters in batches: by whoever reads, when the books have written a
batch, and once a second. So a look is never stale, and the loop never stands still for long.

Labels are bounded: models outside the catalog are "other", and past `MAX_SERIES` combinations
everything new is counted under "other". Never a tenant, a key or a channel's name. The text that a
scraper reads is made in `prometheus`, on demand.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter

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


class GaugeFamily(msgspec.Struct, frozen=True):
    """As `Gauge`, with a value for each combination of labels."""

    name: str
    text: str
    labels: tuple[str, ...]
    read: Callable[[], Iterable[tuple[tuple[str, ...], float]]]


_shape = attrgetter(
    *("operation", "model", "channel_id", "lane", "status", "stream"),
    *("error_code", "estimated", "unpriced", "abandoned"),
)
"""What the rows of a group have in common: whatever is not summed up."""

_charge = attrgetter("charge_nano")
_lines = attrgetter("lines")
_queue = attrgetter("queue_us")
_first_byte = attrgetter("first_byte_us")
_total = attrgetter("total_us")


class MemoryMetrics:
    """ports.Metrics in this process. Single-threaded: called on the loop.

    A row belongs to the metrics once its call has ended: nobody changes it any more.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.failures: dict[tuple[str, str], int] = {}
        self.gauges: dict[str, Gauge] = {}
        self.families: dict[str, GaugeFamily] = {}
        self._series: dict[SeriesKey, Series] = {}
        self._times: dict[tuple[str, str, bool], Times] = {}
        self._errors: dict[tuple[str, str], int] = {}
        self._flagged: dict[str, int] = {"estimated": 0, "unpriced": 0, "abandoned": 0}
        self._models: frozenset[str] = frozenset()
        self._providers: dict[int | None, str] = {}
        self._ended: list[LogRow] = []
        self.call_ended: Callable[[LogRow], None] = self._ended.append
        """Counts a finished call."""
        self._alike: dict[tuple[object, ...], list[LogRow]] = {}

    @property
    def series(self) -> dict[SeriesKey, Series]:
        """What is counted per combination of labels."""
        self.fold()
        return self._series

    @property
    def times(self) -> dict[tuple[str, str, bool], Times]:
        """Histograms by operation, provider and whether the answer was streamed."""
        self.fold()
        return self._times

    @property
    def errors(self) -> dict[tuple[str, str], int]:
        """Calls that ended in an error, by operation and code."""
        self.fold()
        return self._errors

    @property
    def flagged(self) -> dict[str, int]:
        """Calls whose row carries a flag."""
        self.fold()
        return self._flagged

    def set_names(self, models: Collection[str], providers: Mapping[int, str]) -> None:
        """The names that may be labels: catalog models, and the provider of each channel id.

        Call it whenever the configuration changes.
        """
        self.fold()  # what has ended is counted under the names of its time
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

    def add_family(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...],
        read: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
    ) -> None:
        """As `add_gauge`, for values with labels; `read` returns label values and the number."""
        self.families[name] = GaugeFamily(name, text, labels, read)

    def alike(self, row: LogRow) -> Callable[[LogRow], None]:
        """`call_ended` for rows that differ from this one only in times, lines and charge.

        Whoever promises that spares each row the search for its group.
        """
        shape = _shape(row)
        rows = self._alike.get(shape)
        if rows is None:
            if len(self._alike) >= MAX_SERIES:
                return self.call_ended
            rows = self._alike[shape] = []
        return rows.append

    def attempt_failed(self, provider: str, kind: str) -> None:
        """Counts a failed attempt by cause."""
        key = (provider, kind)
        self.failures[key] = self.failures.get(key, 0) + 1

    def fold(self) -> None:
        """Counts the calls that ended since the last time."""
        for alike in self._alike.values():
            if alike:
                self._count(alike)
                alike.clear()
        rows = self._ended
        if not rows:
            return
        groups: defaultdict[tuple[object, ...], list[LogRow]] = defaultdict(list)
        for shape, row in zip(map(_shape, rows), rows, strict=True):
            groups[shape].append(row)
        rows.clear()
        for group in groups.values():
            self._count(group)

    def _count(self, rows: list[LogRow]) -> None:
        """Counts rows of one shape."""
        one = rows[0]
        series = self._find_series(one)
        series.calls += len(rows)
        series.charge_nano += sum(map(_charge, rows))
        quantities: defaultdict[str, list[int]] = defaultdict(list)
        for line in chain.from_iterable(map(_lines, rows)):
            quantities[line.kind].append(line.quantity)
        for kind, amounts in quantities.items():
            series.quantities[kind] += sum(amounts)
        times = series.times_streamed if one.stream else series.times
        times.duration_sum += _sort_in(times.duration, DURATION_US, map(_total, rows))
        if one.lane:  # an attempt was sent
            times.queue_sum += _sort_in(times.queue, QUEUE_US, map(_queue, rows))
            known = filter(None, map(_first_byte, rows))
            times.first_byte_sum += _sort_in(times.first_byte, DURATION_US, known)
        if one.error_code:
            self._count_error((one.operation, one.error_code), len(rows))
        for name in self._flagged:
            self._flagged[name] += getattr(one, name) * len(rows)

    def _count_error(self, key: tuple[str, str], number: int) -> None:
        if key not in self._errors and len(self._errors) >= MAX_SERIES:
            key = (key[0], OTHER)
        self._errors[key] = self._errors.get(key, 0) + number

    def _find_series(self, row: LogRow) -> Series:
        model = row.model
        if model not in self._models:
            model = OTHER if model else ""
        provider = self._providers.get(row.channel_id, OTHER)
        key = (row.operation, model, provider, row.lane, row.status)
        series = self._series.get(key)
        return self._open_series(key) if series is None else series

    def _open_series(self, key: SeriesKey) -> Series:
        if len(self._series) >= MAX_SERIES:
            key = (key[0], OTHER, OTHER, OTHER, key[4])
            if key in self._series:
                return self._series[key]
        operation, _, provider, _, _ = key
        series = Series(
            self._times.setdefault((operation, provider, False), Times()),
            self._times.setdefault((operation, provider, True), Times()),
        )
        self._series[key] = series
        return series


def _sort_in(counts: list[int], bounds: Sequence[int], values: Iterable[int]) -> int:
    """The sum of the values, which are counted into their buckets: sorted, so bound by bound."""
    ordered = sorted(values)
    below = 0
    for place, bound in enumerate(bounds):
        upto = bisect_right(ordered, bound, below)
        counts[place] += upto - below
        below = upto
        if below == len(ordered):
            break
    counts[-1] += len(ordered) - below
    return sum(ordered)
