"""What the child is asked, and what it finds in files that came with a message."""

from base64 import b64decode

import msgspec


class Attached(msgspec.Struct, array_like=True):
    """The files of a message, in base64; sounds with their format."""

    pictures: list[str]
    sounds: list[tuple[str, str]]


class Seen(msgspec.Struct, array_like=True):
    """A picture that was looked at; `shade` is #rrggbb, "" when it is mostly transparent.

    `is_turned` when its EXIF orientation has it shown with width and height exchanged.
    """

    width: int
    height: int
    format: str
    colour: str
    shade: str
    is_turned: bool = False


class Found(msgspec.Struct, array_like=True):
    """What the files are; or `error` about the one in `bad`: its kind and its place."""

    pictures: list[Seen]
    sounds: list[float]  # seconds
    error: str = ""
    bad: tuple[str, int] = ("", 0)


def read_base64(text: str) -> bytes:
    """The bytes; with line breaks, of the alphabet for addresses, or without its padding too.

    Raises ValueError for what is no base64.
    """
    if not text.isascii():
        raise ValueError("it is no base64")
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
