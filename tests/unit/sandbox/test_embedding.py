"""Embeddings: the wire format, and whether near sentences have near vectors."""

import struct
from base64 import b64decode
from math import sqrt
from pathlib import Path
from time import perf_counter

import pytest
from openai.types import CreateEmbeddingResponse

from nexhina.sandbox.lexical import embed, read_features
from nexhina.sandbox.lexicon import stem_word
from support.sandbox import EMBEDDINGS, ask_error, ask_json, open_vendor

HERE = Path(__file__).parent


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text("utf-8").splitlines()]


def cosine(one: list[float], two: list[float]) -> float:
    return sum(a * b for a, b in zip(one, two, strict=True))


def make_call(text: object = "Rivers run to the sea", **more: object) -> dict[str, object]:
    return {"model": "sandbox-embedding", "input": text, **more}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("pairs_en.tsv", 40),
        ("pairs_zh.tsv", 40),
        ("hard_pairs_en.tsv", 25),
        ("hard_pairs_zh.tsv", 25),
    ],
)
def test_a_paraphrase_is_a_tenth_nearer_than_an_unrelated_sentence(name: str, least: int):
    near_enough = 0
    for text, paraphrase, unrelated in rows(name):
        one, two, three = embed(text), embed(paraphrase), embed(unrelated)
        margin = cosine(one, two) - max(cosine(one, three), cosine(two, three))
        assert margin >= 0.1, (text, paraphrase, margin)
        near_enough += 1
    assert near_enough >= least


@pytest.mark.parametrize("name", ["daily_pairs_en.tsv", "daily_pairs_zh.tsv"])
def test_of_everyday_pairs_with_few_words_in_common_nine_in_ten_are_told(name: str):
    """The first 40 of each language were looked at; of the others only the share was."""
    near_enough: list[bool] = []
    for text, paraphrase, unrelated in rows(name):
        one, two, three = embed(text), embed(paraphrase), embed(unrelated)
        margin = cosine(one, two) - max(cosine(one, three), cosine(two, three))
        near_enough.append(margin >= 0.1)
    assert len(near_enough) >= 100
    assert sum(near_enough) / len(near_enough) >= 0.9


@pytest.mark.parametrize("dimensions", [256, 512, 3072])
def test_paraphrases_stay_near_in_other_dimensions(dimensions: int):
    margins: list[float] = []
    for text, paraphrase, unrelated in rows("pairs_en.tsv"):
        one, two, three = (embed(each, dimensions) for each in (text, paraphrase, unrelated))
        margins.append(cosine(one, two) - cosine(one, three))
    assert min(margins) >= 0.05
    assert sum(margins) / len(margins) > 0.3


def test_the_two_languages_meet_in_the_thesaurus():
    english, chinese, other = embed("buy a cheap car"), embed("买一辆便宜的汽车"), embed("天气很冷")
    assert cosine(english, chinese) > cosine(english, other) + 0.2


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("purchased", "purchasing"),
        ("children", "child"),
        ("running", "ran"),
        ("cities", "city"),
        ("quickly", "quick"),
        ("stopped", "stop"),
        ("making", "made"),
        ("boxes", "box"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, two: str):
    assert stem_word(one) == stem_word(two)


def test_numbers_are_the_same_in_digits_and_words():
    assert (
        "n200" in read_features("200 people")
        or read_features("200").keys() & read_features("两百").keys()
    )
    assert read_features("three").keys() & read_features("3").keys()


@pytest.mark.parametrize(
    "text", [" ", "!!!", "🙂", "a", "的", "\x00", "Привет, мир", "مرحبا", "x" * 5000]
)
@pytest.mark.parametrize("dimensions", [1, 2, 1536])
def test_every_text_has_a_vector_of_length_one(text: str, dimensions: int):
    vector = embed(text, dimensions)
    assert len(vector) == dimensions
    assert sqrt(cosine(vector, vector)) == pytest.approx(1.0)


def test_equal_texts_have_equal_vectors_and_case_does_not_matter():
    assert embed("Rivers") == embed("Rivers")
    assert cosine(embed("RIVERS"), embed("rivers")) == pytest.approx(1.0)


def test_a_sentence_takes_two_milliseconds_at_most():
    sentence = "The committee approved the annual budget after a long and heated debate."
    embed(sentence)
    times: list[float] = []
    for _ in range(20):
        began = perf_counter()
        embed(sentence)
        times.append(perf_counter() - began)
    assert min(times) < 0.002


async def test_an_answer_is_what_the_official_types_expect():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, EMBEDDINGS, make_call(["one", "two words", "三"]))
    CreateEmbeddingResponse.model_validate(answer, strict=True)
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    assert all(len(item["embedding"]) == 1536 for item in answer["data"])
    assert answer["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert answer["model"] == "sandbox-embedding"


@pytest.mark.parametrize("dimensions", [1, 7, 256, 3072])
async def test_base64_is_the_same_vector_in_the_dimensions_asked_for(dimensions: int):
    async with open_vendor() as vendor:
        plain = await ask_json(vendor, EMBEDDINGS, make_call(dimensions=dimensions))
        packed = await ask_json(
            vendor, EMBEDDINGS, make_call(dimensions=dimensions, encoding_format="base64")
        )
    raw = b64decode(packed["data"][0]["embedding"])
    values = struct.unpack(f"<{dimensions}f", raw)
    vector = plain["data"][0]["embedding"]
    assert values == pytest.approx(vector, abs=1e-6)
    assert sqrt(sum(value * value for value in vector)) == pytest.approx(1.0, abs=1e-5)
    assert plain["usage"] == packed["usage"]


async def test_token_lists_are_embedded():
    async with open_vendor() as vendor:
        one = await ask_json(vendor, EMBEDDINGS, make_call([1, 2, 3]))
        many = await ask_json(vendor, EMBEDDINGS, make_call([[1, 2, 3], [900, 901]]))
    first, second = (item["embedding"] for item in many["data"])
    assert one["data"][0]["embedding"] == first
    assert abs(cosine(first, second)) < 0.3
    assert many["usage"]["prompt_tokens"] == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        [],
        [""],
        ["a", 1],
        [[1], "a"],
        [[]],
        [1, "a"],
        None,
        5,
        ["a"] * 2049,
        "x" * 70_000,
        [-1],
        {"a": 1},
    ],
)
async def test_an_input_of_another_form_is_refused(text: object):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, EMBEDDINGS, make_call(text))
    assert status == 400
    assert error["param"] == "input" or error["param"].startswith("input")


@pytest.mark.parametrize(
    ("name", "value"), [("dimensions", 0), ("dimensions", 3073), ("encoding_format", "hex")]
)
async def test_other_parameters_are_checked(name: str, value: object):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, EMBEDDINGS, make_call(**{name: value}))
    assert (status, error["param"]) == (400, name)
