"""The surface that a picture is painted on, its colours, and the few strokes that all painters share.

Places and sizes are fractions: x and y of width and height, sizes of the shorter side.
"""

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.picture import Picture

RGB = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Palette:
    """Colours of one picture: the sky from the top down, haze at the horizon, ground, light, accent."""

    sky: tuple[RGB, ...]
    haze: RGB
    ground: RGB
    light: RGB
    accent: RGB
    dark: bool  # windows and lamps shine


_SKIES: dict[str, tuple[tuple[RGB, ...], RGB, RGB]] = {  # stops, ground, light
    "day": (((58, 134, 222), (122, 184, 240), (206, 230, 248)), (38, 84, 72), (255, 250, 226)),
    "dawn": (((116, 132, 200), (236, 168, 178), (255, 222, 178)), (62, 62, 96), (255, 240, 206)),
    "sunset": (
        ((44, 34, 92), (148, 54, 116), (240, 112, 84), (255, 196, 112)),
        (36, 22, 54),
        (255, 226, 150),
    ),
    "night": (((8, 12, 40), (24, 36, 88), (74, 88, 148)), (16, 24, 50), (240, 240, 220)),
    "storm": (((52, 62, 80), (98, 112, 130), (168, 178, 186)), (34, 46, 54), (222, 228, 232)),
    "snow": (((124, 154, 190), (186, 206, 226), (234, 240, 246)), (86, 108, 138), (255, 255, 250)),
}


def make_palette(sky: str, dice: Dice, *, vivid: bool) -> Palette:
    """The colours of a sky, their hues turned a little by the dice."""
    stops, ground, light = _SKIES[sky]
    turn = dice.between(-0.045, 0.045)
    strength = dice.between(1.0, 1.25) if vivid else dice.between(0.6, 0.8)
    colours = tuple(shift(colour, turn, strength) for colour in stops)
    hue = dice.between(0, 1)
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.62, 0.95)
    return Palette(
        sky=colours,
        haze=colours[-1],
        ground=shift(ground, dice.between(-0.1, 0.1), strength),
        light=light,
        accent=(int(red * 255), int(green * 255), int(blue * 255)),
        dark=sky in {"night", "sunset"},
    )


def shift(colour: RGB, turn: float, strength: float) -> RGB:
    """The colour with its hue turned and its saturation multiplied."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    turned = colorsys.hsv_to_rgb((hue + turn) % 1, min(1.0, saturation * strength), value)
    return (int(turned[0] * 255), int(turned[1] * 255), int(turned[2] * 255))


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """A colour between two: 0 is the first, 1 the second."""
    a, b, c = (int(one + (two - one) * share) for one, two in zip(first, second, strict=True))
    return (a, b, c)


def scaled(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image in another size, smooth."""
    return image.resize((width, height), Image.Resampling.BICUBIC)


def mapped(image: Image.Image, change: Callable[[int], float]) -> Image.Image:
    """A grey image with every value changed."""
    table = [round(change(value)) for value in range(256)]
    return image.point(table)


class Canvas:
    """An image under way. It may be larger than the picture asked for, and is scaled down then."""

    def __init__(self, size: tuple[int, int], backdrop: RGB, dice: Dice, look: Picture) -> None:
        self.width, self.height = size
        self.unit = min(size)
        self.dice = dice
        self.palette = make_palette(look.sky, dice, vivid=look.vivid)
        self.detail = look.detail
        self.image = Image.new("RGB", size, backdrop)
        self.draw = ImageDraw.Draw(self.image, "RGBA")  # RGBA on RGB: alpha blends

    def at(self, x: float, y: float) -> Point:
        """The pixel of a place."""
        return (x * self.width, y * self.height)

    def polygon(self, points: Sequence[Point], colour: RGB, alpha: int = 255) -> None:
        """Fills a shape given in pixels."""
        self.draw.polygon([(round(x), round(y)) for x, y in points], fill=(*colour, alpha))

    def disc(self, centre: Point, radius: float, colour: RGB, alpha: int = 255) -> None:
        """Fills a circle given in pixels."""
        self.oval(centre, radius, radius, colour, alpha)

    def oval(self, centre: Point, across: float, up: float, colour: RGB, alpha: int = 255) -> None:
        """Fills an ellipse given in pixels."""
        x, y = centre
        self.draw.ellipse((x - across, y - up, x + across, y + up), fill=(*colour, alpha))

    def box(
        self, x: float, y: float, width: float, height: float, colour: RGB, alpha: int = 255
    ) -> None:
        """Fills a rectangle given in pixels; at least one pixel of it is seen."""
        right, bottom = max(x + 1, x + width - 1), max(y + 1, y + height - 1)
        self.draw.rectangle((x, y, right, bottom), fill=(*colour, alpha))

    def line(self, points: Sequence[Point], colour: RGB, width: float, alpha: int = 255) -> None:
        """A stroke through points given in pixels."""
        self.draw.line(
            list(points), fill=(*colour, alpha), width=max(1, round(width)), joint="curve"
        )

    def glow(self, centre: Point, radius: float, colour: RGB, strength: float) -> None:
        """Light around a place, fading out; `strength` from 0 to 1."""
        size = max(2, round(radius * 2))
        grey = Image.radial_gradient("L")
        mask = mapped(grey, lambda value: (255 - value) ** 2 / 255 * strength)
        mask = scaled(mask, size, size)
        self._stamp(colour, mask, round(centre[0] - radius), round(centre[1] - radius))

    def haze(self, top: float, bottom: float, colour: RGB, strength: float) -> None:
        """A band of mist, densest at its lower end; `top` and `bottom` as fractions."""
        height = max(1, round((bottom - top) * self.height))
        ramp = mapped(Image.linear_gradient("L"), lambda value: value * strength)
        mask = scaled(ramp, self.width, height)
        self._stamp(colour, mask, 0, round(top * self.height))

    def cloud(self, mask: "Image.Image", colour: RGB) -> None:
        """Spreads a small mask over the whole canvas, softly."""
        soft = mask.filter(ImageFilter.GaussianBlur(mask.width / 60))
        wide = scaled(soft, self.width, self.height)
        self._stamp(colour, wide, 0, 0)

    def _stamp(self, colour: RGB, mask: "Image.Image", x: int, y: int) -> None:
        """Lays a colour over the canvas through a mask, where something is painted already or not."""
        left, top = max(0, x), max(0, y)
        right, bottom = min(self.width, x + mask.width), min(self.height, y + mask.height)
        if left >= right or top >= bottom:
            return
        part = mask.crop((left - x, top - y, right - x, bottom - y))
        self.image.paste(colour, (left, top, right, bottom), part)
