"""The prices in force, and what they make of a usage."""

import pytest

from nexhina.billing.tariff import Tariff, choose_tariff
from nexhina.domain.model import Price
from nexhina.domain.usage import ChargeLine, Usage
from support.money import make_price


def chat_tariff(*more: object) -> Tariff:
    prices = (make_price("input", "2.50"), make_price("output", "10"), *more)
    return choose_tariff(prices, "m", None, 100.0)  # pyright: ignore[reportArgumentType]


def test_a_chat_is_charged_per_million_tokens_with_a_line_per_kind() -> None:
    charge = chat_tariff().charge(Usage(input=1_000, output=200))
    assert charge.nano == 2_500_000 + 2_000_000
    assert [(line.kind, line.quantity) for line in charge.lines] == [
        ("input", 1000),
        ("output", 200),
    ]
    assert all(line.price_id is not None for line in charge.lines)


def test_a_fraction_of_a_nano_is_rounded_up_once_for_the_row_and_not_per_kind() -> None:
    tariff = choose_tariff(
        (make_price("input", "0.000000001"), make_price("output", "0.000000001")), "m", None, 1.0
    )
    assert tariff.charge(Usage(input=400_000, output=500_000)).nano == 1
    assert tariff.charge(Usage(input=1)).nano == 1
    assert tariff.charge(Usage(input=1_000_000, output=1)).nano == 2


def test_cached_input_without_a_price_of_its_own_costs_what_input_costs() -> None:
    charge = chat_tariff().charge(Usage(cached_input=1_000))
    assert charge.nano == 2_500_000
    assert charge.lines[0].kind == "cached_input"
    cheaper = chat_tariff(make_price("cached_input", "1.25"))
    assert cheaper.charge(Usage(cached_input=1_000)).nano == 1_250_000


def test_a_price_per_request_is_added_once() -> None:
    tariff = chat_tariff(make_price("request", "0.01", per=1))
    charge = tariff.charge(Usage(input=1_000_000))
    assert charge.nano == 2_500_000_000 + 10_000_000
    assert charge.lines[-1] == ChargeLine(
        "request", 1, charge.lines[-1].price_id, 10_000_000, 1, 1_000_000
    )
    assert tariff.charge(Usage()).nano == 10_000_000


def test_a_multiplier_scales_the_sum_and_stands_on_every_line() -> None:
    charge = chat_tariff().charge(Usage(input=3, output=1), 1_100_000)
    assert charge.nano == -(-(3 * 2_500 + 10_000) * 11 // 10)
    assert {line.multiplier_ppm for line in charge.lines} == {1_100_000}


def test_a_kind_without_a_price_is_free_but_keeps_its_line() -> None:
    charge = choose_tariff((make_price("input", "1"),), "m", None, 1.0).charge(Usage(output=5))
    assert charge.nano == 0
    assert charge.lines == (ChargeLine("output", 5, None, 0, 1, 1_000_000),)


def test_a_model_without_prices_is_unpriced_and_one_with_a_price_of_zero_is_not() -> None:
    assert not choose_tariff((), "m", None, 1.0).priced
    assert not choose_tariff((make_price("input", "1", model="other"),), "m", None, 1.0).priced
    free = choose_tariff((make_price("input", "0"),), "m", None, 1.0)
    assert free.priced
    assert free.charge(Usage(input=10)).nano == 0


def test_quantities_below_zero_count_as_zero() -> None:
    assert chat_tariff().charge(Usage(input=-5, output=1)).nano == 10_000


def test_the_newest_price_in_force_counts_and_the_next_change_is_known() -> None:
    prices = (
        make_price("input", "4", since=200.0),
        make_price("input", "1", since=10.0),
        make_price("input", "2", since=50.0),
        make_price("input", "8", since=300.0),
    )
    before = choose_tariff(prices, "m", None, 199.0)
    assert before.charge(Usage(input=1_000_000)).nano == 2_000_000_000
    assert before.next_change == 200.0
    after = choose_tariff(prices, "m", None, 200.0)
    assert after.charge(Usage(input=1_000_000)).nano == 4_000_000_000
    assert after.next_change == 300.0
    assert choose_tariff(prices, "m", None, 300.0).next_change is None


def test_a_later_row_of_the_same_moment_replaces_the_earlier_one() -> None:
    prices = (make_price("input", "1"), make_price("input", "2"))
    assert (
        choose_tariff(prices, "m", None, 1.0).charge(Usage(input=1_000_000)).nano == 2_000_000_000
    )


def test_a_channels_price_list_replaces_the_catalogs_as_a_whole() -> None:
    prices = (
        make_price("input", "5"),
        make_price("cached_input", "9"),
        make_price("output", "7"),
        make_price("input", "1", channel_id=4),
        make_price("input", "3", channel_id=5),
    )
    own = choose_tariff(prices, "m", 4, 1.0)
    assert own.charge(Usage(input=1_000_000)).nano == 1_000_000_000
    assert own.charge(Usage(cached_input=1_000_000)).nano == 1_000_000_000
    assert own.charge(Usage(output=1_000_000)).nano == 0
    assert choose_tariff(prices, "m", 6, 1.0).charge(Usage(input=1_000_000)).nano == 5_000_000_000


def test_a_channels_price_that_starts_later_leaves_the_catalogs_in_force_until_then() -> None:
    prices = (make_price("input", "5"), make_price("input", "1", channel_id=4, since=50.0))
    assert choose_tariff(prices, "m", 4, 49.0).charge(Usage(input=1_000_000)).nano == 5_000_000_000
    assert choose_tariff(prices, "m", 4, 49.0).next_change == 50.0
    assert choose_tariff(prices, "m", 4, 50.0).charge(Usage(input=1_000_000)).nano == 1_000_000_000


def test_a_price_in_another_currency_is_refused_instead_of_charged_as_dollars() -> None:
    with pytest.raises(ValueError, match="CNY"):
        choose_tariff((make_price("input", "1", currency="CNY"),), "m", None, 1.0)


@pytest.mark.parametrize(
    ("variant", "usd"),
    [
        ("1024x1024/hd", 80_000_000),
        ("1024x1024/standard", 40_000_000),
        ("1024x1024", 40_000_000),
        ("512x512/hd", 60_000_000),
        ("512x512", 10_000_000),
        ("", 10_000_000),
    ],
)
def test_an_image_is_priced_by_size_and_quality_then_size_then_quality_then_any(
    variant: str, usd: int
) -> None:
    tariff = choose_tariff(
        (
            make_price("image", "0.08", per=1, variant="1024x1024/hd"),
            make_price("image", "0.04", per=1, variant="1024x1024"),
            make_price("image", "0.06", per=1, variant="/hd"),
            make_price("image", "0.01", per=1),
        ),
        "m",
        None,
        1.0,
    )
    assert tariff.charge(Usage(image=1, image_variant=variant)).nano == usd
    assert tariff.image_nano(variant) == usd


def test_an_image_of_a_variant_that_the_table_does_not_know_is_never_free() -> None:
    prices = tuple(
        make_price("image", usd, per=1, variant=size)
        for size, usd in (("256x256", "0.016"), ("512x512", "0.018"))
    )
    charge = choose_tariff(prices, "m", None, 1.0).charge(Usage(image=2, image_variant="9x9"))
    assert charge.nano == 2 * 18_000_000


def test_prices_for_different_units_are_summed_exactly() -> None:
    tariff = choose_tariff(
        (
            make_price("input", "0.000000001", per=3),
            make_price("output", "0.000000001", per=7),
            make_price("image", "0.02", per=1),
        ),
        "m",
        None,
        1.0,
    )
    assert tariff.charge(Usage(input=2, output=2, image=1)).nano == 20_000_001
    assert tariff.charge(Usage(input=3, output=7)).nano == 2


def test_a_channel_that_prices_text_leaves_the_catalogs_price_of_pictures() -> None:
    rows = [
        Price(id=1, model="m", channel_id=None, kind="input", nano=5, per=1, since=0.0, source="x"),
        Price(
            id=2, model="m", channel_id=None, kind="output", nano=5, per=1, since=0.0, source="x"
        ),
        Price(id=3, model="m", channel_id=None, kind="image", nano=9, per=1, since=0.0, source="x"),
        Price(id=4, model="m", channel_id=7, kind="input", nano=1, per=1, since=0.0, source="x"),
    ]
    tariff = choose_tariff(rows, "m", 7, 1.0)
    assert tariff.cost(Usage(input=10, output=10, image=1)) == 10 + 9


def test_sound_and_film_are_charged_by_time_and_spoken_texts_by_character() -> None:
    tariff = choose_tariff(
        (
            make_price("audio", "0.006", per=60_000),
            make_price("character", "15"),
            make_price("video", "0.10", per=1_000, variant="720p"),
            make_price("video", "0.30", per=1_000, variant="1080p"),
        ),
        "m",
        None,
        1.0,
    )
    assert tariff.charge(Usage(audio=90_000)).nano == 9_000_000
    assert tariff.charge(Usage(character=1_000)).nano == 15_000_000
    film = tariff.charge(Usage(video=4_000, video_variant="720x1280"))
    assert film.nano == 400_000_000
    assert [(line.kind, line.quantity, line.per) for line in film.lines] == [("video", 4_000, 1000)]
    # A size without a row is never free: the dearest counts.
    assert tariff.charge(Usage(video=1_000, video_variant="4096x2160")).nano == 300_000_000
    assert tariff.dearest_video() == "1080p"
    assert tariff.dearest_video(["1280x720", "720p"]) in {"1280x720", "720p"}


def test_tokens_of_pictures_and_sound_without_a_price_of_their_own_cost_what_text_costs() -> None:
    plain = chat_tariff()
    assert plain.charge(Usage(image_input=1_000)).nano == 2_500_000
    assert plain.charge(Usage(audio_input=1_000)).nano == 2_500_000
    assert plain.charge(Usage(audio_output=1_000)).nano == 10_000_000
    own = chat_tariff(make_price("audio_output", "40"), make_price("audio_input", "0"))
    charge = own.charge(Usage(input=1_000, output=1_000, audio_input=9, audio_output=1_000))
    assert charge.nano == 2_500_000 + 10_000_000 + 40_000_000
    assert [line.kind for line in charge.lines] == [
        "input",
        "output",
        "audio_input",
        "audio_output",
    ]


def test_a_channel_that_prices_sound_by_time_leaves_the_catalogs_other_lists() -> None:
    catalog = (make_price("audio", "0.006", per=60_000), make_price("input", "1"))
    own = make_price("audio", "0.001", per=60_000, channel_id=3)
    tariff = choose_tariff((*catalog, own), "m", 3, 1.0)
    assert tariff.charge(Usage(audio=60_000, input=1_000_000)).nano == 1_000_000 + 1_000_000_000
    assert tariff.prices_kind("audio")
    assert not tariff.prices_kind("character")
