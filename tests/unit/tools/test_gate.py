"""What the gate counts, and when it refuses to call a run good."""

from pathlib import Path

import pytest

from support.tool import load_tool

gate = load_tool("gate")
size_report = load_tool("size_report")

REPORT = (
    '<testsuites><testsuite tests="9" failures="{failed}" errors="1" skipped="2"/></testsuites>'
)


def write(folder: Path, failed: int) -> Path:
    file = folder / "junit.xml"
    file.write_text(REPORT.format(failed=failed))
    return file


def test_failures_and_errors_are_failed_and_skips_are_neither(tmp_path: Path) -> None:
    assert gate.read_report(write(tmp_path, 3), 1) == (3, 4)


def test_a_run_without_a_report_failed(tmp_path: Path) -> None:
    assert gate.read_report(tmp_path / "missing.xml", 0) == (0, 1)


def test_a_bad_exit_code_is_a_failure_even_when_every_test_passed(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text('<testsuites><testsuite tests="5" failures="0" errors="0"/></testsuites>')
    assert gate.read_report(file, 0) == (5, 0)
    assert gate.read_report(file, 3) == (5, 1)


def test_an_unknown_step_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert gate.main(["typos"]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("format", "ruff", "imports", "types", "tests", "wheel"))


def test_a_large_file_needs_a_line_in_the_list_and_the_list_may_not_rot() -> None:
    sizes = {"a.py": 600, "b.py": 601, "c.py": 700}
    assert [text.split()[0] for text in size_report.find_offences(sizes, {"c.py"})] == ["b.py"]
    assert size_report.find_offences(sizes, {"b.py", "c.py"}) == []
    assert "a.py is listed" in size_report.find_offences({"a.py": 10}, {"a.py"})[0]
    assert "gone.py" in size_report.find_offences({}, {"gone.py"})[0]


def test_functions_are_measured_from_their_def_to_their_last_line(tmp_path: Path) -> None:
    file = size_report.ROOT / "tools" / "size_report.py"
    found = {place.split()[-1]: lines for lines, place in size_report.list_functions(file)}
    assert found["count_lines"] == 3
