"""Changes pictures that were given: an edit by a prompt, or another look at the same picture."""

from collections.abc import Iterator
from io import BytesIO

import msgspec
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from nexhina.sandbox.dice import Dice
from nexhina.sandbox.drawing.canvas import Canvas
from nexhina.sandbox.drawing.painter import paint_figures, paint_image
from nexhina.sandbox.drawing.viewer import narrow
from nexhina.sandbox.order import Retouch
from nexhina.sandbox.picture import MOST_PIXELS, MOST_SIDE, Picture
from nexhina.sandbox.unreadable import UnreadableFile

MOST_DECODED = 40_000_000  # pixels of a picture that is given: 160 MB
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_LEAST_SIDE = 64  # of a scene
_COARSE = 128  # pixels of a side at which a background is looked for
_LIKE = 60  # of 765: how far colours of a background lie apart


def retouch(order: Retouch, files: list[bytes], coarse: int) -> Iterator[bytes]:
    """Width, height and whether it can be seen through, in msgpack; then the finished file, `coarse`
    blurred ones before it.

    Raises UnreadableFile that tells which file is to blame and why.
    """
    pictures = [open_picture(data, place) for place, data in enumerate(files)]
    mask = _read_mask(pictures.pop(), pictures[0], len(pictures)) if order.masked else None
    base = pictures[0]
    size = _choose_size(order, base)
    if mask is None and order.vary < 0 and base.mode == "RGBA" and _is_clear(base):
        mask = base.getchannel("A")
    if base.size != size:
        base = _fit(base, size)
        mask = None if mask is None else _fit(mask, size)
    target = msgspec.structs.replace(order.target, width=size[0], height=size[1])
    if order.vary >= 0:
        image = vary(base, order.vary, target.seed)
    elif mask is not None:
        image = _fill(base, mask, target, pictures[1:])
    else:
        image = _restyle(base, target, pictures[1:])
    is_clear = image.mode == "RGBA" and target.format != "jpeg" and _is_clear(image)
    yield msgspec.msgpack.encode((*size, is_clear))
    for step in range(coarse):
        radius = max(size) / (24 << step)
        yield encode_exactly(image.filter(ImageFilter.GaussianBlur(radius)), target)
    yield encode_exactly(image, target)


def open_picture(data: bytes, place: int = 0) -> Image.Image:
    """The pixels as RGB or RGBA, upright. The number of pixels is checked before they are decoded."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MOST_DECODED:
                raise UnreadableFile(
                    f"The picture has {width} × {height} pixels; the most is {MOST_DECODED:,}.",
                    "image_too_large",
                    place,
                )
            clear = "A" in image.getbands() or "transparency" in image.info
            upright = narrow(ImageOps.exif_transpose(image))
            return upright.convert("RGBA" if clear else "RGB")
    except UnreadableFile:
        raise
    except Image.DecompressionBombError:
        raise UnreadableFile("The picture has too many pixels.", "image_too_large", place) from None
    except Exception as error:
        reason = "is empty" if not data else "can't be decoded as a png, jpeg, webp or gif"
        raise UnreadableFile(f"The picture {reason}.", "invalid_image", place) from error


def _read_mask(mask: Image.Image, base: Image.Image, place: int) -> Image.Image:
    """What is kept: 255 stays, 0 is changed."""
    if mask.mode != "RGBA":
        raise UnreadableFile(
            "The mask has no transparency; make the part that is to change transparent.",
            "invalid_mask",
            place,
        )
    if mask.size != base.size:
        raise UnreadableFile(
            f"The mask has {mask.width} × {mask.height} pixels and the picture {base.width} × "
            f"{base.height}; they must be equal.",
            "invalid_mask",
            place,
        )
    return mask.getchannel("A")


def _is_clear(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema() != (255, 255)


def _choose_size(order: Retouch, base: Image.Image) -> tuple[int, int]:
    """The size asked for, or the picture's own, made smaller if it must be."""
    if not order.keep_size:
        return order.target.width, order.target.height
    width, height = base.size
    factor = min(1.0, MOST_SIDE / max(width, height), (MOST_PIXELS / (width * height)) ** 0.5)
    return max(1, int(width * factor)), max(1, int(height * factor))


def _fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of the image in another size."""
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _scene(target: Picture, size: tuple[int, int]) -> Image.Image:
    """The scene of the prompt in a size that may be smaller than scenes can be drawn."""
    width, height = max(_LEAST_SIDE, size[0]), max(_LEAST_SIDE, size[1])
    scene = paint_image(msgspec.structs.replace(target, width=width, height=height))
    return scene if scene.size == size else _fit(scene, size)


def _fill(
    base: Image.Image, mask: Image.Image, target: Picture, others: list[Image.Image]
) -> Image.Image:
    """The picture with something new where the mask is clear; all other pixels as they were."""
    hole = ImageChops.invert(mask)
    box = hole.getbbox()
    if box is None:
        return base
    size = (box[2] - box[0], box[3] - box[1])
    new = _fit(others[0], size) if others else _scene(target, size)
    layer = base.copy()
    if target.transparent and layer.mode != "RGBA":
        layer = layer.convert("RGBA")
    layer.paste(new.convert(layer.mode), box)
    if layer.mode == "RGBA" and base.mode == "RGBA" and mask.getextrema() != (255, 255):
        # Where the picture's own transparency was the mask, colours under it mean nothing.
        solid = base.copy()
        solid.putalpha(ImageChops.lighter(base.getchannel("A"), hole))
        base = solid
    return Image.composite(layer, base.convert(layer.mode), hole)


def _restyle(base: Image.Image, target: Picture, others: list[Image.Image]) -> Image.Image:
    """The same composition in the light of the prompt's scene, with its figures in it."""
    solid = base.convert("RGB")
    scene = _scene(msgspec.structs.replace(target, transparent=False), base.size)
    light = scene.filter(ImageFilter.GaussianBlur(max(base.size) / 12))
    toned = Image.blend(ImageChops.overlay(solid, light), light, 0.12)
    canvas = Canvas(base.size, (0, 0, 0), Dice(target.seed), target)
    canvas.image.paste(toned)
    for place, other in enumerate(others[:15]):
        side = max(8, min(base.size) // 4)
        inset = ImageOps.expand(
            _fit(other.convert("RGB"), (side, side)), max(1, side // 24), "white"
        )
        across = max(1, base.width // inset.width)
        canvas.image.paste(
            inset,
            (place % across * inset.width, base.height - inset.height * (1 + place // across)),
        )
    paint_figures(canvas, target)
    if target.transparent:
        painted = ImageChops.difference(toned, canvas.image).convert("L")
        figures = painted.point([0] + [255] * 255)
        canvas.image.putalpha(ImageChops.lighter(_find_front(solid), figures))
    return canvas.image


def _find_front(image: Image.Image) -> Image.Image:
    """0 where the picture is much as at the corner that it joins, else 255."""
    small = image.point([min(254, value) for value in range(256)] * 3)
    small.thumbnail((_COARSE, _COARSE))
    right, bottom = small.width - 1, small.height - 1
    for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom)):
        ImageDraw.floodfill(small, corner, (255, 255, 255), thresh=_LIKE)
    front = small.getchannel("R").point([255] * 255 + [0])
    return front.resize(image.size, Image.Resampling.BILINEAR)


def vary(base: Image.Image, number: int, seed: str) -> Image.Image:
    """The same picture, seen a little differently: every number gives another one."""
    dice = Dice(seed, number)
    share = dice.between(0.84, 0.95)
    width, height = max(1, int(base.width * share)), max(1, int(base.height * share))
    left = int((base.width - width) * dice.between(0, 1))
    top = int((base.height - height) * dice.between(0, 1))
    part = base.crop((left, top, left + width, top + height)).resize(
        base.size, Image.Resampling.BICUBIC
    )
    if number % 2:
        part = ImageOps.mirror(part)
    alpha = part.getchannel("A") if part.mode == "RGBA" else None
    hue, saturation, value = part.convert("RGB").convert("HSV").split()
    turn = 10 + 14 * number
    hue = hue.point([(each + turn) % 256 for each in range(256)])
    toned = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    toned = ImageEnhance.Contrast(toned).enhance(dice.between(0.9, 1.15))
    if alpha is not None:
        toned.putalpha(alpha)
    return toned


def encode_exactly(image: Image.Image, picture: Picture) -> bytes:
    """The file; PNG, and WebP at compression 100, keep every pixel."""
    target = BytesIO()
    if picture.format == "png":
        image.save(target, "PNG", compress_level=3)
    elif picture.format == "webp" and picture.compression == 100:
        image.save(target, "WEBP", lossless=True, exact=True, quality=20, method=1)
    elif picture.format == "webp":
        image.save(target, "WEBP", quality=picture.compression, method=2)
    else:
        solid = Image.new("RGB", image.size, "white")
        solid.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        solid.save(target, "JPEG", quality=max(1, min(95, picture.compression)))
    return target.getvalue()
