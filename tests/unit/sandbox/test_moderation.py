"""Moderations: the wire format, how well harm is told from what only sounds like it, and the cost."""

import asyncio
from time import thread_time
from typing import Any

import msgspec
import pytest
from openai.types import ModerationCreateResponse

from nexhina.sandbox.moderation import CATEGORIES, score_text
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from support.moderation_corpus import FRESH, FRESH_TUNING, HELD_OUT, TUNING
from support.moderation_families import MEASURED_ONCE, SECOND, WIDENING
from support.sandbox import ask_error, ask_json, open_vendor

MODERATIONS = "/v1/moderations"


def make_call(given: Any = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox-moderation", "input": given, **more}


@pytest.mark.parametrize("corpus", [HELD_OUT, TUNING, FRESH_TUNING, WIDENING, SECOND])
@pytest.mark.parametrize("chinese", [False, True])
async def test_sentences_the_patterns_were_made_with_stay_told_right(
    corpus: list[tuple[str, str]], chinese: bool
):
    rows = [row for row in corpus if row[1][:3].isascii() is not chinese]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, MODERATIONS, make_call([text for _, text in rows]))
    flags = [result["flagged"] for result in answer["results"]]
    right = sum(flag and bool(label) for flag, (label, _) in zip(flags, rows, strict=True))
    assert len(rows) >= 28
    assert right / sum(flags) >= 0.8
    assert right / sum(bool(label) for label, _ in rows) >= 0.8


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize(
    ("corpus", "recall", "precision"),
    [(FRESH, 0.8, 0.9), (MEASURED_ONCE, 0.4, 0.85)],
    ids=["fresh", "measured-once"],
)
def test_sentences_not_tuned_for_score_no_worse_than_when_they_were_measured(
    corpus: list[tuple[str, str]], recall: float, precision: float, *, chinese: bool
):
    """Guards against getting worse, at what was measured: no claim about the text of others."""
    rows = [row for row in corpus if row[1][:3].isascii() is not chinese]
    flags = [max(score_text(text).values()) >= 0.5 for _, text in rows]
    right = sum(flag and bool(label) for flag, (label, _) in zip(flags, rows, strict=True))
    assert right / sum(flags) >= precision
    assert right / sum(bool(label) for label, _ in rows) >= recall


def test_what_is_found_is_found_in_its_category():
    harmful = [row for row in HELD_OUT + TUNING if row[0]]
    right = sum(score_text(text)[label] >= 0.5 for label, text in harmful)
    assert {label for label, _ in harmful} == set(CATEGORIES)
    assert right / len(harmful) >= 0.8


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
        longest = 0.0
        running = True

        def watch(last: float) -> None:
            nonlocal longest
            now = thread_time()  # of this thread: what other processes take does not count
            longest = max(longest, now - last)
            if running:
                asyncio.get_running_loop().call_soon(watch, now)

        async def play(number: int) -> None:
            text = "You are kind and the river runs to the sea. 我今天去公园。" * 10
            call: dict[str, Any] = {"model": "sandbox-rerank", "query": text[:40]}
            call["documents"] = [text] * 5
            path = "/v1/rerank" if number % 2 else MODERATIONS
            await _play(vendor, path, call if number % 2 else make_call(text))

        score_text("warm")
        await play(1)
        watch(thread_time())
        async with asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(play(number))
        running = False
    assert 0 < longest < 0.1


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
