"""Channels through the service, with a scripted vendor."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nexhina.errors import ConflictError, InvalidRequestError, NotFoundError, UpstreamError
from nexhina.sandbox import catalog
from nexhina.services import channel as service
from nexhina.services.model import list_models
from nexhina.services.sandbox_channel import SITE_MODELS
from nexhina.services.shapes import AddChannel, ChannelView, NameChannel, Nothing, SetChannel
from nexhina.storage import channel as channels
from nexhina.storage import price as prices
from nexhina.upstream.fake import Play
from support.workspace import Bench, bench, stocked

__all__ = ["bench", "stocked"]

KEY = "sk-vendor-0123456789abcdef"
JSON = {b"content-type": b"application/json"}


async def add(bench: Bench, **fields: object) -> ChannelView:
    wanted: dict[str, object] = {
        "provider": "openai_compatible",
        "name": "one",
        "base_url": "http://127.0.0.1:9000",
        "models": "m",
        "key": KEY,
    }
    return await service.add_channel(bench.workspace, AddChannel(**(wanted | fields)))  # type: ignore[arg-type]


async def every(bench: Bench) -> dict[str, ChannelView]:
    found = await service.list_channels(bench.workspace, Nothing())
    return {view.name: view for view in found}


async def test_a_channel_is_stored_as_written_and_its_key_sealed(bench: Bench) -> None:
    await bench.install()
    before = bench.refreshed
    made = await add(bench, models="a,fast=b", priority=5, weight=3, proxy="http://u:pw@p:3128")
    assert bench.refreshed == before + 1
    assert made.base_url == "http://127.0.0.1:9000/v1"
    assert made.models == {"a": "a", "fast": "b"}
    assert (made.priority, made.weight, made.status, made.has_key) == (5, 3, "enabled", True)
    assert made.public_name == "openai_compatible"
    assert made.proxy == "http://u:***@p:3128"
    assert KEY not in repr(made)
    with bench.workspace.database.read() as connection:
        [stored] = [
            each
            for each in channels.list_channels(connection, bench.workspace.vault)
            if each.id == made.id
        ]
        assert stored.key.reveal() == KEY
        assert stored.proxy == "http://u:pw@p:3128"
    if bench.workspace.database.is_sqlite:
        for file in bench.workspace.folder.path.glob("nexhina.db*"):
            assert KEY.encode() not in file.read_bytes()


async def test_the_first_real_channel_takes_the_sandbox_s_borrowed_names(bench: Bench) -> None:
    await bench.install()
    made = await add(bench)
    borrowed = {name for names in SITE_MODELS.values() for name in names}
    assert set(made.removed_aliases) == borrowed
    sandbox = (await every(bench))["sandbox"]
    assert set(sandbox.models) == set(catalog.MODELS)
    assert (await add(bench, name="two")).removed_aliases == ()


async def test_borrowed_names_do_not_come_back_when_the_real_channel_goes(bench: Bench) -> None:
    await bench.install()
    await add(bench)
    await service.remove_channel(bench.workspace, NameChannel(channel="one"))
    assert (await bench.install()).sandbox_models == ()
    sandbox = (await every(bench))["sandbox"]
    assert set(sandbox.models) == set(catalog.MODELS)


async def test_a_sandbox_channel_added_by_hand_takes_nothing_away(bench: Bench) -> None:
    await bench.install()
    made = await add(
        bench, provider="sandbox", name="play", base_url=None, key="any", models="m=sandbox-chat"
    )
    assert made.removed_aliases == ()
    assert not made.automatic
    assert made.base_url is None
    assert "gpt-4o" in (await every(bench))["sandbox"].models
    # … and when a real one comes, the one made by hand keeps its name.
    await add(bench, name="real")
    assert (await every(bench))["play"].models == {"m": "sandbox-chat"}


async def test_a_refused_channel_leaves_the_sandbox_as_it_is(bench: Bench) -> None:
    await bench.install()
    with pytest.raises(InvalidRequestError):
        await add(bench, models="")
    assert "gpt-4o" in (await every(bench))["sandbox"].models


async def test_auto_takes_the_vendor_s_list(bench: Bench) -> None:
    await bench.install()
    entries = [
        {"id": "x-large", "object": "model"},
        {"id": "ns/y"},
        {"id": "x-large"},
        {"id": "a b"},
    ]
    bench.vendor.answer(200, JSON, msgspec.json.encode({"object": "list", "data": entries}))
    made = await add(bench, models="auto")
    assert made.models == {"x-large": "x-large", "ns/y": "ns/y"}
    [play] = bench.vendor.plays
    assert (play.target.method, play.target.path) == ("GET", "/v1/models")
    assert play.target.headers[b"authorization"] == f"Bearer {KEY}".encode()


@pytest.mark.parametrize(
    ("status", "body", "part"),
    [
        (200, b"<html>", "not a list"),
        (200, b'{"data":[]}', "empty"),
        (401, b'{"error":{"message":"bad key sk-vendor-0123456789abcdef"}}', "401"),
        (404, b"not here", "Check the base URL"),
        (500, b"", "try again later"),
    ],
)
async def test_a_list_that_can_not_be_read_stores_nothing_and_says_why(
    bench: Bench, status: int, body: bytes, part: str
) -> None:
    await bench.install()
    bench.vendor.answer(status, JSON, body)
    with pytest.raises(UpstreamError) as caught:
        await add(bench, models="auto")
    assert part in caught.value.message
    assert "--models a,b" in caught.value.message
    assert KEY not in caught.value.message
    assert list(await every(bench)) == ["sandbox"]


async def test_a_vendor_that_can_not_be_reached_is_named_as_the_cause(bench: Bench) -> None:
    await bench.install()
    bench.vendor.fail("connect", "connection refused")
    with pytest.raises(UpstreamError, match="connection refused"):
        await add(bench, models="auto")


async def test_auto_on_the_sandbox_takes_its_own_names(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, provider="sandbox", name="play", base_url=None, models="auto")
    assert set(made.models) == set(catalog.MODELS)
    assert bench.vendor.plays == []


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"provider": "openia"}, "openai"),
        ({"name": "my channel"}, "can't name a channel"),
        ({"base_url": "ftp://x"}, "http:// or https://"),
        ({"base_url": None}, "needs a base URL"),
        ({"provider": "openai", "base_url": None, "key": ""}, "--key"),
        ({"key": "two words"}, "--key"),
        ({"price": "1"}, "IN/OUT"),
        ({"proxy": "p:1"}, "socks5"),
        ({"weight": -1}, "weight -1"),
        ({"priority": 10**9}, "priority"),
        ({"provider": "sandbox"}, "base URL"),
        ({"provider": "sandbox", "base_url": None, "models": "m=gpt-4o"}, "sandbox-chat"),
        ({"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
        ({"public_name": "a\r\nb"}, "can't name"),
    ],
)
async def test_a_channel_that_can_not_be_is_refused_with_the_cure(
    bench: Bench, fields: dict[str, object], part: str
) -> None:
    await bench.install()
    with pytest.raises(InvalidRequestError) as caught:
        await add(bench, **fields)
    assert part in caught.value.message
    assert list(await every(bench)) == ["sandbox"]


async def test_a_name_that_is_taken_is_a_conflict_before_the_vendor_is_asked(bench: Bench) -> None:
    await bench.install()
    with pytest.raises(ConflictError, match="channels set sandbox"):
        await add(bench, name="sandbox", models="auto")
    assert bench.vendor.plays == []


async def test_a_local_server_needs_no_key(bench: Bench) -> None:
    await bench.install()
    assert not (await add(bench, key="")).has_key


async def test_a_price_becomes_dated_rows_of_each_model_of_the_channel(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, models="a,b", price="0.15/0.60")
    with bench.workspace.database.read() as connection:
        rows = prices.list_prices(connection, channel_id=made.id)
    assert {(row.model, row.kind, row.nano, row.per) for row in rows} == {
        ("a", "input", 150_000_000, 1_000_000),
        ("a", "output", 600_000_000, 1_000_000),
        ("b", "input", 150_000_000, 1_000_000),
        ("b", "output", 600_000_000, 1_000_000),
    }
    assert {row.since for row in rows} == {bench.clock.now()}


async def test_every_kind_can_be_priced_for_all_models_or_for_one(bench: Bench) -> None:
    await bench.install()
    made = await add(
        bench,
        models="a,b",
        price="1/2\nvideo:720p=0.10/second\ncharacter=15@b",
    )
    with bench.workspace.database.read() as connection:
        rows = prices.list_prices(connection, channel_id=made.id)
    assert {(row.model, row.kind, row.variant, row.nano, row.per) for row in rows} == {
        *((name, "input", "", 10**9, 1_000_000) for name in "ab"),
        *((name, "output", "", 2 * 10**9, 1_000_000) for name in "ab"),
        *((name, "video", "720p", 10**8, 1000) for name in "ab"),
        ("b", "character", "", 15 * 10**9, 1_000_000),
    }
    (shown,) = [
        each
        for each in await service.list_channels(bench.workspace, Nothing())
        if each.name == "one"
    ]
    assert shown.prices == made.prices
    assert ("character", "15", "b") in {(each.kind, each.usd, each.model) for each in made.prices}
    assert {each.model for each in made.prices} == {"a", "b"}
    with pytest.raises(InvalidRequestError, match="no model 'c'"):
        await service.set_channel(bench.workspace, SetChannel(channel="one", price="1/2@c"))


async def test_a_price_of_films_makes_no_chat_model_a_priced_one(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, models="gpt-4o,sora-2,mine", price="video=0.5")
    with bench.workspace.database.read() as connection:
        rows = prices.list_prices(connection, channel_id=made.id)
    assert {row.model for row in rows} == {"sora-2", "mine"}
    with pytest.raises(InvalidRequestError, match=r"image=0\.5/1@gpt-4o"):
        await add(bench, name="two", models="gpt-4o", price="image=0.5")
    assert "two" not in await every(bench)


async def test_the_price_of_one_model_stands_over_that_of_all_whatever_comes_first(
    bench: Bench,
) -> None:
    await bench.install()
    for name, price in (("first", "3/4@a\n1/2"), ("last", "1/2\n3/4@a")):
        made = await add(bench, name=name, models="a,b", price=price)
        shown = {(each.model, each.kind): each.usd for each in made.prices}
        assert (shown["a", "input"], shown["b", "input"]) == ("3", "1")


async def test_a_model_of_another_kind_joins_a_channel_with_a_price_of_films(bench: Bench) -> None:
    await bench.install()
    await add(bench, models="sora-2", price="video:720P=0.5")
    change = SetChannel(channel="one", models="sora-2,gpt-4o,mini=gpt-4o-mini")
    await service.set_channel(bench.workspace, change)
    (shown,) = [
        each
        for each in await service.list_channels(bench.workspace, Nothing())
        if each.name == "one"
    ]
    assert {(each.model, each.variant) for each in shown.prices} == {("sora-2", "720p")}


async def test_a_new_price_is_in_force_from_now_and_the_old_row_stays(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, price="1/2")
    bench.clock.advance(60)
    await service.set_channel(bench.workspace, SetChannel(channel="one", price="3/4"))
    with bench.workspace.database.read() as connection:
        assert len(prices.list_prices(connection, channel_id=made.id)) == 4
    shown = {model.name: model for model in await list_models(bench.workspace, Nothing())}["m"]
    assert {(price.kind, price.usd, price.channel) for price in shown.prices} == {
        ("input", "3", "one"),
        ("output", "4", "one"),
    }


async def test_a_model_added_later_costs_what_the_channel_s_others_cost(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, price="1/2")
    changed = await service.set_channel(bench.workspace, SetChannel(channel="one", models="m,n"))
    assert changed.notes == ("n cost what the channel's other models cost.",)
    with bench.workspace.database.read() as connection:
        rows = prices.list_prices(connection, model="n", channel_id=made.id)
    assert {(row.kind, row.nano) for row in rows} == {
        ("input", 1_000_000_000),
        ("output", 2_000_000_000),
    }


async def test_setting_changes_what_was_named_and_nothing_else(
    bench: Bench, tmp_path: Path
) -> None:
    await bench.install()
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    made = await add(bench, proxy="http://p:1", ca_file=str(ca_file), price="1/2")
    changed = await service.set_channel(
        bench.workspace, SetChannel(channel=str(made.id), name="uno", priority=7, proxy="")
    )
    assert (changed.id, changed.name, changed.priority, changed.proxy) == (made.id, "uno", 7, None)
    assert (changed.ca_file, changed.models, changed.has_key) == (str(ca_file), {"m": "m"}, True)
    with bench.workspace.database.read() as connection:
        stored = channels.find_channel(connection, bench.workspace.vault, 1, "uno")
        assert stored is not None
        assert stored.key.reveal() == KEY


async def test_the_automatic_channel_named_by_hand_is_no_longer_kept_up_to_date(
    bench: Bench,
) -> None:
    await bench.install()
    await service.set_channel(
        bench.workspace, SetChannel(channel="sandbox", models="mine=sandbox-chat")
    )
    await bench.install()
    assert (await every(bench))["sandbox"].models == {"mine": "sandbox-chat"}


async def test_a_disabled_channel_offers_nothing_until_it_is_enabled(bench: Bench) -> None:
    await bench.install()
    await add(bench)

    async def names() -> set[str]:
        return {model.name for model in await list_models(bench.workspace, Nothing())}

    assert "m" in await names()
    off = await service.disable_channel(bench.workspace, NameChannel(channel="one"))
    assert off.status == "disabled"
    assert "m" not in await names()
    on = await service.enable_channel(bench.workspace, NameChannel(channel="one"))
    assert on.status == "enabled"
    assert "m" in await names()


async def test_a_removed_channel_takes_its_prices_with_it(bench: Bench) -> None:
    await bench.install()
    made = await add(bench, price="1/2")
    removed = await service.remove_channel(bench.workspace, NameChannel(channel="one"))
    assert removed.id == made.id
    with bench.workspace.database.read() as connection:
        assert prices.list_prices(connection, channel_id=made.id) == []
    assert list(await every(bench)) == ["sandbox"]


async def test_an_unknown_channel_is_not_found_and_the_nearest_is_named(bench: Bench) -> None:
    await bench.install()
    for call in (service.remove_channel, service.enable_channel, service.disable_channel):
        with pytest.raises(NotFoundError, match="Did you mean sandbox"):
            await call(bench.workspace, NameChannel(channel="sandbx"))


async def test_models_say_when_the_sandbox_plays_their_maker(bench: Bench) -> None:
    await bench.install()
    shown = {model.name: model for model in await list_models(bench.workspace, Nothing())}
    assert shown["gpt-4o"].stand_in
    assert not shown["sandbox-chat"].stand_in
    assert shown["gpt-4o"].maker == "openai"
    assert shown["gpt-4o"].operations == ("chat",)


async def test_several_keys_are_kept_one_per_line_and_only_their_number_is_shown(
    bench: Bench,
) -> None:
    await bench.install()
    made = await add(bench, key="sk-first\n\n sk-second \nsk-first\n")
    assert made.keys == 2
    assert (await every(bench))["one"].keys == 2
    assert "sk-first" not in repr(made)
    stored = await service.load_channel(bench.workspace, "one")
    assert stored.key.reveal() == "sk-first\nsk-second"
    with pytest.raises(InvalidRequestError) as caught:
        await add(bench, name="two", key="sk-first\nsk with blanks")
    assert "sk-first" not in str(caught.value)
    fewer = await service.set_channel(bench.workspace, SetChannel(channel="one", key="sk-new"))
    assert fewer.keys == 1


def by_key(**answers: tuple[int, bytes]) -> Callable[[Play], None]:
    """Answers by the key of the request, in whatever order the keys are asked."""

    def moves(play: Play) -> None:
        key = play.target.headers[b"authorization"].decode().removeprefix("Bearer sk-")
        status, body = answers[key]
        play.answer(status, JSON, body)

    return moves


async def test_auto_takes_what_every_key_may_use_and_names_the_rest(bench: Bench) -> None:
    await bench.install()
    first = b'{"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}'
    moves = by_key(one=(200, first), two=(200, b'{"data":[{"id":"c"},{"id":"a"},{"id":"d"}]}'))
    bench.vendor.script(moves)
    bench.vendor.script(moves)
    made = await add(bench, key="sk-one\nsk-two", models="auto")
    assert list(made.models) == ["a", "c"]
    assert made.notes == ("Left out, because not every key may use them: b, d.",)


async def test_auto_says_which_key_is_refused_and_stores_nothing(bench: Bench) -> None:
    await bench.install()
    refusal = b'{"error":{"message":"no such key: sk-two"}}'
    listed = (200, b'{"data":[{"id":"a"}]}')
    moves = by_key(one=listed, two=(401, refusal), three=listed)
    for _ in range(3):
        bench.vendor.script(moves)
    with pytest.raises(UpstreamError) as caught:
        await add(bench, key="sk-one\nsk-two\nsk-three", models="auto")
    assert "Key 2 of 3: The vendor answered 401: no such key: ***." in caught.value.message
    assert list(await every(bench)) == ["sandbox"]


async def test_auto_needs_a_model_that_every_key_may_use(bench: Bench) -> None:
    await bench.install()
    moves = by_key(one=(200, b'{"data":[{"id":"a"}]}'), two=(200, b'{"data":[{"id":"b"}]}'))
    bench.vendor.script(moves)
    bench.vendor.script(moves)
    with pytest.raises(UpstreamError, match="none that every key may use"):
        await add(bench, key="sk-one\nsk-two", models="auto")
