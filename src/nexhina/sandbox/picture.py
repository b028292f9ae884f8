"""What is to be drawn, decided from a prompt: a small value that a child process or a link can carry.

Pure: words of the prompt choose land, weather and figures; everything else is diced from the hash
of prompt and seed when it is painted (`painter`, in the child process only).
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from nexhina.sandbox.dice import Dice

LANDS: dict[str, str] = {
    "city": "city|town|urban|skyline|street|building|skyscraper|futuristic|cyberpunk|downtown|tower|"
    "城市|都市|街|楼|未来|科技|赛博|建筑",
    "sea": "sea|ocean|beach|coast|island|wave|harbou?r|lake|river|water|海|湖|河|岛|浪|沙滩|水",
    "forest": "forest|wood|jungle|tree|park|garden|森林|树|公园|花园|竹",
    "mountain": "mountain|hill|peak|alp|snowy|valley|volcano|glacier|山|峰|谷|雪地|火山",
    "desert": "desert|dune|sand|sahara|pyramid|mars|canyon|沙漠|沙丘|火星|金字塔",
    "field": "field|meadow|farm|grass|flower|countryside|spring|prairie|田|草|农场|花|乡村|春",
    "space": "space|galaxy|planet|cosmos|universe|astronaut|nebula|orbit|太空|宇宙|星系|行星|银河|宇航",
}

FIGURES: dict[str, str] = {
    "cat": "cat|kitten|kitty|猫",
    "dog": "dog|puppy|狗|犬",
    "bird": "bird|seagull|eagle|dove|crane|鸟|鹰|鹤|燕",
    "boat": "boat|ship|sail|yacht|ferry|船|帆|舟",
    "house": "house|home|cottage|cabin|village|hut|房|屋|村|小屋",
    "flower": "flower|rose|tulip|blossom|garden|花|玫瑰|樱",
    "balloon": "balloon|气球",
    "robot": "robot|android|machine|cyborg|机器人|机器",
    "rocket": "rocket|spaceship|spacecraft|火箭|飞船",
    "car": "car|taxi|truck|vehicle|车|汽车",
    "tree": "tree|oak|pine|palm|树|松",
    "fish": "fish|whale|dolphin|鱼|鲸",
    "person": "man|woman|person|girl|boy|people|child|astronaut|portrait|人|男|女|孩",
    "lighthouse": "lighthouse|灯塔",
}

SKIES: dict[str, str] = {
    "night": "night|midnight|moon|star|dark|neon|cyberpunk|夜|月|星|霓虹|黑",
    "sunset": "sunset|dusk|evening|autumn|golden|warm|日落|黄昏|夕阳|傍晚|秋",
    "dawn": "dawn|sunrise|morning|misty|pastel|spring|日出|清晨|黎明|晨|春",
    "storm": "storm|rain|thunder|cloudy|grey|gray|雨|暴风|雷|阴",
    "snow": "snow|winter|ice|christmas|frozen|雪|冬|冰",
    "day": "day|sun|sunny|blue sky|summer|noon|晴|太阳|夏|蓝天|白天",
}

_FAIR = ("day", "day", "dawn", "sunset", "night")
"""The sky of a prompt that does not say."""

FUTURE = re.compile(
    r"futuristic|future|cyber|neon|technolog|sci-?fi|robot|未来|科技|赛博|霓虹", re.IGNORECASE
)

Format = Literal["png", "jpeg", "webp"]

MOST_SIDE = 4096
MOST_PIXELS = 16 * 1024 * 1024


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the painter needs; the same value is the same picture, byte for byte."""

    width: Annotated[int, Meta(ge=64, le=4096)]
    height: Annotated[int, Meta(ge=64, le=4096)]
    seed: Annotated[str, Meta(max_length=64)]
    land: Literal["city", "sea", "forest", "mountain", "desert", "field", "space"]
    sky: Literal["night", "sunset", "dawn", "storm", "snow", "day"]
    figures: Annotated[tuple[Annotated[str, Meta(max_length=12)], ...], Meta(max_length=3)]
    future: bool
    vivid: bool
    detail: Annotated[int, Meta(ge=0, le=2)]  # low, medium, high
    transparent: bool
    format: Format
    compression: Annotated[int, Meta(ge=0, le=100)]
    caption: Annotated[str, Meta(max_length=64)]


def plan_scene(prompt: str, dice: Dice) -> tuple[str, str, tuple[str, ...], bool]:
    """Land, sky, at most three figures, and whether it lies in the future."""
    text = prompt[:4000].lower()
    found = _found(LANDS, text)
    sky = _found(SKIES, text)
    figures = _found(FIGURES, text)
    future = FUTURE.search(text) is not None
    if found:
        ground = found[0]
    elif {"boat", "fish", "lighthouse"} & set(figures):
        ground = "sea"
    elif "rocket" in figures:
        ground = "space"
    else:
        ground = dice.pick([land for land in LANDS if land not in ("space", "sea")])
    fallback = "night" if future or ground == "space" else dice.pick(_FAIR)
    return ground, sky[0] if sky else fallback, tuple(figures[:3]), future


def _found(table: dict[str, str], text: str) -> list[str]:
    """The names whose words the text has, in the order of their first appearance."""
    places: list[tuple[int, str]] = []
    for name, words in table.items():
        latin: list[str] = []
        han: list[str] = []
        for word in words.split("|"):
            (latin if word[0] < "⺀" else han).append(word)
        pattern = rf"\b(?:{'|'.join(latin)})(?:e?s|y|scape|side)?\b|{'|'.join(han)}"
        if (match := re.search(pattern, text)) is not None:
            places.append((match.start(), name))
    return [name for _, name in sorted(places)]
