"""The README: its two commands, its table of operations, and nothing that would grow stale."""

from pathlib import Path

import pytest

from nexhina.contract.route import ROUTES
from support.needs import ROOT
from support.page import Page, read_code, read_rows

READMES = [Page(ROOT / name) for name in ("README.md", "README.zh.md")]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_two_commands_are_there_and_the_makefile_has_them(page: Page) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in ("run", "test"):
        assert any(block.text.strip() == f"make {command}" for block in page.blocks("sh"))
        assert f"\n{command}:" in makefile


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_table_of_operations_is_the_contracts(page: Page) -> None:
    shown = {code for row in read_rows(page.text) for code in read_code(row[1])}
    wanted = {f"{method} {route.path}" for route in ROUTES for method in route.methods}
    assert shown == wanted


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_same_call_is_shown_three_times(page: Page) -> None:
    shown = [block for block in page.blocks("sh", "python", "js") if block.run]
    assert [block.language for block in shown] == ["sh", "python", "js", "sh"]
    *chat, media = shown
    assert all("deepseek-v3" in block.text and "Say hello" in block.text for block in chat)
    for path in ("/images/generations", "/audio/speech", "/video/generations"):
        assert path in media.text


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_it_says_in_five_lines_what_it_is_and_shows_no_badges(page: Page) -> None:
    start = page.text.partition("\n## ")[0]
    lines = [line for line in start.splitlines() if line and line[0] not in "#["]
    assert len(lines) == 5
    assert "![" not in page.text


def test_the_install_script_needs_what_the_readme_names() -> None:
    script = Path(ROOT / "tools" / "install.sh").read_text()
    assert "3, 11" in script
    for page in READMES:
        assert "3.11" in page.text
        assert {"python3", "venv", "make", "curl"} <= set(read_code(page.text))
