"""Which language a visitor is answered in."""

import pytest

from nexhina.web.language import choose_language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.3", "zh"),
        ("de", "en"),
        ("zh-Hant-TW", "zh"),
        ("ZH", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=0", "en"),
        ("en;q=0.5, zh;q=0.5", "en"),
        ("*;q=0.5, zh;q=0.6", "zh"),
        ("zh;q=rubbish", "en"),
        ("zh;level=1", "zh"),
        ("zh;q=7, en", "zh"),
        (";;;,,,q=,", "en"),
        ("zhuang", "en"),
    ],
)
def test_the_best_liked_of_our_two_languages_is_chosen(accept: str, language: str) -> None:
    assert choose_language(accept) == language


def test_a_very_long_header_is_read_in_part() -> None:
    assert choose_language("de," * 100_000 + "zh") == "en"
