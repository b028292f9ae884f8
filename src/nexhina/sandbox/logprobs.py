"""Log probabilities for the sandbox's tokens: invented, but they add up and repeat.

Pure. A token's numbers follow from the token and its place, so a stream and a whole answer agree.
"""

from math import log

from nexhina.sandbox.dice import Dice

_OTHERS = (" the", " a", " and", ".", ",", " of", " to", " is", " in", " that", "的", "。", "，", "是",
           " it", " as", " for", " on", " with", " by", " not")  # fmt: skip


def write_logprobs(tokens: list[str], start: int, top: int) -> dict[str, object]:
    """OpenAI's logprobs object; `start` is the first token's place, `top` how many alternatives."""
    return {
        "content": [_entry(token, start + place, top) for place, token in enumerate(tokens)],
        "refusal": None,
    }


def _entry(token: str, place: int, top: int) -> dict[str, object]:
    dice = Dice("logprobs", token, place)
    share = dice.between(0.55, 0.99)
    entry = _one(token, share)
    others = [other for other in dice.shuffled(_OTHERS) if other != token]
    rest = 1.0 - share
    found = [dict(entry)] if top else []
    for other in others[: max(0, top - 1)]:
        rest *= 0.5  # halves of what is left never add up to all of it
        found.append(_one(other, rest))
    return {**entry, "top_logprobs": found}


def _one(token: str, share: float) -> dict[str, object]:
    data = token.encode("utf-8", "surrogatepass")
    return {"token": token, "logprob": log(share), "bytes": list(data)}
