"""Looks at a picture: its size, format and the colour that most of it has. Runs in the child process."""

import struct
from collections import Counter
from io import BytesIO

from PIL import Image

from nexhina.sandbox.inspection import Seen

MOST_PIXELS = 40_000_000  # of a picture that is decoded: 160 MB
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_GRID = 48  # a picture is judged by so many points a side

_NAMES = {
    "black": (16, 16, 16), "white": (245, 245, 245), "grey": (128, 128, 128), "red": (215, 25, 30),
    "orange": (245, 140, 20), "yellow": (245, 220, 40), "green": (40, 150, 60),
    "cyan": (50, 200, 210), "blue": (35, 75, 200), "purple": (125, 45, 160),
    "pink": (245, 130, 180), "brown": (120, 75, 35),
}  # fmt: skip


def look(data: bytes) -> Seen:
    """What is seen; raises ValueError that says why nothing is."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            form = image.format or ""
            if width * height > MOST_PIXELS:
                raise ValueError(f"it has {width} × {height} pixels; the most is {MOST_PIXELS}")
            image.draft("RGB", (_GRID * 4, _GRID * 4))  # a JPEG is decoded small
            points = image.convert("RGBA").resize((_GRID, _GRID), Image.Resampling.NEAREST)
    except Image.DecompressionBombError:
        raise ValueError(f"it has too many pixels; the most is {MOST_PIXELS}") from None
    except (OSError, SyntaxError, EOFError, LookupError, struct.error, MemoryError) as error:
        raise ValueError("it can't be decoded as a png, jpeg, webp or gif") from error
    colour, shade = _judge(points.tobytes())
    return Seen(width, height, form, colour, shade)


def _judge(raw: bytes) -> tuple[str, str]:
    """Name and mean of the colour that most points have; transparent ones count as that."""
    groups: dict[str, list[tuple[int, int, int]]] = {}
    for (red, green, blue, alpha), count in Counter(
        zip(raw[::4], raw[1::4], raw[2::4], raw[3::4], strict=True)
    ).items():
        point = (red, green, blue)
        name = "transparent" if alpha < 64 else min(_NAMES, key=lambda n: _gap(_NAMES[n], point))
        groups.setdefault(name, []).extend([point] * count)
    name = max(groups, key=lambda each: len(groups[each]))
    if name == "transparent":
        return name, ""
    points = groups[name]
    means = [round(sum(point[at] for point in points) / len(points)) for at in range(3)]
    return name, "#{:02x}{:02x}{:02x}".format(*means)


def _gap(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """How far two colours lie apart for the eye."""
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return 2 * red * red + 4 * green * green + 3 * blue * blue
