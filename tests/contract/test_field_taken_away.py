"""One field is taken out of the contract's source: document, validation and SDK tests must see it."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import nexhina
from support.product import clean_environment

ROOT = Path(__file__).parents[2]
SEEN_BY = (
    "test_the_document_names_every_field_of_its_examples",
    "test_a_value_out_of_range_or_of_another_type_does_not_fit",
    "test_what_the_contract_names_is_enough_for_the_sdk",
)


def run_contract_tests(source: Path, report: Path) -> tuple[set[str], int]:
    """Names of the tests that failed over this source, and how many passed."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"--junitxml={report}", "tests/unit/contract"),
        ],
        cwd=ROOT,
        env=clean_environment() | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    failed: set[str] = set()
    passed = 0
    for case in ET.parse(report).getroot().iter("testcase"):
        if case.find("failure") is None and case.find("error") is None:
            passed += 1
        else:
            failed.add(case.attrib["name"].partition("[")[0])
    return failed, passed


@pytest.mark.parametrize("line", ["", "    role: Role\n"], ids=["nothing", "role"])
def test_a_field_that_is_taken_away_is_missed_by_document_validation_and_sdk(
    tmp_path: Path, line: str
) -> None:
    source = tmp_path / "src"
    shutil.copytree(
        Path(nexhina.__file__).parent, source / "nexhina", ignore=shutil.ignore_patterns("*.pyc")
    )
    schema = source / "nexhina/contract/schema/chat.py"
    text = schema.read_text()
    assert line in text
    schema.write_text(text.replace(line, "", 1))
    failed, passed = run_contract_tests(source, tmp_path / "report.xml")
    assert passed > 50  # the others still hold: the copy itself is sound
    if line:
        assert set(SEEN_BY) <= failed
    else:
        assert not set(SEEN_BY) & failed
