"""What is below the horizon: one painter for each kind of land, far things pale and near ones dark."""

from collections.abc import Callable
from itertools import pairwise
from math import cos, pi, sin, tau

from PIL import Image, ImageDraw

from nexhina.sandbox.drawing.canvas import RGB, Canvas, Point, mapped, mix, scaled
from nexhina.sandbox.drawing.sky import paint_stars
from nexhina.sandbox.drawing.town import paint_city


def ridge(canvas: Canvas, base: float, height: float, rough: float) -> list[Point]:
    """A mountain line from left to right by halving, in pixels, around `base` of the height."""
    dice = canvas.dice
    heights = [dice.between(0, 1), dice.between(0, 1)]
    scale = 0.9
    for _ in range(7):
        finer: list[float] = []
        for left, right in pairwise(heights):
            finer += [left, (left + right) / 2 + dice.between(-scale, scale) / 2]
        heights = [*finer, heights[-1]]
        scale *= rough
    low, high = min(heights), max(heights)
    span = (high - low) or 1.0
    last = len(heights) - 1
    return [
        canvas.at(place / last, base - height * (value - low) / span)
        for place, value in enumerate(heights)
    ]


def swell(canvas: Canvas, base: float, height: float, waves: float) -> list[Point]:
    """A soft line of hills from left to right, in pixels."""
    dice = canvas.dice
    first, second = dice.between(0, tau), dice.between(0, tau)
    points: list[Point] = []
    for step in range(65):
        x = step / 64
        y = sin(x * waves * tau + first) * 0.65 + sin(x * waves * 2.3 * tau + second) * 0.35
        points.append(canvas.at(x, base - height * (0.5 + y / 2)))
    return points


def fill_below(canvas: Canvas, line: list[Point], colour: RGB) -> None:
    """Everything under a line, to the lower edge."""
    canvas.polygon([(-1, canvas.height + 1), *line, (canvas.width + 1, canvas.height + 1)], colour)


def _layers(canvas: Canvas, count: int) -> list[tuple[float, RGB]]:
    """For each layer from far to near its share of the way, and its colour."""
    palette = canvas.palette
    return [
        (step / (count - 1), mix(palette.haze, palette.ground, 0.25 + 0.75 * step / (count - 1)))
        for step in range(count)
    ]


def paint_mountain(canvas: Canvas, sky: str) -> None:
    """Ridges with snow on the far peaks, mist between them and pines in front."""
    snow = mix(canvas.palette.light, canvas.palette.haze, 0.25)
    for way, colour in _layers(canvas, 4):
        height = 0.42 - 0.24 * way
        line = ridge(canvas, 0.66 + 0.24 * way, height, 0.52)
        fill_below(canvas, line, colour)
        if way < 0.4 or sky == "snow":
            _paint_snow(canvas, line, height, snow)
        canvas.haze(0.5 + 0.2 * way, 0.72 + 0.22 * way, canvas.palette.haze, 0.35 * (1 - way))
    _paint_pines(canvas, 0.93, 26, 0.13, canvas.palette.ground)


def _paint_snow(canvas: Canvas, line: list[Point], height: float, colour: RGB) -> None:
    """White above a ragged line under each peak."""
    top = min(y for _, y in line)
    limit = top + height * canvas.height * 0.42
    dice = canvas.dice
    cap: list[Point] = []
    for x, y in line:
        if y < limit:
            cap.append((x, y))
            continue
        if len(cap) > 2:
            _close_cap(canvas, cap, limit, colour, dice.between(0.45, 0.7))
        cap = []
    if len(cap) > 2:
        _close_cap(canvas, cap, limit, colour, 0.6)


def _close_cap(canvas: Canvas, cap: list[Point], limit: float, colour: RGB, depth: float) -> None:
    lower: list[Point] = []
    for place, (x, y) in enumerate(reversed(cap)):
        ragged = depth * (0.75 + 0.5 * sin(place * 1.7) * sin(place * 0.9))
        lower.append((x, min(limit, y + (limit - y) * ragged)))
    canvas.polygon([*cap, *lower], colour, 225)


def _paint_pines(canvas: Canvas, base: float, count: int, size: float, colour: RGB) -> None:
    dice = canvas.dice
    for _ in range(count):
        x, y = canvas.at(dice.between(-0.03, 1.03), base + dice.between(-0.02, 0.05))
        pine(
            canvas,
            x,
            y,
            canvas.unit * size * dice.between(0.5, 1.1),
            mix(colour, (0, 0, 0), dice.between(0, 0.3)),
        )
    canvas.box(
        0, (base + 0.03) * canvas.height, canvas.width, canvas.height, mix(colour, (0, 0, 0), 0.2)
    )


def pine(canvas: Canvas, x: float, y: float, size: float, colour: RGB) -> None:
    """A conifer that stands on a pixel."""
    canvas.box(
        x - size * 0.035, y - size * 0.15, size * 0.07, size * 0.2, mix(colour, (40, 20, 10), 0.5)
    )
    for step in range(4):
        top, wide = y - size * (1 - step * 0.22), size * (0.13 + step * 0.075)
        canvas.polygon(
            [(x, top), (x - wide, top + size * 0.36), (x + wide, top + size * 0.36)], colour
        )


def paint_forest(canvas: Canvas, sky: str) -> None:
    """Rows of trees that vanish in mist, and ferns of light on the ground."""
    del sky
    dice = canvas.dice
    for way, colour in _layers(canvas, 5):
        base = 0.62 + 0.3 * way
        fill_below(canvas, swell(canvas, base + 0.02, 0.05, 1.5), colour)
        count = round(34 - 20 * way)
        for place in range(count):
            x, y = canvas.at((place + dice.between(0, 1)) / count, base + dice.between(0, 0.03))
            size = canvas.unit * (0.16 + 0.3 * way) * dice.between(0.75, 1.25)
            shade = mix(colour, (0, 0, 0), dice.between(0, 0.18))
            if dice.chance(0.72):
                pine(canvas, x, y, size, shade)
            else:
                broadleaf(canvas, x, y, size * 0.85, shade)
        canvas.haze(base - 0.18, base + 0.06, canvas.palette.haze, 0.42 * (1 - way))
    fill_below(canvas, swell(canvas, 0.97, 0.05, 1.1), mix(canvas.palette.ground, (0, 0, 0), 0.35))


def broadleaf(canvas: Canvas, x: float, y: float, size: float, colour: RGB) -> None:
    """A round tree that stands on a pixel."""
    dice = canvas.dice
    canvas.box(
        x - size * 0.04, y - size * 0.5, size * 0.08, size * 0.52, mix(colour, (40, 20, 10), 0.4)
    )
    for _ in range(9):
        angle, away = dice.between(0, tau), size * dice.between(0, 0.2)
        centre = (x + cos(angle) * away, y - size * 0.68 + sin(angle) * away * 0.8)
        canvas.disc(
            centre,
            size * dice.between(0.12, 0.2),
            mix(colour, canvas.palette.light, dice.between(0, 0.12)),
        )


def paint_sea(canvas: Canvas, sky: str) -> None:
    """Water to the horizon with a path of light, an island and a beach."""
    del sky
    dice, palette = canvas.dice, canvas.palette
    horizon = 0.58
    for way in (0.0, 0.5):
        colour = mix(palette.haze, palette.ground, 0.35 + way * 0.4)
        line = ridge(canvas, horizon + 0.005, 0.1 - 0.04 * way, 0.5)
        start = dice.below(60)
        part = line[start : start + 50]
        foot = horizon * canvas.height
        last = len(part) - 1
        part = [  # an island slopes down to the water at both ends
            (x, foot - (foot - y) * sin(pi * place / last) ** 0.6)
            for place, (x, y) in enumerate(part)
        ]
        canvas.polygon([(part[0][0], foot), *part, (part[-1][0], foot)], colour)
    deep = mix(mix(palette.sky[0], (10, 70, 110), 0.45), (0, 0, 0), 0.15)
    rows = 90
    top = round(horizon * canvas.height)
    step = (canvas.height - top) / rows
    for row in range(rows):
        shade = mix(mix(palette.haze, deep, 0.35), deep, (row / rows) ** 0.7)
        canvas.box(0, top + row * step, canvas.width, step + 2, shade)
    centre = dice.between(0.3, 0.7)
    for _ in range(260 + 140 * canvas.detail):
        depth = dice.between(0, 1) ** 1.6
        y = top + depth * (canvas.height - top)
        near = dice.chance(0.6)
        x = (
            centre + dice.between(-0.08, 0.08) * (0.5 + depth) if near else dice.between(0, 1)
        ) * canvas.width
        length = canvas.unit * (0.008 + 0.05 * depth) * dice.between(0.4, 1.2)
        colour = palette.light if near else mix(palette.haze, (255, 255, 255), 0.3)
        canvas.oval(
            (x, y), length, canvas.unit * (0.0008 + 0.002 * depth), colour, 150 if near else 60
        )
    if dice.chance(0.6):
        sand = mix((226, 198, 148), palette.ground, 0.45 if palette.dark else 0.1)
        beach = swell(canvas, 0.97, 0.09, 0.6)
        fill_below(
            canvas,
            [(x, y - canvas.unit * 0.012) for x, y in beach],
            mix((255, 255, 255), palette.haze, 0.4),
        )
        fill_below(canvas, beach, sand)


def paint_desert(canvas: Canvas, sky: str) -> None:
    """Dunes with a bright and a shadowed side, mesas far away, cacti near."""
    del sky
    dice, palette = canvas.dice, canvas.palette
    bright = mix((238, 178, 104), palette.haze, 0.25)
    shade = mix((126, 66, 50), palette.ground, 0.6 if palette.dark else 0.3)
    for _ in range(3):
        x, width = dice.between(0, 0.85) * canvas.width, dice.between(0.1, 0.26) * canvas.width
        top, foot = dice.between(0.46, 0.54) * canvas.height, 0.68 * canvas.height
        rock = mix(shade, palette.haze, 0.55)
        canvas.polygon(
            [(x, foot), (x + width * 0.12, top), (x + width * 0.8, top), (x + width, foot)], rock
        )
    for step in range(5):
        way = step / 4
        crest = swell(canvas, 0.66 + 0.3 * way, 0.1 + 0.05 * way, dice.between(0.5, 1.1))
        body = mix(mix(bright, palette.haze, 0.4 * (1 - way)), shade, 0.35 * way)
        fill_below(canvas, crest, body)
        peak = min(crest, key=lambda point: point[1])
        slope = [point for point in crest if point[0] >= peak[0]]
        foot = [
            (x - canvas.unit * 0.1, y + canvas.unit * (0.05 + 0.1 * way)) for x, y in slope[::-1]
        ]
        if len(slope) > 2:
            canvas.polygon([*slope, *foot], mix(body, shade, 0.5), 150)
    for _ in range(dice.below(4)):
        x, y = canvas.at(dice.between(0.08, 0.92), dice.between(0.84, 0.95))
        size = canvas.unit * dice.between(0.08, 0.15)
        green = mix((44, 92, 60), palette.ground, 0.45)
        for dx, low, high in ((0.0, 0.0, 1.0), (-0.26, 0.35, 0.75), (0.26, 0.45, 0.85)):
            canvas.line(
                [(x + dx * size, y - low * size), (x + dx * size, y - high * size)],
                green,
                size * 0.13,
            )
            canvas.line([(x, y - low * size), (x + dx * size, y - low * size)], green, size * 0.13)
            canvas.disc((x + dx * size, y - high * size), size * 0.065, green)


def paint_field(canvas: Canvas, sky: str) -> None:
    """Rolling hills, a path, and flowers that grow larger towards the viewer."""
    dice, palette = canvas.dice, canvas.palette
    fresh = (236, 242, 248) if sky == "snow" else (112, 168, 72)
    green = mix(fresh, palette.ground, 0.6 if palette.dark else 0.22)
    for step in range(5):
        way = step / 4
        colour = mix(mix(green, palette.haze, 0.6 * (1 - way)), palette.ground, 0.2 * way)
        fill_below(canvas, swell(canvas, 0.62 + 0.22 * way, 0.1, dice.between(0.6, 1.4)), colour)
        if way < 0.8:
            for _ in range(5):
                x, y = canvas.at(dice.between(0, 1), 0.63 + 0.22 * way)
                broadleaf(
                    canvas,
                    x,
                    y,
                    canvas.unit * (0.04 + 0.1 * way),
                    mix(colour, palette.ground, 0.55),
                )
    path = [
        (0.47, 0.72),
        (0.55, 0.8),
        (0.42, 0.9),
        (0.3, 1.01),
        (0.62, 1.01),
        (0.56, 0.9),
        (0.6, 0.8),
        (0.49, 0.72),
    ]
    canvas.polygon([canvas.at(x, y) for x, y in path], mix((214, 190, 150), green, 0.25), 200)
    tints = (
        palette.accent,
        (250, 246, 240),
        mix(palette.accent, (255, 120, 120), 0.6),
        (255, 214, 92),
    )
    for place in range(220 + 160 * canvas.detail if sky != "snow" else 0):
        depth = (place / 540) ** 0.8
        x, y = canvas.at(dice.between(0, 1), 0.78 + 0.24 * depth)
        size = canvas.unit * (0.002 + 0.008 * depth)
        canvas.disc(
            (x, y), size, mix(dice.pick(tints), palette.ground, 0.3 if palette.dark else 0.0)
        )


def paint_space(canvas: Canvas, sky: str) -> None:
    """A nebula, many stars, and a planet with its shadow, ring and moon."""
    del sky
    dice, palette = canvas.dice, canvas.palette
    for tint in (palette.accent, mix(palette.accent, (60, 90, 255), 0.6), (150, 60, 160)):
        mask = Image.new("L", (240, max(8, 240 * canvas.height // canvas.width)), 0)
        draw = ImageDraw.Draw(mask)
        x, y = dice.between(0.2, 0.8) * 240, dice.between(0.2, 0.8) * mask.height
        for _ in range(26):
            x, y = x + dice.between(-26, 26), y + dice.between(-18, 18)
            size = dice.between(8, 34)
            draw.ellipse(
                (x - size, y - size * 0.6, x + size, y + size * 0.6), fill=20 + dice.below(50)
            )
        canvas.cloud(mask, tint)
    paint_stars(canvas, 260 + 160 * canvas.detail, 1.3)
    centre = canvas.at(dice.between(0.3, 0.7), dice.between(0.38, 0.62))
    radius = canvas.unit * dice.between(0.15, 0.25)
    _paint_planet(canvas, centre, radius, shift_dark(palette.accent), ring=dice.chance(0.7))
    moon = (centre[0] + radius * dice.between(1.5, 2), centre[1] - radius * dice.between(0.8, 1.3))
    _paint_planet(canvas, moon, radius * dice.between(0.14, 0.24), (190, 190, 200), ring=False)


def shift_dark(colour: RGB) -> RGB:
    """The colour as a planet's ground."""
    return mix(colour, (40, 30, 70), 0.25)


def _paint_planet(canvas: Canvas, centre: Point, radius: float, colour: RGB, *, ring: bool) -> None:
    dice = canvas.dice
    size = max(4, round(radius * 2))
    globe = Image.new("RGB", (size, size), colour)
    draw = ImageDraw.Draw(globe)
    y = 0.0
    while y < size:  # bands
        band = size * dice.between(0.03, 0.12)
        tone = mix(
            colour, (255, 236, 214) if dice.chance(0.5) else (40, 24, 60), dice.between(0.05, 0.4)
        )
        draw.rectangle((0, y, size, y + band), fill=tone)
        y += band * dice.between(1, 2.2)
    light = scaled(Image.radial_gradient("L"), size * 2, size * 2)
    left, top = round(size * 0.72), round(size * 0.78)
    light = light.crop((left, top, left + size, top + size))
    night = Image.new("RGB", globe.size, (8, 6, 22))
    globe.paste(night, (0, 0), mapped(light, lambda value: min(255.0, value * 1.7)))
    mask = Image.new("L", (size, size), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size - 1, size - 1), fill=255)
    canvas.glow(centre, radius * 1.6, colour, 0.35)
    place = (round(centre[0] - radius), round(centre[1] - radius))
    canvas.image.paste(globe, place, mask)
    if ring:
        for share in (1.45, 1.58, 1.7):
            x, y = centre
            box = (
                x - radius * share,
                y - radius * share * 0.28,
                x + radius * share,
                y + radius * share * 0.28,
            )
            tone = (*mix(colour, (255, 240, 220), 0.55), 200)
            canvas.draw.arc(box, -18, 198, fill=tone, width=max(1, round(radius * 0.05)))


LANDS: dict[str, Callable[[Canvas, str], None]] = {
    "mountain": paint_mountain,
    "forest": paint_forest,
    "sea": paint_sea,
    "desert": paint_desert,
    "field": paint_field,
    "space": paint_space,
    "city": paint_city,
}

GROUND = {
    "mountain": 0.95,
    "forest": 0.94,
    "sea": 0.72,
    "desert": 0.9,
    "field": 0.9,
    "space": 0.8,
    "city": 0.955,
}
"""Where figures stand, as a share of the height."""
