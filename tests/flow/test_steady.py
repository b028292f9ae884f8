"""The way of the most frequent call: nothing but its speed differs from the coroutine's."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexhina.domain.log import LogRow
from nexhina.errors import InternalError, JournalError
from nexhina.pipeline.steady import Passage
from support.stage import JSON, Stage, StageCall

USAGE = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}


def answer(usage: object = USAGE, model: str = "m") -> bytes:
    message = {"role": "assistant", "content": "Hi there"}
    body = {"id": "c1", "model": model, "choices": [{"index": 0, "message": message}]}
    return msgspec.json.encode(body if usage is None else body | {"usage": usage})


def furnish(stage: Stage) -> Stage:
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"})
    return stage


@pytest.fixture
async def stage(tmp_path):
    stage = furnish(Stage(tmp_path / "journal"))
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


def is_steady(call: StageCall) -> bool:
    return isinstance(call.running, Passage) and call.running.steps is None


async def learn(stage: Stage) -> None:
    """The first call loads the account: the next ones are steady."""
    stage.vendor.answer(200, JSON, answer())
    await stage.over(stage.chat())


async def test_the_second_call_of_a_key_needs_no_coroutine(stage):
    stage.vendor.answer(200, JSON, answer())
    assert not is_steady(await stage.over(stage.chat()))
    stage.vendor.answer(200, JSON, answer())
    call = await stage.over(stage.chat())
    assert is_steady(call)
    assert call.client.body == answer()
    assert [row.charge_nano for row in stage.rows()] == [18_000, 18_000]


@pytest.mark.parametrize(
    "change",
    [
        {"headers": {b"x-channel": b"a"}},
        {"headers": {b"x-tenant-id": b"owner"}},
        {"stream": True},
    ],
)
async def test_what_is_unlike_the_others_goes_by_the_coroutine(stage, change: dict[str, Any]):
    await learn(stage)
    stage.vendor.hold()
    call = stage.chat(**change)
    assert not is_steady(call)
    call.leave()
    await stage.over(call)


async def test_a_failed_first_attempt_is_made_good_by_the_next_channel(stage):
    stage.channel("b", {"m": "m"}, priority=-1)
    await learn(stage)
    stage.vendor.answer(500, JSON, b"{}")
    stage.vendor.answer(200, JSON, answer())
    call = await stage.over(stage.chat())
    assert not is_steady(call)
    assert call.client.status == 200
    row = stage.rows()[-1]
    assert (row.attempts, row.channel_name, row.charge_nano) == (2, "b", 18_000)
    assert any("a: status 500" in line for line in row.trace)
    assert len(stage.vendor.plays) == 3


async def test_an_attempt_that_cannot_be_sent_moves_on_too(stage):
    stage.channel("b", {"m": "m"}, priority=-1)
    await learn(stage)
    stage.vendor.fail("connect")
    stage.vendor.answer(200, JSON, answer())
    assert (await stage.over(stage.chat())).client.status == 200
    assert stage.rows()[-1].channel_name == "b"


async def test_an_answer_in_several_reads_is_taken_whole(stage):
    await learn(stage)
    stage.vendor.hold()
    call = stage.chat()
    play = stage.vendor.plays[-1]
    play.head(200, JSON, answer()[:10])
    play.piece(answer()[10:20])
    play.end(answer()[20:])
    await stage.over(call)
    assert call.client.body == answer()
    assert stage.rows()[-1].attempts == 1


async def test_a_caller_who_leaves_stops_the_vendor_and_pays_nothing(stage):
    await learn(stage)
    stage.vendor.hold()
    call = stage.chat()
    assert is_steady(call)
    call.leave()
    await stage.over(call)
    assert stage.vendor.plays[-1].cancelled
    row = stage.rows()[-1]
    assert (row.status, row.error_code, row.charge_nano) == (499, "client_left", 0)


async def test_a_caller_who_leaves_behind_the_answer_has_paid(stage):
    await learn(stage)
    stage.vendor.answer(200, JSON, answer())
    call = stage.chat()
    call.leave()
    await stage.over(call)
    assert stage.rows()[-1].charge_nano == 18_000


async def test_a_journal_that_cannot_be_written_charges_nothing(stage, monkeypatch):
    await learn(stage)
    stage.vendor.answer(200, JSON, answer())

    def refuse(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stage.journal, "_append", refuse)
    call = await stage.over(stage.chat())
    assert isinstance(call.error, InternalError)
    assert not isinstance(call.error, JournalError)
    (wallet,) = stage.purse.find(["wallet/1"])
    assert wallet.balance == -18_000
    monkeypatch.undo()


async def test_a_new_configuration_holds_for_the_next_call(stage):
    await learn(stage)
    stage.price("m", "input", 2.0)
    stage.price("m", "output", 4.0)
    stage.vendor.answer(200, JSON, answer())
    assert is_steady(await stage.over(stage.chat()))
    assert stage.rows()[-1].charge_nano == 36_000


async def test_a_key_that_was_revoked_is_refused_at_once(stage):
    await learn(stage)
    stage.token("sk-stage", status="revoked")
    call = await stage.over(stage.chat())
    assert call.refusal.status == 401


async def test_an_exhausted_budget_is_refused_as_the_coroutine_says_it(stage):
    stage.token("sk-poor", id=8, budget=200_000)
    stage.vendor.answer(200, JSON, answer())
    await stage.over(stage.chat(key="sk-poor", max_tokens=1))
    call = await stage.over(stage.chat(key="sk-poor", max_tokens=400))
    assert call.refusal.status == 402
    assert len(stage.vendor.plays) == 1


async def test_holds_are_told_by_token_while_a_call_runs(stage):
    await learn(stage)
    stage.vendor.hold()
    call = stage.chat()
    assert stage.admission.held_by_token(7) == 0  # a kill now would leave no trace of it
    await asyncio.sleep(0)
    assert stage.admission.held_by_token(7) == call.running.row.hold_nano > 0
    assert stage.admission.held_by_token(8) == 0
    call.leave()
    await stage.over(call)
    assert stage.admission.held_by_token(7) == 0


async def test_a_tier_of_two_is_shared_by_weight(stage):
    stage.channel("b", {"m": "m"}, weight=3)
    await learn(stage)
    for draw in (0.1, 0.3, 0.9):
        stage.draws.append(draw)
        stage.vendor.answer(200, JSON, answer())
        assert is_steady(await stage.over(stage.chat()))
    assert [row.channel_name for row in stage.rows()[1:]] == ["a", "b", "b"]


async def test_a_fault_of_ours_is_500_and_leaves_no_hold(stage, monkeypatch):
    await learn(stage)
    stage.vendor.hold()
    call = stage.chat()
    monkeypatch.setattr("nexhina.billing.tariff.Tariff.charge", lambda *_: 1 / 0)
    stage.vendor.plays[-1].answer(200, JSON, answer())
    await stage.over(call)
    assert isinstance(call.error, ZeroDivisionError)
    assert stage.rows()[-1].status == 500


USAGES = st.one_of(
    st.none(),
    st.just({}),
    st.fixed_dictionaries(
        {"prompt_tokens": st.integers(0, 2000), "completion_tokens": st.integers(0, 900)},
        optional={
            "prompt_tokens_details": st.fixed_dictionaries({"cached_tokens": st.integers(0, 2000)})
        },
    ),
)


@given(USAGES, st.sampled_from([200, 400, 404, 429, 500]), st.booleans(), st.integers(1, 3))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_both_ways_give_the_same_answer_and_the_same_row(
    tmp_path_factory, usage: object, status: int, renamed: bool, n: int
) -> None:
    seen: list[tuple[Any, ...]] = []
    for steady in (True, False):
        stage = Stage(tmp_path_factory.mktemp("journal") / "j", steady=steady)
        furnish(stage)
        upstream = "vendor" if renamed else "m"
        stage.channel("r", {"m": upstream}, priority=1)
        await learn(stage)
        for code in (status, 200):
            stage.vendor.answer(code, JSON, answer(usage, upstream))
        call = await stage.over(stage.chat(n=n, max_tokens=100))
        error = getattr(call.error, "message", None)
        row = stage.rows()[-1]
        seen.append((call.client.status, call.client.body, error, strip(call), blank(row)))
        assert stage.purse.open_holds() == 0
        stage.journal.close(all_booked=False)
    assert seen[0] == seen[1]


def strip(call: StageCall) -> dict[bytes, bytes]:
    return {k: v for k, v in call.client.headers.items() if k != b"x-nexhina-overhead-ms"}


def blank(row: LogRow) -> LogRow:
    """The row without what depends on the time of day or the order of files."""
    return msgspec.structs.replace(row, queue_us=0, first_byte_us=0, total_us=0)
