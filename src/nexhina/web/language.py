"""Which of our two languages a visitor reads."""

from typing import Literal

Language = Literal["en", "zh"]


def choose_language(accept: str) -> Language:
    """The language that an Accept-Language header likes best; English when it likes neither.

    Quality values count (RFC 9110 §12.5.4); of equal ones the first wins; q=0 means "never".
    """
    best: Language = "en"
    best_quality = 0.0
    for item in accept[:1000].split(","):
        tag, _, parameter = item.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        quality = _read_quality(parameter)
        if primary == "zh" and quality > best_quality:
            best, best_quality = "zh", quality
        elif primary in ("en", "*") and quality > best_quality:
            best, best_quality = "en", quality
    return best


def _read_quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
