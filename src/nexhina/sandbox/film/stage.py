"""The moving scene of a film: a backdrop that is seen through a travelling frame, and its figures.

Everything is painted once; a frame only crops, scales and pastes, so that films are quick to make.
"""

import math

import msgspec
from PIL import Image, ImageDraw, ImageStat

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.drawing.canvas import Canvas
from nexhina.sandbox.drawing.figure import FIGURES
from nexhina.sandbox.drawing.land import GROUND
from nexhina.sandbox.drawing.painter import cut_out, paint_image
from nexhina.sandbox.picture import MOST_SIDE, Picture

_MARGIN = 1.18  # how much larger than the frame the backdrop is
_FALLING = {"snow": 90, "storm": 110, "night": 0}
_PLAIN = 12  # standard deviation of a picture in which nothing is seen to travel
_SWIFT = {"bird", "rocket", "car", "balloon", "fish"}


class Sprite(msgspec.Struct):
    """A figure that moves: its picture and where it stands, as shares of the frame."""

    image: Image.Image
    x: float
    y: float
    speed: float  # frames' widths a second
    swing: float  # of the frame's height
    beat: float  # swings a second


class Stage:
    """One scene; `frame` shows it at a time."""

    def __init__(self, scene: Picture, motion: int, reference: Image.Image | None) -> None:
        self.size = (scene.width, scene.height)
        self._dice = Dice(scene.seed, "film", motion)
        self._backdrop = _paint_backdrop(scene) if reference is None else reference
        self._follows = reference is not None  # the first frame is the whole reference
        self._gleam = _make_gleam(reference, self.size) if reference is not None else None
        self._pan = (self._dice.between(-1, 1), self._dice.between(-0.4, 0.4))
        self._sprites = self._make_sprites(scene)
        count = _FALLING.get(scene.sky, 0)
        self._flakes = [
            (self._dice.between(0, 1), self._dice.between(0, 1), self._dice.between(0.5, 1))
            for _ in range(count)
        ]
        self._rain = scene.sky == "storm"

    def frame(self, second: float, share: float) -> Image.Image:
        """What is seen at a time, `share` of the film."""
        width, height = self.size
        image = self._backdrop.resize(self.size, Image.Resampling.BILINEAR, box=self._box(share))
        for sprite in self._sprites:
            travelled = (sprite.x + sprite.speed * second + 0.2) % 1.4 - 0.2
            rise = math.sin(second * sprite.beat * math.tau) * sprite.swing
            x = round(travelled * width - sprite.image.width / 2)
            y = round((sprite.y + rise) * height - sprite.image.height)
            image.paste(sprite.image, (x, y), sprite.image)
        if self._flakes:
            self._let_fall(image, second)
        if self._gleam is not None:
            self._let_pass(image, share)
        return image

    def _let_pass(self, image: Image.Image, share: float) -> None:
        """The gleam goes from the left to the right, and is not there at first."""
        assert self._gleam is not None
        colour, mask = self._gleam
        strength = min(1.0, 4 * share)
        shown = mask.point([round(strength * alpha) for alpha in range(256)])
        x = round(share * self.size[0] - mask.width / 2)
        image.paste(colour, (x, (self.size[1] - mask.height) // 2), shown)

    def _box(self, share: float) -> tuple[float, float, float, float]:
        """The part of the backdrop that is seen: it goes somewhere and comes slowly closer."""
        width, height = self._backdrop.size
        eased = share * share * (3 - 2 * share)
        zoom = 1.0 if self._follows else 1 / _MARGIN
        part = zoom * (1 - 0.16 * eased)
        wide, high = width * part, height * part
        free_x, free_y = width - wide, height - high
        left = free_x * (0.5 + 0.5 * self._pan[0] * (2 * eased - 1))
        top = free_y * (0.5 + 0.5 * self._pan[1] * (2 * eased - 1))
        return left, top, left + wide, top + high

    def _make_sprites(self, scene: Picture) -> list[Sprite]:
        sprites: list[Sprite] = []
        names = [name for name in scene.figures if name in FIGURES]
        for place, name in enumerate(names):
            swift = name in _SWIFT
            sprites.append(
                Sprite(
                    image=_paint_sprite(scene, name),
                    x=(place + 1) / (len(names) + 1) - (0.2 if swift else 0.1),
                    y=GROUND[scene.land] + self._dice.between(0.02, 0.1),
                    speed=self._dice.between(0.08, 0.14)
                    if swift
                    else self._dice.between(0.03, 0.06),
                    swing=0.03 if swift else 0.008,
                    beat=self._dice.between(0.3, 0.9),
                )
            )
        return sprites

    def _let_fall(self, image: Image.Image, second: float) -> None:
        width, height = self.size
        draw = ImageDraw.Draw(image)
        unit = max(1.0, min(width, height) / 360)
        for x, y, near in self._flakes:
            fallen = (y + second * near * (1.6 if self._rain else 0.25)) % 1
            left = (x + 0.02 * math.sin(second + y * 9)) * width
            if self._rain:
                end = (left - 2 * unit, fallen * height + 14 * unit * near)
                draw.line((left, fallen * height, *end), fill=(190, 200, 214), width=round(unit))
            else:
                radius = 1.6 * unit * near
                top = fallen * height
                draw.ellipse((left, top, left + radius * 2, top + radius * 2), fill="white")


def _paint_backdrop(scene: Picture) -> Image.Image:
    """The scene without its figures, somewhat larger than a frame."""
    width = min(MOST_SIDE, max(64, round(scene.width * _MARGIN)))
    height = min(MOST_SIDE, max(64, round(scene.height * _MARGIN)))
    return paint_image(
        msgspec.structs.replace(scene, width=width, height=height, figures=(), detail=0)
    ).convert("RGB")


def _paint_sprite(scene: Picture, name: str) -> Image.Image:
    """One figure cut out of its background."""
    painter, share = FIGURES[name]
    layers: list[Image.Image] = []
    for backdrop in ((0, 0, 0), (255, 255, 255)):
        canvas = Canvas((scene.width, scene.height), backdrop, Dice(scene.seed, name), scene)
        painter(canvas, scene.width / 2, scene.height * 0.8, canvas.unit * share)
        layers.append(canvas.image)
    image = cut_out(layers[0], layers[1])
    return image.crop(image.getchannel("A").getbbox() or (0, 0, 1, 1))


def _make_gleam(reference: Image.Image, size: tuple[int, int]) -> tuple[str, Image.Image] | None:
    """Colour and mask of a light, or a shade on a light picture, that moves over a plain one."""
    told = ImageStat.Stat(reference)
    if max(told.stddev) > _PLAIN:
        return None
    side = max(size)
    mask = Image.radial_gradient("L").point([max(0, 150 - grey) for grey in range(256)])
    is_light = sum(told.mean) / len(told.mean) > 128
    return "black" if is_light else "white", mask.resize((side, side), Image.Resampling.BILINEAR)
