"""Breakers, keys that take turns, and what the row tells of it."""

import asyncio

import pytest

from nexhina.domain.secret import Secret
from nexhina.errors import NoAvailableChannelError, RateLimitedError
from nexhina.routing.breaker import FIRST_REFUSAL, FIRST_REST, MINIMUM
from support.stage import JSON, SSE, Stage

ANSWER = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}}'
)
REFUSAL = b'{"error":{"message":"no"}}'


@pytest.fixture(params=[True, False], ids=["steady", "coroutine"])
async def stage(tmp_path, request):
    stage = Stage(tmp_path / "journal", steady=request.param)
    stage.model("m", context=1000, output_limit=500)
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


def keys_sent(stage) -> list[str]:
    return [
        play.target.headers[b"authorization"].decode().removeprefix("Bearer ")
        for play in stage.vendor.plays
    ]


async def break_(stage) -> None:
    for _ in range(MINIMUM):
        stage.vendor.fail("connect")
        await stage.over(stage.chat())


async def test_an_open_breaker_is_503_with_a_time_and_nothing_is_sent(stage):
    stage.channel("a", {"m": "m"})
    await break_(stage)
    call = await stage.over(stage.chat())
    assert isinstance(call.refusal, NoAvailableChannelError)
    assert 1 <= int(dict(call.refusal.headers)[b"retry-after"]) <= FIRST_REST
    assert len(stage.vendor.plays) == MINIMUM
    row = stage.rows()[-1]
    assert row.trace[0].startswith("a: skipped, breaker open for ")
    assert row.trace[-1] == "candidates by priority: a"


async def test_a_pinned_channel_obeys_its_breaker(stage):
    stage.channel("a", {"m": "m"})
    stage.channel("b", {"m": "m"}, priority=-1)
    for _ in range(MINIMUM):
        stage.vendor.fail("connect")
        stage.vendor.answer(200, JSON, ANSWER)
        await stage.over(stage.chat())
    call = await stage.over(stage.chat(headers={b"x-channel": b"a"}))
    assert isinstance(call.refusal, NoAvailableChannelError)


async def test_a_probe_that_serves_closes_the_breaker(stage):
    stage.channel("a", {"m": "m"})
    await break_(stage)
    stage.clock.advance(FIRST_REST)
    for _ in range(2):
        stage.vendor.answer(200, JSON, ANSWER)
        assert (await stage.over(stage.chat())).client.status == 200


async def test_the_keys_of_a_channel_take_turns(stage):
    stage.channel("a", {"m": "m"}, key=Secret("k1\nk2"))
    for _ in range(4):
        stage.vendor.answer(200, JSON, ANSWER)
        await stage.over(stage.chat())
    assert keys_sent(stage) == ["k1", "k2", "k1", "k2"]


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_refused_or_busy_key_rests_and_the_next_key_comes_before_the_next_channel(
    stage, status
):
    stage.channel("a", {"m": "m"}, priority=5, key=Secret("k1\nk2"))
    stage.channel("b", {"m": "m"}, key=Secret("other"))
    stage.vendor.answer(status, JSON, REFUSAL)
    for _ in range(3):
        stage.vendor.answer(200, JSON, ANSWER)
        assert (await stage.over(stage.chat())).client.status == 200
    assert keys_sent(stage) == ["k1", "k2", "k2", "k2"]
    first = stage.rows()[0]
    assert first.trace[0].startswith(f"a: status {status} with key 1 of 2, sent at +")
    assert first.trace[1].startswith("a: served with key 2 of 2, sent at +")
    assert first.trace[2] == "candidates by priority: a > b"
    assert "k1" not in " ".join(first.trace)


async def test_all_keys_refused_is_503_and_all_busy_is_429(stage):
    stage.channel("a", {"m": "m"}, key=Secret("k1"))
    for _ in range(2):  # the only key there is: its first refusal is let pass
        stage.vendor.answer(401, JSON, REFUSAL)
        await stage.over(stage.chat())
    assert isinstance((await stage.over(stage.chat())).refusal, NoAvailableChannelError)
    stage.clock.advance(31)
    stage.vendor.answer(429, JSON, REFUSAL)
    await stage.over(stage.chat())
    assert isinstance((await stage.over(stage.chat())).refusal, RateLimitedError)


async def test_a_first_success_only_tells_whom_the_choice_was_among(stage):
    stage.channel("a", {"m": "m", "alone": "m"})
    stage.channel("b", {"m": "m"}, priority=-1)
    for _ in range(3):
        stage.vendor.answer(200, JSON, ANSWER)
    await stage.over(stage.chat())
    await stage.over(stage.chat(model="alone"))
    stage.token("sk-pin", id=8, permissions=("channel:pin",))
    await stage.over(stage.chat(key="sk-pin", headers={b"x-channel": b"a"}))
    choice, none, pinned = (row.trace for row in stage.rows())
    assert choice == ("candidates by priority: a > b",)
    assert none == ()
    assert pinned == ("the caller chose the channel a",)


async def test_a_refused_key_that_rested_is_probed_by_one_call_and_the_trace_says_so(stage):
    stage.channel("a", {"m": "m"}, key=Secret("k1\nk2"))
    stage.vendor.answer(401, JSON, REFUSAL)
    for _ in range(2):
        stage.vendor.answer(200, JSON, ANSWER)
        await stage.over(stage.chat())
    second = stage.rows()[1].trace
    assert second[0].startswith("a: key 1 rests ")
    assert second[0].endswith(" s more (refused)")
    stage.clock.advance(FIRST_REFUSAL + 1)
    first, other = stage.chat(), stage.chat()  # both find the rest over; one probes
    for play in stage.vendor.plays[-2:]:
        play.answer(200, JSON, ANSWER)
    await stage.over(first)
    await stage.over(other)
    assert sorted(keys_sent(stage)[-2:]) == ["k1", "k2"]
    notes = [note for row in stage.rows()[-2:] for note in row.trace]
    assert notes.count("a: key 1 rested, this attempt is its probe") == 1
    assert not stage.pipeline.attempts.health.keys.ailing


async def test_a_key_that_fails_is_left_out_while_its_channel_serves(stage):
    stage.channel("a", {"m": "m"}, priority=5, key=Secret("bad\ngood"))
    stage.channel("b", {"m": "m"}, key=Secret("other"))
    for _ in range(2 * MINIMUM):
        call = stage.chat()
        while not call.over:
            play = stage.vendor.plays[-1]
            bad = play.target.headers[b"authorization"] == b"Bearer bad"
            play.answer(500 if bad else 200, JSON, REFUSAL if bad else ANSWER)
            await asyncio.sleep(0.001)
        assert call.client.status == 200
    sent = keys_sent(stage)
    assert sent.count("bad") == MINIMUM
    last = stage.rows()[-1].trace
    assert last[0].startswith("a: key 1 rests ")
    assert last[0].endswith(" s more (failing)")
    assert last[1].startswith("a: served with key 2 of 2")


async def test_streams_that_break_after_content_open_the_breaker(stage):
    stage.channel("a", {"m": "m"})
    for _ in range(MINIMUM):
        call = stage.chat(stream=True)
        play = stage.vendor.plays[-1]
        play.head(200, SSE, b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n')
        play.cut()
        await stage.over(call)
        assert call.client.status == 200
    call = await stage.over(stage.chat())
    assert isinstance(call.refusal, NoAvailableChannelError)
    rows = stage.rows()
    broke, opened = rows[0].trace, rows[MINIMUM - 1].trace
    assert any(note.startswith("a: broke after content: ") for note in broke)
    assert any("; the breaker is open for " in note for note in opened)


@pytest.mark.parametrize("first", [1, -1], ids=["bridge first", "bridge last"])
async def test_a_request_that_one_channel_can_not_carry_goes_to_the_channel_that_can(stage, first):
    stage.channel("bridge", {"m": "m"}, provider="openai_responses", priority=first)
    stage.channel("plain", {"m": "m"})
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat(n=2))
    assert call.client.status == 200
    assert [play.target.origin.host for play in stage.vendor.plays] == ["plain.test"]
    row = stage.rows()[-1]
    assert (row.attempts, row.channel_name) == (1, "plain")
    if first > 0:
        assert row.trace[0].startswith("bridge: can't carry this request: 'n' ")


async def test_what_no_channel_can_carry_is_the_callers_to_mend(stage):
    stage.channel("one", {"m": "m"}, provider="openai_responses")
    stage.channel("two", {"m": "m"}, provider="openai_responses", priority=-1)
    call = await stage.over(stage.chat(n=2))
    assert (call.refusal.status, call.refusal.param) == (400, "n")
    assert stage.vendor.plays == []
    assert stage.rows()[-1].attempts == 0


async def test_what_another_channel_could_carry_and_did_not_serve_is_told_as_its_failure(stage):
    stage.channel("bridge", {"m": "m"}, provider="openai_responses", priority=1)
    stage.channel("plain", {"m": "m"})
    stage.vendor.fail("connect")
    call = await stage.over(stage.chat(n=2))
    assert call.refusal.status == 502
    assert "the only channel" in call.refusal.message
