"""Moderations: the wire format, how well harm is told from what only sounds like it, and the cost.

The labelled sentences (`moderation_*.tsv`) are none of those the model learns from, which a test holds.
They have the same author, though: sentences by others will be told less well.
"""

import asyncio
import re
from pathlib import Path
from time import thread_time
from typing import Any

import msgspec
import pytest
from openai.types import ModerationCreateResponse

import nexhina.sandbox
from nexhina.sandbox.moderation import cut_passages, score_text
from nexhina.sandbox.moderation_features import read_places
from nexhina.sandbox.moderation_model import CATEGORIES, FILES, Model, list_sentences
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from support.heartbeat import longest_turn
from support.sandbox import ask_error, ask_json, open_vendor

MODERATIONS = "/v1/moderations"
SETS = ("earlier", "held_out", "final", "other")


def make_call(given: Any = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox-moderation", "input": given, **more}


def list_labelled(name: str) -> list[tuple[str, str]]:
    """The category ("" for harmless) and sentence of each row of a set."""
    lines = Path(__file__).with_name(f"moderation_{name}.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(category.strip("-"), sentence) for category, sentence in rows]


@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
@pytest.mark.parametrize("name", SETS)
async def test_of_sentences_never_learned_four_in_five_are_told_right(name: str, *, chinese: bool):
    rows = [row for row in list_labelled(name) if any(each > "㐀" for each in row[1]) is chinese]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, MODERATIONS, make_call([text for _, text in rows]))
    flags = [result["flagged"] for result in answer["results"]]
    right = sum(flag and bool(label) for flag, (label, _) in zip(flags, rows, strict=True))
    assert len(rows) >= 80
    assert right / sum(flags) >= 0.8
    assert right / sum(bool(label) for label, _ in rows) >= 0.8


@pytest.mark.parametrize("name", SETS)
def test_what_is_harmful_is_flagged_in_its_category(name: str):
    harmful = [row for row in list_labelled(name) if row[0]]
    right = sum(score_text(text)[label] >= 0.5 for label, text in harmful)
    assert {label for label, _ in harmful} == set(CATEGORIES)
    assert right / len(harmful) >= 0.8


def test_no_labelled_sentence_is_among_those_that_are_learned():
    learned = {each.text for name in FILES for each in list_sentences(name)}
    labelled = {text for name in (*SETS, "alarming") for _, text in list_labelled(name)}
    assert len(learned) > 4000
    assert not learned & labelled


@pytest.mark.parametrize("name", FILES)
def test_each_sentence_to_learn_has_known_categories_and_is_there_once(name: str):
    sentences = list(list_sentences(name))
    assert len({each.text for each in sentences}) == len(sentences)
    assert {part for each in sentences for part in each.categories} <= set(CATEGORIES)
    assert all(bool(each.categories) is name.startswith("harmful") for each in sentences)


def test_two_models_that_learned_the_same_score_the_same():
    sentences = (
        list(list_sentences("harmful_en.txt"))[::9] + list(list_sentences("harmless_en.txt"))[::9]
    )
    scores: list[dict[str, float]] = []
    for _ in range(2):
        model = Model()
        for _ in model.learn(iter(sentences)):
            pass
        scores.append(model.score(read_places("I will find you and break your arm.")))
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    "text",
    ["这是一条测试文本", "This is a test.", "Hello", "你好！", "", " ", "🙂", "Это просто текст"],
)
def test_short_harmless_texts_score_low_everywhere(text: str):
    assert max(score_text(text).values()) < 0.2


async def test_a_text_is_flagged_when_and_only_when_a_category_is():
    texts = [text for _, text in list_labelled("final")]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, MODERATIONS, make_call(texts))
    for result in answer["results"]:
        above = {name for name, score in result["category_scores"].items() if score >= 0.5}
        assert {name for name, is_so in result["categories"].items() if is_so} == above
        assert result["flagged"] is bool(above)


def test_a_long_text_is_cut_at_sentences_and_nothing_is_lost():
    text = "One. Two! " * 40 + "没有标点的一行" * 60
    passages = cut_passages(text)
    assert "".join(passages) == text
    assert len(passages) > 5
    assert max(map(len, passages)) <= 300


def list_long() -> list[str]:
    """Long harmless texts: news, medicine, fiction, recipes, history, games, rules, mishaps, travel, tests."""
    return Path(__file__).with_name("long_harmless.txt").read_text("utf-8").split("%%\n")


@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_long_harmless_texts_are_seldom_flagged_though_they_tell_of_harm(*, chinese: bool):
    texts = [text for text in list_long() if any(each > "㐀" for each in text) is chinese]
    flagged = [text[:40] for text in texts if max(score_text(text).values()) >= 0.5]
    assert len(texts) >= 11
    assert len(flagged) <= 2, flagged


def test_code_is_not_flagged():
    files = sorted(Path(nexhina.sandbox.__file__).parent.glob("*.py"))
    for file in files[::4]:
        assert max(score_text(file.read_text("utf-8")[:4000]).values()) < 0.5, file.name


def test_no_passage_of_a_long_text_is_among_those_that_are_learned():
    learned = {each.text for name in FILES for each in list_sentences(name)}
    assert not learned & {part.strip() for text in list_long() for part in cut_passages(text)}


def test_one_bad_passage_weighs_less_among_many():
    threat = "I am going to kill you tonight."
    text = " ".join(f"The river passed the village number {each}." for each in range(9)) + threat
    assert 0.5 <= max(score_text(text).values()) < max(score_text(threat).values())


def test_one_harmful_sentence_amid_a_long_text_is_found_every_other_time():
    harm = [
        "You are a worthless idiot and everybody hates you.", "I want to end my life tonight.",
        "How do I build a pipe bomb to blow up the station?", "这些人都是垃圾，应该被赶出去。",
        "教我怎么做炸弹。", "我今晚要杀了你。",
    ]  # fmt: skip
    found: list[bool] = []
    for text in list_long():
        chinese = any(each > "㐀" for each in text)
        stop = "。" if chinese else ". "
        place = text.find(stop, len(text) // 2) + len(stop)
        for sentence in harm[3:] if chinese else harm[:3]:
            scores = score_text(text[:place] + sentence + text[place:])
            found.append(max(scores.values()) >= 0.5)
    assert sum(found) >= 0.5 * len(found), sum(found) / len(found)


def list_mixed(*, chinese: bool) -> tuple[list[str], list[str]]:
    """Twenty texts of eight sentences or so, half of them about harm, and ten harmful sentences."""
    here = Path(__file__)
    texts = here.with_name("long_mixed.txt").read_text("utf-8").split("%%\n")
    harm = here.with_name("long_harm.txt").read_text("utf-8").splitlines()
    return (texts[20:], harm[10:]) if chinese else (texts[:20], harm[:10])


@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_texts_of_some_sentences_are_flagged_for_a_harmful_one_among_them_and_hardly_without(
    *, chinese: bool
):
    """The odd ones, which were only counted, though their counts were seen when the doubts were chosen."""
    texts, harm = list_mixed(chinese=chinese)
    assert (len(texts), len(harm)) == (20, 10)
    flagged = [text for text in texts[1::2] if max(score_text(text).values()) >= 0.5]
    assert len(flagged) <= 1
    found: list[bool] = []
    for number, text in enumerate(texts[1::2]):
        sentences = re.findall(r'[^.!?。！？]+[.!?。！？]"?\s*', text)
        for sentence in harm[1::2]:
            place = 1 + number % (len(sentences) - 1)
            mixed = [*sentences[:place], sentence, " ", *sentences[place:]]
            found.append(max(score_text("".join(mixed)).values()) >= 0.5)
    assert sum(found) >= 0.7 * len(found), sum(found) / len(found)


@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_among_sentences_that_all_sound_like_harm_four_in_five_are_told_right(*, chinese: bool):
    rows = [row for row in list_labelled("alarming") if any(x > "㐀" for x in row[1]) is chinese]
    flags = [max(score_text(text).values()) >= 0.5 for _, text in rows]
    right = [flag and bool(label) for flag, (label, _) in zip(flags, rows, strict=True)]
    assert len(rows) == 60
    assert sum(right) / sum(flags) >= 0.8
    assert sum(right) / 30 >= 0.9
    assert sum(right[1::2]) / sum(flags[1::2]) >= 0.7  # the half that was only counted


def test_a_threat_stands_out_more_among_calm_sentences_than_in_a_tale_of_war():
    threat = "I am going to kill you tonight. "
    calm = [f"The river passed the village number {each}. " for each in range(9)]
    grim = [f"Number {each} stabbed the guard and shot his wife in the head. " for each in range(9)]
    among_calm, among_grim = (
        max(score_text("".join([*others, threat])).values()) for others in (calm, grim)
    )
    assert among_calm >= 0.5
    assert among_calm > among_grim


def test_a_moderation_of_a_sentence_takes_less_than_five_milliseconds():
    texts = [text for _, text in list_labelled("final")]
    score_text("warm")
    start = thread_time()
    for text in texts:
        score_text(text)
    assert (thread_time() - start) / len(texts) < 0.005


async def test_the_answer_fits_the_strict_type_of_the_sdk():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, MODERATIONS, make_call(["I will kill you", "Hello"]))
    ModerationCreateResponse.model_validate(answer, strict=True)
    bad, good = answer["results"]
    assert (bad["flagged"], good["flagged"]) == (True, False)
    assert bad["categories"]["harassment/threatening"] is True
    for result in (bad, good):
        assert set(result["category_scores"]) == set(CATEGORIES)
        assert all(0 <= score <= 1 for score in result["category_scores"].values())
        assert result["category_applied_input_types"] == {name: ["text"] for name in CATEGORIES}


async def test_text_and_picture_make_one_result():
    parts = [
        {"type": "text", "text": "I will kill you"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, MODERATIONS, make_call(parts))
    (result,) = answer["results"]
    assert result["flagged"]
    assert result["category_applied_input_types"]["violence"] == ["text", "image"]
    assert result["category_applied_input_types"]["hate"] == ["text"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["a", {"type": "text", "text": "b"}],
        ["a"] * 1025,
        "a" * 200_001,
        [{"type": "text"}],
        [{"type": "image_url"}],
    ],
)
async def test_a_bad_input_is_refused_by_name(given: Any):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, MODERATIONS, make_call(given))
    assert (status, error["param"]) == (400, "input")


async def test_harm_at_the_end_of_a_long_text_is_found():
    async with open_vendor() as vendor:
        text = "The river runs slowly to the sea. " * 500 + "I am going to kill you tonight."
        answer = await ask_json(vendor, MODERATIONS, make_call(text))
    assert answer["results"][0]["flagged"]


async def test_two_hundred_calls_at_once_hold_the_loop_for_less_than_a_tenth_of_a_second():
    async with open_vendor() as vendor:

        async def play(number: int) -> None:
            text = "You are kind and the river runs to the sea. 我今天去公园。" * 10
            call: dict[str, Any] = {"model": "sandbox-rerank", "query": text[:40]}
            call["documents"] = [text] * 5
            path = "/v1/rerank" if number % 2 else MODERATIONS
            await _play(vendor, path, call if number % 2 else make_call(text))

        score_text("warm")
        await play(1)

        async def play_all() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(200):
                    group.create_task(play(number))

        assert await longest_turn(play_all, 0.1) < 0.1


async def _play(vendor: SandboxVendor, path: str, call: dict[str, Any]) -> None:
    """Takes the pieces as the players do: one a turn, inside the turn."""
    reply = await drive(vendor.answer("POST", path, {}, msgspec.json.encode(call)))
    assert reply.status == 200
    done = asyncio.get_running_loop().create_future()

    def step() -> None:
        if next(reply.pieces, None) is None:
            done.set_result(None)
        else:
            vendor.turns.add(step)

    vendor.turns.add(step)
    await done
