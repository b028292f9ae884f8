"""Times as a person writes them."""

import pytest

from nexhina.cli.when import read_since, show_time
from nexhina.errors import InvalidRequestError

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("90s", NOW - 90),
        ("15m", NOW - 900),
        ("2h", NOW - 7200),
        ("7d", NOW - 604800),
        ("1w", NOW - 604800),
        ("1767225600", 1767225600.0),
        ("2026-01-01", 1767225600.0),
        ("2026-01-01T00:00:00Z", 1767225600.0),
        ("2026-01-01T01:00:00+01:00", 1767225600.0),
        (" 2026-01-01 00:00 ", 1767225600.0),
    ],
)
def test_a_time_is_read_in_each_form(written: str, at: float) -> None:
    assert read_since(written, NOW) == at


@pytest.mark.parametrize("written", ["", "yesterday", "5", "-5m", "2026-13-01", "1y"])
def test_what_is_no_time_is_refused_with_examples(written: str) -> None:
    with pytest.raises(InvalidRequestError, match="2h or 7d"):
        read_since(written, NOW)


def test_a_time_is_shown_in_utc() -> None:
    assert show_time(1767225600.0) == "2026-01-01 00:00:00Z"
    assert show_time(None) == ""
