"""Sounds and recordings in tests: made, decoded, and the words in them counted."""

import math
import random
import re
import struct
from array import array
from difflib import SequenceMatcher
from io import BytesIO

import av

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells fresh bread at the market every Sunday morning.",
    "Please open the window because it is very warm in here.",
    "The train to London leaves at seven o'clock in the evening.",
    "We will meet again tomorrow to talk about the new project.",
    "My brother bought a small house near the river last year.",
    "Music makes people happy even on a dark winter day.",
    "The doctor said that he should drink more water.",
    "There are many beautiful flowers in my grandmother's garden.",
    "Nobody knows where the old man hid the golden key.",
)
MANDARIN = "今天天气很好，我们一起去公园散步吧。你好，请问火车站怎么走？这本书是我最喜欢的礼物。"


def read_words(text: str) -> list[str]:
    """The words of a text, small, a seven as it is spoken."""
    return re.findall(r"[a-z']+", text.lower().replace("7", "seven"))


def share_heard(spoken: str, heard: str) -> float:
    """How many of the spoken words were heard, in their order."""
    one, other = read_words(spoken), read_words(heard)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(one)


def probe(data: bytes) -> tuple[str, int, int, float]:
    """Codec, samples a second, channels and decoded seconds of a sound file."""
    with av.open(BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return stream.codec_context.name, stream.rate, stream.channels, samples / stream.rate


def loudness(samples: bytes) -> float:
    """The root mean square of 16-bit samples, 0 to 1."""
    values = array("h", samples)
    return math.sqrt(sum(value * value for value in values) / len(values)) / 32768


def write_wav(samples: "array[int]", rate: int = 16_000) -> bytes:
    """A WAV of 16-bit mono samples."""
    data = samples.tobytes()
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def make_noise(seconds: float = 4.0, strength: float = 0.1) -> bytes:
    """White noise."""
    dice = random.Random(1)
    count = int(seconds * 16_000)
    return write_wav(
        array("h", (int(max(-1, min(1, dice.gauss(0, strength))) * 32767) for _ in range(count)))
    )


def make_tone(hertz: float = 440.0, seconds: float = 4.0) -> bytes:
    """A sine."""
    count = int(seconds * 16_000)
    step = 2 * math.pi * hertz / 16_000
    return write_wav(array("h", (int(9000 * math.sin(step * at)) for at in range(count))))


def make_music(seconds: float = 6.0) -> bytes:
    """Plucked notes with overtones."""
    dice = random.Random(2)
    count = int(seconds * 16_000)
    sound = [0.0] * count
    for beat in range(int(seconds * 4)):
        hertz = dice.choice((220, 262, 330, 392, 440, 523))
        for at in range(beat * 4000, min(count, beat * 4000 + 12_000)):
            time = (at - beat * 4000) / 16_000
            sound[at] += math.exp(-5 * time) * sum(
                math.sin(2 * math.pi * hertz * part * time) / part for part in (1, 2, 3)
            )
    return write_wav(array("h", (int(max(-1, min(1, each * 0.2)) * 32767) for each in sound)))
