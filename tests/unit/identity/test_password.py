"""Passwords: argon2id, and a rule that says what to do."""

import pytest

from nexhina.identity.password import hash_password, is_outdated, is_password, require_strong

GOOD = "three calm otters sing"


def test_a_password_is_known_again_and_another_is_not() -> None:
    stored = hash_password(GOOD)
    assert stored.startswith("$argon2id$")
    assert GOOD not in stored
    assert is_password(stored, GOOD)
    assert not is_password(stored, GOOD + " ")
    assert not is_password(stored, "")
    assert not is_outdated(stored)


def test_equal_passwords_have_different_hashes() -> None:
    assert hash_password(GOOD) != hash_password(GOOD)


def test_the_same_letters_typed_in_another_unicode_form_are_the_same_password() -> None:
    assert is_password(hash_password("cafe\u0301 sonnenschirm"), "café sonnenschirm")


@pytest.mark.parametrize(
    "stored", ["", "plain", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv"]
)
def test_a_hash_that_can_not_be_read_fits_no_password(stored: str) -> None:
    assert not is_password(stored, GOOD)


def test_an_endless_password_is_not_even_hashed() -> None:
    assert not is_password(hash_password(GOOD), "x" * 10_000_000)


def test_text_that_is_no_unicode_is_no_password() -> None:
    assert not is_password(hash_password(GOOD), "\ud800" * 20)


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    from argon2 import PasswordHasher

    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD))


@pytest.mark.parametrize(
    ("password", "cure"),
    [
        ("short", "at least 12"),
        ("x" * 300, "at most 256"),
        ("aaaaaaaaaaaabbb", "several different words"),
        ("PasswordPassword", "among the first"),
        ("correct horse battery staple", "among the first"),
    ],
)
def test_a_weak_password_is_refused_with_the_cure(password: str, cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        require_strong(password)


@pytest.mark.parametrize("password", [GOOD, "Tr0ub4dor&3-again", "三只平静的水獭在唱一首很老的歌"])
def test_a_long_password_is_accepted_without_rules_about_characters(password: str) -> None:
    require_strong(password)
