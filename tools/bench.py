"""Measures Nexhina against nginx `proxy_pass` on one core, in one run, and judges the budget.

Usage: bench.py [--check] [--scale 0.2] [--rounds 5] [--rows chat,chunk] [--write]
Both gateways are up at the same time and measured in turn, scenario by scenario, so that what else
the machine does hits both; the best of the rounds counts, for noise only adds. A row that is over
its gate after its rounds gets more of them, both gateways alike: a busy neighbour goes away, a cost
of ours does not. --check compares with tests/bench/reached.toml; --write renews docs/benchmarks.md.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from budget import ROWS, Judgement, Row, judge, read_figure, render_table

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "tests" / "bench"
WORK = ROOT / ".work" / "bench"
TOTALS = ROOT / ".work" / "bench-totals.txt"  # "passed failed", for .ci/run
PORTS = {"nginx": 19300, "nexhina": 19301}
MORE_ROUNDS = 3  # so many times its rounds, at most, for a row that is over its gate
LAST_MORE_S = 840  # after so many seconds no row gets more of them

NEEDS = {
    "go": "Go 1.22 or newer builds the load generator (package golang)",
    "nginx": "nginx is what is compared with (package nginx-light)",
    "taskset": "taskset pins processes to a core (package util-linux)",
}


def find_missing() -> list[str]:
    """What this machine lacks, each with its cure."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # where Debian keeps nginx
    os.environ["PATH"] = path
    missing = [text for program, text in NEEDS.items() if shutil.which(program) is None]
    if (os.cpu_count() or 1) < 2:
        missing.append("two cores: one for the gateway, one for the load")
    return missing


class Measurement:
    """Both gateways, and the best figures of each so far."""

    def __init__(self, harness: Any, options: argparse.Namespace) -> None:
        self.options = options
        self.bench = harness.Bench(
            argparse.Namespace(
                work=str(WORK),
                out=str(WORK / "results.json"),
                lock="",
                scale=options.scale,
                cold=3,
                hold=1e9,
            )
        )
        self.gateways: dict[str, Any] = {}
        for name, port in PORTS.items():
            harness.GW_PORT = port  # read when a gateway's files are written
            entry = BENCH / "gateways" / f"{name}.json"
            self.gateways[name] = harness.Gateway(str(entry), str(WORK))
        self.best: dict[tuple[str, str], float] = {}
        self.errors: list[str] = []
        self.started = time.monotonic()

    def run(self, rows: list[Row]) -> None:
        """Measures the scenarios of these rows."""
        self.bench.start_mock()
        try:
            for gateway in self.gateways.values():
                gateway.start()
                gateway.setup()
                gateway.first_chat()
            for turn in dict.fromkeys(row.turn for row in rows):
                self._run_turn(turn, [row for row in rows if row.turn == turn])
        finally:
            for gateway in self.gateways.values():
                gateway.stop()
            self.bench.mock.stop()

    def _run_turn(self, turn: str, rows: list[Row]) -> None:
        """Each scenario of these rows on Nexhina, after what nginx does in their place."""
        rounds = self._rounds(turn)
        for number in range(rounds * MORE_ROUNDS):
            if number >= rounds and not self._wants_more(rows):
                break
            for name, gateway in self.gateways.items():
                if turn == "F" and name == "nginx":
                    continue  # its limits are absolute
                self._forget(name, rows)
                ours = dict.fromkeys(row.scenario for row in rows)
                for scenario in (turn,) if name == "nginx" else ours:
                    self.bench.one(gateway, scenario)
                self._note(name, rows, number)

    def _wants_more(self, rows: list[Row]) -> bool:
        """Whether one of these rows is over its gate so far, and there is time to look again."""
        if time.monotonic() - self.started > LAST_MORE_S:
            return False
        found = self.judge(rows, set())
        return any(one.value is not None and one.value > one.row.gate for one in found)

    def _rounds(self, scenario: str) -> int:
        if scenario in ("D5", "F"):  # memory, which varies little; cold starts, three to a round
            return 2 if scenario == "F" else 1
        if scenario == "D" and self.options.check:  # half a minute each
            return min(self.options.rounds, 3)
        return int(self.options.rounds)

    def _forget(self, name: str, rows: list[Row]) -> None:
        for row in rows:
            self.bench.results.get(name, {}).pop(row.find_result(name), None)

    def _note(self, name: str, rows: list[Row], number: int) -> None:
        for row in rows:
            place = row.find_result(name)
            result = self.bench.results.get(name, {}).get(place, {})
            if result.get("total_errors"):
                self.errors.append(
                    f"{name} {place}, round {number + 1}: {json.dumps(result.get('error_kinds'))[:300]}"
                )
            figure = read_figure(row, result)
            if figure is not None:
                print(f"{name} {row.name} {figure:.4g} {row.unit}", file=sys.stderr)
                key = (name, row.name)
                self.best[key] = min(figure, self.best.get(key, figure))

    def judge(self, rows: list[Row], reached: set[str]) -> list[Judgement]:
        """The verdicts."""
        return [
            judge(
                row,
                self.best.get(("nginx", row.name)),
                self.best.get(("nexhina", row.name)),
                reached,
            )
            for row in rows
        ]


def load_harness() -> Any:
    """tests/bench/run.py, told to use ports of ours."""
    os.environ.setdefault("BENCH_MOCK_PORT", "19299")
    sys.path.insert(0, str(BENCH))
    import run

    return run


def describe_run(options: argparse.Namespace) -> str:
    """Command, date, commit and machine in one line."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "no commit"
    changed = " with local changes" if git("status", "--porcelain", "--", "src") else ""
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, IndexError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(
            line.partition(":")[2].strip() for line in lines if line.startswith("model name")
        )
    return (
        f"`make bench SCALE={options.scale:g}`, {today}, commit {commit}{changed}, "
        f"Python {platform.python_version()}, one core of {cpu}"
    )


def write_page(table: str, description: str) -> None:
    """Renews docs/benchmarks.md."""
    (ROOT / "docs" / "benchmarks.md").write_text(
        "# Benchmarks\n\n"
        "Nexhina with everything on (authentication, hold and settle, journal, log rows into SQLite, "
        "metrics, a priced channel) against nginx `proxy_pass` with keep-alive upstreams, each on one "
        "core, in the same run, over loopback. CPU is user + system time of the whole process tree, "
        "deferred work included. The best of the rounds counts, for noise only adds. *Gate*: what a "
        "release must hold. "
        "*Goal*: what we work towards.\n\n"
        f"{description}\n\n{table}\n\n"
        "A *translated event* is one of a Responses stream whose channel speaks chat only; its "
        "reference is the plain chat chunk that nginx passes on.\n\n"
        "Do it yourself: `make bench` (Go, nginx and two cores needed); `make bench CHECK=1` is what "
        "CI runs. Harness, mock vendor and load generator: `tests/bench/`.\n"
    )


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail when a reached row is lost")
    parser.add_argument("--scale", type=float, help="length of a measurement (1 = 15 s)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="best of so many; more when over the gate"
    )
    parser.add_argument("--rows", default="", help="only these rows, by name")
    parser.add_argument("--write", action="store_true", help="renew docs/benchmarks.md")
    options = parser.parse_args()
    options.scale = options.scale or (0.2 if options.check else 1.0)
    names = [name for name in options.rows.split(",") if name]
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        parser.error(
            f"no row {', '.join(sorted(unknown))}; there are {', '.join(r.name for r in ROWS)}"
        )
    options.rows = [row for row in ROWS if not names or row.name in names]
    return options


def main() -> int:
    """Measures, prints, and judges; 1 when a row that binds failed."""
    options = read_options()
    if missing := find_missing():
        print(f"bench: not run, this machine lacks: {'; '.join(missing)}", file=sys.stderr)
        return 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    start = time.monotonic()
    TOTALS.write_text("0 1\n")  # until it has ended
    try:
        measurement = Measurement(load_harness(), options)
        measurement.run(options.rows)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"bench: broke off: {error}", file=sys.stderr)
        return 1
    reached = set(tomllib.loads((BENCH / "reached.toml").read_text())["reached"])
    unknown = reached - {row.name for row in ROWS}
    judgements = measurement.judge(options.rows, reached)
    table = render_table(judgements)
    description = describe_run(options)
    print(f"\n{table}\n\n{description}; {time.monotonic() - start:.0f} s")
    for error in measurement.errors:
        print(f"errors in {error}")
    for name in unknown:
        print(f"reached.toml names {name}, which is no row")
    if options.write:
        write_page(table, description)
    failed = sum(one.failed for one in judgements) + len(unknown)
    failed += any(error.startswith("nexhina") for error in measurement.errors)
    TOTALS.write_text(f"{sum(one.binds and not one.failed for one in judgements)} {failed}\n")
    return int(options.check and failed > 0)


if __name__ == "__main__":
    sys.exit(main())
