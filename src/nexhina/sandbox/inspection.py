"""What the child is asked, and what it finds in files that came with a message. No behaviour."""

import msgspec


class Attached(msgspec.Struct, array_like=True):
    """The files of a message, in base64; sounds with their format."""

    pictures: list[str]
    sounds: list[tuple[str, str]]


class Seen(msgspec.Struct, array_like=True):
    """A picture that was looked at; `shade` is #rrggbb, "" when it is mostly transparent."""

    width: int
    height: int
    format: str
    colour: str
    shade: str


class Found(msgspec.Struct, array_like=True):
    """What the files are; or `error` about the one in `bad`: its kind and its place."""

    pictures: list[Seen]
    sounds: list[float]  # seconds
    error: str = ""
    bad: tuple[str, int] = ("", 0)
