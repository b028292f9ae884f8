"""What the children are asked and how they answer: values only, and the frames of the pipes.

To the child: four bytes of length (big-endian), an Order in msgpack, then its files as they are. From
the child: frames of a tag, a length and that many bytes, DATA as often as it likes, then END or FAIL.
"""

import struct
from typing import Literal

import msgspec

from nexhina.sandbox.inspection import Attached
from nexhina.sandbox.picture import Picture

LENGTH = struct.Struct(">I")
FRAME = struct.Struct(">BI")
DATA, END, FAIL = 1, 2, 3
MOST_FRAME = 256 * 1024  # bytes of a frame
BLOCK = 192 * 1024  # larger results come in several of these; a multiple of 3, for base64

SoundFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


class Retouch(msgspec.Struct, array_like=True):
    """Pictures given (the order's files, the mask last if there is one) to be changed.

    `vary`: no instruction, only another look at the first. `steps` coarser drawings come first.
    """

    target: Picture  # the scene that the prompt asks for, in the size and format asked for
    masked: bool
    keep_size: bool  # the size asked for is that of the first picture
    vary: int = -1  # number of the variation; -1: an edit


class Say(msgspec.Struct, array_like=True):
    """A text to be spoken."""

    text: str
    variant: str  # of the synthesiser's voice
    pitch: int  # 0 to 99
    pace: int  # words a minute
    speed: float
    format: SoundFormat


class Hear(msgspec.Struct, array_like=True):
    """A recording (the order's only file) to be written down; each DATA is one Segment."""


class Word(msgspec.Struct, array_like=True):
    """A word and when it was said, in seconds from the beginning of the recording."""

    text: str
    start: float
    end: float


class Segment(msgspec.Struct, array_like=True):
    """What was said between two pauses, in seconds from the beginning."""

    start: float
    end: float
    text: str
    confidence: float  # 0 to 1, see `sound.agreement`
    words: list[Word] = []


class Heard(msgspec.Struct, array_like=True):
    """The last word about a recording."""

    seconds: float


class Film(msgspec.Struct, array_like=True):
    """A film to be made of a scene, into three new files of a folder; DATA tells the progress."""

    scene: Picture
    milliseconds: int
    folder: str
    motion: int  # which way things go; 0 to 9999
    reference: bool  # the order's only file is its first frame
    rate: int | None = None  # frames a second; None: what its length allows


class Read(msgspec.Struct, array_like=True):
    """Texts to be understood; the DATA are float32 numbers, see `sense.reader`."""

    texts: list[str]
    query: str = ""  # what they may answer


class Order(msgspec.Struct, array_like=True):
    """One piece of work; exactly one of the kinds is set. `sizes` are the bytes of its files."""

    picture: Picture | None = None
    files: Attached | None = None
    retouch: Retouch | None = None
    say: Say | None = None
    hear: Hear | None = None
    film: Film | None = None
    coarse: int = 0  # so many coarser pictures come before the one asked for
    sizes: tuple[int, ...] = ()
    read: Read | None = None


class Failure(msgspec.Struct, array_like=True):
    """Why there is nothing: a library that is `missing`, a mistake of the caller (`code`), or ours."""

    error: str
    missing: str = ""
    code: str = ""
    place: int = 0  # of the file that is to blame


def write_order(order: Order) -> bytes:
    """The order with its length in front; its files follow."""
    packed = msgspec.msgpack.encode(order)
    return LENGTH.pack(len(packed)) + packed
