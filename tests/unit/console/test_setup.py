"""What the set-up form is told before the service is asked."""

import pytest

from nexhina.console.setup import SetupForm, find_problems
from nexhina.console.text import TEXTS

TEXT = TEXTS["en"]
GOOD = "a walk along the quiet river"


def problems(**changed: str) -> dict[str, str]:
    values = {"token": "t", "email": "me@example.com", "password": GOOD, "repeat": GOOD}
    return find_problems(SetupForm(**(values | changed)), TEXT)


def test_a_good_form_has_no_problem() -> None:
    assert problems() == {}


@pytest.mark.parametrize(
    "email", ["me@example.com", "m.e+x@sub.example.co", "管理员@例子.公司", "root@localhost"]
)
def test_addresses_of_every_country_and_of_a_local_net_are_taken(email: str) -> None:
    assert problems(email=email) == {}


@pytest.mark.parametrize(
    "email",
    ["", "me", "@example.com", "me@", "me@.com", "me@a..b", "a\nb@c.de", "a@b@c.de", "x" * 300],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    assert problems(email=email) == {"email": TEXT.bad_email}


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", TEXT.no_password),
        ("elevenchars", TEXT.short_password),
        ("ab" * 129, TEXT.long_password),
    ],
)
def test_a_password_of_a_wrong_length_is_refused(password: str, problem: str) -> None:
    assert problems(password=password, repeat=password) == {"password": problem}


def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason() -> None:
    found = problems(password="aaaaaaaaaaaaaa", repeat="aaaaaaaaaaaaaa")
    assert found.keys() == {"password"}
    assert "different words" in found["password"]


def test_a_repetition_that_differs_is_refused_and_spaces_count() -> None:
    assert problems(repeat=GOOD + " ") == {"repeat": TEXT.not_repeated}


def test_all_problems_are_told_at_once() -> None:
    assert problems(email="me", repeat="x").keys() == {"email", "repeat"}
