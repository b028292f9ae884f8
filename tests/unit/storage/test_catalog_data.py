"""The built-in models and prices: complete for the site's names, sourced, and free of slips."""

import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from nexhina.billing.bound import DEFAULT_MEDIA_TOKENS
from nexhina.billing.tariff import choose_tariff
from nexhina.contract.operation import Operation
from nexhina.domain.model import Model, Price
from nexhina.domain.usage import Usage
from nexhina.pipeline.bound import is_priced
from nexhina.storage.catalog_loader import CatalogModel, read_catalog

FILES = {
    entry.name: read_catalog(entry.read_text("utf-8"), entry.name)
    for entry in (files("nexhina.storage") / "catalog").iterdir()
    if entry.name.endswith(".toml")
}
ENTRIES: list[CatalogModel] = [entry for found in FILES.values() for entry in found]
MODELS: dict[str, Model] = {entry.model.name: entry.model for entry in ENTRIES}
PRICES: list[Price] = [price for entry in ENTRIES for price in entry.prices]
TIMES = {"audio", "video"}  # priced by the second or the minute
LATER = {"audio", "video", "moderation"}

CHAT = [
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "o3",
    "o4-mini",
    "claude-sonnet-4-20250514",
    "claude-opus-4-20250514",
    "gemini-2.5-pro",
    "deepseek-v3",
]
EMBEDDINGS = [
    "text-embedding-3-large",
    "text-embedding-3-small",
    "text-embedding-ada-002",
    "text-embedding-v3",
]
IMAGES = ["gpt-image-1", "dall-e-3", "dall-e-2", "wanx-v2", "cogview-4", "cogview-3-plus"]
SPEECH = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]
HEARING = ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"]
OTHERS = {"veo-2": "video", "sora": "video", "content-moderation-latest": "moderations"}


def moment(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def usd(model: str, usage: Usage, day: str) -> float:
    return choose_tariff(PRICES, model, None, moment(day)).charge(usage).nano / 1e9


MILLION_IN, MILLION_OUT = Usage(input=1_000_000), Usage(output=1_000_000)


@pytest.mark.parametrize(
    ("names", "operation"),
    [
        (CHAT, "chat"),
        (EMBEDDINGS, "embeddings"),
        (IMAGES, "images"),
        (SPEECH, "speech"),
        (HEARING, "transcriptions"),
    ],
)
def test_every_model_that_the_site_names_is_there(names: list[str], operation: str) -> None:
    for name in names:
        assert operation in MODELS[name].operations, name


@pytest.mark.parametrize(("name", "operation"), list(OTHERS.items()))
def test_the_sites_other_models_are_there_for_later(name: str, operation: str) -> None:
    assert MODELS[name].operations == (operation,)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("wanx-v2", ("1024x1024", "720x1280", "1280x720", "auto")),
        ("cogview-4", ("1024x1024", "768x1344", "1344x768")),
        ("cogview-3-plus", ("1024x1024", "768x1344", "1344x768")),
    ],
)
def test_image_sizes_are_exactly_the_sites_table(name: str, sizes: tuple[str, ...]) -> None:
    assert MODELS[name].image_sizes == sizes


@pytest.mark.parametrize(
    ("name", "largest"),
    [("gpt-image-1", "1536x1024"), ("dall-e-3", "1792x1024"), ("dall-e-2", "1024x1024")],
)
def test_the_sites_largest_sizes_are_allowed(name: str, largest: str) -> None:
    assert largest in MODELS[name].image_sizes


@pytest.mark.parametrize(
    ("name", "dimensions", "reducible"),
    [
        ("text-embedding-3-large", 3072, True),
        ("text-embedding-3-small", 1536, True),
        ("text-embedding-ada-002", 1536, False),
    ],
)
def test_embeddings_have_the_sites_dimensions(name: str, dimensions: int, reducible: bool) -> None:
    assert (MODELS[name].dimensions, MODELS[name].dimensions_reducible) == (dimensions, reducible)


def test_no_model_stands_in_two_places_and_each_file_has_one_maker() -> None:
    assert len(MODELS) == len(ENTRIES)
    for name, found in FILES.items():
        assert found, name
        assert len({entry.model.maker for entry in found}) == 1, name


@pytest.mark.parametrize("file", FILES)
def test_a_model_has_what_its_operations_need(file: str) -> None:
    for entry in FILES[file]:
        require_whole(entry.model)


def require_whole(model: Model) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", model.name)
    assert model.title
    assert model.operations
    assert set(model.operations) <= {operation.value for operation in Operation} | LATER
    assert set(model.inputs) <= {"text", "image", "audio", "video", "file"}
    if "chat" in model.operations:
        assert model.context is not None
        assert model.output_limit is not None
        assert model.output_limit <= model.context
    if "embeddings" in model.operations:
        assert model.dimensions is not None
    for size in model.image_sizes:
        assert size == "auto" or re.fullmatch(r"[1-9]\d{2,3}x[1-9]\d{2,3}", size)
    if model.name.startswith("gpt-image-"):
        assert model.image_reply == "b64_json"
    assert (model.image_input_tokens or 0) <= DEFAULT_MEDIA_TOKENS


@pytest.mark.parametrize("file", FILES)
def test_every_price_has_an_opened_source_and_a_date(file: str) -> None:
    for entry in FILES[file]:
        require_sourced(entry)


def require_sourced(entry: CatalogModel) -> None:
    for price in entry.prices:
        if entry.model.name.startswith("sandbox-"):
            assert price.source == "built in"
        else:
            assert re.fullmatch(r"https://[^\s]+\.[^\s]+/[^\s]+", price.source)
        assert moment("2024-01-01") <= price.since <= moment("2027-01-01")
        assert price.per in ((1_000, 60_000) if price.kind in TIMES else (1, 1_000_000))
        assert price.currency == "USD"
        assert price.channel_id is None


def test_no_two_prices_are_for_the_same_use_from_the_same_day() -> None:
    keys = [(each.model, each.kind, each.variant, each.since) for each in PRICES]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("file", FILES)
def test_prices_are_of_a_plausible_order(file: str) -> None:
    for entry in FILES[file]:
        require_plausible(entry)


def require_plausible(entry: CatalogModel) -> None:
    tariff = choose_tariff(entry.prices, entry.model.name, None, moment("2027-06-01"))
    if not tariff.priced:
        return
    cost = {
        kind: tariff.charge(usage).nano
        for kind, usage in (
            ("input", MILLION_IN),
            ("cached", Usage(cached_input=1_000_000)),
            ("output", MILLION_OUT),
        )
    }
    assert cost["cached"] <= cost["input"] <= 20 * 10**9
    assert cost["output"] <= 100 * 10**9
    if "chat" in entry.model.operations:
        assert cost["input"] <= cost["output"] <= 10 * cost["input"]


@pytest.mark.parametrize("file", FILES)
def test_image_prices_name_variants_that_can_be_asked_for(file: str) -> None:
    for entry in FILES[file]:
        require_askable(entry)


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_picture_model_that_lists_its_qualities_takes_auto(file: str) -> None:
    """Clients send it unasked: OpenAI's reference has it as the default of every model."""
    for entry in FILES[file]:
        qualities = entry.model.image_qualities
        assert not qualities or "auto" in qualities, entry.model.name


def require_askable(entry: CatalogModel) -> None:
    model = entry.model
    for price in entry.prices:
        if price.kind == "video":
            assert not price.variant or re.fullmatch(r"[1-9]\d{2,3}p", price.variant)
            continue
        if price.kind != "image":
            assert price.variant == ""
            continue
        size, _, quality = price.variant.partition("/")
        assert not size or size in model.image_sizes
        assert not quality or quality in model.image_qualities
    token_priced = {price.kind for price in entry.prices} == {"input", "cached_input", "output"}
    if "images" in model.operations and token_priced:
        assert model.output_limit, "pictures that are billed in tokens need a bound"


def test_known_prices_are_as_their_vendors_print_them() -> None:
    day = "2026-11-25"
    assert usd("gpt-4o", MILLION_IN, day) == 2.5
    assert usd("gpt-4o", MILLION_OUT, day) == 10.0
    assert usd("claude-opus-4-20250514", MILLION_OUT, day) == 75.0
    assert usd("text-embedding-3-small", MILLION_IN, day) == 0.02
    assert usd("dall-e-3", Usage(image=1, image_variant="1792x1024/hd"), day) == 0.12
    assert usd("dall-e-3", Usage(image=1, image_variant="1024x1024/standard"), day) == 0.04
    assert usd("dall-e-2", Usage(image=2, image_variant="256x256"), day) == 0.032


def test_a_price_change_that_is_announced_comes_on_its_day() -> None:
    assert usd("gemini-4-argon", MILLION_IN, "2026-11-30") == 2.0
    assert usd("gemini-4-argon", MILLION_IN, "2026-12-01") == 4.0
    tariff = choose_tariff(PRICES, "gemini-4-argon", None, moment("2026-11-25"))
    assert tariff.next_change == moment("2026-12-01")


def test_a_changed_cache_price_leaves_the_other_prices_in_force() -> None:
    assert usd("claude-sonnet-5-5", Usage(cached_input=1_000_000), "2026-10-06") == 0.2
    assert usd("claude-sonnet-5-5", Usage(cached_input=1_000_000), "2026-10-07") == 0.1
    assert usd("claude-sonnet-5-5", MILLION_IN, "2026-10-07") == 2.0


@pytest.mark.parametrize(
    "name", ["wanx-v2", "cogview-3-plus", "glm-tts", "sora", "content-moderation-latest"]
)
def test_a_model_whose_price_was_not_found_ships_without_one(name: str) -> None:
    assert not choose_tariff(PRICES, name, None, moment("2026-11-25")).priced


def test_the_sandbox_prints_small_prices_and_a_free_model_a_price_of_zero() -> None:
    day = "2026-11-25"
    assert 0 < usd("sandbox-chat", MILLION_IN, day) < 1
    assert 0 < usd("sandbox-embedding", MILLION_IN, day) < 1
    assert 0 < usd("sandbox-image", Usage(image=1, image_variant="1024x1024"), day) < 0.01
    free = choose_tariff(PRICES, "glm-4.7-flash", None, moment(day))
    assert free.priced
    assert free.charge(MILLION_OUT).nano == 0


def test_sound_is_priced_as_its_vendor_does() -> None:
    day = "2026-11-25"
    assert usd("tts-1", Usage(character=4_096), day) == 0.06144
    assert usd("tts-1-hd", Usage(character=1_000_000), day) == 30.0
    assert usd("whisper-1", Usage(audio=90_000), day) == 0.009
    tokens = Usage(input=10, audio_input=600, output=200)
    assert usd("gpt-4o-transcribe", tokens, day) == 0.005625
    assert usd("gpt-4o-mini-tts", Usage(input=1_000, audio_output=1_250), day) == 0.0156
    assert usd("qwen3-asr-flash", Usage(audio=100_000), day) == 0.0035
    assert usd("qwen3-tts-flash", Usage(character=10_000), day) == 0.1


def test_films_are_priced_by_the_second_and_the_fineness_or_by_the_piece() -> None:
    day = "2026-11-25"
    assert usd("sora-2", Usage(video=8_000, video_variant="1280x720"), day) == 0.8
    assert usd("sora-2-pro", Usage(video=4_000, video_variant="720x1280"), day) == 1.2
    assert usd("sora-2-pro", Usage(video=4_000, video_variant="1792x1024"), day) == 2.0
    assert usd("sora-2-pro", Usage(video=4_000), day) == 2.0  # what is not known costs the dearest
    assert usd("veo-2", Usage(video=8_000), day) == 2.8
    veo = "veo-3.1-generate-preview"
    assert usd(veo, Usage(video=8_000, video_variant="1920x1080"), day) == 3.2
    assert usd(veo, Usage(video=8_000, video_variant="3840x2160"), day) == 4.8
    lite = "veo-3.1-lite-generate-preview"
    assert usd(lite, Usage(video=8_000, video_variant="1280x720"), day) == 0.4
    assert usd("cogvideox-3", Usage(video=5_000, video_variant="1920x1080"), day) == 0.2
    assert usd("cogvideox-3", Usage(video=10_000), day) == 0.2
    assert usd("cogview-4", Usage(image=1, image_variant="1024x1024/hd"), day) == 0.01


def test_the_sandbox_can_be_tried_with_a_budget() -> None:
    for entry in FILES["sandbox.toml"]:
        tariff = choose_tariff(entry.prices, entry.model.name, None, moment("2027-06-01"))
        for operation in entry.model.operations:
            assert is_priced(Operation(operation), tariff), (entry.model.name, operation)
