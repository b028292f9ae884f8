"""Every check; `make test` runs it, CI too. Each step prints its seconds.

Usage: gate.py [step …]; without names, all. The tests have the machine to themselves, for some of
them measure; the other steps use one core each and share it. A step runs even when another one
failed, so that one run tells everything; the exit code is 1 when any did.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work"
BIN = Path(sys.executable).parent
AT_ONCE = 2  # steps that use one core each
TOTALS = WORK / "totals.txt"  # "passed failed", for .ci/run

# Those with the longest files first: one that began last would leave the other core without work.
FOLDERS = ("acceptance", "contract", "docs", "browser", "property", "flow", "unit", "wire")


class Result(NamedTuple):
    """How one step ended."""

    passed: int
    failed: int


def _run(*command: str | Path) -> int:
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode


def _command(*command: str | Path) -> Callable[[], Result]:
    """A step that passes when this command ends with 0; what it says comes out in one piece."""

    def step() -> Result:
        parts = [str(part) for part in command]
        done = subprocess.run(
            parts, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
        return Result(int(done.returncode == 0), int(done.returncode != 0))

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
    folders = [f"tests/{name}" for name in FOLDERS]
    present = [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
    files = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")  # in the order of FOLDERS
    return _pytest(*files, "--durations=10", *present, name="tests")


def check_wheel() -> Result:
    """Builds the wheel and runs it in a fresh environment, away from the source."""
    from wheel_check import main as check

    code = check()
    return Result(int(code == 0), int(code != 0))


STEPS: dict[str, Callable[[], Result]] = {
    "types": _command(BIN / "basedpyright"),  # the longest of those that share
    "format": _command(BIN / "ruff", "format", "--check", "--quiet", "."),
    "ruff": _command(BIN / "ruff", "check", "--quiet", "."),
    "imports": _command(BIN / "lint-imports", "--no-cache"),
    "tests": run_tests,
    "size": _command(sys.executable, "tools/size_report.py"),
    "wheel": check_wheel,
}


def _take(name: str) -> tuple[str, Result, float]:
    """Runs a step: its name, how it ended, its seconds."""
    print(f"== {name}", flush=True)
    start = time.monotonic()
    result = STEPS[name]()
    seconds = time.monotonic() - start
    print(f"== {name}: {'FAILED' if result.failed else 'ok'} in {seconds:.1f} s\n", flush=True)
    return name, result, seconds


def main(names: list[str]) -> int:
    """Runs the steps and prints a summary; the number of failed ones decides the exit code."""
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"gate: no step {unknown[0]!r}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    WORK.mkdir(exist_ok=True)
    summary: list[tuple[str, Result, float]] = []
    begun = time.monotonic()
    wanted = list(names or STEPS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        summary += pool.map(_take, [name for name in wanted if name != "tests"])
    if "tests" in wanted:
        summary.append(_take("tests"))

    passed = sum(result.passed for _, result, _ in summary)
    failed = sum(result.failed for _, result, _ in summary)
    TOTALS.write_text(f"{passed} {failed}\n")
    print()
    for name, result, seconds in summary:
        verdict = f"{result.failed} FAILED" if result.failed else f"{result.passed} passed"
        print(f"{name:<8} {seconds:7.1f} s  {verdict}")
    seconds = time.monotonic() - begun
    print(f"{'all':<8} {seconds:7.1f} s  {passed} passed and {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
