"""What the sandbox says of the pictures and sounds in the last user message.

The files go to the child as they came: neither their base64 nor what is in them is decoded on the
loop. Nothing is fetched: a picture behind an address is refused.
"""

import re
from typing import Any

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.child import Child
from nexhina.sandbox.inspection import Attached, Found, Seen
from nexhina.sandbox.request import ChatCall, Part
from nexhina.sandbox.topic import read_topic

MOST_FILES = 32
MOST_CHARACTERS = 48 * 1024 * 1024  # of base64, all files of a message together

_DATA_URL = re.compile(
    r"\s*data:image/(?:png|jpe?g|webp|gif)(?:;[\w-]+=[\w.\"-]*)*;base64,", re.IGNORECASE
)
_SOUNDS = ("wav", "mp3")

_COLOURS_ZH = {
    "black": "黑色", "white": "白色", "grey": "灰色", "red": "红色", "orange": "橙色",
    "yellow": "黄色", "green": "绿色", "cyan": "青色", "blue": "蓝色", "purple": "紫色",
    "pink": "粉色", "brown": "棕色", "transparent": "透明",
}  # fmt: skip


class _Sound(msgspec.Struct):
    data: str
    format: str


async def tell_attachments(call: ChatCall, child: Child) -> str:
    """What is said of them, "" when there are none.

    Raises InvalidRequestError that names the part for a file that can't be read, and what
    `Child.examine` raises.
    """
    place = len(call.messages) - 1
    last = call.messages[place]
    if last.role != "user" or not isinstance(last.content, list):
        return ""
    pictures: list[str] = []
    sounds: list[tuple[str, str]] = []
    where: dict[tuple[str, int], str] = {}
    for index, part in enumerate(last.content):
        at = f"messages[{place}].content[{index}]"
        if part.type == "image_url":
            where["picture", len(pictures)] = at + ".image_url"
            pictures.append(_read_picture(part, at + ".image_url"))
        elif part.type == "input_audio":
            where["sound", len(sounds)] = at + ".input_audio"
            sounds.append(_read_sound(part, at + ".input_audio"))
    if not where:
        return ""
    size = sum(map(len, pictures)) + sum(len(data) for _, data in sounds)
    if len(where) > MOST_FILES or size > MOST_CHARACTERS:
        raise InvalidRequestError(
            f"The sandbox takes {MOST_FILES} pictures and sounds in a message, "
            f"{MOST_CHARACTERS >> 20} MiB of base64 together.",
            param=f"messages[{place}].content",
        )
    found = await child.examine(Attached(pictures, sounds))
    if found.error and found.bad[0] == "picture":
        raise InvalidRequestError(found.error, param=where[found.bad], code="invalid_image")
    if found.error:
        raise InvalidRequestError(found.error, param=where[found.bad], code="invalid_audio")
    chinese = read_topic(last.text()).chinese
    return _tell_chinese(found) if chinese else _tell_english(found)


def _read_picture(part: Part, at: str) -> str:
    """The base64 of a picture; raises InvalidRequestError."""
    given: Any = msgspec.json.decode(part.image_url) if bytes(part.image_url) else None
    url: Any = given.get("url") if isinstance(given, dict) else given  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  (any JSON)
    if not isinstance(url, str):
        raise InvalidRequestError("An image_url needs a url.", param=at)
    if url[:8].lower().startswith(("http://", "https://")):
        raise InvalidRequestError(
            "The sandbox works offline and fetches no pictures. Send the picture itself as a data "
            "URL: data:image/png;base64,…",
            param=at,
            code="invalid_image_url",
        )
    head = _DATA_URL.match(url)
    if head is None:
        raise InvalidRequestError(
            "The url must be a data URL of a png, jpeg, webp or gif picture in base64: "
            "data:image/png;base64,…",
            param=at,
            code="invalid_image",
        )
    return url[head.end() :]


def _read_sound(part: Part, at: str) -> tuple[str, str]:
    """Format and base64 of a sound; raises InvalidRequestError."""
    try:
        sound = msgspec.json.decode(bytes(part.input_audio) or b"null", type=_Sound)
    except msgspec.ValidationError:
        raise InvalidRequestError("An input_audio needs data and a format.", param=at) from None
    if sound.format not in _SOUNDS:
        raise InvalidRequestError(
            f"The format {sound.format[:20]!r} is not known; send wav or mp3.", param=at + ".format"
        )
    return sound.format, sound.data


def _tell_english(found: Found) -> str:
    lines: list[str] = []
    for number, seen in enumerate(found.pictures, 1):
        name = f"Picture {number}" if len(found.pictures) > 1 else "The picture"
        turned = f"shown as {seen.height} × {seen.width}, " if seen.is_turned else ""
        lines.append(
            f"{name} is a {seen.format} of {seen.width} × {seen.height} pixels, {turned}"
            f"mostly {_shade(seen, seen.colour)}."
        )
    for number, seconds in enumerate(found.sounds, 1):
        name = f"Sound {number}" if len(found.sounds) > 1 else "The sound"
        lines.append(f"{name} is {seconds:.2f} seconds long.")
    return " ".join(lines)


def _tell_chinese(found: Found) -> str:
    lines: list[str] = []
    for number, seen in enumerate(found.pictures, 1):
        name = f"第{number}张图片" if len(found.pictures) > 1 else "这张图片"
        colour = _shade(seen, _COLOURS_ZH[seen.colour])
        turned = f"显示为 {seen.height} × {seen.width}，" if seen.is_turned else ""
        lines.append(
            f"{name}是 {seen.format}，{seen.width} × {seen.height} 像素，{turned}主要颜色是{colour}。"
        )
    for number, seconds in enumerate(found.sounds, 1):
        name = f"第{number}段音频" if len(found.sounds) > 1 else "这段音频"
        lines.append(f"{name}长 {seconds:.2f} 秒。")
    return "".join(lines)


def _shade(seen: Seen, name: str) -> str:
    return f"{name} ({seen.shade})" if seen.shade else name
