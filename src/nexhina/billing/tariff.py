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

PRICE_LISTS = {
    "input": "text",
    "cached_input": "text",
    "output": "text",
    "image_input": "text",
    "audio_input": "text",
    "audio_output": "text",
    "image": "image",
    "character": "character",
    "audio": "audio",
    "video": "video",
    "request": "request",
}
"""Kinds that are one price list: a channel that prices one of them prices all of its group."""

_MEDIA = ("image_input", "audio_input", "audio_output", "character", "audio")
"""Kinds of pictures and sound that have no variants, in the order of their lines."""

_STAND_INS = {"image_input": "input", "audio_input": "input", "audio_output": "output"}
"""Tokens without a price of their own are tokens still: what they cost then."""


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
        "_media",
        "_output",
        "_request",
        "_scale",
        "_videos",
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
        self._videos = by_kind["video"]
        self._media = {
            kind: by_kind[kind].get("") or by_kind.get(_STAND_INS.get(kind, ""), {}).get("", _FREE)
            for kind in _MEDIA
        }

    def _rate(self, price: Price) -> Rate:
        return price.id, price.nano, price.per, price.nano * (self._scale // price.per)

    def charge(  # noqa: C901  (every call is charged here: the kinds are written out)
        self, usage: Usage, multiplier_ppm: int = PPM
    ) -> Charge:
        """The charge of one call: rounded up once, so never zero for a use that has a price.

        Cached input without a price of its own costs what input costs, tokens of pictures and
        sound what text does. A price per request is added once, or for each search unit.
        Quantities below zero count as zero.
        """
        media = usage.image_input or usage.audio_input or usage.audio_output
        media = media or usage.character or usage.audio or usage.video
        if multiplier_ppm == PPM and self._request is _FREE:  # text both ways: as below
            tokens_in, tokens_out = usage.input, usage.output
            if (
                tokens_in > 0
                and tokens_out > 0
                and not (usage.cached_input or usage.image or media)
            ):
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
        if media:
            for kind, quantity, (price_id, nano, per, factor) in self._media_uses(usage):
                total += quantity * factor
                lines.append(ChargeLine(kind, quantity, price_id, nano, per, multiplier_ppm))
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
        total += sum(quantity * rate[3] for _, quantity, rate in self._media_uses(usage))
        return -(-total // self._scale)

    def prices_kind(self, kind: str) -> bool:
        """Whether this kind has a price row of its own, be it zero."""
        return any(price.kind == kind for price in self.prices)

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

    def dearest_video(self, variants: Iterable[str] = ()) -> str:
        """The dearest of these variants of film, by default of all that have a price; "" of none."""
        rank = max(
            ((self._video_rate(each)[3], each) for each in variants or self._videos), default=None
        )
        return rank[1] if rank is not None else ""

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
            + sum(quantity * rate[3] for _, quantity, rate in self._media_uses(usage))
            + self._request[3] * (usage.request or 1)
        ) * multiplier_ppm
        return max(0, (available * self._scale * PPM - fixed) // factor)

    def _media_uses(self, usage: Usage) -> list[tuple[str, int, Rate]]:
        """What was used of pictures given, of sound and of film, with the rates."""
        quantities = (
            usage.image_input,
            usage.audio_input,
            usage.audio_output,
            usage.character,
            usage.audio,
        )
        uses = [
            (kind, quantity, self._media[kind])
            for kind, quantity in zip(_MEDIA, quantities, strict=True)
            if quantity > 0
        ]
        if usage.video > 0:
            uses.append(("video", usage.video, self._video_rate(usage.video_variant)))
        return uses

    def _image_rate(self, variant: str) -> Rate:
        """size/quality, else size, else /quality, else any; else the dearest, never nothing."""
        return _find_rate(self._images, variant)

    def _video_rate(self, variant: str) -> Rate:
        """As for images; a size without a row of its own is looked up by its lines: "720p"."""
        videos = self._videos
        if variant in videos or not videos:
            return videos.get(variant, _FREE)
        size, mark, quality = variant.partition("/")
        lines = _write_lines(size)
        if size not in videos and lines:
            for name in (f"{lines}{mark}{quality}", lines):
                if name in videos:
                    return videos[name]
        return _find_rate(videos, variant)


def _find_rate(rates: dict[str, Rate], variant: str) -> Rate:
    rate = rates.get(variant)
    if rate is None and rates:
        size, _, quality = variant.partition("/")
        for name in (size, f"/{quality}", ""):
            if name in rates:
                return rates[name]
        return max(rates.values(), key=lambda each: each[3])
    return rate or _FREE


def _write_lines(size: str) -> str:
    """The lines of a size, "720p" of "1280x720" and of "720x1280"; "" of what is no size."""
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(size) < 20):
        return ""
    return f"{min(int(width), int(height))}p"


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
    replaced = {PRICE_LISTS[price.kind] for price in own}
    kept = [price for price in catalog if PRICE_LISTS[price.kind] not in replaced]
    for price in sorted(kept + own, key=lambda each: (each.since, each.id)):
        newest[price.kind, price.variant] = price
    return Tariff(tuple(newest.values()), later)
