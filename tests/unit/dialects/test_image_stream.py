import base64
import time
from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.image_stream import PARTIAL_TEXT, ImageWatch
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.domain.usage import Usage
from support.inbound import make_inbound
from support.pictures import make_png

PICTURE = base64.b64encode(make_png(64, 48)).decode()
USAGE = {
    "total_tokens": 160,
    "input_tokens": 60,
    "output_tokens": 100,
    "input_tokens_details": {"text_tokens": 20, "image_tokens": 40},
}


def peek(**more: Any) -> Peek:
    return OpenAIImages().peek(make_inbound({"model": "m", "prompt": "x", "stream": True, **more}))


def event(kind: str, **more: Any) -> bytes:
    data = msgspec.json.encode({"type": f"image_generation.{kind}", "b64_json": PICTURE, **more})
    return b"event: image_generation.%b\ndata: %b\n\n" % (kind.encode(), data)


PARTIAL = event("partial_image", partial_image_index=0)
DONE = event("completed", size="64x48", quality="low", usage=USAGE)


@pytest.mark.parametrize("step", [1, 7, 1000, 1_000_000])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_partial_pictures_pass_at_once_and_the_last_whole_one_waits(step: int, ends: bytes) -> None:
    raw = (b": wait\n\n" + PARTIAL + PARTIAL + DONE).replace(b"\n", ends)
    watch = ImageWatch(peek())
    passed = b"".join(watch.feed(raw[at : at + step]) for at in range(0, len(raw), step))
    assert passed == raw[: -len(DONE.replace(b"\n", ends))]
    assert watch.ended
    assert (watch.tail + b"\n").startswith(DONE.replace(b"\n", ends))
    assert watch.feed(b"data: more\n\n") == b""
    assert watch.usage == Usage(
        input=20, image_input=40, output=100, image=1, image_variant="64x48/low"
    )


def test_an_event_passes_as_soon_as_it_is_whole() -> None:
    watch = ImageWatch(peek())
    assert watch.feed(PARTIAL[:-1]) == b""
    assert not watch.content
    assert watch.feed(PARTIAL[-1:]) == PARTIAL
    assert watch.content
    assert watch.text_bytes == PARTIAL_TEXT
    assert watch.usage is None


def test_several_pictures_end_the_stream_with_the_last() -> None:
    watch = ImageWatch(peek(n=2))
    assert watch.feed(DONE + PARTIAL) == DONE + PARTIAL
    assert not watch.ended
    assert watch.feed(DONE) == b""
    assert watch.ended
    assert watch.usage is not None
    assert (watch.usage.image, watch.usage.output, watch.usage.image_input) == (2, 200, 80)


def test_a_stream_that_ends_cleanly_with_fewer_pictures_is_whole() -> None:
    watch = ImageWatch(peek(n=3))
    assert watch.feed(DONE) == DONE
    assert watch.finish(clean=True) == b""
    assert watch.ended
    assert watch.usage is not None
    assert watch.usage.image == 1


def test_the_mark_of_other_formats_ends_it_too_and_does_not_pass() -> None:
    watch = ImageWatch(peek(n=2))
    assert watch.feed(DONE + b"data: [DONE]\n\n") == DONE
    assert watch.ended


def test_a_last_event_without_its_empty_line_counts_at_a_clean_end_only() -> None:
    watch = ImageWatch(peek())
    assert watch.feed(DONE[:-2]) == b""
    assert watch.finish(clean=False) == b""
    assert not watch.ended
    assert watch.finish(clean=True) == DONE
    assert watch.ended


def test_a_cut_stream_has_not_ended() -> None:
    watch = ImageWatch(peek())
    watch.feed(PARTIAL + DONE[:50])
    watch.finish(clean=False)
    assert not watch.ended
    assert watch.usage is None
    clean = ImageWatch(peek())
    clean.feed(PARTIAL)
    assert clean.finish(clean=True) == b""
    assert not clean.ended


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'event: error\ndata: {"type":"error","error":{"message":"Blocked"}}\n\n', "Blocked"),
        (b'data: {"error":{"message":"Blocked"}}\n\n', "Blocked"),
        (b'data: {"type":"error","message":"Blocked"}\n\n', "Blocked"),
        (b"data: <html>\n\n", "no picture's"),
        (b"data: [1]\n\n", "no picture's"),
        (b'data: {"type":"image_generation.completed"}\n\n', "without its bytes"),
        (b'data: {"type":"image_generation.completed","b64_json":""}\n\n', "without its bytes"),
    ],
)
def test_an_error_event_or_one_that_is_none_is_an_error(raw: bytes, words: str) -> None:
    watch = ImageWatch(peek())
    assert watch.feed(PARTIAL + raw + DONE) == PARTIAL
    assert watch.error is not None
    assert words in watch.error.message
    assert not watch.ended


def test_events_of_tomorrow_pass() -> None:
    watch = ImageWatch(peek())
    odd = b'event: image_generation.thinking\ndata: {"type":"image_generation.thinking"}\n\n'
    assert watch.feed(odd) == odd
    assert not watch.content


def test_what_the_event_does_not_say_is_measured() -> None:
    watch = ImageWatch(peek(size="auto", quality="auto"))
    watch.feed(event("completed", size="auto"))
    assert watch.usage == Usage(image=1, image_variant="64x48")


def test_large_events_in_small_pieces_cost_no_more_than_their_bytes() -> None:
    """Twice the bytes take about twice the time; with copies at each piece it would be four times."""

    def spend(size: int) -> float:
        raw = event("partial_image", b64_json="A" * size)
        watch = ImageWatch(peek())
        begun = time.process_time()
        for at in range(0, len(raw), 4096):
            watch.feed(raw[at : at + 4096])
        assert watch.content
        return time.process_time() - begun

    spend(1_000_000)
    small = min(spend(2_000_000) for _ in range(3))
    large = min(spend(8_000_000) for _ in range(3))
    assert large < 12 * small


def test_an_event_without_end_is_refused() -> None:
    watch = ImageWatch(peek())
    piece = b"data: " + b"A" * (1 << 20)
    for _ in range(40):
        watch.feed(piece)
    assert watch.error is not None
    assert "32 MiB" in watch.error.message
