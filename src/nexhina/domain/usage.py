"""What a call used. The kinds are disjoint: `input` is without `cached_input`."""

import msgspec

KINDS = ("input", "cached_input", "output", "image", "request")
"""Usage kinds that a price may name."""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Quantities by kind. Tokens for text, pieces for images. `estimated`: not the vendor's word."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    image: int = 0
    image_variant: str = ""
    request: int = 0  # search units; 0: one request
    estimated: bool = False


class ChargeLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One priced quantity with every factor: nano × quantity × ppm ÷ (per × 1,000,000)."""

    kind: str
    quantity: int
    price_id: int | None  # None: no price, free
    nano: int
    per: int
    multiplier_ppm: int
