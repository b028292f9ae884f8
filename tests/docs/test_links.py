"""The pages hang together: every link leads somewhere, no page is lost, the map names every room."""

import re

import pytest

from support.needs import ROOT
from support.page import DOCS, LANGUAGES, Page, list_pages, load_page

PAGES = [
    Page(path)
    for path in sorted(
        [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests").rglob("*.md")],
    )
]


def name_of(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_the_project_leads_somewhere(page: Page) -> None:
    for link in page.links():
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in Page(target).anchors(), f"{page.name} links to {link}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_list_of_pages(language: str) -> None:
    listed = set(load_page(language, "README.md").links())
    names = {page.path.name for page in list_pages(language)} - {"README.md"}
    assert names <= listed


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_links_to_pages_of_its_own_language(language: str) -> None:
    other = next(each for each in LANGUAGES if each != language)
    for page in list_pages(language):
        if page.path.name != "README.md":
            assert not [link for link in page.links() if f"../{other}/" in link], page.name


def test_the_map_names_every_room() -> None:
    text = (DOCS / "architecture.md").read_text()
    source = ROOT / "src" / "nexhina"
    rooms = {f.name for f in source.iterdir() if f.is_dir() and any(f.rglob("*.py"))}
    rooms |= {f.name for f in source.glob("*.py")} - {"__init__.py", "__main__.py"}
    missing = [room for room in sorted(rooms) if not re.search(rf"`[^`]*{re.escape(room)}", text)]
    assert not missing


def test_what_the_map_sends_a_reader_to_is_there() -> None:
    text = (DOCS / "architecture.md").read_text()
    table = text[text.index("## Where do I change what?") :]
    table = table[: table.index("\n## ", 5)]
    found = re.findall(r"`((?:[\w-]+/)+[\w.]*|\w+\.py)`", table)
    assert found
    for path in found:
        there = (ROOT / "src" / "nexhina" / path, ROOT / path)
        assert any(each.exists() for each in there), path


def test_decision_records_are_numbered_and_say_what_was_decided() -> None:
    records = sorted((DOCS / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    for record in records:
        text = record.read_text()
        assert text.startswith("# "), record.name
        assert "**Decision.**" in text or "## Decision" in text or "| chosen |" in text, record.name
