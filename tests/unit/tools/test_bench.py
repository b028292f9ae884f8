"""In which order the benchmark measures, and what it takes for whose figure."""

import argparse
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from support.needs import ROOT
from support.tool import load_tool

PLACES = {"C": "C", "R": "R", "D": "D1000", "RD": "RD", "F": "F"}
FIGURES = {"nginx": {"C": 5.0, "D": 20.0}, "nexhina": {"C": 4.0, "R": 6.0, "D": 30.0, "RD": 40.0}}


class Harness:
    """A harness whose measurements take no time: each has the figure of the table above."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.results: dict[str, dict[str, Any]] = {}
        self.mock = SimpleNamespace(stop=lambda: None)
        self.errors = 0

    def start_mock(self) -> None:
        """Nothing is to be started."""

    def one(self, gateway: Any, scenario: str) -> None:
        self.done.append((gateway.name, scenario))
        figure = FIGURES[gateway.name].get(scenario, 0.0)
        found = {"cpu_us_per_chunk": figure, "rss_kib": 1024, "total_errors": self.errors}
        self.results.setdefault(gateway.name, {})[PLACES[scenario]] = found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "tools")
    return load_tool("bench")


def measure(
    bench: ModuleType,
    names: str,
    *,
    errors: int = 0,
    check: bool = False,
    seconds_ago: float = 0,
    harness: Harness | None = None,
) -> Any:
    """A measurement of these rows by the fake harness, two rounds, begun so long ago."""
    harness = harness or Harness()
    harness.errors = errors
    made = bench.Measurement.__new__(bench.Measurement)
    made.options = argparse.Namespace(rounds=2, check=check)
    made.bench, made.best, made.errors = harness, {}, []
    made.started = time.monotonic() - seconds_ago
    idle = {name: lambda: None for name in ("start", "setup", "first_chat", "stop")}
    made.gateways = {name: SimpleNamespace(name=name, **idle) for name in ("nginx", "nexhina")}
    rows = [row for row in bench.ROWS if row.name in names.split(",")]
    made.run(rows)
    return made, {one.row.name: one for one in made.judge(rows, set())}


def test_translated_events_are_measured_in_the_round_of_the_plain_ones(bench: ModuleType) -> None:
    made, judged = measure(bench, "chunk,translated_burst")
    assert made.bench.done == [("nginx", "C"), ("nexhina", "C"), ("nexhina", "R")] * 2
    assert judged["chunk"].value == 4 / 5
    assert judged["translated_burst"].value == 6 / 5


def test_translated_events_alone_need_only_nginxs_plain_ones(bench: ModuleType) -> None:
    made, judged = measure(bench, "translated")
    assert made.bench.done == [("nginx", "D"), ("nexhina", "RD")] * 2
    assert judged["translated"].value == 2


def test_a_row_without_nginx_is_not_measured_on_it(bench: ModuleType) -> None:
    made, _ = measure(bench, "idle")
    assert set(made.bench.done) == {("nexhina", "F")}


def test_a_round_with_errors_gives_no_figure_and_is_told(bench: ModuleType) -> None:
    made, judged = measure(bench, "translated_burst", errors=1)
    assert judged["translated_burst"].value is None
    assert [error.partition(",")[0] for error in made.errors] == ["nginx C", "nexhina R"] * 2


class BusyMachine(Harness):
    """A machine on which Nexhina's rounds cost five times as much, until this many are over."""

    def __init__(self, busy: int) -> None:
        super().__init__()
        self.busy = busy

    def one(self, gateway: Any, scenario: str) -> None:
        super().one(gateway, scenario)
        if gateway.name == "nexhina" and self.busy > 0:
            self.busy -= 1
            self.results["nexhina"][PLACES[scenario]]["cpu_us_per_chunk"] *= 5


@pytest.mark.parametrize(("busy", "rounds"), [(0, 2), (1, 2), (2, 3), (5, 6), (100, 6)])
def test_a_row_over_its_gate_is_measured_again_a_bounded_number_of_times(
    bench: ModuleType, busy: int, rounds: int
) -> None:
    made, judged = measure(bench, "chunk", harness=BusyMachine(busy))
    assert made.bench.done == [("nginx", "C"), ("nexhina", "C")] * rounds
    assert judged["chunk"].value == (0.8 if busy < rounds else 4)


def test_no_row_is_measured_again_when_the_time_is_up(bench: ModuleType) -> None:
    made, judged = measure(bench, "chunk", harness=BusyMachine(2), seconds_ago=10_000)
    assert len(made.bench.done) == 4
    assert judged["chunk"].value == 4
