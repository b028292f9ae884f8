"""Both languages say everything, and say it each in its own script."""

import msgspec

from nexhina.console.text import TEXTS
from nexhina.identity.password import LONGEST, SHORTEST


def test_every_sentence_is_written_in_both_languages() -> None:
    english, chinese = (msgspec.structs.asdict(TEXTS[name]) for name in ("en", "zh"))
    for name, sentence in english.items():
        assert sentence.strip()
        assert all(ord(letter) < 0x2E80 for letter in sentence), name
        assert any(0x4E00 <= ord(letter) <= 0x9FFF for letter in chinese[name]), name


def test_no_sentence_waits_for_words_of_another_language() -> None:
    for text in TEXTS.values():
        assert not any("{" in sentence for sentence in msgspec.structs.asdict(text).values())
    assert TEXTS["zh"].weak_password.isascii() is False
    assert not any(letter.isascii() and letter.isalpha() for letter in TEXTS["zh"].weak_password)


def test_the_rule_on_the_page_is_the_rule_that_is_applied() -> None:
    for text in TEXTS.values():
        assert str(SHORTEST) in text.setup_rule
        assert str(SHORTEST) in text.short_password
        assert str(LONGEST) in text.long_password
