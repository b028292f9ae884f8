"""Tasks of vendors: sent once, asked for until they have ended."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Exchange, Limits, Origin, Polling, Reply, Target
from nexhina.tasks import drive
from nexhina.upstream.fake import FakeUpstream
from nexhina.upstream.polled import PolledUpstream

JSON = {b"content-type": b"application/json"}
TARGET = Target(
    origin=Origin(scheme="https", host="vendor.example", port=443),
    method="POST",
    path="/api/v1/pictures",
    head=b"Host: vendor.example\r\nContent-Type: application/json\r\n",
    headers={b"host": b"vendor.example", b"content-type": b"application/json"},
    polling=Polling(
        path="/api/v1/tasks/{id}",
        id=("output", "task_id"),
        state=("output", "task_status"),
        running=frozenset({"PENDING", "RUNNING"}),
        head=b"X-Async: enable\r\n",
        first=0.001,
        most=0.002,
    ),
)
TAKEN = b'{"output":{"task_id":"t/1","task_status":"PENDING"}}'
RUNNING = b'{"output":{"task_id":"t/1","task_status":"RUNNING"}}'
DONE = b'{"output":{"task_id":"t/1","task_status":"SUCCEEDED","results":[]}}'


@pytest.fixture
async def vendor() -> AsyncIterator[FakeUpstream]:
    yield FakeUpstream()


def start(vendor: FakeUpstream, limits: Limits | None = None) -> Exchange:
    return PolledUpstream(vendor).send(TARGET, b"{}", limits or Limits(), b"X-More: 1\r\n")


async def read(exchange: Exchange) -> tuple[int, bytes]:
    async def finish() -> tuple[int, bytes]:
        reply: Reply = await exchange.reply
        return reply.status, await reply.read()

    return await asyncio.wait_for(drive(finish()), 5)


async def test_the_last_answer_of_a_task_is_the_answer(vendor: FakeUpstream) -> None:
    for body in (TAKEN, RUNNING, RUNNING, DONE):
        vendor.answer(200, JSON, body)
    assert await read(start(vendor)) == (200, DONE)
    methods = [(play.target.method, play.target.path) for play in vendor.plays]
    assert methods == [("POST", "/api/v1/pictures"), *[("GET", "/api/v1/tasks/t%2F1")] * 3]
    assert vendor.plays[0].extra == b"X-Async: enable\r\nX-More: 1\r\n"
    assert b"Content-Type" not in vendor.plays[1].target.head


async def test_a_task_that_failed_has_ended_too(vendor: FakeUpstream) -> None:
    failed = b'{"output":{"task_id":"t","task_status":"FAILED","code":"DataInspectionFailed"}}'
    vendor.answer(200, JSON, TAKEN)
    vendor.answer(200, JSON, failed)
    assert await read(start(vendor)) == (200, failed)


async def test_a_refusal_of_the_request_is_its_answer(vendor: FakeUpstream) -> None:
    vendor.answer(429, JSON, b'{"code":"Throttling"}')
    assert await read(start(vendor)) == (429, b'{"code":"Throttling"}')
    assert len(vendor.plays) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"output":null}', b'{"output":{"task_id":""}}']
)
async def test_an_answer_without_a_task_is_left_to_the_dialect(
    vendor: FakeUpstream, body: bytes
) -> None:
    vendor.answer(200, JSON, body)
    assert await read(start(vendor)) == (200, body)


async def test_polls_that_fail_are_repeated_and_the_request_is_not(vendor: FakeUpstream) -> None:
    vendor.answer(200, JSON, TAKEN)
    vendor.fail("closed")
    vendor.answer(503, JSON, b"{}")
    vendor.answer(429, JSON, b"{}")
    vendor.answer(200, JSON, DONE)
    assert await read(start(vendor)) == (200, DONE)
    assert [play.target.method for play in vendor.plays].count("POST") == 1


@pytest.mark.parametrize(("status", "polls"), [(404, 1), (503, 5)])
async def test_a_task_that_can_not_be_asked_for_is_lost(
    vendor: FakeUpstream, status: int, polls: int
) -> None:
    vendor.answer(200, JSON, TAKEN)
    for _ in range(polls):
        vendor.answer(status, JSON, b"{}")
    with pytest.raises(UpstreamFailure, match=f"status {status}"):
        await read(start(vendor))
    assert len(vendor.plays) == 1 + polls


async def test_a_task_that_takes_too_long_ends_with_the_time_limit(vendor: FakeUpstream) -> None:
    vendor.answer(200, JSON, TAKEN)
    for _ in range(200):
        vendor.answer(200, JSON, RUNNING)
    with pytest.raises(UpstreamFailure) as caught:
        await read(start(vendor, msgspec.structs.replace(Limits(), total=0.05)))
    assert caught.value.kind == "total_timeout"


async def test_an_attempt_that_is_given_up_is_not_asked_for_any_more(vendor: FakeUpstream) -> None:
    vendor.answer(200, JSON, TAKEN)
    exchange = start(vendor)
    asked = asyncio.Event()
    vendor.script(lambda _: asked.set())
    await asyncio.wait_for(asked.wait(), 5)
    exchange.cancel()
    assert vendor.plays[-1].cancelled
    await asyncio.sleep(0.02)
    assert len(vendor.plays) == 2
