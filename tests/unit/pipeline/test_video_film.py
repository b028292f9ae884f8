"""What a film is charged for: its vendor's word, what was asked for, and what its file says."""

import pytest

from nexhina.pipeline.video_film import choose_length, is_lie


@pytest.mark.parametrize(
    ("asked", "said", "measured", "charged"),
    [
        (4000, 4000, None, 4000),
        (4000, None, None, 4000),
        (None, 5000, None, 5000),
        (None, None, None, 0),
        (4000, 4000, 4042, 4000),
        (4000, 4000, 1000, 4000),  # its vendor charges us so: noticed, not changed
        (4000, 4000, 9000, 4000),
        (4000, 9000, 9100, 9000),  # an overrun that is true
        (4000, 9000, 6000, 6000),
        (4000, 9000, 1000, 4000),
        (4000, 3000, 1000, 3000),
        (10_000, None, 4000, 4000),  # held for the usual length, made a shorter film
        (4000, None, 3900, 4000),
        (4000, None, 9000, 4000),
        (None, None, 5000, 5000),
    ],
)
def test_the_file_decides_where_the_others_cant_be_true(
    asked: int | None, said: int | None, measured: int | None, charged: int
) -> None:
    assert choose_length(asked, said, measured) == charged


def test_a_frame_more_or_less_is_no_lie() -> None:
    assert not is_lie(8000, 8042)
    assert not is_lie(1000, 1500)
    assert not is_lie(60_000, 54_000)
    assert is_lie(8000, 7100)
    assert is_lie(1000, 1501)
    assert is_lie(60_000, 53_999)
