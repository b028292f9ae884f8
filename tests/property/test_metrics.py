"""Whatever ends, in whatever batches it is folded: the counters say what a naive count says."""

from bisect import bisect_left
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from nexhina.domain.log import LogRow
from nexhina.domain.usage import KINDS, ChargeLine
from nexhina.telemetry.metrics import DURATION_US, QUEUE_US, MemoryMetrics
from support.money import make_row

PROVIDERS = {7: "openai", 8: "sandbox"}
MODELS = {"m", "n"}

times = st.one_of(
    st.sampled_from([0, *QUEUE_US, *DURATION_US]),
    st.integers(0, 2 * DURATION_US[-1]),
)
lines = st.lists(
    st.builds(
        ChargeLine,
        kind=st.sampled_from(KINDS),
        quantity=st.integers(0, 10**6),
        price_id=st.none(),
        nano=st.just(1),
        per=st.just(1),
        multiplier_ppm=st.just(1),
    ),
    max_size=3,
).map(tuple)
rows = st.builds(
    make_row,
    operation=st.sampled_from(["chat", "images"]),
    model=st.sampled_from(["", "m", "n", "unknown"]),
    channel_id=st.sampled_from([None, 7, 8, 9]),
    lane=st.sampled_from(["", "verbatim"]),
    status=st.sampled_from([200, 502]),
    stream=st.booleans(),
    error_code=st.sampled_from(["", "upstream_error", "abandoned"]),
    estimated=st.booleans(),
    unpriced=st.booleans(),
    abandoned=st.booleans(),
    queue_us=times,
    first_byte_us=times,
    total_us=times,
    charge_nano=st.integers(0, 10**12),
    lines=lines,
)


class Naive:
    """Every counter, by one addition per call."""

    def __init__(self, ended: list[LogRow]) -> None:
        self.series: Counter[object] = Counter()
        self.times: Counter[object] = Counter()
        self.errors: Counter[object] = Counter()
        self.flagged: Counter[str] = Counter()
        for row in ended:
            self.count(row)

    def count(self, row: LogRow) -> None:
        model = row.model if row.model in MODELS else "other" if row.model else ""
        provider = "" if row.channel_id is None else PROVIDERS.get(row.channel_id, "other")
        key = (row.operation, model, provider, row.lane, row.status)
        self.series[key, "calls"] += 1
        self.series[key, "charge"] += row.charge_nano
        for line in row.lines:
            self.series[key, line.kind] += line.quantity
        shared = (row.operation, provider, row.stream)
        self.times[shared, "duration", bisect_left(DURATION_US, row.total_us)] += 1
        self.times[shared, "duration sum"] += row.total_us
        if row.lane:
            self.times[shared, "queue", bisect_left(QUEUE_US, row.queue_us)] += 1
            self.times[shared, "queue sum"] += row.queue_us
            if row.first_byte_us:
                self.times[shared, "first", bisect_left(DURATION_US, row.first_byte_us)] += 1
                self.times[shared, "first sum"] += row.first_byte_us
        if row.error_code:
            self.errors[row.operation, row.error_code] += 1
        self.flagged["estimated"] += row.estimated
        self.flagged["unpriced"] += row.unpriced
        self.flagged["abandoned"] += row.abandoned


def read_times(metrics: MemoryMetrics) -> Counter[object]:
    found: Counter[object] = Counter()
    for key, shared in metrics.times.items():
        for name, counts in (
            ("duration", shared.duration),
            ("queue", shared.queue),
            ("first", shared.first_byte),
        ):
            found.update({(key, name, place): count for place, count in enumerate(counts)})
        found[key, "duration sum"] = shared.duration_sum
        found[key, "queue sum"] = shared.queue_sum
        found[key, "first sum"] = shared.first_byte_sum
    return found


def read_series(metrics: MemoryMetrics) -> Counter[object]:
    found: Counter[object] = Counter()
    for key, series in metrics.series.items():
        found[key, "calls"] = series.calls
        found[key, "charge"] = series.charge_nano
        found.update({(key, kind): count for kind, count in series.quantities.items()})
    return found


@given(st.lists(st.tuples(rows, st.booleans(), st.booleans()), max_size=40))
def test_counting_in_batches_says_what_counting_one_by_one_says(
    ended: list[tuple[LogRow, bool, bool]],
) -> None:
    metrics = MemoryMetrics("1")
    metrics.set_names(MODELS, PROVIDERS)
    for row, fold, known in ended:
        count = metrics.alike(row) if known else metrics.call_ended
        count(row)
        if fold:
            metrics.fold()
    naive = Naive([row for row, _, _ in ended])
    # Counters compare without their zeros.
    assert read_series(metrics) == naive.series
    assert read_times(metrics) == naive.times
    assert Counter(metrics.errors) == naive.errors
    assert Counter(metrics.flagged) == naive.flagged
