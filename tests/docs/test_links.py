"""The pages hang together: every link leads somewhere, the map names every room, both languages are there."""

import re
from pathlib import Path

import pytest

from support.needs import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "tests").rglob("*.md"),
    ]
)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors that a renderer makes of a page's headings."""
    text = FENCE.sub("", page.read_text())
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor.lower() in anchors(target), f"{name_of(page)} links to {link}"


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    source = ROOT / "src" / "nexhina"
    rooms = {f.name for f in source.iterdir() if f.is_dir() and any(f.rglob("*.py"))}
    rooms |= {f.name for f in source.glob("*.py")} - {"__init__.py", "__main__.py"}
    missing = [room for room in sorted(rooms) if not re.search(rf"`[^`]*{re.escape(room)}", text)]
    assert not missing


def test_what_the_map_sends_a_reader_to_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text[text.index("## Where do I change what?") :]
    table = table[: table.index("\n## ", 5)]
    for path in re.findall(r"`([a-z_]+/[\w/.]+\.py|[a-z_]+\.py)`", table):
        assert (ROOT / "src" / "nexhina" / path).exists(), path


def test_every_page_exists_in_both_languages() -> None:
    english = {p.relative_to(ROOT / "docs" / "en") for p in (ROOT / "docs" / "en").rglob("*.md")}
    chinese = {p.relative_to(ROOT / "docs" / "zh") for p in (ROOT / "docs" / "zh").rglob("*.md")}
    assert english
    assert english == chinese


def test_decision_records_are_numbered_and_say_what_was_decided() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    for record in records:
        assert record.read_text().startswith("# "), record.name
