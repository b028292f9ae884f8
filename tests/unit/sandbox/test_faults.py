"""Fault controls: where they come from, their bounds, and what they do."""

from typing import Any

import msgspec
import pytest

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.faults import CONTROLS, Draws, read_faults
from support.sandbox import (
    CHAT,
    EMBEDDINGS,
    ask,
    ask_error,
    ask_json,
    make_chat,
    open_vendor,
    read_body,
)


def named(controls: str, **more: Any) -> dict[str, object]:
    return {**make_chat(**more), "model": f"sandbox-chat;{controls}"}


async def test_without_controls_nothing_is_delayed_or_cut():
    async with open_vendor() as vendor:
        from nexhina.tasks import drive

        raw = msgspec.json.encode(make_chat(stream=True))
        reply = await drive(vendor.answer("POST", CHAT, {}, raw))
        assert all(piece.delay_s == 0 for piece in reply.pieces)
    assert not reply.cut


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.33, 0.5, 0.99, 1, 0])
async def test_of_a_hundred_calls_exactly_the_share_fails(rate: float):
    async with open_vendor() as vendor:
        statuses = [
            (await ask(vendor, CHAT, named(f"error_rate={rate}", max_tokens=1)))[0].status
            for _ in range(100)
        ]
    assert statuses.count(500) == round(rate * 100)
    assert statuses.count(200) == 100 - round(rate * 100)


def test_a_rate_finer_than_a_percent_is_carried_on():
    faults = read_faults("error_rate=0.005", "")
    draws = Draws()
    failing = [draws.is_failing(faults, count) for count in range(1000)]
    assert sum(failing) == 5


def test_another_seed_lets_other_calls_fail():
    faults = read_faults("error_rate=0.2", "")
    orders = [[Draws(seed).is_failing(faults, count) for count in range(100)] for seed in (1, 2)]
    assert orders[0] != orders[1]


def test_failures_are_spread_and_not_all_at_once():
    faults = read_faults("error_rate=0.2", "")
    first = [Draws().is_failing(faults, count) for count in range(25)]
    assert 2 <= sum(first) <= 9


def test_counters_of_many_controls_are_bounded():
    draws = Draws(kept=10)
    for number in range(100):
        draws.draw(read_faults(f"latency_ms={number}", ""))
    assert len(draws._counts) == 10


async def test_an_error_has_its_code_and_says_who_wanted_it():
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, CHAT, named("error_rate=1;error_code=429;retry_after=7"))
    assert reply.status == 429
    assert reply.headers[b"retry-after"] == b"7"
    error = msgspec.json.decode(raw)["error"]
    assert error["code"] == "rate_limit_exceeded"
    assert "sandbox" in error["message"]


async def test_the_header_works_and_wins():
    async with open_vendor() as vendor:
        header = {b"x-sandbox": b"error_rate=1, error_code=503"}
        first, _ = await ask(vendor, CHAT, make_chat(), header)
        second, _ = await ask(vendor, CHAT, named("error_rate=1;error_code=429"), header)
    assert (first.status, second.status) == (503, 503)


async def test_a_header_control_joins_those_of_the_name():
    async with open_vendor() as vendor:
        reply, _ = await ask(vendor, CHAT, named("error_code=429"), {b"x-sandbox": b"error_rate=1"})
    assert reply.status == 429


async def test_a_stream_is_cut_after_so_many_pieces():
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, CHAT, named("cut_after=5", stream=True))
    assert reply.cut
    assert raw.count(b"data: ") == 5
    assert b"[DONE]" not in raw


async def test_an_answer_shorter_than_the_cut_is_whole():
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, CHAT, named("cut_after=5"))
    assert not reply.cut
    assert msgspec.json.decode(raw)


async def test_a_cut_after_nothing_leaves_only_the_head():
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, CHAT, named("cut_after=0"))
    assert (reply.status, raw, reply.cut) == (200, b"", True)


async def test_slow_bytes_are_small_pieces_with_delays():
    async with open_vendor() as vendor:
        from nexhina.tasks import drive

        body = msgspec.json.encode(named("chunk_bytes=3;chunk_delay_ms=30", max_tokens=4))
        reply = await drive(vendor.answer("POST", CHAT, {}, body))
        pieces = [piece for piece in reply.pieces if piece.data]
    assert all(len(piece.data) == 3 for piece in pieces[:-1])
    assert all(piece.delay_s == pytest.approx(0.03) for piece in pieces)
    assert msgspec.json.decode(b"".join(piece.data for piece in pieces))["choices"]


async def test_usage_can_be_left_away():
    async with open_vendor() as vendor:
        whole = await ask_json(vendor, CHAT, named("no_usage=1"))
        options = {"include_usage": True}
        _, raw = await ask(vendor, CHAT, named("no_usage=1", stream=True, stream_options=options))
        vectors = await ask_json(
            vendor, EMBEDDINGS, {"model": "sandbox-embedding;no_usage=1", "input": "a"}
        )
    assert "usage" not in whole
    assert b'"usage"' not in raw
    assert "usage" not in vectors


async def test_the_answer_names_the_model_without_its_controls():
    async with open_vendor() as vendor:
        assert (await ask_json(vendor, CHAT, named("chunk_bytes=9")))["model"] == "sandbox-chat"


async def test_latency_is_waited_for_before_the_head():
    import asyncio

    async with open_vendor() as vendor:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await ask(vendor, CHAT, named("latency_ms=40;jitter_ms=10"))
        assert loop.time() - began >= 0.039


def test_jitter_differs_from_call_to_call_within_its_bounds():
    faults = read_faults("latency_ms=100;jitter_ms=50", "")
    waits = [Draws().latency_s(faults, count) for count in range(50)]
    assert min(waits) >= 0.1
    assert max(waits) <= 0.15
    assert len(set(waits)) > 20


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize(
    "value", ["", "-1", "x", "nan", "inf", "1e999", "99999999999", "1;2", "٣x"]
)
def test_a_value_out_of_bounds_is_refused_by_name(name: str, value: str):
    with pytest.raises(InvalidRequestError) as caught:
        read_faults(f"{name}={value}", "")
    assert caught.value.param in {name, "2"}
    assert caught.value.status == 400


def test_an_unknown_control_is_refused_with_the_nearest():
    with pytest.raises(InvalidRequestError, match="Did you mean latency_ms"):
        read_faults("latency=5", "")
    with pytest.raises(InvalidRequestError, match=r"x-sandbox.*Known are"):
        read_faults("", "zzzz=1")


def test_a_control_given_twice_is_refused():
    with pytest.raises(InvalidRequestError, match="twice"):
        read_faults("cut_after=1;cut_after=2", "")


async def test_a_bad_control_is_a_400_of_the_vendor():
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, CHAT, named("error_rate=2"))
    assert (status, error["param"]) == (400, "error_rate")
    assert "from 0 to 1" in error["message"]


def test_reading_a_reply_keeps_every_byte():
    from nexhina.sandbox.faults import spoil
    from nexhina.sandbox.reply import whole

    reply = spoil(whole(b"0123456789"), read_faults("chunk_bytes=4;chunk_delay_ms=1", ""))
    assert read_body(reply) == b"0123456789"
