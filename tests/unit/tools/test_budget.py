"""How the benchmark judges: gates, goals, the ratchet, and figures that are missing."""

import tomllib

import pytest

from support.needs import ROOT
from support.tool import load_tool

budget = load_tool("budget")
CHAT = next(row for row in budget.ROWS if row.name == "chat")  # 2.7 x and 2.0 x nginx
IDLE = next(row for row in budget.ROWS if row.name == "idle")  # 80 and 60 MiB


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [(20.0, "goal"), (26.9, "gate"), (30.0, "11 % over the gate"), (54.0, "100 % over the gate")],
)
def test_a_row_against_nginx_is_judged_by_its_ratio(measured: float, verdict: str) -> None:
    one = budget.judge(CHAT, 10.0, measured, set())
    assert (one.verdict, one.failed, one.value) == (verdict, False, measured / 10)


def test_a_row_with_a_limit_of_its_own_needs_no_nginx() -> None:
    assert budget.judge(IDLE, None, 61.0, set()).verdict == "gate"


@pytest.mark.parametrize(
    ("measured", "failed", "word"),
    [(26.0, False, "gate"), (35.0, False, "tolerated"), (35.2, True, "FAILED")],
)
def test_a_reached_row_binds_at_one_point_three_gates(
    measured: float, failed: bool, word: str
) -> None:
    one = budget.judge(CHAT, 10.0, measured, {"chat"})
    assert (one.failed, word in one.verdict) == (failed, True)


@pytest.mark.parametrize(("reference", "measured"), [(None, 20.0), (10.0, None), (None, None)])
def test_a_reached_row_that_could_not_be_measured_fails(
    reference: float | None, measured: float | None
) -> None:
    assert budget.judge(CHAT, reference, measured, {"chat"}).failed
    assert not budget.judge(CHAT, reference, measured, set()).failed


def test_a_figure_with_errors_is_no_figure() -> None:
    assert budget.read_figure(CHAT, {"cpu_us_per_req": 9.5, "total_errors": 0}) == 9.5
    assert budget.read_figure(CHAT, {"cpu_us_per_req": 9.5, "total_errors": 1}) is None
    assert budget.read_figure(CHAT, {}) is None
    assert budget.read_figure(IDLE, {"rss_kib": 61_440}) == 60


def test_a_row_that_nginx_cannot_do_is_measured_beside_one_that_it_can() -> None:
    """Translated events have the plain chunk of the same round for their reference."""
    rows = {row.name: row for row in budget.ROWS}
    for name, plain, result in (
        ("translated", "paced", "D1000"),
        ("translated_burst", "chunk", "C"),
    ):
        row, other = rows[name], rows[plain]
        assert row.turn == other.turn == other.scenario
        assert row.find_result("nginx") == other.find_result("nginx") == result
        assert row.find_result("nexhina") == row.scenario != other.scenario


def test_the_table_shows_every_row_with_its_limits() -> None:
    table = budget.render_table([budget.judge(row, 10.0, 20.0, {"chat"}) for row in budget.ROWS])
    lines = table.splitlines()
    assert len(lines) == len(budget.ROWS) + 2
    assert lines[2] == (
        "| CPU per chat request (`chat`, binds) | 10 µs | 20 µs | 2× | 2.7× | 2× | goal |"
    )


def test_the_ratchet_names_rows_of_the_budget_only() -> None:
    reached = tomllib.loads((ROOT / "tests" / "bench" / "reached.toml").read_text())["reached"]
    assert set(reached) <= {row.name for row in budget.ROWS}
    assert len(reached) == len(set(reached))
