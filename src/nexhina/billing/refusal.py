"""When money says no: the two 402s, with the numbers and the cure in their text."""

from nexhina.domain.money import format_usd
from nexhina.errors import InsufficientQuotaError


def refuse_unpriced(model: str) -> InsufficientQuotaError:
    """The error for a token with a budget where what it asks for has no price.

    A budget can't be kept where nothing is counted. Without one the call is free and its row is
    flagged `unpriced`.
    """
    return InsufficientQuotaError(
        f"Model {model!r} has no price for this here, so a key with a budget can't use it. "
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
