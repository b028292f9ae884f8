"""Bounds for holds, the rule without usage, and what fits a balance."""

import pytest

from nexhina.billing.bound import (
    DEFAULT_FILE_TOKENS,
    DEFAULT_MEDIA_TOKENS,
    DEFAULT_OUTPUT_TOKENS,
    MOST_TOKENS_HEARD,
    SLOWEST_CHARACTER_MS,
    bound_chat,
    bound_embeddings,
    bound_hearing,
    bound_images,
    bound_speech,
    bound_video,
    dearest_variant,
    estimate_chat,
    estimate_hearing,
    estimate_images,
    estimate_speech,
    fitting_max_tokens,
    image_variant,
)
from nexhina.billing.tariff import choose_tariff
from nexhina.domain.usage import Usage
from support.money import make_model, make_price


def test_text_is_bounded_by_its_bytes_and_output_by_max_tokens_times_n() -> None:
    bound = bound_chat(make_model(output_limit=4_096), 1_234, 0, 100, n=3)
    assert (bound.input, bound.output, bound.cached_input) == (1_234, 300, 0)


def test_without_max_tokens_the_models_limit_counts_then_its_context_then_a_default() -> None:
    assert bound_chat(make_model(output_limit=4_096, context=9), 1, 0, None).output == 4_096
    assert bound_chat(make_model(context=8_000), 1, 0, None, n=2).output == 16_000
    assert bound_chat(make_model(), 1, 0, None).output == DEFAULT_OUTPUT_TOKENS
    assert bound_chat(None, 1, 0, None).output == DEFAULT_OUTPUT_TOKENS


def test_a_max_tokens_of_zero_or_less_holds_no_output() -> None:
    assert bound_chat(None, 1, 0, 0).output == 0
    assert bound_chat(None, 1, 0, -5).output == 0
    assert bound_chat(None, 1, 0, 7, n=0).output == 7


def test_media_count_at_the_models_documented_maximum_and_files_at_its_context() -> None:
    model = make_model(image_input_tokens=1_445, context=128_000)
    assert bound_chat(model, 10, 3, 1).input == 10 + 3 * 1_445
    assert bound_chat(model, 10, 3, 1, file_parts=1).input == 10 + 128_000  # its whole context
    assert (
        bound_chat(None, 0, 2, 1, file_parts=1).input == DEFAULT_MEDIA_TOKENS + DEFAULT_FILE_TOKENS
    )


def test_embeddings_are_bounded_by_their_bytes() -> None:
    assert bound_embeddings(77) == Usage(input=77, estimated=True)


def test_images_are_bounded_by_count_prompt_and_the_dearest_pictures_tokens() -> None:
    bound = bound_images(make_model(output_limit=6_240), "1024x1024/high", 50, n=4)
    assert (bound.image, bound.image_variant) == (4, "1024x1024/high")
    assert (bound.input, bound.output) == (50, 4 * 6_240)
    assert bound_images(None, "", 5).output == 0
    assert bound_images(None, "", 5, n=0).image == 1


def image_tariff():
    table = {
        "256x256": "0.016",
        "1024x1024": "0.04",
        "1024x1024/hd": "0.08",
        "1792x1024/hd": "0.12",
    }
    prices = [make_price("image", usd, per=1, variant=name) for name, usd in table.items()]
    return choose_tariff(prices, "m", None, 1.0)


@pytest.mark.parametrize(
    ("sizes", "qualities", "expected"),
    [
        (["256x256"], ["standard"], "256x256/standard"),
        (["1024x1024"], [], "1024x1024/hd"),
        (["1024x1024"], ["standard"], "1024x1024/standard"),
        ([], ["hd"], "1792x1024/hd"),
        ([], [], "1792x1024/hd"),
        (["256x256", "1024x1024"], ["hd"], "1024x1024/hd"),
    ],
)
def test_the_dearest_variant_that_an_answer_may_have_is_held(
    sizes: list[str], qualities: list[str], expected: str
) -> None:
    assert dearest_variant(image_tariff(), sizes, qualities) == expected


def test_without_image_prices_the_asked_variant_itself_is_held() -> None:
    assert dearest_variant(choose_tariff((), "m", None, 1.0), ["8x8"], ["low"]) == "8x8/low"
    assert dearest_variant(choose_tariff((), "m", None, 1.0), [], []) == ""


def test_a_variant_is_written_as_size_slash_quality() -> None:
    assert image_variant("8x8", "high") == "8x8/high"
    assert image_variant("8x8", "") == "8x8"
    assert image_variant("", "high") == "/high"


HOLD = Usage(input=1_000, output=100)


def test_without_a_count_a_token_is_four_bytes_rounded_up() -> None:
    usage = estimate_chat(9, 10, HOLD)
    assert (usage.input, usage.output, usage.estimated) == (3, 3, True)


def test_what_the_vendor_counted_before_it_stopped_is_believed() -> None:
    usage = estimate_chat(4_000, 8, HOLD, Usage(input=7, cached_input=5, output=1))
    assert (usage.input, usage.cached_input, usage.output) == (7, 5, 2)
    assert estimate_chat(0, 0, HOLD, Usage(input=7, output=60)).output == 60
    assert estimate_chat(40, 0, HOLD, Usage(output=60)).input == 10


def test_an_estimate_is_never_above_the_hold() -> None:
    usage = estimate_chat(10**9, 10**9, HOLD)
    assert (usage.input, usage.output) == (1_000, 100)
    usage = estimate_chat(0, 0, HOLD, Usage(input=900, cached_input=400, output=10**6))
    assert usage.input + usage.cached_input <= HOLD.input
    assert usage.output == 100


def chat_tariff():
    prices = (
        make_price("input", "1"),
        make_price("output", "2"),
        make_price("request", "0.000001", per=1),
    )
    return choose_tariff(prices, "m", None, 1.0)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_fitting_max_tokens_fits_and_one_more_does_not(n: int) -> None:
    tariff, available = chat_tariff(), 1_000_000
    fitting = fitting_max_tokens(tariff, available, bound_chat(None, 300, 0, None, n), n)
    assert fitting is not None
    assert tariff.charge(bound_chat(None, 300, 0, fitting, n)).nano <= available
    assert tariff.charge(bound_chat(None, 300, 0, fitting + 1, n)).nano > available


def test_nothing_fits_when_the_input_alone_is_too_dear() -> None:
    assert fitting_max_tokens(chat_tariff(), 100, bound_chat(None, 300, 0, 10)) == 0


def test_max_tokens_can_not_help_where_output_is_free() -> None:
    tariff = choose_tariff((make_price("input", "1"),), "m", None, 1.0)
    assert fitting_max_tokens(tariff, 1, bound_chat(None, 300, 0, 10)) is None


def test_a_spoken_text_is_bounded_by_its_characters_and_the_slowest_voice() -> None:
    usual = bound_speech(None, 100, 120)
    assert (usual.character, usual.input) == (120, 120)
    assert bound_speech(None, 100, 300).character == 200  # Chinese: counted twice by some
    assert usual.audio >= 100 * SLOWEST_CHARACTER_MS
    assert bound_speech(None, 100, 120, 0.25).audio >= 4 * 100 * SLOWEST_CHARACTER_MS
    assert bound_speech(None, 100, 120, 4.0) == usual  # a fast one may still be held as the usual
    assert bound_speech(make_model(output_limit=50), 100, 120).audio_output == 50


def test_sound_that_is_heard_is_bounded_by_its_length_rounded_up() -> None:
    bound = bound_hearing(make_model(output_limit=2_000), 9_001, 7)
    assert bound.audio == 11_000
    assert bound.audio_input == 11 * MOST_TOKENS_HEARD
    assert (bound.input, bound.output) == (7, 2_000)
    assert bound_hearing(make_model(output_limit=2_000), 3_600_000, 0).output > 2_000


def test_a_film_is_bounded_by_its_seconds_and_the_dearest_size_that_may_come() -> None:
    tariff = choose_tariff(
        tuple(
            make_price("video", usd, per=1_000, variant=variant)
            for variant, usd in (("720p", "0.10"), ("1080p", "0.30"))
        ),
        "m",
        None,
        1.0,
    )
    free = bound_video(None, tariff, 8_000, n=2)
    assert (free.video, free.video_variant) == (16_000, "1080p")
    assert bound_video(None, tariff, 8_000, "1280x720").video_variant == "1280x720"


def test_speech_without_a_count_is_exact_by_character_and_estimated_by_token() -> None:
    hold = bound_speech(None, 1_000, 1_000)
    by_character = choose_tariff((make_price("character", "15"),), "m", None, 1.0)
    exact = estimate_speech(by_character, 1_000, 1_000, hold)
    assert (exact.character, exact.estimated) == (1_000, False)
    by_token = choose_tariff((make_price("audio_output", "12"),), "m", None, 1.0)
    guess = estimate_speech(by_token, 1_000, 1_000, hold)
    assert guess.estimated
    assert 1_000 < guess.audio_output < 2_000  # about seventy seconds
    assert guess.input == 250


def test_hearing_without_a_count_costs_the_time_that_the_container_tells() -> None:
    hold = bound_hearing(None, 60_000, 40)
    by_token = choose_tariff((make_price("audio_input", "6"),), "m", None, 1.0)
    usage = estimate_hearing(by_token, 30_000, 40, 400, hold)
    assert (usage.audio, usage.audio_input, usage.input, usage.output) == (30_000, 300, 10, 100)
    assert estimate_hearing(by_token, 10**9, 10**9, 10**9, hold).audio == hold.audio
    # Where time has a price nothing is charged twice, whatever tokens cost beside it.
    by_time = (make_price("audio", "0.006", per=60_000), make_price("input", "1"))
    timed = estimate_hearing(choose_tariff(by_time, "m", None, 1.0), 30_000, 40, 400, hold)
    assert timed == Usage(audio=30_000, estimated=True)


def test_partial_pictures_and_pictures_given_are_bounded() -> None:
    model = make_model(output_limit=6_240, image_input_tokens=1_000)
    bound = bound_images(model, "", 50, n=2, pictures=3, partials=3)
    assert (bound.output, bound.image_input) == (2 * (6_240 + 300), 3_000)
    assert bound_images(None, "", 50, partials=3).output == 0


def test_pictures_whose_tokens_nobody_counted_are_estimated_where_tokens_are_priced() -> None:
    hold = bound_images(make_model(output_limit=5_000), "", 400, n=2)
    counted = Usage(image=1)
    tokens, pieces = (
        choose_tariff([make_price(kind, "1")], "m", None, 1.0) for kind in ("output", "image")
    )
    found = estimate_images(tokens, counted, 400, hold)
    assert (found.input, found.output, found.image, found.estimated) == (100, 5_000, 1, True)
    assert estimate_images(pieces, counted, 400, hold) is counted
    told = Usage(image=1, output=5)
    assert estimate_images(tokens, told, 400, hold) is told
    assert estimate_images(tokens, Usage(image=9), 400, hold).output == hold.output
