"""Charges against exact arithmetic with fractions, for any prices and any usage."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from nexhina.billing.bound import (
    MOST_TOKENS_HEARD,
    MOST_TOKENS_MADE,
    SLOWEST_CHARACTER_MS,
    bound_chat,
    bound_hearing,
    bound_images,
    bound_speech,
    bound_video,
    dearest_variant,
    estimate_chat,
    estimate_hearing,
    estimate_speech,
    fitting_max_tokens,
)
from nexhina.billing.calculation import recompute
from nexhina.billing.tariff import Tariff
from nexhina.domain.model import Price
from nexhina.domain.money import format_usd, parse_usd, write_usd
from nexhina.domain.usage import KINDS, Usage
from support.money import make_model

SIZES = ("256x256", "512x512", "1024x1024")
QUALITIES = ("", "low", "hd")
FILMS = ("", "720p", "1080p/high", "1280x720", "/high")

pers = st.sampled_from((1, 3, 7, 1_000, 1_000_000))
nanos = st.integers(0, 10**12)
multipliers = st.integers(1, 5_000_000)
quantities = st.integers(0, 10**9)


def price(kind: str, nano: int, per: int, variant: str = "") -> Price:
    return Price(
        id=hash((kind, variant)) & 0xFFFF, model="m", channel_id=None, kind=kind, variant=variant,
        nano=nano, per=per, since=0.0, source="test",
    )  # fmt: skip


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    prices = [
        price(kind, draw(nanos), draw(pers))
        for kind in KINDS
        if kind not in {"image", "video"}
        if draw(st.booleans())
    ]
    for size in SIZES:
        for quality in QUALITIES:
            if draw(st.booleans()):
                name = f"{size}/{quality}" if quality else size
                prices.append(price("image", draw(nanos), draw(pers), name))
    prices += [
        price("video", draw(nanos), draw(pers), name) for name in FILMS if draw(st.booleans())
    ]
    return Tariff(tuple(prices))


usages = st.builds(
    Usage,
    input=quantities,
    cached_input=quantities,
    output=quantities,
    image=st.integers(0, 50),
    image_variant=st.sampled_from([*SIZES, "1024x1024/hd", "512x512/low", "9x9", ""]),
    image_input=quantities,
    audio_input=quantities,
    audio_output=quantities,
    character=quantities,
    audio=quantities,
    video=quantities,
    video_variant=st.sampled_from([*FILMS, "720x1280", "1920x1080/high", "9x9", "x", ""]),
)


@given(tariffs(), usages, multipliers)
def test_a_charge_is_the_exact_sum_rounded_up_once(tariff: Tariff, usage: Usage, ppm: int) -> None:
    charge = tariff.charge(usage, ppm)
    exact = sum(
        (Fraction(line.quantity * line.nano * ppm, line.per * 1_000_000) for line in charge.lines),
        Fraction(0),
    )
    assert charge.nano == ceil(exact)
    by_id = {each.id: each for each in tariff.prices}
    for line in charge.lines:
        assert line.quantity > 0
        if line.price_id is not None:
            assert (line.nano, line.per) == (by_id[line.price_id].nano, by_id[line.price_id].per)


@given(tariffs(), usages, multipliers)
def test_the_lines_alone_give_the_charge_again(tariff: Tariff, usage: Usage, ppm: int) -> None:
    charge = tariff.charge(usage, ppm)
    assert recompute(charge.lines) == charge.nano


@given(tariffs(), usages, usages)
def test_who_uses_more_never_pays_less(tariff: Tariff, usage: Usage, more: Usage) -> None:
    both = Usage(
        input=usage.input + more.input,
        cached_input=usage.cached_input + more.cached_input,
        output=usage.output + more.output,
        image=usage.image + more.image,
        image_variant=usage.image_variant,
        image_input=usage.image_input + more.image_input,
        audio_input=usage.audio_input + more.audio_input,
        audio_output=usage.audio_output + more.audio_output,
        character=usage.character + more.character,
        audio=usage.audio + more.audio,
        video=usage.video + more.video,
        video_variant=usage.video_variant,
    )
    assert tariff.charge(both).nano >= tariff.charge(usage).nano


@given(st.integers(1, 10**12), pers, st.integers(1, 10**9), multipliers)
def test_a_use_that_has_a_price_is_never_free(nano: int, per: int, quantity: int, ppm: int) -> None:
    for kind, usage in (("input", Usage(input=quantity)), ("output", Usage(output=quantity))):
        assert Tariff((price(kind, nano, per),)).charge(usage, ppm).nano > 0


@given(
    tariffs(),
    st.integers(0, 10**6),
    st.integers(0, 10**5) | st.none(),
    st.integers(1, 8),
    st.data(),
)
def test_no_honest_chat_answer_costs_more_than_its_hold(
    tariff: Tariff, text_bytes: int, max_tokens: int | None, n: int, data: st.DataObject
) -> None:
    bound = bound_chat(make_model(output_limit=50_000), text_bytes, 0, max_tokens, n)
    tokens = data.draw(st.integers(0, text_bytes))  # no tokenizer makes more than one per byte
    output = data.draw(st.integers(0, (50_000 if max_tokens is None else max_tokens) * n))
    assert tariff.charge(Usage(input=tokens, output=output)).nano <= tariff.charge(bound).nano


@given(tariffs(), st.integers(1, 10), st.sampled_from(SIZES), st.sampled_from(("low", "hd")))
def test_no_picture_that_was_asked_for_costs_more_than_its_hold(
    tariff: Tariff, n: int, size: str, quality: str
) -> None:
    bound = bound_images(None, dearest_variant(tariff, [size], [quality]), 100, n)
    answer = Usage(image=n, image_variant=f"{size}/{quality}", input=100)
    assert tariff.charge(answer).nano <= tariff.charge(bound).nano
    # Left to the vendor, no variant of the table costs more either.
    free = bound_images(None, dearest_variant(tariff, [], []), 100, n)
    assert tariff.charge(answer).nano <= tariff.charge(free).nano


@given(tariffs(), usages)
def test_a_cost_is_the_charge_without_its_lines(tariff: Tariff, usage: Usage) -> None:
    assert tariff.cost(usage) == tariff.charge(usage).nano


@given(tariffs(), st.integers(0, 4096), st.sampled_from((None, 0.25, 0.5, 1.0, 4.0)), st.data())
def test_no_spoken_text_costs_more_than_its_hold(
    tariff: Tariff, characters: int, speed: float | None, data: st.DataObject
) -> None:
    text_bytes = characters * 4
    bound = bound_speech(None, characters, text_bytes, speed)
    pace = min(speed or 1.0, 1.0)
    ms = data.draw(st.integers(0, int(characters * SLOWEST_CHARACTER_MS / pace)))
    tokens = data.draw(st.integers(0, ms * MOST_TOKENS_MADE // 1000))
    counted = Usage(
        input=data.draw(st.integers(0, text_bytes)),
        audio_output=tokens,
        character=data.draw(st.integers(0, 2 * characters)),
        audio=ms,
    )
    hold = tariff.charge(bound).nano
    assert tariff.charge(counted).nano <= hold
    assert tariff.charge(estimate_speech(tariff, characters, text_bytes, bound)).nano <= hold


@given(tariffs(), st.integers(0, 36_000_000), st.integers(0, 10**6), st.data())
def test_no_heard_sound_costs_more_than_its_hold(
    tariff: Tariff, ms: int, text_bytes: int, data: st.DataObject
) -> None:
    bound = bound_hearing(make_model(output_limit=2_000), ms, text_bytes)
    heard = data.draw(st.integers(0, ms))
    counted = Usage(
        input=data.draw(st.integers(0, text_bytes)),
        audio_input=data.draw(st.integers(0, heard * MOST_TOKENS_HEARD // 1000)),
        output=data.draw(st.integers(0, 2_000)),
        audio=-(-heard // 1000) * 1000,  # vendors round up to the second
    )
    hold = tariff.charge(bound).nano
    assert tariff.charge(counted).nano <= hold
    relayed = data.draw(st.integers(0, 10**7))
    assert tariff.charge(estimate_hearing(tariff, heard, text_bytes, relayed, bound)).nano <= hold


@given(
    tariffs(),
    st.integers(0, 60_000),
    st.sampled_from(["", "720x1280", "1920x1080/high", "480p"]),
    st.integers(0, 4),
)
def test_no_film_costs_more_than_its_hold(tariff: Tariff, ms: int, variant: str, n: int) -> None:
    bound = bound_video(None, tariff, ms, variant, n, 100)
    made = Usage(input=100, video=ms * max(1, n), video_variant=variant)
    hold = tariff.charge(bound).nano
    assert tariff.charge(made).nano <= hold
    if not variant:  # left to the vendor: no film of the table is dearer
        for film in FILMS:
            dear = Usage(video=ms * max(1, n), video_variant=film)
            assert tariff.charge(dear).nano <= hold


@given(tariffs(), usages, usages, st.integers(0, 10**10), st.integers(0, 10**10))
def test_an_estimate_never_costs_more_than_its_hold(
    tariff: Tariff, hold: Usage, counted: Usage, text_in: int, text_out: int
) -> None:
    hold = Usage(input=hold.input, output=hold.output)
    for known in (None, counted):
        usage = estimate_chat(text_in, text_out, hold, known)
        assert usage.estimated
        assert usage.input + usage.cached_input <= hold.input
        assert usage.output <= hold.output


@given(tariffs(), st.integers(0, 10**12), st.integers(0, 10**6), st.integers(1, 5))
def test_the_largest_max_tokens_that_fits_is_exact(
    tariff: Tariff, available: int, text_bytes: int, n: int
) -> None:
    fitting = fitting_max_tokens(tariff, available, bound_chat(None, text_bytes, 0, None, n), n)
    if fitting is None:
        assert tariff.charge(Usage(output=10**9)).nano == tariff.charge(Usage()).nano
        return
    assert tariff.charge(bound_chat(None, text_bytes, 0, fitting + 1, n)).nano > available
    if fitting:
        assert tariff.charge(bound_chat(None, text_bytes, 0, fitting, n)).nano <= available


@given(st.integers(-(10**12), 10**12))
def test_a_header_says_the_same_sum_as_a_text(nano: int) -> None:
    assert write_usd(nano).decode() == format_usd(nano)
    assert parse_usd(format_usd(nano)) == nano
