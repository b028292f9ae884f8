"""Makes a film: H.264 in MP4, a thumbnail and a sheet of its frames, as files of the order's folder."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import msgspec
from av import VideoFrame
from av import open as open_container
from PIL import Image

from nexhina.sandbox.drawing.retoucher import open_picture
from nexhina.sandbox.film.stage import Stage
from nexhina.sandbox.order import Film

MOST_FRAMES = 144
_MOST_PAINTED = 120_000_000  # pixels of all frames; larger films are painted smaller and enlarged
_SHEET = (4, 3)  # frames across and down


def make(order: Film, files: list[bytes]) -> Iterator[int]:
    """The progress in percent, now and then; the files are whole at the end."""
    scene = order.scene
    reference = None
    if order.reference:
        reference = open_picture(files[0]).convert("RGB")
        reference = _cover(reference, (scene.width, scene.height))
    yield 1
    rate = order.rate or choose_rate(order.milliseconds)
    count = max(1, round(order.milliseconds * rate / 1000))
    scale = min(1.0, (_MOST_PAINTED / (count * scene.width * scene.height)) ** 0.5)
    painted = (max(64, int(scene.width * scale)), max(64, int(scene.height * scale)))
    stage = Stage(
        msgspec.structs.replace(scene, width=painted[0], height=painted[1]),
        order.motion,
        reference,
    )
    yield 5
    kept: list[Image.Image] = []
    spots = {round(part * (count - 1) / 11) for part in range(12)}
    with open_container(
        Path(order.folder, "video"),
        "w",
        format="mp4",
        options={"movflags": "+faststart"},
    ) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = scene.width, scene.height
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "26", "profile": "baseline"}
        stream.codec_context.thread_count = 2
        for number in range(count):
            image = stage.frame(number / rate, number / max(1, count - 1))
            if number in spots:
                small = image.copy()
                small.thumbnail((320, 320))
                kept.append(small)
            if number == count // 2:
                whole = image.resize((scene.width, scene.height), Image.Resampling.BILINEAR)
                whole.save(Path(order.folder, "thumbnail"), "WEBP", quality=80, method=2)
            frame = VideoFrame.from_image(image).reformat(scene.width, scene.height, "yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
            if number % 8 == 7:
                yield 5 + 90 * number // count
        container.mux(stream.encode(None))
    _save_sheet(kept, Path(order.folder, "spritesheet"))
    yield 99


def choose_rate(milliseconds: int) -> int:
    """Frames a second: fewer for longer films, so that every film is made in a few seconds."""
    return max(12, min(24, MOST_FRAMES * 1000 // milliseconds))


def _cover(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.fit(image, size, Image.Resampling.BILINEAR)


def _save_sheet(frames: list[Image.Image], path: Path) -> None:
    width, height = frames[0].size
    sheet = Image.new("RGB", (width * _SHEET[0], height * _SHEET[1]))
    for place, frame in enumerate(frames[: _SHEET[0] * _SHEET[1]]):
        sheet.paste(frame, (place % _SHEET[0] * width, place // _SHEET[0] * height))
    sheet.save(path, "JPEG", quality=80)
