"""What a call used. The kinds are disjoint: `input` is without `cached_input`."""

import msgspec

KINDS = (
    "input",
    "cached_input",
    "output",
    "image",
    "request",
    "image_input",
    "audio_input",
    "audio_output",
    "character",
    "audio",
    "video",
)
"""Usage kinds that a price may name. `audio` and `video` are milliseconds (a price per minute has
`per` 60,000), `character` is one of a text to be spoken, the others are tokens or pieces."""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Quantities by kind, disjoint. Tokens for text, pieces for images, milliseconds for sound and film.

    `estimated`: not the vendor's word.
    """

    input: int = 0
    cached_input: int = 0
    output: int = 0
    image: int = 0
    image_variant: str = ""
    request: int = 0  # search units; 0: one request
    image_input: int = 0  # tokens of pictures given
    audio_input: int = 0  # tokens of sound given
    audio_output: int = 0  # tokens of sound made
    character: int = 0  # of a text to be spoken
    audio: int = 0  # ms of sound heard or made
    video: int = 0  # ms of film made
    video_variant: str = ""  # "1280x720", "1280x720/high", "720p"
    estimated: bool = False


class ChargeLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One priced quantity with every factor: nano × quantity × ppm ÷ (per × 1,000,000)."""

    kind: str
    quantity: int
    price_id: int | None  # None: no price, free
    nano: int
    per: int
    multiplier_ppm: int
