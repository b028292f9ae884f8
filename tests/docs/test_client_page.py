"""The page of clients names the versions that the locks have, and the tests that run them."""

import re

import msgspec

from support.needs import ROOT
from support.page import load_page, read_code, read_rows

PAGE = load_page("en", "clients.md")


def read_locked_versions() -> dict[str, set[str]]:
    """The versions of each package over all locks of tests; Python's and Node's by name alike."""
    found: dict[str, set[str]] = {}
    for lock in (ROOT / "requirements").glob("*.lock"):
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text(), re.MULTILINE):
            found.setdefault(name, set()).add(version)
    for folder in ("node", "clients"):
        lock = ROOT / "tests" / folder / "package-lock.json"
        for path, package in msgspec.json.decode(lock.read_bytes())["packages"].items():
            if path:
                name = path.removeprefix("node_modules/")
                found.setdefault(name, set()).add(package["version"])
    return found


def test_each_version_on_the_page_is_the_locked_one() -> None:
    locked = read_locked_versions()
    rows = read_rows(PAGE.section("Clients"))
    assert len(rows) >= 7
    for row in rows:
        [name] = read_code(row[1])
        version = row[1].rpartition(" ")[2]
        assert version in locked[name], f"{name} is {locked[name]} in the locks"


def test_each_test_of_a_client_is_on_the_page_and_there() -> None:
    named = {path for row in read_rows(PAGE.section("Clients")) for path in read_code(row[3])}
    assert all((ROOT / path).exists() for path in named)
    there = {str(file.relative_to(ROOT)) for file in (ROOT / "tests/clients").glob("test_*.py")}
    others = {"tests/clients/test_page.py", "tests/clients/test_vendor_sdks.py"}  # no clients
    assert there - others <= named
