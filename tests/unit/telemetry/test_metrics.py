"""What is counted, under which labels, and that labels stay few."""

import sys
import timeit

import pytest

from nexhina.domain.usage import ChargeLine
from nexhina.ports import Metrics
from nexhina.telemetry import metrics as module
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.telemetry.null import NullMetrics
from nexhina.telemetry.prometheus import Renderer
from support.money import make_row


@pytest.fixture
def metrics() -> MemoryMetrics:
    counted = MemoryMetrics("1.2.3")
    counted.set_names({"m", "n"}, {7: "openai", 8: "sandbox"})
    return counted


def render(metrics: MemoryMetrics) -> dict[str, float]:
    """Every sample by its name and labels, process metrics left out."""
    samples: dict[str, float] = {}
    for line in Renderer(metrics).render().decode().splitlines():
        if line and not line.startswith(("#", "process_")):
            name, _, value = line.rpartition(" ")
            assert name not in samples
            samples[name] = float(value)
    return samples


def calls(samples: dict[str, float]) -> dict[str, float]:
    return {
        name: value for name, value in samples.items() if name.startswith("nexhina_requests_total")
    }


def test_a_call_is_counted_under_operation_model_provider_lane_and_status(
    metrics: MemoryMetrics,
) -> None:
    metrics.call_ended(make_row())
    metrics.call_ended(make_row())
    metrics.call_ended(
        make_row(status=429, error_code="rate_limit_exceeded", lane="", channel_id=None)
    )
    assert calls(render(metrics)) == {
        'nexhina_requests_total{lane="verbatim",model="m",operation="chat",provider="openai",status="200"}': 2,
        'nexhina_requests_total{lane="",model="m",operation="chat",provider="",status="429"}': 1,
    }


def test_no_tenant_key_channel_or_unknown_name_becomes_a_label(metrics: MemoryMetrics) -> None:
    metrics.call_ended(make_row(model="sk-typed-a-key-here", channel_id=99))
    text = Renderer(metrics).render().decode()
    for secret in ("secret-project", "my account", "sk-typed", "tenant", "0193-call"):
        assert secret not in text
    assert 'model="other"' in text
    assert 'provider="other"' in text


def test_a_model_that_joins_the_catalog_is_counted_under_its_name_from_then_on(
    metrics: MemoryMetrics,
) -> None:
    metrics.call_ended(make_row(model="new"))
    metrics.set_names({"new"}, {7: "openai"})
    metrics.call_ended(make_row(model="new"))
    assert sorted(name.split('model="')[1][:3] for name in calls(render(metrics))) == ["new", "oth"]


def test_tokens_images_and_money_are_summed(metrics: MemoryMetrics) -> None:
    lines = (
        ChargeLine("input", 100, 1, 1, 1, 1),
        ChargeLine("cached_input", 30, 1, 1, 1, 1),
        ChargeLine("output", 7, 1, 1, 1, 1),
        ChargeLine("request", 1, 1, 1, 1, 1),
    )
    metrics.call_ended(make_row(lines=lines, charge_nano=1_500_000_000))
    metrics.call_ended(make_row(lines=lines, charge_nano=500_000_000, status=499))
    metrics.call_ended(
        make_row(operation="images", lines=(ChargeLine("image", 3, None, 0, 1, 1),), charge_nano=0)
    )
    samples = render(metrics)
    where = 'model="m",operation="chat",provider="openai"'
    assert samples[f'nexhina_tokens_total{{direction="input",{where}}}'] == 200
    assert samples[f'nexhina_tokens_total{{direction="cached_input",{where}}}'] == 60
    assert samples[f'nexhina_tokens_total{{direction="output",{where}}}'] == 14
    assert samples[f"nexhina_charge_usd_total{{{where}}}"] == 2.0
    assert samples['nexhina_images_total{model="m",provider="openai"}'] == 3


def test_times_fall_into_buckets_in_seconds(metrics: MemoryMetrics) -> None:
    for total in (50_000, 50_001, 2_000_000, 10**12):
        metrics.call_ended(make_row(total_us=total, first_byte_us=40_000, queue_us=100))
    samples = render(metrics)

    def bucket(name: str, bound: str) -> float:
        where = f'le="{bound}",operation="chat",provider="openai",stream="false"'
        return samples[f"{name}_bucket{{{where}}}"]

    duration = "nexhina_request_duration_seconds"
    assert bucket(duration, "0.05") == 1
    assert bucket(duration, "0.1") == 2
    assert bucket(duration, "2.5") == 3
    assert bucket(duration, "640.0") == 3
    assert bucket(duration, "+Inf") == 4
    assert bucket("nexhina_first_byte_seconds", "0.05") == 4
    assert bucket("nexhina_queue_seconds", "0.0001") == 4
    total = samples[f'{duration}_sum{{operation="chat",provider="openai",stream="false"}}']
    assert total == pytest.approx(1_000_002.100001)


def test_streams_and_whole_answers_are_timed_apart(metrics: MemoryMetrics) -> None:
    metrics.call_ended(make_row(stream=True))
    metrics.call_ended(make_row(stream=True, model="n"))
    metrics.call_ended(make_row())
    samples = render(metrics)
    name = "nexhina_request_duration_seconds_count"
    assert samples[f'{name}{{operation="chat",provider="openai",stream="true"}}'] == 2
    assert samples[f'{name}{{operation="chat",provider="openai",stream="false"}}'] == 1


def test_a_call_that_never_reached_a_vendor_has_a_duration_and_no_first_byte(
    metrics: MemoryMetrics,
) -> None:
    metrics.call_ended(make_row(lane="", channel_id=None, queue_us=0, first_byte_us=0))
    samples = render(metrics)
    assert any(name.startswith("nexhina_request_duration_seconds_count") for name in samples)
    assert not any(name.startswith(("nexhina_first_byte", "nexhina_queue")) for name in samples)


def test_errors_failures_and_flags_are_counted_by_cause(metrics: MemoryMetrics) -> None:
    metrics.call_ended(make_row(status=502, error_code="upstream_error"))
    metrics.call_ended(make_row(estimated=True, unpriced=True))
    metrics.attempt_failed("openai", "connect")
    metrics.attempt_failed("openai", "connect")
    metrics.attempt_failed("openai", "idle_timeout")
    samples = render(metrics)
    assert samples['nexhina_errors_total{code="upstream_error",operation="chat"}'] == 1
    failures = "nexhina_upstream_attempt_failures_total"
    assert samples[f'{failures}{{kind="connect",provider="openai"}}'] == 2
    assert samples[f'{failures}{{kind="idle_timeout",provider="openai"}}'] == 1
    assert samples['nexhina_flagged_requests_total{flag="estimated"}'] == 1
    assert samples['nexhina_flagged_requests_total{flag="unpriced"}'] == 1
    assert samples['nexhina_flagged_requests_total{flag="abandoned"}'] == 0


def test_gauges_are_asked_at_each_scrape_and_the_build_is_told(metrics: MemoryMetrics) -> None:
    values = iter((3.0, 4.0))
    metrics.add_gauge("nexhina_open_connections", "Open now", lambda: next(values))
    metrics.add_gauge("nexhina_made_total", "Made", lambda: 9, counter=True)
    renderer = Renderer(metrics)
    first, second = renderer.render().decode(), renderer.render().decode()
    assert "nexhina_open_connections 3.0" in first
    assert "nexhina_open_connections 4.0" in second
    assert "nexhina_made_total 9.0" in second
    assert "# TYPE nexhina_made_total counter" in second
    assert 'nexhina_build_info{version="1.2.3"} 1.0' in second


def test_a_family_has_a_value_for_each_of_its_labels(metrics: MemoryMetrics) -> None:
    states = {("1", "openai"): 0, ("2", 'x"y'): 2}
    metrics.add_family("nexhina_state", "State", ("channel", "provider"), states.items)
    renderer = Renderer(metrics)
    first = renderer.render().decode()
    assert 'nexhina_state{channel="1",provider="openai"} 0.0' in first
    assert 'nexhina_state{channel="2",provider="x\\"y"} 2.0' in first
    assert "# TYPE nexhina_state gauge" in first
    del states["1", "openai"]
    assert 'channel="1"' not in renderer.render().decode()


def test_the_number_of_series_has_an_end(
    metrics: MemoryMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SERIES", 3)
    for status in range(200, 210):
        metrics.call_ended(make_row(status=status, error_code=f"code_{status}"))
        metrics.call_ended(make_row(status=status, model="n"))
    assert len(metrics.series) <= 3 + 10
    assert len(metrics.errors) <= 3 + 1
    assert sum(series.calls for series in metrics.series.values()) == 20
    assert sum(metrics.errors.values()) == 10


def test_counting_a_call_costs_a_microsecond_and_nothing_is_kept_of_it(
    metrics: MemoryMetrics,
) -> None:
    row = make_row(stream=True)
    before = sys.getrefcount(row)

    def count() -> None:
        for _ in range(2_000):
            metrics.call_ended(row)
        metrics.fold()

    # 1 µs on a free core; the bound only has to catch a change of kind on a busy one.
    best = min(timeit.repeat(count, number=1, repeat=5)) / 2_000
    assert best < 10e-6
    assert sys.getrefcount(row) == before


def test_the_null_twin_takes_the_same_calls() -> None:
    null: Metrics = NullMetrics()
    null.call_ended(make_row())
    null.attempt_failed("openai", "connect")
