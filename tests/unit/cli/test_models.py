"""Prices in the table of models."""

from nexhina.cli.models import show_prices
from nexhina.services.shapes import ModelView, PriceView


def show(*prices: tuple[str, str, str, int, str | None]) -> str:
    return show_prices(
        ModelView(
            name="m",
            maker="",
            operations=(),
            inputs=(),
            outputs=(),
            context=None,
            output_limit=None,
            channels=(),
            stand_in=False,
            prices=tuple(
                PriceView(
                    kind=kind, variant=variant, usd=usd, per=per, channel=channel, source="operator"
                )
                for kind, variant, usd, per, channel in prices
            ),
        )
    )


def test_a_price_that_is_not_by_the_million_or_the_piece_says_of_what() -> None:
    assert show(("input", "", "0.15", 1_000_000, None), ("output", "", "0.6", 1_000_000, None)) == (
        "in 0.15, out 0.6"
    )
    assert show(("audio", "", "0.006", 60_000, None), ("character", "", "15", 1_000_000, None)) == (
        "audio 0.006/minute, character 15"
    )
    assert show(("video", "720p", "0.1", 1_000, "wan"), ("image", "", "0.04", 1, "wan")) == (
        "video 720p 0.1/second (wan), image 0.04 (wan)"
    )
    assert show() == "none"
