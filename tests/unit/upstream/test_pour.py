"""A reply's way into a store: no faster than the store takes it, and whole or not at all."""

import asyncio

import pytest

from nexhina.errors import FetchError, UpstreamFailure
from nexhina.ports import Sink
from nexhina.tasks import drive
from nexhina.upstream.pour import MOST_WAITING, pour


class SlowReply:
    """What `pour` asks of a reply."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.paused = self.cancelled = False
        self.sink: Sink | None = None

    def attach(self, sink: Sink) -> None:
        self.sink = sink

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def cancel(self) -> None:
        self.cancelled = True


class Store:
    """Takes one piece after the other, each when it may."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.may = asyncio.Event()

    async def append(self, data: bytes) -> None:
        await self.may.wait()
        self.taken.append(data)


def begin(reply: SlowReply, store: Store, most: int = 1 << 30) -> asyncio.Future[int]:
    return asyncio.ensure_future(drive(pour(reply, store.append, most)))  # pyright: ignore[reportArgumentType]  (the part that it uses)


async def test_the_vendor_waits_while_the_store_is_busy() -> None:
    reply, store = SlowReply(), Store()
    pouring = begin(reply, store)
    await asyncio.sleep(0)
    assert reply.sink is not None
    reply.sink.data(b"x" * MOST_WAITING)
    assert not reply.paused
    reply.sink.data(b"y")
    assert reply.paused
    store.may.set()
    reply.sink.ended()
    assert await pouring == MOST_WAITING + 1
    assert not reply.paused
    assert b"".join(store.taken) == b"x" * MOST_WAITING + b"y"


async def test_what_broke_off_is_no_end() -> None:
    reply, store = SlowReply(), Store()
    store.may.set()
    pouring = begin(reply, store)
    await asyncio.sleep(0)
    assert reply.sink is not None
    reply.sink.data(b"half")
    reply.sink.failed(UpstreamFailure("closed", "in the middle"))
    with pytest.raises(UpstreamFailure) as caught:
        await pouring
    assert caught.value.kind == "closed"
    assert reply.cancelled


async def test_what_is_too_large_is_given_up() -> None:
    reply, store = SlowReply(), Store()
    store.may.set()
    pouring = begin(reply, store, most=3)
    await asyncio.sleep(0)
    assert reply.sink is not None
    reply.sink.data(b"four")
    with pytest.raises(FetchError):
        await pouring
    assert reply.cancelled
    assert store.taken == []
