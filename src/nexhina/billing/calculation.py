"""Reading a charge back: the sum and the sentences that follow from a log row's lines alone."""

from collections.abc import Iterable
from math import lcm

from nexhina.domain.money import PPM, ceil_div, format_usd
from nexhina.domain.usage import ChargeLine

_TIMES = ("audio", "video")
"""Kinds whose quantities are milliseconds."""


def recompute(lines: Iterable[ChargeLine]) -> int:
    """The charge in nano-USD that these lines amount to: summed exactly, rounded up once."""
    rows = tuple(lines)
    scale = lcm(*(line.per for line in rows))
    total = sum(
        line.quantity * line.nano * line.multiplier_ppm * (scale // line.per) for line in rows
    )
    return ceil_div(total, scale * PPM)


def explain(lines: Iterable[ChargeLine]) -> list[str]:
    """One sentence per line and the sum, as a person would work it out by hand."""
    rows = tuple(lines)
    text = [_explain_line(line) for line in rows]
    text.append(f"sum, rounded up to a nano-USD: {format_usd(recompute(rows))} USD")
    return text


def _explain_line(line: ChargeLine) -> str:
    if line.price_id is None:
        return f"{line.kind}: {line.quantity:,} without a price, free"
    unit = " ms" if line.kind in _TIMES else ""
    per = "each" if line.per == 1 and not unit else f"per {line.per:,}{unit}"
    text = f"{line.kind}: {line.quantity:,}{unit} × {format_usd(line.nano)} USD {per}"
    if line.multiplier_ppm != PPM:
        text += f" × {line.multiplier_ppm:,} ppm"
    return f"{text} (price {line.price_id})"
