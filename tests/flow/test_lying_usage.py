"""Vendors whose count can't be true, comes at the wrong time or not at all: what is charged then."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.billing.calculation import recompute
from support.stage import JSON, SSE, Stage

TEXT = "word " * 40  # 200 bytes: estimated at 50 tokens
TOLD = 10 * 1_000 + 4 * 2_000
ESTIMATED = 2 * 1_000 + 50 * 2_000  # "hello" is 5 bytes

LIES: list[tuple[str, Any, int, bool]] = [
    ("honest", {"prompt_tokens": 10, "completion_tokens": 4}, TOLD, False),
    ("missing", ..., ESTIMATED, True),
    ("null", None, ESTIMATED, True),
    ("zero", {"prompt_tokens": 0, "completion_tokens": 0}, ESTIMATED, True),
    ("prompt only", {"prompt_tokens": 10}, 10 * 1_000 + 50 * 2_000, True),
    ("no output", {"prompt_tokens": 10, "completion_tokens": 0}, 10 * 1_000 + 50 * 2_000, True),
    ("negative", {"prompt_tokens": -10, "completion_tokens": 4}, ESTIMATED, True),
    ("negative output", {"prompt_tokens": 10, "completion_tokens": -4}, ESTIMATED, True),
    ("huge", {"prompt_tokens": 10, "completion_tokens": 10**30}, ESTIMATED, True),
    ("beyond 2**40", {"prompt_tokens": 2**41, "completion_tokens": 4}, ESTIMATED, True),
    ("whole float", {"prompt_tokens": 10.0, "completion_tokens": 4.0}, TOLD, False),
    ("broken float", {"prompt_tokens": 10.5, "completion_tokens": 4}, ESTIMATED, True),
    ("text", {"prompt_tokens": "10", "completion_tokens": "4"}, TOLD, False),
    ("words", {"prompt_tokens": "ten", "completion_tokens": 4}, ESTIMATED, True),
    ("a list", [10, 4], ESTIMATED, True),
    ("a text", "14 tokens", ESTIMATED, True),
    ("total only", {"total_tokens": 9}, 9 * 2_000, False),
    (
        "more cached than asked",
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 99},
        },
        TOLD,
        False,
    ),
    (
        "negative cache",
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": -5},
        },
        ESTIMATED,
        True,
    ),
    (
        "more reasoning than output",
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "completion_tokens_details": {"reasoning_tokens": 400},
        },
        TOLD,
        False,
    ),
]
CASES = [pytest.param(*rest, id=name) for name, *rest in LIES]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "journal")
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"})
    yield stage
    assert stage.purse.open_holds() == 0
    (row,) = stage.rows()
    assert row.status == 200
    assert 0 <= row.charge_nano == recompute(row.lines)
    assert row.charge_nano <= row.hold_nano
    assert all(line.quantity > 0 for line in row.lines)
    (account,) = await stage.purse.load(["wallet/1"])
    assert account.balance == -row.charge_nano


def write_chunk(text: str | None, usage: Any = ..., *, ended: bool = False) -> bytes:
    choice = {
        "index": 0,
        "delta": {} if text is None else {"content": text},
        "finish_reason": "stop" if ended else None,
    }
    chunk: dict[str, Any] = {"id": "c", "model": "m", "choices": [choice]}
    if usage is not ...:
        chunk["usage"] = usage
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def read_charge(stage: Stage) -> tuple[int, bool]:
    row = stage.journal.waiting[-1][1].row  # pyright: ignore[reportIndexIssue]
    return row.charge_nano, row.estimated


@pytest.mark.parametrize(("usage", "charge", "estimated"), CASES)
async def test_a_whole_answer_is_charged_by_the_count_if_it_can_be_true(
    stage: Stage, usage: Any, charge: int, estimated: bool
) -> None:
    message = {"role": "assistant", "content": TEXT}
    answer: dict[str, Any] = {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "message": message}],
    }
    if usage is not ...:
        answer["usage"] = usage
    stage.vendor.answer(200, JSON, msgspec.json.encode(answer))
    await stage.over(stage.chat())
    assert read_charge(stage) == (charge, estimated)


@pytest.mark.parametrize(("usage", "charge", "estimated"), CASES)
async def test_a_stream_is_charged_by_the_count_if_it_can_be_true(
    stage: Stage, usage: Any, charge: int, estimated: bool
) -> None:
    body = write_chunk(TEXT) + write_chunk(None, usage, ended=True) + DONE
    stage.vendor.answer(200, SSE, body)
    await stage.over(stage.chat(stream=True))
    assert read_charge(stage) == (charge, estimated)


FIRST = {"prompt_tokens": 10, "completion_tokens": 1}
LAST = {"prompt_tokens": 10, "completion_tokens": 4}


@pytest.mark.parametrize(
    ("body", "charge", "estimated"),
    [
        pytest.param(
            write_chunk("w", FIRST) + write_chunk(TEXT, LAST, ended=True) + DONE,
            TOLD,
            False,
            id="in every chunk",
        ),
        pytest.param(
            write_chunk(TEXT)
            + write_chunk(None, LAST)
            + write_chunk(None, FIRST, ended=True)
            + DONE,
            10 * 1_000 + 2_000,
            False,
            id="twice: the last counts",
        ),
        pytest.param(
            write_chunk(TEXT, LAST) + write_chunk(None, None, ended=True) + DONE,
            TOLD,
            False,
            id="null behind the count",
        ),
        pytest.param(
            write_chunk("", FIRST) + write_chunk(TEXT) + write_chunk(None, ended=True) + DONE,
            10 * 1_000 + 50 * 2_000,
            True,
            id="before the text only",
        ),
    ],
)
async def test_a_count_at_another_time_is_charged_with_what_came_behind_it(
    stage: Stage, body: bytes, charge: int, estimated: bool
) -> None:
    stage.vendor.answer(200, SSE, body)
    await stage.over(stage.chat(stream=True))
    assert read_charge(stage) == (charge, estimated)
