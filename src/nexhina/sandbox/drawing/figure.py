"""The figures that a prompt may name, as simple silhouettes with a light side.

Every painter gets a canvas, the pixel where the figure stands, and its height in pixels.
"""

from collections.abc import Callable
from math import cos, sin, tau

from nexhina.sandbox.drawing.canvas import RGB, Canvas, mix
from nexhina.sandbox.drawing.land import broadleaf

_WHITE: RGB = (255, 255, 255)


def _coat(canvas: Canvas) -> RGB:
    """A colour that stands out against the ground."""
    dice = canvas.dice
    coats: tuple[RGB, ...] = (
        (238, 146, 70),
        (92, 92, 104),
        (236, 226, 212),
        (148, 100, 68),
        (44, 44, 54),
    )
    return mix(dice.pick(coats), canvas.palette.haze, 0.12)


def _paint_cat(canvas: Canvas, x: float, y: float, size: float) -> None:
    coat = _coat(canvas)
    inner = mix(coat, (255, 160, 160), 0.5)
    dark = mix(coat, (0, 0, 0), 0.35)
    tail = [
        (x + size * (0.28 + 0.24 * sin(step / 12 * 2.6)), y - size * (0.06 + 0.055 * step))
        for step in range(13)
    ]
    canvas.line(tail, dark, size * 0.09)
    canvas.disc(tail[-1], size * 0.045, dark)
    canvas.oval((x, y - size * 0.27), size * 0.26, size * 0.28, coat)
    canvas.oval((x, y - size * 0.24), size * 0.14, size * 0.2, mix(coat, _WHITE, 0.35))
    for side in (-1, 1):
        canvas.oval(
            (x + side * size * 0.12, y - size * 0.03),
            size * 0.1,
            size * 0.05,
            mix(coat, _WHITE, 0.2),
        )
        ear = x + side * size * 0.15
        canvas.polygon(
            [
                (ear - size * 0.1, y - size * 0.75),
                (ear + side * size * 0.04, y - size),
                (ear + size * 0.1, y - size * 0.75),
            ],
            coat,
        )
        canvas.polygon(
            [
                (ear - size * 0.05, y - size * 0.78),
                (ear + side * size * 0.03, y - size * 0.93),
                (ear + size * 0.05, y - size * 0.78),
            ],
            inner,
        )
    canvas.oval((x, y - size * 0.66), size * 0.24, size * 0.2, coat)
    for side in (-1, 1):
        eye = (x + side * size * 0.095, y - size * 0.68)
        canvas.oval(
            eye, size * 0.045, size * 0.05, mix(canvas.palette.accent, (190, 240, 120), 0.6)
        )
        canvas.oval(eye, size * 0.016, size * 0.042, (16, 16, 20))
        canvas.disc((eye[0] + size * 0.012, eye[1] - size * 0.018), size * 0.011, _WHITE)
        for step in (-1, 0, 1):
            start = (x + side * size * 0.07, y - size * (0.57 - 0.008 * step))
            end = (x + side * size * 0.3, y - size * (0.575 - 0.035 * step))
            canvas.line([start, end], mix(coat, _WHITE, 0.6), size * 0.006, 200)
    canvas.polygon(
        [
            (x - size * 0.028, y - size * 0.61),
            (x + size * 0.028, y - size * 0.61),
            (x, y - size * 0.58),
        ],
        (226, 120, 120),
    )


def _paint_dog(canvas: Canvas, x: float, y: float, size: float) -> None:
    coat = _coat(canvas)
    dark = mix(coat, (0, 0, 0), 0.3)
    for place in (-0.3, -0.2, 0.16, 0.26):
        canvas.box(
            x + size * place,
            y - size * 0.32,
            size * 0.08,
            size * 0.32,
            dark if place in {-0.3, 0.26} else coat,
        )
    canvas.line(
        [(x - size * 0.34, y - size * 0.45), (x - size * 0.5, y - size * 0.66)], coat, size * 0.07
    )
    canvas.oval((x - size * 0.02, y - size * 0.41), size * 0.36, size * 0.17, coat)
    canvas.polygon(
        [
            (x + size * 0.18, y - size * 0.5),
            (x + size * 0.34, y - size * 0.78),
            (x + size * 0.44, y - size * 0.6),
            (x + size * 0.32, y - size * 0.36),
        ],
        coat,
    )
    canvas.oval((x + size * 0.4, y - size * 0.76), size * 0.16, size * 0.14, coat)
    canvas.oval(
        (x + size * 0.54, y - size * 0.71), size * 0.12, size * 0.075, mix(coat, _WHITE, 0.2)
    )
    canvas.oval((x + size * 0.3, y - size * 0.73), size * 0.06, size * 0.14, dark)
    canvas.disc((x + size * 0.645, y - size * 0.735), size * 0.028, (20, 18, 22))
    canvas.disc((x + size * 0.43, y - size * 0.8), size * 0.022, (20, 18, 22))
    canvas.line(
        [(x + size * 0.27, y - size * 0.58), (x + size * 0.4, y - size * 0.56)],
        canvas.palette.accent,
        size * 0.05,
    )


def _paint_bird(canvas: Canvas, x: float, y: float, size: float) -> None:
    del y
    dice = canvas.dice
    ink = mix(canvas.palette.ground, (0, 0, 0), 0.35)
    for _ in range(5 + dice.below(5)):
        cx, cy = x + dice.between(-1, 1) * size, canvas.height * dice.between(0.14, 0.42)
        wing = size * dice.between(0.1, 0.2)
        for side in (-1, 1):
            arc = [
                (cx + side * wing * step / 6, cy - wing * 0.5 * sin(step / 6 * 2.5))
                for step in range(7)
            ]
            canvas.line(arc, ink, wing * 0.11)


def _paint_boat(canvas: Canvas, x: float, y: float, size: float) -> None:
    hull = mix((150, 70, 50), canvas.palette.ground, 0.35)
    sail = mix(_WHITE, canvas.palette.light, 0.6)
    canvas.line([(x, y - size * 0.1), (x, y - size)], mix(hull, (0, 0, 0), 0.4), size * 0.025)
    canvas.polygon(
        [
            (x + size * 0.03, y - size * 0.98),
            (x + size * 0.03, y - size * 0.2),
            (x + size * 0.42, y - size * 0.2),
        ],
        sail,
    )
    canvas.polygon(
        [
            (x - size * 0.03, y - size * 0.85),
            (x - size * 0.03, y - size * 0.2),
            (x - size * 0.32, y - size * 0.2),
        ],
        mix(sail, canvas.palette.accent, 0.45),
    )
    canvas.polygon(
        [
            (x - size * 0.45, y - size * 0.15),
            (x + size * 0.5, y - size * 0.15),
            (x + size * 0.34, y),
            (x - size * 0.32, y),
        ],
        hull,
    )
    canvas.box(x - size * 0.44, y - size * 0.15, size * 0.92, size * 0.03, mix(hull, _WHITE, 0.5))
    for step in range(4):
        canvas.oval(
            (x, y + size * (0.03 + 0.05 * step)),
            size * (0.4 - 0.06 * step),
            size * 0.012,
            sail,
            90 - 16 * step,
        )


def _paint_house(canvas: Canvas, x: float, y: float, size: float) -> None:
    wall = mix((240, 226, 204), canvas.palette.haze, 0.2)
    roof = mix((178, 76, 58), canvas.palette.accent, 0.25)
    lamp: RGB = (255, 216, 120) if canvas.palette.dark else mix(canvas.palette.sky[0], _WHITE, 0.3)
    canvas.box(x + size * 0.24, y - size * 0.98, size * 0.1, size * 0.3, mix(roof, (0, 0, 0), 0.3))
    canvas.box(x - size * 0.45, y - size * 0.55, size * 0.9, size * 0.55, wall)
    canvas.polygon(
        [(x - size * 0.55, y - size * 0.52), (x, y - size), (x + size * 0.55, y - size * 0.52)],
        roof,
    )
    canvas.box(
        x - size * 0.08, y - size * 0.32, size * 0.17, size * 0.32, mix(roof, (40, 20, 10), 0.5)
    )
    for place in (-0.34, 0.19):
        canvas.box(x + size * place, y - size * 0.4, size * 0.16, size * 0.16, lamp)
        canvas.line(
            [
                (x + size * (place + 0.08), y - size * 0.4),
                (x + size * (place + 0.08), y - size * 0.24),
            ],
            wall,
            size * 0.014,
        )
    if canvas.palette.dark:
        canvas.glow((x, y - size * 0.3), size * 0.7, lamp, 0.35)


def _paint_flower(canvas: Canvas, x: float, y: float, size: float) -> None:
    dice = canvas.dice
    green = mix((60, 132, 66), canvas.palette.ground, 0.25)
    for place in (-0.5, 0.5, 0.0):
        cx, high = x + place * size * 0.9, size * dice.between(0.65, 1)
        head = (cx + size * 0.05, y - high)
        canvas.line([(cx, y), (cx - size * 0.03, y - high / 2), head], green, size * 0.035)
        canvas.oval((cx + size * 0.09, y - high * 0.35), size * 0.1, size * 0.035, green)
        tint = mix(canvas.palette.accent, (255, 90, 120), dice.between(0, 0.6))
        for petal in range(8):
            angle = tau * petal / 8
            spot = (head[0] + cos(angle) * size * 0.13, head[1] + sin(angle) * size * 0.13)
            canvas.disc(spot, size * 0.085, mix(tint, _WHITE, 0.25 if petal % 2 else 0.05))
        canvas.disc(head, size * 0.08, (255, 208, 80))


def _paint_balloon(canvas: Canvas, x: float, y: float, size: float) -> None:
    dice = canvas.dice
    for number in range(3):
        cx = x + (number - 1) * canvas.width * 0.22 + dice.between(-0.04, 0.04) * canvas.width
        cy, radius = (y * dice.between(0.26, 0.5)), size * dice.between(0.2, 0.36)
        tint = mix(
            canvas.palette.accent, dice.pick(((255, 90, 90), (255, 200, 70), (90, 160, 255))), 0.6
        )
        canvas.polygon(
            [
                (cx - radius * 0.72, cy + radius * 0.68),
                (cx + radius * 0.72, cy + radius * 0.68),
                (cx, cy + radius * 1.65),
            ],
            mix(tint, (0, 0, 0), 0.15),
        )
        canvas.disc((cx, cy), radius, tint)
        for share in (0.66, 0.3):
            canvas.oval(
                (cx, cy), radius * share, radius, mix(tint, _WHITE, 0.45 if share > 0.5 else 0.0)
            )
        canvas.line(
            [(cx - radius * 0.16, cy + radius * 1.25), (cx - radius * 0.12, cy + radius * 1.7)],
            (60, 40, 30),
            radius * 0.03,
        )
        canvas.line(
            [(cx + radius * 0.16, cy + radius * 1.25), (cx + radius * 0.12, cy + radius * 1.7)],
            (60, 40, 30),
            radius * 0.03,
        )
        canvas.box(
            cx - radius * 0.17, cy + radius * 1.66, radius * 0.34, radius * 0.24, (128, 84, 48)
        )


def _paint_robot(canvas: Canvas, x: float, y: float, size: float) -> None:
    steel = mix((176, 188, 202), canvas.palette.haze, 0.15)
    dark = mix(steel, (20, 24, 40), 0.6)
    glow = mix(canvas.palette.accent, (80, 230, 255), 0.5)
    for side in (-1, 1):
        canvas.box(
            x + side * size * 0.12 - size * 0.06, y - size * 0.22, size * 0.12, size * 0.22, dark
        )
        canvas.box(
            x + side * size * 0.14 - size * 0.09, y - size * 0.05, size * 0.18, size * 0.05, steel
        )
        canvas.line(
            [(x + side * size * 0.24, y - size * 0.52), (x + side * size * 0.36, y - size * 0.3)],
            dark,
            size * 0.07,
        )
        canvas.disc((x + side * size * 0.37, y - size * 0.27), size * 0.055, steel)
    canvas.draw.rounded_rectangle(
        (x - size * 0.24, y - size * 0.6, x + size * 0.24, y - size * 0.2),
        size * 0.06,
        fill=(*steel, 255),
    )
    canvas.draw.rounded_rectangle(
        (x - size * 0.2, y - size * 0.92, x + size * 0.2, y - size * 0.63),
        size * 0.07,
        fill=(*steel, 255),
    )
    canvas.line([(x, y - size * 0.92), (x, y - size * 1.0)], dark, size * 0.025)
    canvas.disc((x, y - size * 1.0), size * 0.03, glow)
    canvas.draw.rounded_rectangle(
        (x - size * 0.15, y - size * 0.85, x + size * 0.15, y - size * 0.71),
        size * 0.04,
        fill=(*dark, 255),
    )
    for side in (-1, 1):
        canvas.glow((x + side * size * 0.07, y - size * 0.78), size * 0.09, glow, 0.8)
        canvas.disc((x + side * size * 0.07, y - size * 0.78), size * 0.035, glow)
    canvas.disc((x, y - size * 0.42), size * 0.07, dark)
    canvas.disc((x, y - size * 0.42), size * 0.045, glow)


def _paint_rocket(canvas: Canvas, x: float, y: float, size: float) -> None:
    shell = mix(_WHITE, canvas.palette.light, 0.5)
    red = mix(canvas.palette.accent, (224, 60, 60), 0.6)
    canvas.glow((x, y + size * 0.1), size * 0.5, (255, 170, 70), 0.8)
    canvas.polygon(
        [
            (x - size * 0.09, y - size * 0.05),
            (x + size * 0.09, y - size * 0.05),
            (x, y + size * 0.38),
        ],
        (255, 150, 50),
        230,
    )
    canvas.polygon(
        [
            (x - size * 0.05, y - size * 0.05),
            (x + size * 0.05, y - size * 0.05),
            (x, y + size * 0.22),
        ],
        (255, 236, 170),
    )
    for side in (-1, 1):
        canvas.polygon(
            [
                (x + side * size * 0.12, y - size * 0.32),
                (x + side * size * 0.28, y),
                (x + side * size * 0.1, y - size * 0.06),
            ],
            red,
        )
    canvas.oval((x, y - size * 0.45), size * 0.16, size * 0.46, shell)
    canvas.box(
        x - size * 0.12, y - size * 0.13, size * 0.24, size * 0.09, mix(shell, (60, 60, 80), 0.5)
    )
    canvas.polygon(
        [
            (x - size * 0.105, y - size * 0.79),
            (x, y - size * 1.02),
            (x + size * 0.105, y - size * 0.79),
        ],
        red,
    )
    canvas.disc((x, y - size * 0.58), size * 0.075, (70, 90, 130))
    canvas.disc((x, y - size * 0.58), size * 0.052, (150, 220, 255))


def _paint_car(canvas: Canvas, x: float, y: float, size: float) -> None:
    paint = mix(canvas.palette.accent, (220, 60, 50), 0.4)
    glass = mix((180, 215, 240), canvas.palette.sky[0], 0.35)
    canvas.polygon(
        [
            (x - size * 0.42, y - size * 0.38),
            (x - size * 0.24, y - size * 0.64),
            (x + size * 0.2, y - size * 0.64),
            (x + size * 0.42, y - size * 0.38),
        ],
        paint,
    )
    canvas.polygon(
        [
            (x - size * 0.33, y - size * 0.39),
            (x - size * 0.2, y - size * 0.58),
            (x - size * 0.03, y - size * 0.58),
            (x - size * 0.03, y - size * 0.39),
        ],
        glass,
    )
    canvas.polygon(
        [
            (x + size * 0.02, y - size * 0.39),
            (x + size * 0.02, y - size * 0.58),
            (x + size * 0.17, y - size * 0.58),
            (x + size * 0.32, y - size * 0.39),
        ],
        glass,
    )
    canvas.draw.rounded_rectangle(
        (x - size * 0.66, y - size * 0.4, x + size * 0.66, y - size * 0.12),
        size * 0.08,
        fill=(*paint, 255),
    )
    canvas.disc((x + size * 0.62, y - size * 0.3), size * 0.045, (255, 244, 200))
    canvas.glow(
        (x + size * 0.72, y - size * 0.28),
        size * 0.3,
        (255, 244, 200),
        0.6 if canvas.palette.dark else 0.2,
    )
    for place in (-0.38, 0.38):
        canvas.disc((x + size * place, y - size * 0.13), size * 0.135, (24, 24, 30))
        canvas.disc((x + size * place, y - size * 0.13), size * 0.06, (176, 180, 188))


def _paint_tree(canvas: Canvas, x: float, y: float, size: float) -> None:
    leaf = mix((74, 138, 64), canvas.palette.ground, 0.3)
    broadleaf(canvas, x, y, size * 1.3, leaf)


def _paint_fish(canvas: Canvas, x: float, y: float, size: float) -> None:
    tint = mix(canvas.palette.accent, (255, 150, 60), 0.5)
    cy = y + size * 0.15
    canvas.polygon(
        [
            (x - size * 0.3, cy),
            (x - size * 0.62, cy - size * 0.22),
            (x - size * 0.62, cy + size * 0.22),
        ],
        mix(tint, (0, 0, 0), 0.2),
    )
    canvas.polygon(
        [
            (x - size * 0.1, cy - size * 0.2),
            (x + size * 0.1, cy - size * 0.42),
            (x + size * 0.15, cy - size * 0.15),
        ],
        mix(tint, (0, 0, 0), 0.15),
    )
    canvas.oval((x, cy), size * 0.42, size * 0.24, tint)
    canvas.oval(
        (x + size * 0.03, cy + size * 0.09), size * 0.33, size * 0.13, mix(tint, _WHITE, 0.4)
    )
    canvas.disc((x + size * 0.25, cy - size * 0.05), size * 0.045, _WHITE)
    canvas.disc((x + size * 0.26, cy - size * 0.05), size * 0.024, (20, 20, 26))


def _paint_person(canvas: Canvas, x: float, y: float, size: float) -> None:
    cloth = mix(canvas.palette.accent, (40, 40, 70), 0.25)
    skin: RGB = canvas.dice.pick(((240, 204, 172), (204, 150, 112), (128, 86, 62)))
    hair = mix((40, 28, 24), skin, 0.08)
    for side in (-1, 1):
        canvas.box(
            x + side * size * 0.06 - size * 0.04,
            y - size * 0.42,
            size * 0.08,
            size * 0.42,
            mix(cloth, (0, 0, 0), 0.55),
        )
        canvas.line(
            [(x + side * size * 0.12, y - size * 0.72), (x + side * size * 0.18, y - size * 0.42)],
            cloth,
            size * 0.06,
        )
        canvas.disc((x + side * size * 0.18, y - size * 0.41), size * 0.03, skin)
    canvas.polygon(
        [
            (x - size * 0.14, y - size * 0.76),
            (x + size * 0.14, y - size * 0.76),
            (x + size * 0.12, y - size * 0.38),
            (x - size * 0.12, y - size * 0.38),
        ],
        cloth,
    )
    canvas.box(x - size * 0.03, y - size * 0.82, size * 0.06, size * 0.08, skin)
    canvas.disc((x, y - size * 0.91), size * 0.1, hair)
    canvas.oval((x, y - size * 0.885), size * 0.075, size * 0.085, skin)


def _paint_lighthouse(canvas: Canvas, x: float, y: float, size: float) -> None:
    size *= 1.5
    rock = mix(canvas.palette.ground, (60, 56, 60), 0.5)
    top = (x, y - size * 0.9)
    canvas.polygon(
        [top, (x - size * 2.4, y - size * 1.3), (x - size * 2.4, y - size * 0.85)],
        (255, 244, 200),
        60,
    )
    canvas.polygon(
        [
            (x - size * 0.6, y + size * 0.06),
            (x - size * 0.25, y - size * 0.1),
            (x + size * 0.3, y - size * 0.08),
            (x + size * 0.6, y + size * 0.06),
        ],
        rock,
    )
    for step in range(6):
        low, high = y - size * (0.08 + step * 0.125), y - size * (0.08 + (step + 1) * 0.125)
        wide, narrow = size * (0.13 - step * 0.009), size * (0.13 - (step + 1) * 0.009)
        colour: RGB = (214, 70, 60) if step % 2 else (246, 242, 236)
        canvas.polygon(
            [(x - wide, low), (x + wide, low), (x + narrow, high), (x - narrow, high)], colour
        )
    canvas.box(x - size * 0.1, y - size * 0.86, size * 0.2, size * 0.03, (50, 50, 60))
    canvas.box(x - size * 0.055, y - size * 0.95, size * 0.11, size * 0.1, (255, 236, 160))
    canvas.polygon(
        [
            (x - size * 0.08, y - size * 0.95),
            (x, y - size * 1.05),
            (x + size * 0.08, y - size * 0.95),
        ],
        (180, 54, 50),
    )
    canvas.glow(top, size * 0.35, (255, 240, 180), 0.9)


FIGURES: dict[str, tuple[Callable[[Canvas, float, float, float], None], float]] = {
    "cat": (_paint_cat, 0.3),
    "dog": (_paint_dog, 0.28),
    "bird": (_paint_bird, 0.26),
    "boat": (_paint_boat, 0.26),
    "house": (_paint_house, 0.24),
    "flower": (_paint_flower, 0.2),
    "balloon": (_paint_balloon, 0.3),
    "robot": (_paint_robot, 0.34),
    "rocket": (_paint_rocket, 0.34),
    "car": (_paint_car, 0.17),
    "tree": (_paint_tree, 0.28),
    "fish": (_paint_fish, 0.2),
    "person": (_paint_person, 0.27),
    "lighthouse": (_paint_lighthouse, 0.3),
}
"""The painter of each figure, and its height as a share of the shorter side."""
