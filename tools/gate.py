"""Every check, in the order of cheapness; `make test` runs it, CI too. Each step prints its seconds.

Usage: gate.py [step …]; without names, all. A later step runs even when an earlier one failed, so
that one run tells everything; the exit code is 1 when any did.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work"
BIN = Path(sys.executable).parent
TOTALS = WORK / "totals.txt"  # "passed failed", for .ci/run

PURE_FOLDERS = ("unit", "property")
OTHER_FOLDERS = ("contract", "flow", "wire", "acceptance", "docs", "browser")


class Result(NamedTuple):
    """How one step ended."""

    passed: int
    failed: int


def _run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **(env or {})}, check=False
    ).returncode


def _command(*command: str | Path) -> Callable[[], Result]:
    """A step that passes when this command ends with 0."""

    def step() -> Result:
        code = _run(*command)
        return Result(int(code == 0), int(code != 0))

    return step


def _pytest(*arguments: str, name: str) -> Result:
    report = WORK / f"junit-{name}.xml"
    report.unlink(missing_ok=True)
    code = _run(
        BIN / "pytest", "-q", "-m", "not bench and not live", f"--junitxml={report}", *arguments
    )
    return read_report(report, code)


def read_report(report: Path, code: int) -> Result:
    """Passed and failed tests of a JUnit file; a run that broke or ran nothing counts as failed."""
    if not report.exists():
        return Result(0, 1)
    passed = failed = 0
    for suite in ET.parse(report).getroot().iter("testsuite"):
        broken = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        failed += broken
        passed += int(suite.get("tests", "0")) - broken - int(suite.get("skipped", "0"))
    if code != 0 and failed == 0:
        failed = 1
    return Result(passed, failed)


def run_tests() -> Result:
    """All tests on both cores; a file's tests stay together, for they share a started product."""
    folders = [f"tests/{name}" for name in (*PURE_FOLDERS, *OTHER_FOLDERS)]
    present = [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
    return _pytest("-n", "2", "--dist", "loadfile", "--durations=10", *present, name="tests")


def check_wheel() -> Result:
    """Builds the wheel and runs it in a fresh environment, away from the source."""
    from wheel_check import main as check

    code = check()
    return Result(int(code == 0), int(code != 0))


STEPS: dict[str, Callable[[], Result]] = {
    "format": _command(BIN / "ruff", "format", "--check", "--quiet", "."),
    "ruff": _command(BIN / "ruff", "check", "--quiet", "."),
    "imports": _command(BIN / "lint-imports", "--no-cache"),
    "types": _command(BIN / "basedpyright"),
    "tests": run_tests,
    "size": _command(sys.executable, "tools/size_report.py"),
    "wheel": check_wheel,
}


def main(names: list[str]) -> int:
    """Runs the steps and prints a summary; the number of failed ones decides the exit code."""
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"gate: no step {unknown[0]!r}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    WORK.mkdir(exist_ok=True)
    summary: list[tuple[str, Result, float]] = []
    for name in names or STEPS:
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        result = STEPS[name]()
        summary.append((name, result, time.monotonic() - start))
        print(
            f"== {name}: {'FAILED' if result.failed else 'ok'} in {summary[-1][2]:.1f} s",
            flush=True,
        )

    passed = sum(result.passed for _, result, _ in summary)
    failed = sum(result.failed for _, result, _ in summary)
    TOTALS.write_text(f"{passed} {failed}\n")
    print()
    for name, result, seconds in summary:
        verdict = f"{result.failed} FAILED" if result.failed else f"{result.passed} passed"
        print(f"{name:<8} {seconds:7.1f} s  {verdict}")
    print(f"{'all':<8} {sum(s for *_, s in summary):7.1f} s  {passed} passed and {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
