"""Which client's tests run with which lock, and what is left behind when a run breaks off."""

import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from support.needs import ROOT
from support.tool import load_tool


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return load_tool("clients")


def test_each_test_file_runs_once_with_a_lock_that_is_there(clients: ModuleType) -> None:
    turns = clients.list_turns()
    files = [file for part in turns.values() for file in part]
    assert sorted(files) == sorted((ROOT / "tests" / "clients").glob("test_*.py"))
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for name in turns:
        assert (ROOT / "requirements" / f"{name}.lock").exists()
        assert name in groups


def test_a_run_that_broke_off_counts_as_a_failure(
    clients: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse() -> dict[str, str]:
        raise OSError("no space left")

    monkeypatch.setattr(clients, "TOTALS", tmp_path / "totals.txt")
    monkeypatch.setattr(clients, "install_node", refuse)
    assert clients.main([]) == 1
    assert (tmp_path / "totals.txt").read_text() == "0 1\n"


def test_nothing_that_a_client_reports_leaves_the_machine(clients: ModuleType) -> None:
    assert clients.QUIET["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert clients.QUIET["OPENAI_AGENTS_DISABLE_TRACING"] == "1"
