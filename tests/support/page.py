"""The documentation's pages, taken apart: headings, sections, tables, code blocks, links.

Tests hold the pages to the code with these. Only what the pages really use of Markdown is read.
"""

import re
from pathlib import Path

import msgspec

from support.needs import ROOT

DOCS = ROOT / "docs"
LANGUAGES = ("en", "zh")
RUN = "<!-- run -->"

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    rf"^(?P<run>{RUN}\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


class Block(msgspec.Struct, frozen=True):
    """A fenced block. `run`: marked as one that works as it stands."""

    language: str
    text: str
    run: bool


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text(encoding="utf-8")
        self.prose = _FENCE.sub("", self.text)

    def headings(self) -> list[tuple[int, str]]:
        """(level, text without back-ticks), in order."""
        return [(len(marks), text.replace("`", "")) for marks, text in _HEADING.findall(self.prose)]

    def anchors(self) -> list[str]:
        """The anchors that a renderer makes of the headings; a repeated one gets -1, -2 …"""
        found: list[str] = []
        for _, heading in self.headings():
            base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            count = sum(1 for each in found if re.fullmatch(rf"{re.escape(base)}(-\d+)?", each))
            found.append(f"{base}-{count}" if count else base)
        return found

    def section(self, heading: str) -> str:
        """The text under a heading, to the next of any level; "" when there is no such heading."""
        parts = re.split(r"^#{1,6}\s+(.+?)\s*$", self.text, flags=re.MULTILINE)
        titles = [title.replace("`", "") for title in parts[1::2]]
        return parts[2 * titles.index(heading) + 2] if heading in titles else ""

    def sections(self) -> dict[str, str]:
        """The text under each heading, by the heading."""
        return {heading: self.section(heading) for _, heading in self.headings()}

    def blocks(self, *languages: str) -> list[Block]:
        """The fenced blocks, of these languages if any are named."""
        found = [
            Block(match["language"], match["text"], match["run"] is not None)
            for match in _BLOCK.finditer(self.text)
        ]
        return [block for block in found if not languages or block.language in languages]

    def links(self) -> list[str]:
        """The targets of the links."""
        return _LINK.findall(self.prose)


def load_page(language: str, name: str) -> Page:
    """The page docs/<language>/<name>."""
    return Page(DOCS / language / name)


def list_pages(language: str) -> list[Page]:
    """All pages of a language."""
    return [Page(path) for path in sorted((DOCS / language).rglob("*.md"))]


def read_rows(text: str) -> list[list[str]]:
    """The cells of every table row, heads and rulers left out."""
    rows: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def read_code(text: str) -> list[str]:
    """What stands in back-ticks, in order."""
    return _CODE.findall(text)


def index_rows(text: str) -> dict[str, list[str]]:
    """Table rows by the first code in their first cell."""
    return {codes[0]: row for row in read_rows(text) if (codes := read_code(row[0]))}
