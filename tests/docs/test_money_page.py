"""The page about money: its example is worked out again, its figures are the program's."""

import re

import msgspec
import pytest

from nexhina.billing import bound
from nexhina.billing.calculation import recompute
from nexhina.billing.tariff import choose_tariff
from nexhina.domain.log import LogRow
from nexhina.domain.model import Price
from nexhina.domain.money import NANO, format_usd, parse_usd
from nexhina.domain.usage import KINDS, Usage
from nexhina.settings import SETTINGS
from nexhina.storage.journal_sync import INTERVAL
from support.page import LANGUAGES, index_rows, load_page, read_rows

HEADINGS = {
    "en": ("Prices", "A worked example", "Holds", "Flags of a log row", "Power loss"),
    "zh": ("价格", "计算示例", "预留", "日志行的标记", "断电"),
}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def price(kind: str, usd: str, per: int, id_: int) -> Price:
    nano = parse_usd(usd)
    return Price(
        id=id_, model="m", channel_id=None, kind=kind, nano=nano, per=per, since=0.0, source="page"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worked_example_comes_out_as_it_says(language: str) -> None:
    text = load_page(language, "money.md").section(HEADINGS[language][1])
    rows = read_rows(text)
    assert len(rows) > 2
    prices = [price(row[0], row[2], number(row[3]), at) for at, row in enumerate(rows, 1)]
    usage = msgspec.convert({row[0]: number(row[1]) for row in rows}, Usage)
    charge = choose_tariff(prices, "m", None, 1.0).charge(usage)
    assert f"**{charge.nano:,} nano-USD**" in text
    assert f"**{format_usd(charge.nano)} USD**" in text
    assert recompute(charge.lines) == charge.nano
    for row in rows:
        exact = number(row[1]) * parse_usd(row[2]) / number(row[3])
        assert float(row[4].replace(",", "")) == exact, row


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_of_a_hold_comes_out_as_it_says(language: str) -> None:
    text = load_page(language, "money.md").section(HEADINGS[language][2])
    found = re.search(r"([\d,]+) (?:bytes|字节).*?(?:`max_tokens` |`max_tokens` 为 )(\d+)", text)
    assert found is not None
    figures = re.search(r"(\d+\.\d+)/(\d+\.\d+)", text)
    assert figures is not None
    tariff = choose_tariff(
        [price("input", figures[1], 1_000_000, 1), price("output", figures[2], 1_000_000, 2)],
        "m", None, 1.0,
    )  # fmt: skip
    most = bound.bound_chat(None, number(found[1]), 0, int(found[2]))
    assert f"{tariff.charge(most).nano:,} nano-USD" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_flags_and_ways_to_synchronise_are_all_there(language: str) -> None:
    page = load_page(language, "money.md")
    prices, _, holds, flags, power = (page.section(each) for each in HEADINGS[language])
    assert tuple(index_rows(prices)) == KINDS
    [sync] = [setting for setting in SETTINGS if setting.name == "journal_sync"]
    assert tuple(index_rows(power)) == sync.about.choices
    assert f"{INTERVAL * 1000:g} " in index_rows(power)["interval"][1]
    for flag in index_rows(flags):
        assert isinstance(LogRow.__struct_defaults__, tuple)
        assert flag in LogRow.__struct_fields__
    assert set(index_rows(flags)) == {"estimated", "unpriced", "abandoned"}
    for figure in (bound.DEFAULT_OUTPUT_TOKENS, bound.DEFAULT_MEDIA_TOKENS):
        assert f"{figure:,}" in holds
    assert f"{NANO:,} nano-USD" in page.text


def test_the_estimate_counts_four_bytes_as_a_token() -> None:
    hold = Usage(input=1000, output=1000)
    usage = bound.estimate_chat(400, 40, hold)
    assert (usage.input, usage.output) == (100, 10)
    assert "one token per 4 bytes" in load_page("en", "money.md").text
    assert "每 4 字节一个 token" in load_page("zh", "money.md").text
