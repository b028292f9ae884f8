"""Looks at a picture: its size, format and the colour that most of it has. Runs in the child process."""

import struct
from collections import Counter
from colorsys import rgb_to_hsv
from io import BytesIO
from random import Random
from typing import cast

from PIL import Image

from nexhina.sandbox.inspection import Seen

MOST_PIXELS = 40_000_000  # of a picture that is decoded: 160 MB
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_GRID = 48  # a picture is judged by so many points a side
_SEEN_THROUGH = 64  # of 255: what is less opaque counts as transparent

# The hue from which each name holds, in degrees, for what is neither grey nor pale nor dark.
_HUES = ((0, "red"), (15, "orange"), (43, "yellow"), (67, "green"), (158, "cyan"), (197, "blue"),
         (252, "purple"), (297, "pink"), (345, "red"))  # fmt: skip
_QUARTER_TURNS = frozenset((5, 6, 7, 8))  # of the EXIF orientation
_ORIENTATION = 0x0112


def look(data: bytes) -> Seen:
    """What is seen; raises ValueError that says why nothing is."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            form = image.format or ""
            if width * height > MOST_PIXELS:
                raise ValueError(f"it has {width} × {height} pixels; the most is {MOST_PIXELS}")
            image.draft("RGB", (_GRID * 4, _GRID * 4))  # a JPEG is decoded small
            points = _pick(narrow(image).convert("RGBA"))
            is_turned = image.getexif().get(_ORIENTATION) in _QUARTER_TURNS
    except Image.DecompressionBombError:
        raise ValueError(f"it has too many pixels; the most is {MOST_PIXELS}") from None
    except (OSError, SyntaxError, EOFError, LookupError, struct.error, MemoryError) as error:
        raise ValueError("it can't be decoded as a png, jpeg, webp or gif") from error
    colour, shade = _judge(points)
    return Seen(width, height, form, colour, shade, is_turned)


def narrow(image: Image.Image) -> Image.Image:
    """The image with 8 bits a channel: greys of 16 would be cut off at 255, not scaled."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point([grey >> 8 for grey in range(65_536)], "L")


def _pick(image: Image.Image) -> list[tuple[int, int, int, int]]:
    """Points of an RGBA picture: one of each cell of a grid, not always the same, as stripes have a grid too."""
    width, height = image.size
    dice = Random(_GRID)  # noqa: S311  (the same points for the same size)
    points: list[tuple[int, int, int, int]] = []
    for row in range(_GRID):
        for column in range(_GRID):
            x = int((column + dice.random()) * width / _GRID)
            y = int((row + dice.random()) * height / _GRID)
            points.append(cast("tuple[int, int, int, int]", image.getpixel((x, y))))
    return points


def _judge(points: list[tuple[int, int, int, int]]) -> tuple[str, str]:
    """Name and mean of the colour that most points have; transparent ones count as that."""
    groups: dict[str, list[tuple[int, int, int]]] = {}
    for (red, green, blue, alpha), count in Counter(points).items():
        name = "transparent" if alpha < _SEEN_THROUGH else name_colour(red, green, blue)
        groups.setdefault(name, []).extend([(red, green, blue)] * count)
    name = max(groups, key=lambda each: len(groups[each]))
    if name == "transparent":
        return name, ""
    most = groups[name]
    means = [round(sum(point[at] for point in most) / len(most)) for at in range(3)]
    return name, "#{:02x}{:02x}{:02x}".format(*means)


def name_colour(  # noqa: PLR0911  (one per kind of colour)
    red: int, green: int, blue: int
) -> str:
    """What people call the colour, of twelve names."""
    low, high = min(red, green, blue), max(red, green, blue)
    colour, light = high - low, (high + low) // 2
    if high < 46 or (high < 64 and colour < 30):
        return "black"
    if colour < 28 or (light > 225 and colour < 40):
        return "white" if light >= 230 else "grey"
    hue = round(360 * rgb_to_hsv(red / 255, green / 255, blue / 255)[0])
    name = next(each for start, each in reversed(_HUES) if hue >= start)
    match name:
        case "red":
            is_brown = (colour < 125 and high < 170) or colour < 60
            return "pink" if light >= 185 else "brown" if is_brown else "red"
        case "orange":
            return "brown" if high < 200 or (colour < 100 and light < 205) else "orange"
        case "yellow":
            return name if high >= 140 else "brown" if hue < 54 else "green"
        case "pink":
            return name if light >= 115 else "purple"
        case _:
            return name
