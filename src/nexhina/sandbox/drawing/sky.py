"""What is above the horizon: gradient, stars, sun or moon, clouds, rain and snow."""

from math import cos, sin, tau

from PIL import Image, ImageDraw

from nexhina.sandbox.drawing.canvas import Canvas, mix, scaled


def paint_void(canvas: Canvas) -> None:
    """The whole canvas filled with the dark of space; its stars belong to the land."""
    for row, colour in enumerate(((4, 4, 18), (10, 10, 36), (20, 16, 56))):
        canvas.box(0, 0, canvas.width, canvas.height, colour, 255 if not row else 90)


def paint_sky(canvas: Canvas, sky: str) -> None:
    """The whole canvas filled with the sky of that kind."""
    _gradient(canvas)
    if sky == "night":
        paint_stars(canvas, 90 + 60 * canvas.detail, 0.75)
    _paint_light(canvas, sky)
    if sky != "night":
        count = {"storm": 26, "snow": 14, "day": 9}.get(sky, 10)
        _paint_clouds(canvas, count, 200 if sky == "storm" else 150)


def _gradient(canvas: Canvas) -> None:
    stops = canvas.palette.sky
    strip = Image.new("RGB", (1, len(stops)))
    for place, colour in enumerate(stops):
        strip.putpixel((0, place), colour)
    fine = scaled(strip, 1, 256)
    wide = scaled(fine, canvas.width, round(canvas.height * 0.8))
    canvas.image.paste(stops[-1], (0, 0, canvas.width, canvas.height))
    canvas.image.paste(wide, (0, 0))


def paint_stars(canvas: Canvas, count: int, depth: float) -> None:
    """Stars down to `depth` of the height, a few of them with rays."""
    dice = canvas.dice
    for _ in range(count):
        x, y = canvas.at(dice.between(0, 1), dice.between(0, depth) * dice.between(0.3, 1))
        size = canvas.unit * dice.between(0.0006, 0.0022)
        tint = mix((255, 255, 255), canvas.palette.accent, dice.between(0, 0.35))
        canvas.disc((x, y), size, tint, 110 + dice.below(146))
        if dice.chance(0.06):
            ray = size * 4
            canvas.line([(x - ray, y), (x + ray, y)], tint, size / 2, 150)
            canvas.line([(x, y - ray), (x, y + ray)], tint, size / 2, 150)


def _paint_light(canvas: Canvas, sky: str) -> None:
    """Sun or moon, with a wide glow."""
    dice, light = canvas.dice, canvas.palette.light
    low = sky in {"sunset", "dawn"}
    centre = canvas.at(
        dice.between(0.2, 0.8), dice.between(0.42, 0.54) if low else dice.between(0.14, 0.28)
    )
    radius = canvas.unit * (dice.between(0.07, 0.1) if low else dice.between(0.045, 0.065))
    if sky == "storm":
        return
    canvas.glow(centre, radius * 7, light, 0.55 if low else 0.4)
    canvas.glow(centre, radius * 2.4, light, 0.7)
    canvas.disc(centre, radius, light)
    if sky == "night":  # craters make it a moon
        for _ in range(6):
            angle, away = dice.between(0, tau), radius * dice.between(0.1, 0.7)
            spot = (centre[0] + cos(angle) * away, centre[1] + sin(angle) * away)
            canvas.disc(
                spot, radius * dice.between(0.06, 0.18), mix(light, (120, 120, 150), 0.35), 130
            )


def _paint_clouds(canvas: Canvas, count: int, strength: int) -> None:
    """Soft banks of flat ovals, painted small and spread over the sky."""
    dice = canvas.dice
    small = 320
    tall = max(8, small * canvas.height // canvas.width)
    mask = Image.new("L", (small, tall), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y = dice.between(-0.1, 1.1) * small, dice.between(0.04, 0.5) * tall
        spread = dice.between(0.05, 0.14) * small
        for _ in range(7):
            dx, dy = dice.between(-1, 1) * spread, dice.between(-0.12, 0.05) * spread
            across, up = spread * dice.between(0.25, 0.6), spread * dice.between(0.05, 0.14)
            box = (x + dx - across, y + dy - up, x + dx + across, y + dy + up)
            draw.ellipse(box, fill=round(strength * dice.between(0.35, 0.9)))
    canvas.cloud(mask, mix(canvas.palette.light, canvas.palette.haze, 0.3))


def paint_weather(canvas: Canvas, sky: str) -> None:
    """Rain or snow in front of everything."""
    dice = canvas.dice
    if sky == "storm":
        for _ in range(160 + 120 * canvas.detail):
            x, y = canvas.at(dice.between(0, 1.05), dice.between(-0.05, 1))
            length = canvas.unit * dice.between(0.02, 0.05)
            end = (x - length * 0.25, y + length)
            canvas.line([(x, y), end], (220, 230, 240), canvas.unit * 0.0012, 60 + dice.below(70))
    if sky == "snow":
        for _ in range(140 + 120 * canvas.detail):
            centre = canvas.at(dice.between(0, 1), dice.between(0, 1))
            canvas.disc(
                centre,
                canvas.unit * dice.between(0.0015, 0.006),
                (255, 255, 255),
                90 + dice.below(150),
            )
