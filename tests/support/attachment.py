"""Pictures and sounds as they are attached to a message, made small and by hand."""

import struct
from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image


def make_picture(
    size: tuple[int, int] = (64, 48), colour: str = "#d81e1e", form: str = "PNG"
) -> str:
    """A data URL of a picture of one colour."""
    file = BytesIO()
    mode = "RGBA" if form in {"PNG", "WEBP"} else "RGB"
    Image.new(mode, size, colour).save(file, form)
    return f"data:image/{form.lower()};base64,{b64encode(file.getvalue()).decode()}"


def make_wav(seconds: float = 1.5, rate: int = 8000) -> bytes:
    """A WAV file of silence, 16 bits, one channel."""
    data = bytes(2 * int(seconds * rate))
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVE" + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def make_mp3(frames: int = 100) -> bytes:
    """So many frames of 128 kbit/s at 44.1 kHz, 1152 samples each, behind an ID3 tag."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + frame * frames


def show(url: str) -> dict[str, Any]:
    """The part of a message that shows a picture."""
    return {"type": "image_url", "image_url": {"url": url}}


def play(data: bytes, form: str = "wav") -> dict[str, Any]:
    """The part of a message that plays a sound."""
    sound = {"data": b64encode(data).decode(), "format": form}
    return {"type": "input_audio", "input_audio": sound}


def say(text: str) -> dict[str, Any]:
    """The part of a message that says something."""
    return {"type": "text", "text": text}
