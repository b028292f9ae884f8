"""The two 402s say the numbers and the cure."""

import re

import pytest

from nexhina.billing.refusal import refuse_unpriced, short_balance


def test_a_token_with_a_budget_is_told_how_to_get_a_price() -> None:
    error = refuse_unpriced("m")
    assert (error.status, error.param, error.code) == (402, "model", "model_not_priced")
    assert re.search(r"'m'.*--price.*without a budget", error.message)


def test_a_short_balance_names_bound_available_sum_and_the_largest_max_tokens() -> None:
    error = short_balance(1_500_000, 250_000, 42)
    assert "0.0015 USD" in error.message
    assert "0.00025 USD" in error.message
    assert "max_tokens of at most 42" in error.message
    assert error.status == 402


@pytest.mark.parametrize("fitting", [0, None])
def test_a_short_balance_that_no_max_tokens_can_help_names_another_cure(
    fitting: int | None,
) -> None:
    error = short_balance(1, -5, fitting)
    assert "0 USD are available" in error.message
    assert "max_tokens" not in error.message
    assert "Top up" in error.message
