"""Vendors whose count can't be true, comes at the wrong time or not at all: what is charged then."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from nexhina.billing.calculation import recompute
from support.response_stream import list_events, make_response, message, write_events
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


# --- the other formats ----------------------------------------------------------------------------


class Format(NamedTuple):
    """What is asked of us, which provider answers, and how it says TEXT with this count."""

    path: str
    asked: dict[str, Any]
    provider: str
    whole: Callable[[Any], Any]
    stream: Callable[[Any], bytes] | None


def write_completion(usage: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "text": TEXT}], "usage": usage}


def stream_completion(usage: Any) -> bytes:
    choices = [{"index": 0, "text": TEXT, "finish_reason": "stop"}]
    said = [{"id": "c", "choices": choices}, {"id": "c", "choices": [], "usage": usage}]
    return b"".join(b"data: " + msgspec.json.encode(each) + b"\n\n" for each in said) + DONE


def write_chat(usage: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}}
    return {"id": "c", "model": "m", "choices": [choice | {"finish_reason": "stop"}]} | {
        "usage": usage
    }


def stream_chat(usage: Any) -> bytes:
    return write_chunk(TEXT) + write_chunk(None, usage, ended=True) + DONE


def write_response(usage: Any) -> dict[str, Any]:
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
    told = usage and {names[name]: count for name, count in usage.items()}
    return make_response([message(TEXT)]) | {"usage": told}


def stream_response(usage: Any) -> bytes:
    *events, last = list_events(make_response([message(TEXT)]))
    return write_events([*events, last | {"response": write_response(usage)}])


def write_compaction(usage: Any) -> dict[str, Any]:
    return write_response(usage) | {"object": "response.compaction"}


HELLO = {"messages": [{"role": "user", "content": "hello"}]}
FORMATS = {
    "completions": Format(
        "/v1/completions",
        {"prompt": "hello"},
        "openai_compatible",
        write_completion,
        stream_completion,
    ),
    "chat over responses": Format(
        "/v1/chat/completions", HELLO, "openai_responses", write_response, stream_response
    ),
    "responses": Format(
        "/v1/responses", {"input": "hello"}, "openai", write_response, stream_response
    ),
    "responses over chat": Format(
        "/v1/responses", {"input": "hello"}, "openai_compatible", write_chat, stream_chat
    ),
    "compaction": Format(
        "/v1/responses/compact", {"input": "hello"}, "openai", write_compaction, None
    ),
}
PARTIAL = [
    pytest.param({"prompt_tokens": 10, "completion_tokens": 4}, TOLD, False, id="honest"),
    pytest.param({"prompt_tokens": 10}, 10 * 1_000 + 50 * 2_000, True, id="prompt only"),
    pytest.param(
        {"prompt_tokens": 10, "completion_tokens": 0}, 10 * 1_000 + 50 * 2_000, True, id="no output"
    ),
]


@pytest.mark.parametrize(
    ("name", "streamed"),
    [(name, False) for name in FORMATS]
    + [(name, True) for name, found in FORMATS.items() if found.stream],
)
@pytest.mark.parametrize(("usage", "charge", "estimated"), PARTIAL)
async def test_no_format_gives_a_text_away_that_its_vendor_did_not_count(
    stage: Stage, name: str, streamed: bool, usage: Any, charge: int, estimated: bool
) -> None:
    found = FORMATS[name]
    operations = ("chat", "completions", "responses", "compaction")
    stage.models[0] = msgspec.structs.replace(stage.models[0], operations=operations)
    stage.channels[0] = msgspec.structs.replace(stage.channels[0], provider=found.provider)
    stage.refresh()
    asked = {"model": "m", **found.asked}
    if streamed and found.stream is not None:
        asked["stream"] = True
        stage.vendor.answer(200, SSE, found.stream(usage))
    else:
        stage.vendor.answer(200, JSON, msgspec.json.encode(found.whole(usage)))
    await stage.over(stage.post(found.path, asked))
    assert read_charge(stage) == (charge, estimated)


async def test_a_response_that_says_nothing_may_have_used_no_output(stage: Stage) -> None:
    stage.models[0] = msgspec.structs.replace(stage.models[0], operations=("chat", "responses"))
    stage.channels[0] = msgspec.structs.replace(stage.channels[0], provider="openai")
    stage.refresh()
    said = make_response([message("")]) | {"usage": {"input_tokens": 10, "output_tokens": 0}}
    stage.vendor.answer(200, JSON, msgspec.json.encode(said))
    await stage.over(stage.post("/v1/responses", {"model": "m", "input": "hello"}))
    assert read_charge(stage) == (10 * 1_000, False)
