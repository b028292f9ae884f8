"""The length that a film is held for, against the lengths that its model makes."""

import pytest

from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.video import VideoRequest
from nexhina.dialects.video_call import FilmCall
from nexhina.errors import InvalidRequestError
from nexhina.pipeline.plan import Offer, Plan
from nexhina.pipeline.video import complete_peek
from support.money import make_model

MODEL = make_model("film", video_ms=(4_000, 8_000, 12_000))
PLAN = Plan(Offer(name="film", operation=Operation.VIDEO, model=MODEL, tiers=()), ())


def complete(ms: int, source: str | None = None) -> int:
    peek = Peek(model="film", envelope=read_envelope(b"{}"), video_ms=ms)
    complete_peek(FilmCall(peek, VideoRequest(prompt="a cat", ms=ms, source=source)), PLAN)
    return peek.video_ms


@pytest.mark.parametrize(("found", "held"), [(8_000, 8_000), (6_000, 8_000), (30_000, 12_000)])
def test_a_remix_is_held_for_a_length_that_is_made(found: int, held: int) -> None:
    assert complete(found, "video_1") == held


def test_a_length_that_was_asked_for_must_be_one_of_them() -> None:
    assert complete(0) == 12_000
    with pytest.raises(InvalidRequestError, match="makes 4, 8, 12"):
        complete(6_000)
