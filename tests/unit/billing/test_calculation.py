"""A charge can be worked out again from its row alone, by a program and by a person."""

from nexhina.billing.calculation import explain, recompute
from nexhina.domain.usage import ChargeLine

LINES = (
    ChargeLine("input", 1_234, 7, 2_500_000_000, 1_000_000, 1_000_000),
    ChargeLine("image", 2, 8, 40_000_000, 1, 1_500_000),
    ChargeLine("output", 5, None, 0, 1, 1_000_000),
)


def test_the_sum_follows_from_the_lines() -> None:
    assert recompute(LINES) == 1_234 * 2_500 + 2 * 60_000_000
    assert recompute(()) == 0


def test_each_line_is_told_with_its_factors() -> None:
    text = explain(LINES)
    assert text[0] == "input: 1,234 × 2.5 USD per 1,000,000 (price 7)"
    assert text[1] == "image: 2 × 0.04 USD each × 1,500,000 ppm (price 8)"
    assert text[2] == "output: 5 without a price, free"
    assert text[3].endswith("0.123085 USD")


def test_times_are_told_in_milliseconds() -> None:
    line = ChargeLine("audio", 90_500, 9, 6_000_000, 60_000, 1_000_000)
    assert explain([line])[0] == "audio: 90,500 ms × 0.006 USD per 60,000 ms (price 9)"
    film = ChargeLine("video", 4_000, 9, 100_000, 1, 1_000_000)
    assert explain([film])[0] == "video: 4,000 ms × 0.0001 USD per 1 ms (price 9)"
