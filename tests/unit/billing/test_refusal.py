"""The two 402s say the numbers and the cure."""

import pytest

from nexhina.billing.refusal import require_price, short_balance
from nexhina.billing.tariff import choose_tariff
from nexhina.errors import InsufficientQuotaError
from support.money import make_price

UNPRICED = choose_tariff((), "m", None, 1.0)
PRICED = choose_tariff((make_price("input", "1"),), "m", None, 1.0)


def test_a_model_without_a_price_is_free_for_a_token_without_a_budget() -> None:
    assert require_price(UNPRICED, "m", has_budget=False) is False
    assert require_price(PRICED, "m", has_budget=False) is True
    assert require_price(PRICED, "m", has_budget=True) is True


def test_a_model_without_a_price_is_refused_to_a_token_with_a_budget_and_the_cure_is_named() -> (
    None
):
    with pytest.raises(InsufficientQuotaError, match=r"'m'.*--price.*without a budget") as caught:
        require_price(UNPRICED, "m", has_budget=True)
    assert caught.value.status == 402
    assert caught.value.param == "model"


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
