"""Both languages say the same: the same pages, built the same way, with the same code and numbers."""

import re

import pytest

from support.needs import ROOT
from support.page import DOCS, Page, list_pages, read_code, read_rows

PAIRS = [
    (Page(ROOT / "README.md"), Page(ROOT / "README.zh.md")),
    *(
        (page, Page(DOCS / "zh" / page.path.name))
        for page in list_pages("en")
        if (DOCS / "zh" / page.path.name).exists()
    ),
]
IDS = [english.name for english, _ in PAIRS]


def test_every_page_exists_in_both_languages() -> None:
    english = {page.path.name for page in list_pages("en")}
    assert english
    assert english == {page.path.name for page in list_pages("zh")}


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_the_headings_have_the_same_structure(english: Page, chinese: Page) -> None:
    assert [level for level, _ in english.headings()] == [level for level, _ in chinese.headings()]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_the_code_is_the_same(english: Page, chinese: Page) -> None:
    drawn = {"mermaid"}  # a picture has words in it
    assert [block for block in english.blocks() if block.language not in drawn] == [
        block for block in chinese.blocks() if block.language not in drawn
    ]
    assert len(english.blocks()) == len(chinese.blocks())


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_the_tables_have_the_same_rows_and_the_same_names_in_them(
    english: Page, chinese: Page
) -> None:
    theirs = [row for _, text in chinese.sections().items() for row in read_rows(text)]
    ours = [row for _, text in english.sections().items() for row in read_rows(text)]
    assert [len(row) for row in ours] == [len(row) for row in theirs]
    for row, translated in zip(ours, theirs, strict=True):
        assert sorted(read_code(" ".join(row))) == sorted(read_code(" ".join(translated))), row


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_the_names_in_the_text_are_the_same(english: Page, chinese: Page) -> None:
    for (_, ours), (_, theirs) in zip(
        english.sections().items(), chinese.sections().items(), strict=True
    ):
        assert sorted(set(read_code(ours))) == sorted(set(read_code(theirs)))


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_a_chinese_page_is_in_chinese(english: Page, chinese: Page) -> None:
    han = len(re.findall(r"[\u4e00-\u9fff]", chinese.prose))
    assert han > 50
    assert len(re.findall(r"[\u4e00-\u9fff]", english.prose)) < 10
    for _, heading in chinese.headings()[1:]:
        translated = re.search(r"[\u4e00-\u9fff]", heading)
        assert translated or re.fullmatch(r"[\w|. -]+", heading), heading


def test_the_changelog_has_a_section_for_what_is_not_released() -> None:
    page = Page(ROOT / "CHANGELOG.md")
    assert (2, "[Unreleased]") in page.headings()
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Known limits"}
    assert {text for level, text in page.headings() if level == 3} <= kinds
