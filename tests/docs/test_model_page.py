"""Pages about models: parameters, sizes, makers, and the sandbox with its controls."""

import msgspec
import pytest

from nexhina.contract.operation import Operation
from nexhina.contract.schema.chat import ChatCompletionRequest
from nexhina.contract.schema.embedding import MAX_INPUTS, EmbeddingRequest
from nexhina.contract.schema.image import ImageGenerationRequest
from nexhina.sandbox import catalog as sandbox_catalog
from nexhina.sandbox.faults import CONTROLS, NONE
from nexhina.sandbox.image import LEAST, MOST, MOST_PIXELS
from nexhina.services.sandbox_channel import SITE_MODELS
from nexhina.storage.catalog_loader import CatalogModel, read_catalog
from support.needs import ROOT
from support.page import LANGUAGES, index_rows, load_page, read_code, read_rows

REQUESTS: dict[str, type[msgspec.Struct]] = {
    "chat.md": ChatCompletionRequest,
    "embeddings.md": EmbeddingRequest,
    "images.md": ImageGenerationRequest,
}
HEADINGS = {
    "en": {"parameters": "Parameters", "sizes": "Sizes and qualities", "catalog": "The catalog"},
    "zh": {"parameters": "参数", "sizes": "尺寸与质量", "catalog": "模型目录"},
}


def load_builtin() -> list[CatalogModel]:
    files = sorted((ROOT / "src" / "nexhina" / "storage" / "catalog").glob("*.toml"))
    return [item for file in files for item in read_catalog(file.read_text(), file.name)]


BUILTIN = load_builtin()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", REQUESTS)
def test_every_checked_parameter_has_a_row(language: str, name: str) -> None:
    section = load_page(language, name).section(HEADINGS[language]["parameters"])
    rows = index_rows(section)
    fields = msgspec.structs.fields(REQUESTS[name])
    assert set(rows) == {field.encode_name for field in fields}
    for field in fields:
        required = any(word in rows[field.encode_name][1] for word in ("required", "必填"))
        assert required == field.required, field.name


def test_the_most_inputs_of_one_request_are_told() -> None:
    assert f"at most {MAX_INPUTS} entries" in load_page("en", "embeddings.md").text
    assert f"最多 {MAX_INPUTS} 项" in load_page("zh", "embeddings.md").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_image_model_has_its_sizes(language: str) -> None:
    rows = index_rows(load_page(language, "images.md").section(HEADINGS[language]["sizes"]))
    models = [item.model for item in BUILTIN if Operation.IMAGES in item.model.operations]
    for model in models:
        sizes = ", ".join(model.image_sizes) or "–"
        qualities = ", ".join(model.image_qualities) or "–"
        wanted = [f"`{model.name}`", sizes, qualities, str(model.image_limit)]
        wanted.append(f"`{model.image_reply}`")
        assert rows.get(model.name) == wanted, " | ".join(wanted)
    assert set(rows) == {model.name for model in models}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_maker_of_the_catalog_has_a_row_with_its_operations(language: str) -> None:
    rows = index_rows(load_page(language, "models.md").section(HEADINGS[language]["catalog"]))
    makers: dict[str, set[str]] = {}
    for item in BUILTIN:
        makers.setdefault(item.model.maker, set()).update(item.model.operations)
    assert {maker: row[1] for maker, row in rows.items()} == {
        maker: ", ".join(sorted(operations)) for maker, operations in makers.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_control_has_a_row_with_bounds_and_default(language: str) -> None:
    rows = index_rows(load_page(language, "sandbox.md").text)
    for name, control in CONTROLS.items():
        _, takes, default, meaning = rows[name]
        words = [
            word for word in takes.replace("，", " ").replace(",", " ").split() if word.isdigit()
        ]
        assert words == [str(control.low), str(control.high)], name
        value = getattr(NONE, name)
        assert default == ({"en": "none", "zh": "无"}[language] if value is None else str(value))
        assert language == "zh" or meaning == control.meaning, control.meaning
    assert set(CONTROLS) <= set(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sandbox_has_its_models_prices_and_aliases(language: str) -> None:
    page = load_page(language, "sandbox.md")
    models, aliases = (
        index_rows(page.section(title))
        for title in {"en": ("Models", "The aliases"), "zh": ("模型", "别名")}[language]
    )
    assert set(models) == set(sandbox_catalog.MODELS)
    prices = {item.model.name: item.prices for item in BUILTIN}
    for name, row in models.items():
        for price in prices[name]:
            usd = f"{price.nano / 1e9:.2f}" if price.per > 1 else f"{price.nano / 1e9:g}"
            assert usd in row[2], (name, usd)
    assert {name: tuple(read_code(row[1])) for name, row in aliases.items()} == SITE_MODELS
    for number in (str(LEAST), str(MOST), f"{MOST_PIXELS:,}"):
        assert number in page.section({"en": "Models", "zh": "模型"}[language])


def test_no_table_of_a_model_page_is_empty() -> None:
    for language in LANGUAGES:
        for name in (*REQUESTS, "models.md", "sandbox.md"):
            assert read_rows(load_page(language, name).text)
