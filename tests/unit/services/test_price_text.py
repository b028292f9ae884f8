"""Prices as operators write them, and as they are shown again."""

import pytest

from nexhina.domain.usage import KINDS
from nexhina.errors import InvalidRequestError
from nexhina.services.price_text import WrittenPrice, read_prices, require_models, write_prices

USD = 1_000_000_000


@pytest.mark.parametrize(
    ("written", "nano_in", "nano_out"),
    [("0.15/0.60", 150_000_000, 600_000_000), (" 3 / 15 ", 3 * USD, 15 * USD), ("0/0", 0, 0)],
)
def test_a_pair_is_text_in_usd_per_million_tokens(
    written: str, nano_in: int, nano_out: int
) -> None:
    assert read_prices(written) == (
        WrittenPrice("input", "", nano_in, 1_000_000),
        WrittenPrice("output", "", nano_out, 1_000_000),
    )


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("image=0.04", WrittenPrice("image", "", 40_000_000, 1)),
        ("image:1024x1024/high=0.19", WrittenPrice("image", "1024x1024/high", 190_000_000, 1)),
        ("request=2/1K", WrittenPrice("request", "", 2 * USD, 1000)),
        ("character=15", WrittenPrice("character", "", 15 * USD, 1_000_000)),
        ("character = 0.015 / 1K", WrittenPrice("character", "", 15_000_000, 1000)),
        ("audio=0.006", WrittenPrice("audio", "", 6_000_000, 60_000)),
        ("audio=0.36/hour", WrittenPrice("audio", "", 360_000_000, 3_600_000)),
        ("video=0.1", WrittenPrice("video", "", 100_000_000, 1000)),
        ("video:720p=6/minute", WrittenPrice("video", "720p", 6 * USD, 60_000)),
        ("cached_input=0.05", WrittenPrice("cached_input", "", 50_000_000, 1_000_000)),
        ("audio_output=12@say", WrittenPrice("audio_output", "", 12 * USD, 1_000_000, "say")),
        ("image=0@org/draw:v1@2", WrittenPrice("image", "", 0, 1, "org/draw:v1@2")),
    ],
)
def test_a_kind_has_its_units_and_may_be_of_one_model(written: str, price: WrittenPrice) -> None:
    assert read_prices(written) == (price,)


def test_every_kind_can_be_priced() -> None:
    for kind in KINDS:
        (price,) = read_prices(f"{kind}=1")
        assert price.kind == kind


def test_several_are_lines_or_have_semicolons() -> None:
    found = read_prices("0.15/0.60; image=0.04\n\nimage:256x256=0.02;1/2@m")
    assert [(each.kind, each.variant, each.model) for each in found] == [
        ("input", "", None),
        ("output", "", None),
        ("image", "", None),
        ("image", "256x256", None),
        ("input", "", "m"),
        ("output", "", "m"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "0.15/0.6",
        "0.15/0.6 cached_input=0.075/1M image=0.04/1",
        "1/2@a 3/4@b image:1024x1024/high=0.1/1@b",
        "input=1/1M",
        "input=1/1K output=2/1K",
        "audio=0.006/minute video:720p=0.1/second",
    ],
)
def test_what_is_shown_can_be_written_again(text: str) -> None:
    prices = read_prices(text.replace(" ", ";"))
    assert write_prices(prices) == text
    assert read_prices(write_prices(prices).replace(" ", ";")) == prices


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("", "0.15/0.60"),
        (" ; ", "0.15/0.60"),
        ("1", "KIND=USD/UNIT"),
        ("1/2/3", "no single slash"),
        ("a/b", "write it like"),
        ("-1/2", "between 0 and 1000000"),
        ("1/-2", "between 0"),
        ("NaN/1", "not an amount"),
        ("Infinity/1", "not an amount"),
        ("1e9/1", "between 0"),
        ("0.0000000001/1", "nine decimals"),
        ("1,5/2", "not an amount"),
        ("images=1", "did you mean image?"),
        ("zzz=1", "there are input, cached_input"),
        ("=1", "there are input"),
        ("image=", "not an amount"),
        ("image=-1", "between 0"),
        ("image=1/second", "priced per 1, 1K"),
        ("video=1/1M", "priced per second, minute, hour"),
        ("character=1/page", "priced per 1M, 1K"),
        ("input:720p=1", "input has no sizes"),
        ("image=1;image=2", "twice what image costs"),
        ("1/2\ninput=3", "twice what input costs"),
    ],
)
def test_a_price_that_can_not_be_is_refused_with_the_cure(written: str, cure: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_prices(written)
    assert cure in caught.value.message
    assert caught.value.message.startswith("The price ")


def test_a_price_of_no_model_of_the_channel_names_the_nearest() -> None:
    prices = read_prices("1/2;image=1@gpt-image-1")
    require_models(prices, {"gpt-image-1": "", "x": ""})
    with pytest.raises(InvalidRequestError, match="did you mean 'gpt-image-2'"):
        require_models(prices, {"gpt-image-2": ""})
    with pytest.raises(InvalidRequestError, match="it has a, b"):
        require_models(prices, ("a", "b"))
