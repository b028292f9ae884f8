"""Which failures are the caller's, and what is said when everyone failed."""

import pytest

from nexhina.routing.retry import (
    LONGEST_COOLDOWN,
    Failure,
    choose_final_error,
    read_retry_after,
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (b"", None),
        (b"7", 7.0),
        (b" 0.5 ", 0.5),
        (b"-3", 0.0),
        (b"nan", 0.0),
        (b"soon", None),
        (b"999999", LONGEST_COOLDOWN),
        (b"inf", LONGEST_COOLDOWN),
        (b"Thu, 01 Jan 1970 00:01:00 GMT", 20.0),
        (b"Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert read_retry_after(value, now=40.0) == seconds


def test_all_busy_is_429_with_the_shortest_wait():
    error = choose_final_error(
        [Failure("status", 429, 9.2, busy=True), Failure("status", 429, 2.1, busy=True)], "m"
    )
    assert error.status == 429
    assert error.headers == [(b"retry-after", b"3")]
    assert "3 s" in error.message


def test_one_that_was_not_busy_makes_it_502_and_names_no_address():
    error = choose_final_error(
        [Failure("status", 429, None, busy=True), Failure("status", 401)], "m"
    )
    assert (error.status, error.code) == (502, "upstream_error")
    assert "401" in error.message


@pytest.mark.parametrize(
    "cause", ["connect_timeout", "first_byte_timeout", "idle_timeout", "total_timeout"]
)
def test_a_last_cause_of_time_is_504(cause):
    assert choose_final_error([Failure("connect"), Failure(cause)], "m").status == 504


@pytest.mark.parametrize("cause", ["connect", "closed", "protocol", "answer"])
def test_every_other_cause_is_told_in_words(cause):
    error = choose_final_error([Failure(cause)], "m")
    assert error.status == 502
    assert cause != "answer" or "not an answer" in error.message
    assert "failed" not in error.message


def test_nothing_sent_to_anyone_is_503_with_the_shortest_wait():
    skipped = [Failure("skipped", 0, 30.0), Failure("skipped", 0, 4.2)]
    busy = Failure("status", 429, 9.0, busy=True)
    for failures in (skipped, [*skipped, busy]):
        error = choose_final_error(failures, "m")
        assert (error.status, error.code) == (503, "no_available_channel")
        assert dict(error.headers)[b"retry-after"] == b"5"


def test_a_skipped_channel_does_not_hide_the_cause_of_the_one_that_was_tried():
    error = choose_final_error([Failure("connect_timeout"), Failure("skipped", 0, 4.0)], "m")
    assert error.status == 504
    assert "the only channel of m" in error.message
