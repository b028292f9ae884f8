"""Image generations: checks the request like a vendor would and plans the pictures.

Nothing is drawn here: pictures are values (`picture`), painted by the child process (`child`).
Answers carry base64; links are made only by the sandbox that runs alone (`standalone`).
"""

import re

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.picture import MOST_PIXELS, MOST_SIDE, Picture, plan_scene
from nexhina.sandbox.request import ImageCall
from nexhina.sandbox.tokenizer import count_tokens

LEAST, MOST = 64, MOST_SIDE  # pixels of a side
DEFAULT_SIZE = "1024x1024"

_DETAIL = {
    "low": 0,
    **dict.fromkeys(("medium", "standard", "auto"), 1),
    **dict.fromkeys(("high", "hd", "xhigh", "max"), 2),
}
_TOKENS = (272, 1056, 4160)  # of a picture of 1024x1024, by detail
GIVEN_TOKENS = 765  # of a picture that was sent along
_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")


def read_size(size: str | None) -> tuple[int, int]:
    """Width and height in pixels; raises InvalidRequestError that lists what is allowed."""
    text = DEFAULT_SIZE if size is None or size == "auto" else size
    match = _SIZE.fullmatch(text)
    if match is not None:
        width, height = int(match[1]), int(match[2])
        sides = min(width, height) >= LEAST and max(width, height) <= MOST
        if sides and width * height <= MOST_PIXELS:
            return width, height
    raise InvalidRequestError(
        f"Invalid size {text[:40]!r}. Allowed are auto (= {DEFAULT_SIZE}) and WIDTHxHEIGHT with "
        f"{LEAST} to {MOST} pixels a side and at most {MOST_PIXELS:,} pixels, like 1024x1024, "
        "1536x1024, 1024x1536 or 720x1280.",
        param="size",
    )


def plan_pictures(call: ImageCall, vendor_seed: int, model: str) -> list[Picture]:
    """The `n` pictures of a request; raises InvalidRequestError for what does not go together."""
    width, height = read_size(call.size)
    form = "jpeg" if call.output_format == "jpg" else call.output_format or "png"
    transparent = call.background == "transparent"
    if transparent and form == "jpeg":
        raise InvalidRequestError(
            "A transparent background needs the output format png or webp.", param="background"
        )
    if not call.prompt.strip():
        raise InvalidRequestError("The prompt is empty.", param="prompt")
    pictures: list[Picture] = []
    for index in range(call.n or 1):
        dice = Dice(vendor_seed, model, call.seed, call.prompt, index)
        land, sky, figures, future = plan_scene(call.prompt, dice)
        value = {
            "width": width,
            "height": height,
            "seed": f"{dice.below(1 << 62):x}",
            "land": land,
            "sky": sky,
            "figures": figures,
            "future": future,
            "vivid": call.style != "natural",
            "detail": _DETAIL[call.quality or "auto"],
            "transparent": transparent,
            "format": form,
            "compression": 100 if call.output_compression is None else call.output_compression,
            "caption": " ".join(call.prompt.split())[:48],
        }
        pictures.append(msgspec.convert(value, Picture))
    return pictures


def write_usage(
    prompt: str, sizes: list[tuple[int, int]], detail: int, given: int = 0
) -> dict[str, object]:
    """The site's ImageUsage: text and pictures given in, and tokens by size and detail out."""
    text = count_tokens(prompt) if prompt else 0
    out = sum(-(-_TOKENS[detail] * width * height // (1024 * 1024)) for width, height in sizes)
    return {
        "total_tokens": text + given * GIVEN_TOKENS + out,
        "input_tokens": text + given * GIVEN_TOKENS,
        "output_tokens": out,
        "input_tokens_details": {"text_tokens": text, "image_tokens": given * GIVEN_TOKENS},
    }
