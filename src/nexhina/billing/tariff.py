"""The prices in force for one model on one channel, and the charge of a usage under them.

A charge is an exact rational (quantity × nano × ppm ÷ (per × 1,000,000), summed over the kinds)
that is rounded up once. `Tariff` brings all its prices to one denominator when it is made, so that
a charge is a few integer products. Bounds for holds are in `bound`, reading charges back in
`calculation`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from math import lcm
from typing import Any, NamedTuple

from nexhina.domain.model import Price
from nexhina.domain.money import PPM
from nexhina.domain.usage import KINDS, ChargeLine, Usage

Rate = tuple[int | None, int, int, int]
"""Price id, nano, per, and nano brought to the tariff's denominator."""

_FREE: Rate = (None, 0, 1, 0)

_GROUPS = {
    "input": "text",
    "cached_input": "text",
    "output": "text",
    "image": "image",
    "request": "request",
}
"""Kinds that are one price list: a channel that prices one of them prices all of its group."""


class Charge(NamedTuple):
    """What a usage costs in nano-USD, with one line per kind that was used, free ones included."""

    nano: int
    lines: tuple[ChargeLine, ...]


_charge: Callable[[tuple[int, tuple[ChargeLine, ...]]], Charge] = partial(
    tuple[Any, ...].__new__, Charge
)  # without the Python frame of a NamedTuple's own


class Tariff:
    """The prices in force. `priced` is false when there are none; a price of zero is a price.

    `next_change`: Unix seconds of the nearest later price row; None when there is none.
    """

    __slots__ = (
        "_cached",
        "_images",
        "_input",
        "_output",
        "_request",
        "_scale",
        "next_change",
        "priced",
        "prices",
    )

    def __init__(self, prices: tuple[Price, ...], next_change: float | None = None) -> None:
        self.prices = prices
        self.next_change = next_change
        self.priced = bool(prices)
        self._scale = lcm(*(price.per for price in prices))
        by_kind: dict[str, dict[str, Rate]] = {kind: {} for kind in KINDS}
        for price in prices:
            by_kind[price.kind][price.variant] = self._rate(price)
        self._input = by_kind["input"].get("", _FREE)
        self._cached = by_kind["cached_input"].get("", self._input)
        self._output = by_kind["output"].get("", _FREE)
        self._request = by_kind["request"].get("", _FREE)
        self._images = by_kind["image"]

    def _rate(self, price: Price) -> Rate:
        return price.id, price.nano, price.per, price.nano * (self._scale // price.per)

    def charge(self, usage: Usage, multiplier_ppm: int = PPM) -> Charge:
        """The charge of one call: rounded up once, so never zero for a use that has a price.

        Cached input without a price of its own costs what input costs. A price per request is
        added once, or for each search unit. Quantities below zero count as zero.
        """
        if multiplier_ppm == PPM and self._request is _FREE:  # text both ways: as below
            tokens_in, tokens_out = usage.input, usage.output
            if tokens_in > 0 and tokens_out > 0 and not (usage.cached_input or usage.image):
                id_in, nano_in, per_in, factor_in = self._input
                id_out, nano_out, per_out, factor_out = self._output
                return _charge(
                    (
                        -(-(tokens_in * factor_in + tokens_out * factor_out) // self._scale),
                        (
                            ChargeLine("input", tokens_in, id_in, nano_in, per_in, PPM),
                            ChargeLine("output", tokens_out, id_out, nano_out, per_out, PPM),
                        ),
                    )
                )
        lines: list[ChargeLine] = []
        total = 0
        quantity = usage.input
        if quantity > 0:
            price_id, nano, per, factor = self._input
            total = quantity * factor
            lines.append(ChargeLine("input", quantity, price_id, nano, per, multiplier_ppm))
        quantity = usage.cached_input
        if quantity > 0:
            price_id, nano, per, factor = self._cached
            total += quantity * factor
            lines.append(ChargeLine("cached_input", quantity, price_id, nano, per, multiplier_ppm))
        quantity = usage.output
        if quantity > 0:
            price_id, nano, per, factor = self._output
            total += quantity * factor
            lines.append(ChargeLine("output", quantity, price_id, nano, per, multiplier_ppm))
        quantity = usage.image
        if quantity > 0:
            price_id, nano, per, factor = self._image_rate(usage.image_variant)
            total += quantity * factor
            lines.append(ChargeLine("image", quantity, price_id, nano, per, multiplier_ppm))
        if self._request is not _FREE:
            price_id, nano, per, factor = self._request
            quantity = usage.request or 1
            total += quantity * factor
            lines.append(ChargeLine("request", quantity, price_id, nano, per, multiplier_ppm))
        if multiplier_ppm == PPM:
            return Charge(-(-total // self._scale), tuple(lines))
        return Charge(-(-total * multiplier_ppm // (self._scale * PPM)), tuple(lines))

    def cost(self, usage: Usage) -> int:
        """What `charge` would take for this usage in nano-USD, without its lines."""
        total = usage.input * self._input[3] + usage.output * self._output[3]
        total += self._request[3] * (usage.request or 1)
        if usage.cached_input:
            total += usage.cached_input * self._cached[3]
        if usage.image:
            total += usage.image * self._image_rate(usage.image_variant)[3]
        return -(-total // self._scale)

    def text_rates(self) -> tuple[int, int, int, int]:
        """What an input token, an output token and a request cost, in nano-USD times the last number."""
        return self._input[3], self._output[3], self._request[3], self._scale

    def image_nano(self, variant: str) -> int:
        """The price of one image of this variant in nano-USD, rounded up."""
        return -(-self._image_rate(variant)[3] // self._scale)

    def image_rank(self, variant: str) -> int:
        """The exact price of one image of this variant, only to be compared with others'."""
        return self._image_rate(variant)[3]

    def image_variants(self) -> tuple[str, ...]:
        """The variants that have a price of their own."""
        return tuple(self._images)

    def largest_output(self, available: int, usage: Usage, multiplier_ppm: int = PPM) -> int | None:
        """The most output units that fit `available` nano-USD beside the rest of `usage`.

        0: none fits. None: output costs nothing here, so that it can't be what is short.
        """
        factor = self._output[3] * multiplier_ppm
        if factor <= 0:
            return None
        fixed = (
            usage.input * self._input[3]
            + usage.cached_input * self._cached[3]
            + usage.image * self._image_rate(usage.image_variant)[3] * (usage.image > 0)
            + self._request[3] * (usage.request or 1)
        ) * multiplier_ppm
        return max(0, (available * self._scale * PPM - fixed) // factor)

    def _image_rate(self, variant: str) -> Rate:
        """size/quality, else size, else /quality, else any; else the dearest, never nothing."""
        images = self._images
        rate = images.get(variant)
        if rate is None and images:
            size, _, quality = variant.partition("/")
            for name in (size, f"/{quality}", ""):
                if name in images:
                    return images[name]
            return max(images.values(), key=lambda each: each[3])
        return rate or _FREE


def choose_tariff(
    prices: Iterable[Price], model: str, channel_id: int | None, now: float
) -> Tariff:
    """The tariff of `model` on this channel at `now` (Unix seconds).

    A channel with any price in force for the model brings its whole list: catalog prices don't
    fill its gaps. Of several rows for one kind and variant the newest `since` counts, then the
    highest id. Raises ValueError for a currency that has no exchange rate here.
    """
    own: list[Price] = []
    catalog: list[Price] = []
    later: float | None = None
    for price in prices:
        if price.model != model or (price.channel_id not in (None, channel_id)):
            continue
        if price.since > now:
            later = price.since if later is None else min(later, price.since)
            continue
        if price.currency != "USD":
            raise ValueError(
                f"price {price.id} of {model} is in {price.currency}; only USD can be charged"
            )
        (catalog if price.channel_id is None else own).append(price)
    newest: dict[tuple[str, str], Price] = {}
    replaced = {_GROUPS[price.kind] for price in own}
    kept = [price for price in catalog if _GROUPS[price.kind] not in replaced]
    for price in sorted(kept + own, key=lambda each: (each.since, each.id)):
        newest[price.kind, price.variant] = price
    return Tariff(tuple(newest.values()), later)
