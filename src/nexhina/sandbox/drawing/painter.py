"""Paints a Picture and encodes it: sky, land, figures, weather, and a small caption in the corner."""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.drawing.canvas import RGB, Canvas
from nexhina.sandbox.drawing.figure import FIGURES
from nexhina.sandbox.drawing.land import GROUND, LANDS
from nexhina.sandbox.drawing.sky import paint_sky, paint_void, paint_weather
from nexhina.sandbox.drawing.town import paint_city
from nexhina.sandbox.picture import Picture

_FINE_PIXELS = 3_000_000  # pictures up to here are painted at twice their size, for smooth edges


def paint(picture: Picture) -> bytes:
    """The encoded file of the picture."""
    return encode(paint_image(picture), picture)


def paint_image(picture: Picture) -> Image.Image:
    """The picture's pixels."""
    if picture.transparent:
        image = cut_out(_paint_on(picture, (0, 0, 0)), _paint_on(picture, (255, 255, 255)))
    else:
        image = _paint_on(picture, (0, 0, 0))
    _write_caption(image, picture.caption)
    return image


def paint_steps(picture: Picture, coarse: int) -> Iterator[bytes]:
    """The same picture, first `coarse` times blurred and less so each time, then as it is."""
    image = paint_image(picture)
    for step in range(coarse):
        radius = max(picture.width, picture.height) / (24 << step)
        yield encode(image.filter(ImageFilter.GaussianBlur(radius)), picture)
    yield encode(image, picture)


def _paint_on(picture: Picture, backdrop: RGB) -> Image.Image:
    size = (picture.width, picture.height)
    scale = 2 if picture.detail > 0 and picture.width * picture.height <= _FINE_PIXELS else 1
    canvas = Canvas((size[0] * scale, size[1] * scale), backdrop, Dice(picture.seed), picture)
    if not picture.transparent:
        if picture.land == "space":
            paint_void(canvas)
        else:
            paint_sky(canvas, picture.sky)
    if picture.land == "city":
        paint_city(canvas, picture.sky, future=picture.future)
    else:
        LANDS[picture.land](canvas, picture.sky)
    paint_figures(canvas, picture)
    if picture.land != "space":
        paint_weather(canvas, picture.sky)
    return canvas.image.reduce(scale) if scale > 1 else canvas.image


def cut_out(on_black: Image.Image, on_white: Image.Image) -> Image.Image:
    """The picture without its background: where the backdrop shines through, it is transparent."""
    through = ImageChops.subtract(on_white, on_black).convert("L")
    alpha = ImageChops.invert(through)
    image = on_black.convert("RGBA")
    image.putalpha(alpha)
    return image


def paint_figures(canvas: Canvas, picture: Picture) -> None:
    """Puts the picture's figures on its ground."""
    dice = canvas.dice
    known = [name for name in picture.figures if name in FIGURES]
    count = len(known)
    for place, name in enumerate(known):
        painter, share = FIGURES[name]
        x = canvas.width * ((place + 1) / (count + 1) + dice.between(-0.06, 0.06))
        y = canvas.height * (GROUND[picture.land] + dice.between(-0.015, 0.02))
        painter(canvas, x, y, canvas.unit * share * dice.between(0.9, 1.1))


def _write_caption(image: Image.Image, caption: str) -> None:
    """The word "sandbox" and what of the prompt the built-in font can show."""
    size = max(9, min(image.width, image.height) // 46)
    shown = "".join(char for char in caption if " " <= char <= "~").strip()
    text = f"sandbox - {shown}" if len(shown) > 2 else "sandbox"
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(image, "RGBA")
    while len(text) > 7 and draw.textlength(text, font=font) > image.width - 4 * size:
        text = text[:-1]
    width = draw.textlength(text, font=font)
    left, top = image.width - width - 1.6 * size, image.height - 2.3 * size
    draw.rounded_rectangle(
        (left - size * 0.6, top - size * 0.35, left + width + size * 0.6, top + size * 1.45),
        radius=size * 0.6,
        fill=(0, 0, 0, 90),
    )
    draw.text((left, top), text, font=font, fill=(255, 255, 255, 225))


def encode(image: Image.Image, picture: Picture) -> bytes:
    """The file of some pixels in the picture's format."""
    target = BytesIO()
    if picture.format == "png":
        image.save(target, "PNG", compress_level=3)
    elif picture.format == "jpeg":
        image.save(target, "JPEG", quality=max(1, min(95, picture.compression)), optimize=False)
    else:
        image.save(target, "WEBP", quality=picture.compression, method=2)
    return target.getvalue()
