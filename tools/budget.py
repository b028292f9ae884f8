"""The data plane's budget as data (DESIGN §9), and the judgement of what was measured. Pure."""

from typing import Any, Literal, NamedTuple, cast

TOLERANCE = 1.3  # a row that was reached may be this much above its gate: machines differ


class Row(NamedTuple):
    """One line of the budget. Against nginx, gate and goal are multiples; else they are in `unit`."""

    name: str
    title: str
    scenario: str  # of tests/bench/run.py
    result: str  # where that scenario keeps its result
    path: tuple[str, ...]  # to the figure inside it
    against: Literal["nginx", "limit"]
    gate: float
    goal: float
    unit: str
    scale: float = 1.0  # the figure times this is in `unit`
    beside: tuple[str, str] | None = None  # nginx's scenario and result, where it can't do this one

    @property
    def turn(self) -> str:
        """The scenario in whose rounds this one is measured: nginx's own."""
        return self.beside[0] if self.beside else self.scenario

    def find_result(self, gateway: str) -> str:
        """Where the gateway's result is kept."""
        return self.beside[1] if self.beside and gateway == "nginx" else self.result


CPU, CHUNK, MEMORY = ("cpu_us_per_req",), ("cpu_us_per_chunk",), ("kib_per_stream",)

# fmt: off
ROWS = (
    Row("chat", "CPU per chat request", "A", "A", CPU, "nginx", 2.7, 2.0, "µs"),
    Row("embed", "CPU per embedding, 16 KB", "E", "E", CPU, "nginx", 2.7, 2.0, "µs"),
    Row("body", "CPU per chat of 1 MB", "G", "G", CPU, "nginx", 2.7, 2.0, "µs"),
    Row("chunk", "CPU per chunk, burst", "C", "C", CHUNK, "nginx", 1.8, 1.2, "µs"),
    Row("paced", "CPU per chunk, paced", "D", "D1000", CHUNK, "nginx", 1.8, 1.2, "µs"),
    Row("translated", "CPU per translated event, paced", "RD", "RD", CHUNK, "nginx", 2.5, 1.8, "µs", beside=("D", "D1000")),
    Row("translated_burst", "CPU per translated event, burst", "R", "R", CHUNK, "nginx", 4, 2.5, "µs", beside=("C", "C")),
    Row("delay", "delay of a lone chunk, p50", "D", "D1000", ("transit_us", "p50"), "nginx", 4, 2, "µs"),
    Row("open1k", "memory per stream, 1,000 open", "D", "D1000", MEMORY, "limit", 20, 15, "KiB"),
    Row("open5k", "memory per stream, 5,000 open", "D5", "D5000", MEMORY, "limit", 20, 15, "KiB"),
    Row("idle", "resident, idle", "F", "F", ("rss_kib",), "limit", 80, 60, "MiB", 1 / 1024),
    Row("start", "first chat after exec", "F", "F", ("first_chat_s",), "limit", 500, 300, "ms", 1000),
)
# fmt: on


class Judgement(NamedTuple):
    """A row with its figures; `value` is what the limits apply to, None when it was not measured."""

    row: Row
    reference: float | None
    measured: float | None
    value: float | None
    verdict: str
    binds: bool
    failed: bool


def read_figure(row: Row, result: dict[str, Any]) -> float | None:
    """The row's figure in its unit; None when the scenario failed or met errors."""
    if result.get("total_errors"):
        return None
    found: object = result
    for key in row.path:
        found = cast("dict[str, object]", found).get(key) if isinstance(found, dict) else None
    return found * row.scale if isinstance(found, int | float) and found > 0 else None


def judge(
    row: Row, reference: float | None, measured: float | None, reached: set[str]
) -> Judgement:
    """What the figures (the best of each side) mean for this row."""
    value = measured
    if row.against == "nginx":
        value = measured / reference if measured and reference else None
    binds = row.name in reached
    failed = binds and (value is None or value > row.gate * TOLERANCE)
    if value is None:
        verdict = "not measured"
    elif value <= row.goal:
        verdict = "goal"
    elif value <= row.gate:
        verdict = "gate"
    else:
        verdict = f"{(value / row.gate - 1) * 100:.0f} % over the gate"
    if failed:
        verdict += ", FAILED"
    elif binds and value is not None and value > row.gate:
        verdict += ", tolerated"
    return Judgement(row, reference, measured, value, verdict, binds, failed)


def render_table(judgements: list[Judgement]) -> str:
    """The table as Markdown."""
    lines = [
        "| all features on, same run | nginx | nexhina | ratio | gate | goal | verdict |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for one in judgements:
        row = one.row
        limit = "×" if row.against == "nginx" else f" {row.unit}"
        ratio = one.measured / one.reference if one.measured and one.reference else None
        cells = (
            f"{row.title} (`{row.name}`{', binds' if one.binds else ''})",
            _cell(one.reference, f" {row.unit}"),
            _cell(one.measured, f" {row.unit}"),
            _cell(ratio, "×"),
            f"{row.gate:g}{limit}",
            f"{row.goal:g}{limit}",
            one.verdict,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.3g}{unit}" if value < 1000 else f"{value:.0f}{unit}"
