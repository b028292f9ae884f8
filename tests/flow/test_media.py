"""Pictures reach the caller as they asked for them, whatever the vendor sent, and hold nobody up."""

import asyncio
import base64
import os

import msgspec
import pytest

from nexhina.errors import FetchError
from support.heartbeat import longest_turn
from support.media import PNG
from support.stage import JSON, MemoryBlobs, Stage

GENERATIONS = "/v1/images/generations"
LINK = "https://cdn.vendor.test/a.png?sig=1"
MIB = 1024 * 1024


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model(
        "draw", operations=("images", "image_edits"), image_sizes=("64x64",), image_limit=10
    )
    stage.price("draw", "image", 40_000.0)
    stage.channel("a", {"draw": "draw"})
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


def answer(*pictures: dict[str, str]) -> bytes:
    return msgspec.json.encode({"created": 1, "data": pictures, "usage": {"total_tokens": 3}})


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def draw(stage, wish: str | None, **more):
    body = {"model": "draw", "prompt": "a", **more}
    if wish:
        body["response_format"] = wish
    return stage.post(GENERATIONS, body)


async def test_a_vendors_link_is_read_kept_and_given_out_as_ours(stage):
    stage.fetcher.pages[LINK] = PNG
    stage.vendor.answer(200, JSON, answer({"url": LINK, "revised_prompt": "b"}))
    call = await stage.over(draw(stage, "url"))
    assert call.client.json["data"] == [
        {"url": "http://gw.test/media/0.png?exp=1&sig=s", "revised_prompt": "b"}
    ]
    assert stage.blobs.kept == {"0.png": PNG}
    ((_, origin),) = stage.fetcher.asked
    assert origin == stage.vendor.plays[0].target.origin


async def test_a_vendors_link_is_given_as_base64_to_who_asked_for_that(stage):
    stage.fetcher.pages[LINK] = data = PNG + os.urandom(700_001)
    stage.vendor.answer(200, JSON, answer({"url": LINK}, {"b64_json": "AAAA"}))
    call = await stage.over(draw(stage, "b64_json", n=2))
    assert call.client.json["data"] == [{"b64_json": encode(data)}, {"b64_json": "AAAA"}]
    assert stage.blobs.kept == {}


async def test_a_caller_who_did_not_say_gets_our_link_for_a_link(stage):
    stage.model("draw", operations=("images",), image_reply="b64_json", image_sizes=("64x64",))
    stage.fetcher.pages[LINK] = PNG
    stage.vendor.answer(200, JSON, answer({"url": LINK}))
    call = await stage.over(draw(stage, None))
    assert call.client.json["data"][0]["url"].startswith("http://gw.test/media/")


async def test_base64_stays_byte_for_byte_for_who_wants_base64(stage):
    data = encode(os.urandom(3 * MIB))
    stage.vendor.answer(200, JSON, answer({"b64_json": data}))
    call = await stage.over(draw(stage, "b64_json"))
    assert call.client.json["data"] == [{"b64_json": data}]
    assert stage.fetcher.asked == []


async def test_a_data_url_becomes_a_link_of_ours_without_a_fetch(stage):
    stage.vendor.answer(200, JSON, answer({"url": "data:image/png;base64," + encode(PNG)}))
    call = await stage.over(draw(stage, "url"))
    assert call.client.json["data"][0]["url"].startswith("http://gw.test/media/")
    assert list(stage.blobs.kept.values()) == [PNG]
    assert stage.fetcher.asked == []


async def test_a_link_that_can_not_be_read_is_502_and_costs_nothing(stage):
    stage.vendor.answer(200, JSON, answer({"url": LINK}))
    call = await stage.over(draw(stage, "url"))
    assert (call.refusal.status, call.refusal.code) == (502, "upstream_error")
    assert "its server answered 404" in call.refusal.message
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (502, 0)
    assert stage.blobs.kept == {}


@pytest.mark.parametrize("text", ["not base64!", "AAA=AAAA", "é"])
async def test_a_picture_that_is_no_base64_is_502_and_costs_nothing(stage, text):
    stage.vendor.answer(200, JSON, answer({"b64_json": text}))
    call = await stage.over(draw(stage, "url"))
    assert call.refusal.status == 502
    assert stage.rows()[0].charge_nano == 0


async def test_a_caller_who_leaves_ends_the_fetch_and_pays_for_the_picture(stage):
    started, ended = asyncio.Event(), asyncio.Event()

    class Endless:
        async def fetch(self, url, into, *, most, origin=None, seconds=None):
            started.set()
            try:
                await asyncio.Future()
            finally:
                ended.set()

    stage.pipeline.media._fetcher = Endless()
    stage.vendor.answer(200, JSON, answer({"url": LINK}))
    call = draw(stage, "url")
    await started.wait()
    call.leave()
    await stage.over(call)
    await ended.wait()
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (499, 40_000_000)


async def test_a_caller_who_leaves_with_a_key_finds_the_picture_later_and_pays_once(stage):
    started, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def fetch(self, url, into, *, most, origin=None, seconds=None):
            started.set()
            await go_on.wait()
            await into(PNG)

    stage.pipeline.media._fetcher = Slow()
    stage.vendor.answer(200, JSON, answer({"url": LINK}))
    key = {b"idempotency-key": b"left"}
    body = {"model": "draw", "prompt": "a", "response_format": "url"}
    call = stage.post(GENERATIONS, body, headers=key)
    await started.wait()
    call.leave()
    go_on.set()
    await stage.over(call)
    again = await stage.over(stage.post(GENERATIONS, body, headers=key))
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    assert again.client.json["data"][0]["url"].startswith("http://gw.test/media/")
    assert len(stage.vendor.plays) == 1
    assert [row.charge_nano for row in stage.rows()] == [40_000_000, 0]


async def test_one_link_that_fails_ends_the_reading_of_the_others(stage):
    ended = asyncio.Event()

    class Uneven:
        async def fetch(self, url, into, *, most, origin=None, seconds=None):
            if url.endswith("bad"):
                raise FetchError("refused", "it leads into a private or reserved network")
            try:
                await asyncio.Future()
            finally:
                ended.set()

    stage.pipeline.media._fetcher = Uneven()
    stage.vendor.answer(200, JSON, answer({"url": "http://a/good"}, {"url": "http://a/bad"}))
    call = await stage.over(draw(stage, "url", n=2))
    assert call.refusal.status == 502
    await ended.wait()


async def test_a_film_is_kept_from_a_link(stage):
    stage.fetcher.pages[LINK] = film = b"\x00\x00\x00\x18ftypmp42" + os.urandom(2 * MIB)
    name = await stage.pipeline.media.keep(1, LINK)
    assert stage.blobs.kept == {name: film}
    with pytest.raises(FetchError):
        await stage.pipeline.media.keep(1, "https://gone.test/")


class CountingBlobs(MemoryBlobs):
    """Sizes alone, so that the test measures no copies of its own."""

    async def begin(self, tenant_id, content_type):  # pyright: ignore[reportIncompatibleMethodOverride]  (a double of its own)
        return CountingWriter(self)


class CountingWriter:
    def __init__(self, blobs):
        self.size, self._blobs = 0, blobs

    async def append(self, piece):
        self.size += len(piece)

    async def commit(self):
        name = f"{len(self._blobs.kept)}.png"
        self._blobs.kept[name] = self.size
        return name

    async def abandon(self):
        raise AssertionError


@pytest.mark.parametrize("wish", ["url", "b64_json"])
async def test_large_pictures_hold_no_other_caller_up(stage, wish):
    stage.pipeline.media._blobs = blobs = CountingBlobs()
    size = 15 * MIB
    body = answer(*[{"b64_json": encode(PNG + bytes(size))}] * 2)

    async def draw_three():
        blobs.kept.clear()
        for _ in range(3):
            stage.vendor.answer(200, JSON, body)
        calls = [draw(stage, wish, n=2) for _ in range(3)]
        for call in calls:
            await stage.over(call)
        assert [call.client.status for call in calls] == [200] * 3
        if wish == "url":
            assert list(blobs.kept.values()) == [len(PNG) + size] * 6

    longest = await longest_turn(draw_three, 0.15)
    assert longest < 0.15, f"the loop stood for {longest * 1000:.0f} ms"
