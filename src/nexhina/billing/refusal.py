"""When money says no: the two 402s, with the numbers and the cure in their text."""

from nexhina.billing.tariff import Tariff
from nexhina.domain.money import format_usd
from nexhina.errors import InsufficientQuotaError


def require_price(tariff: Tariff, model: str, *, has_budget: bool) -> bool:
    """Whether the call is charged; False: it is free and its row is flagged `unpriced`.

    Raises InsufficientQuotaError when the model has no price and the token has a budget, because
    a budget can't be kept where nothing is counted.
    """
    if tariff.priced or not has_budget:
        return tariff.priced
    raise InsufficientQuotaError(
        f"Model {model!r} has no price here, so a key with a budget can't use it. "
        "Give its channel a price (nexhina channels set NAME --price IN/OUT in USD per 1M tokens, "
        "or KIND=USD/UNIT), or use a key without a budget.",
        param="model",
        code="model_not_priced",
    )


def short_balance(bound: int, available: int, fitting: int | None) -> InsufficientQuotaError:
    """The error for a hold of `bound` nano-USD that exceeds what is available.

    `fitting`: see `bound.fitting_max_tokens`.
    """
    text = (
        f"This request may cost up to {format_usd(bound)} USD, and "
        f"{format_usd(max(0, available))} USD are available."
    )
    if fitting:
        text += f" It fits with max_tokens of at most {fitting}, or after a top-up."
    else:
        text += " Top up the balance, raise the key's budget, or send a smaller request."
    return InsufficientQuotaError(text)
