"""Cities: rows of houses with lit windows; of the future with spires, domes and trails of light."""

from nexhina.sandbox.drawing.canvas import RGB, Canvas, Point, mix

_NEON: tuple[RGB, ...] = ((64, 224, 255), (255, 82, 190), (150, 110, 255), (92, 255, 190))


def paint_city(canvas: Canvas, sky: str, *, future: bool = False) -> None:
    """Three rows of buildings from far to near, and a street that mirrors their light."""
    palette = canvas.palette
    lit = palette.dark or future or sky == "storm"
    glow = (
        mix(palette.accent, (120, 200, 255), 0.5)
        if future
        else mix(palette.light, (255, 180, 90), 0.4)
    )
    canvas.glow(canvas.at(0.5, 0.86), canvas.unit * 0.8, glow, 0.4 if lit else 0.15)
    for row in range(4):
        way = row / 3
        colour = mix(palette.haze, palette.ground, 0.3 + 0.6 * way)
        _paint_row(canvas, colour, way, lit=lit, future=future)
        canvas.haze(0.55, 0.93, glow if lit else palette.haze, 0.28 * (1 - way))
    if future:
        _paint_trails(canvas)
    _paint_street(canvas, lit=lit, future=future, glow=glow)


def _paint_row(canvas: Canvas, colour: RGB, way: float, *, lit: bool, future: bool) -> None:
    dice, unit = canvas.dice, canvas.unit
    x = -unit * 0.03
    foot = canvas.height * 0.93
    while x < canvas.width:
        width = unit * dice.between(0.05, 0.1) * (1 + 0.6 * way)
        high = dice.between(0.3, 0.62) if dice.chance(0.3) else dice.between(0.14, 0.36)
        height = canvas.height * high * (1.15 if future else 1.0) * (1.05 - 0.4 * way)
        shade = mix(colour, (0, 0, 0), dice.between(0, 0.16))
        top = foot - height
        canvas.box(x, top, width, height, shade)
        canvas.box(x, top, width * 0.16, height, mix(shade, (255, 255, 255), 0.07))
        _paint_roof(canvas, x, top, width, shade, future=future)
        _paint_windows(canvas, (x, top, width, height), shade, way, lit=lit, future=future)
        x += width * dice.between(0.85, 1.25)


def _paint_roof(
    canvas: Canvas, x: float, top: float, width: float, shade: RGB, *, future: bool
) -> None:
    dice = canvas.dice
    middle = x + width / 2
    kind = dice.below(5)
    if kind == 0:  # aerial
        canvas.line([(middle, top), (middle, top - width * 0.9)], shade, width * 0.05)
        canvas.disc((middle, top - width * 0.9), width * 0.05, (255, 80, 80))
    elif kind == 1 and future:  # dome
        canvas.oval((middle, top), width / 2, width * 0.4, shade)
    elif kind == 2 and future:  # spire
        canvas.polygon([(x, top), (middle, top - width * 1.6), (x + width, top)], shade)
        canvas.line([(middle, top - width * 1.6), (middle, top - width * 2.1)], shade, width * 0.04)
    elif kind == 3:  # steps
        canvas.box(x + width * 0.15, top - width * 0.22, width * 0.7, width * 0.24, shade)
        canvas.box(x + width * 0.32, top - width * 0.42, width * 0.36, width * 0.24, shade)
    elif kind == 4:  # slope
        canvas.polygon([(x, top), (x + width, top - width * 0.35), (x + width, top)], shade)


def _paint_windows(
    canvas: Canvas,
    house: tuple[float, float, float, float],
    shade: RGB,
    way: float,
    *,
    lit: bool,
    future: bool,
) -> None:
    dice = canvas.dice
    x, top, width, height = house
    columns = 3 + dice.below(3)
    step = width / (columns + 0.6)
    tall = step * (0.62 if dice.chance(0.7) else 1.1)
    share = (0.25 + 0.3 * way) if lit else 0.85
    warm = mix((255, 214, 130), canvas.palette.light, 0.3)
    cool: RGB = dice.pick(_NEON) if future and dice.chance(0.6) else warm
    glass = mix(shade, canvas.palette.sky[0], 0.35)
    rows = min(60, int(height / (tall * 1.5)) - 1)
    for row in range(rows):
        y = top + tall * (0.7 + row * 1.5)
        for column in range(columns):
            if not dice.chance(share):
                continue
            colour = mix(cool, warm, dice.between(0, 0.5)) if lit else glass
            alpha = round((90 + 150 * way) * dice.between(0.6, 1)) if lit else 150
            canvas.box(x + step * (0.5 + column), y, step * 0.55, tall * 0.75, colour, alpha)
    if future and dice.chance(0.4):  # a line of light along the edge
        edge = x + (width * 0.94 if dice.chance(0.5) else width * 0.06)
        canvas.line([(edge, top), (edge, top + height)], dice.pick(_NEON), width * 0.035, 200)


def _paint_trails(canvas: Canvas) -> None:
    """Flying traffic: thin curves with bright heads."""
    dice = canvas.dice
    for _ in range(7 + 4 * canvas.detail):
        colour = dice.pick(_NEON)
        start, end = dice.between(-0.1, 0.7), dice.between(0.2, 0.5)
        y, bow = dice.between(0.2, 0.62), dice.between(-0.06, 0.06)
        points: list[Point] = []
        for step in range(25):
            share = step / 24
            points.append(canvas.at(start + end * share, y + bow * 4 * share * (1 - share)))
        canvas.line(points, colour, canvas.unit * 0.0022, 120)
        canvas.glow(points[-1], canvas.unit * 0.016, colour, 0.9)
        canvas.oval(points[-1], canvas.unit * 0.006, canvas.unit * 0.002, (255, 255, 255))


def _paint_street(canvas: Canvas, *, lit: bool, future: bool, glow: RGB) -> None:
    dice, palette = canvas.dice, canvas.palette
    top = canvas.height * 0.93
    road = mix(palette.ground, (20, 20, 28), 0.5)
    canvas.box(0, top, canvas.width, canvas.height - top + 1, road)
    canvas.box(0, top, canvas.width, canvas.unit * 0.004, mix(road, glow, 0.5))
    for _ in range(70 + 60 * canvas.detail):
        x, y = (
            dice.between(0, 1) * canvas.width,
            top + dice.between(0.05, 1) * (canvas.height - top),
        )
        colour = dice.pick(_NEON) if future else mix(glow, (255, 255, 255), 0.2)
        across = canvas.unit * dice.between(0.01, 0.045)
        canvas.oval((x, y), across, canvas.unit * 0.0014, colour, 120 if lit else 40)
