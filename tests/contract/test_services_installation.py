"""The first run, and the set-up link."""

import asyncio

import msgspec
import pytest

from nexhina.domain.identity import CHANNEL_PIN, CHANNEL_SEE, wallet_account
from nexhina.errors import NotFoundError
from nexhina.identity.key import digest_key, stored_digest
from nexhina.identity.password import is_password
from nexhina.services import installation, key, setup
from nexhina.services.sandbox_channel import SITE_MODELS
from nexhina.services.shapes import Nothing
from nexhina.storage import channel as channels
from nexhina.storage import price as prices
from nexhina.storage import tenant as tenants
from nexhina.storage import token as tokens
from nexhina.storage import user as users
from nexhina.storage.ledger import SqlLedger
from support.databases import database, folder, postgres, postgres_template, sqlite_template
from support.workspace import Bench, bench_on_each

__all__ = [
    "bench_on_each",
    "database",
    "folder",
    "postgres",
    "postgres_template",
    "sqlite_template",
]

PASSWORD = "a rather long pass phrase"


def link_of(url: str | None) -> str:
    assert url is not None
    return url.partition("?token=")[2]


async def test_the_first_run_makes_the_owner_and_shows_the_key_once(bench_on_each: Bench) -> None:
    first = await bench_on_each.install()
    assert first.created
    assert first.api_key is not None
    assert first.base_url == "http://127.0.0.1:8000/v1"
    second = await bench_on_each.install()
    assert not second.created
    assert second.api_key is None
    assert bench_on_each.refreshed == 2
    workspace = bench_on_each.workspace
    with workspace.database.read() as connection:
        digest = stored_digest(workspace.pepper, digest_key(first.api_key.encode()))
        principal = tokens.find_principal(connection, [digest])
        owner = tenants.load_tenant(connection, "owner")
        assert principal is not None
        assert owner is not None
        assert principal.tenant == owner
        assert owner.postpaid
        assert principal.token.name == "owner"
        assert set(principal.token.permissions) == {CHANNEL_PIN, CHANNEL_SEE}
        [user] = users.list_users(connection, owner.id)
        assert (user.role, user.email, user.password_hash) == ("owner", None, None)
    [wallet] = await SqlLedger(workspace.database).load_accounts([wallet_account(owner.id)])
    assert (wallet.balance, wallet.floor) == (0, None)


async def test_the_key_is_stored_nowhere_in_plain(bench_on_each: Bench) -> None:
    first = await bench_on_each.install()
    assert first.api_key is not None
    if bench_on_each.workspace.database.is_sqlite:
        for file in bench_on_each.workspace.folder.path.glob("nexhina.db*"):
            assert first.api_key.encode() not in file.read_bytes()


async def test_a_new_key_is_made_only_when_asked_for(bench_on_each: Bench) -> None:
    first = await bench_on_each.install()
    again = await bench_on_each.install(new_key=True)
    assert again.api_key not in (None, first.api_key)
    assert not again.created
    listed = await key.list_keys(bench_on_each.workspace, Nothing())
    assert [view.name for view in listed] == ["owner", "owner-2"]


async def test_two_first_runs_at_once_make_one_installation(bench_on_each: Bench) -> None:
    both = await asyncio.gather(bench_on_each.install(), bench_on_each.install())
    assert sorted(each.created for each in both) == [False, True]
    assert sum(each.api_key is not None for each in both) == 1


async def test_the_sandbox_answers_for_every_name_of_the_site_at_its_own_price(
    bench_on_each: Bench,
) -> None:
    first = await bench_on_each.install()
    names = {name for group in SITE_MODELS.values() for name in group}
    assert set(first.sandbox_models) == names
    with bench_on_each.workspace.database.read() as connection:
        [channel] = channels.list_channels(connection, bench_on_each.workspace.vault)
        assert channel.automatic
        assert channel.models["wanx-v2"] == "sandbox-image"
        assert channel.models["sandbox-chat"] == "sandbox-chat"
        own = prices.list_prices(connection, channel_id=channel.id)
        assert {price.model for price in own} == names
        catalog = {
            (price.kind, price.nano)
            for price in prices.list_prices(connection, model="sandbox-chat")
        }
        assert {(p.kind, p.nano) for p in own if p.model == "gpt-4o"} == catalog


async def test_without_the_sandbox_setting_no_channel_is_made(bench_on_each: Bench) -> None:
    bench_on_each.workspace.settings = msgspec.structs.replace(
        bench_on_each.workspace.settings, sandbox=False
    )
    first = await bench_on_each.install()
    assert first.sandbox_models == ()
    with bench_on_each.workspace.database.read() as connection:
        assert channels.list_channels(connection, bench_on_each.workspace.vault) == []


async def test_names_that_a_newer_version_knows_are_added_to_the_automatic_channel(
    bench_on_each: Bench,
) -> None:
    await bench_on_each.install()
    workspace = bench_on_each.workspace
    with workspace.database.write() as connection:
        [channel] = channels.list_channels(connection, workspace.vault)
        older = msgspec.structs.replace(channel, models={"sandbox-chat": "sandbox-chat"})
        channels.save_channel(connection, workspace.vault, older, 1.0)
    again = await bench_on_each.install()
    assert "gpt-4o" in again.sandbox_models


async def test_a_sandbox_channel_that_was_removed_stays_away(bench_on_each: Bench) -> None:
    await bench_on_each.install()
    with bench_on_each.workspace.database.write() as connection:
        [channel] = channels.list_channels(connection, bench_on_each.workspace.vault)
        channels.remove_channel(connection, channel.tenant_id, channel.id)
    assert (await bench_on_each.install()).sandbox_models == ()


async def test_the_set_up_link_works_once(bench_on_each: Bench) -> None:
    link = link_of((await bench_on_each.install()).setup_url)
    workspace = bench_on_each.workspace
    assert await setup.is_open(workspace, link)
    assert not await installation.is_set_up(workspace)
    user = await setup.use_link(workspace, link, " Owner@Example.com ", PASSWORD)
    assert user.email == "owner@example.com"
    assert user.password_hash is not None
    assert is_password(user.password_hash, PASSWORD)
    assert await installation.is_set_up(workspace)
    assert not await setup.is_open(workspace, link)
    with pytest.raises(NotFoundError, match="nexhina init"):
        await setup.use_link(workspace, link, "thief@example.com", PASSWORD)


async def test_the_set_up_link_dies_after_an_hour(bench_on_each: Bench) -> None:
    link = link_of((await bench_on_each.install()).setup_url)
    bench_on_each.clock.advance(3599)
    assert await setup.is_open(bench_on_each.workspace, link)
    bench_on_each.clock.advance(2)
    assert not await setup.is_open(bench_on_each.workspace, link)
    with pytest.raises(NotFoundError):
        await setup.use_link(bench_on_each.workspace, link, "owner@example.com", PASSWORD)


async def test_a_new_link_ends_the_older_one(bench_on_each: Bench) -> None:
    old = link_of((await bench_on_each.install()).setup_url)
    new = link_of((await bench_on_each.install()).setup_url)
    assert not await setup.is_open(bench_on_each.workspace, old)
    assert await setup.is_open(bench_on_each.workspace, new)


async def test_a_guessed_link_is_not_open(bench_on_each: Bench) -> None:
    await bench_on_each.install()
    for link in ("", "0" * 64, "../../etc"):
        assert not await setup.is_open(bench_on_each.workspace, link)


@pytest.mark.parametrize(
    ("email", "password", "part"),
    [
        ("owner", PASSWORD, "e-mail"),
        ("o@x\n.com", PASSWORD, "e-mail"),
        ("o@example.com", "short", "characters"),
    ],
)
async def test_a_refused_e_mail_or_password_leaves_the_link_usable(
    bench_on_each: Bench, email: str, password: str, part: str
) -> None:
    link = link_of((await bench_on_each.install()).setup_url)
    with pytest.raises(ValueError, match=part):
        await setup.use_link(bench_on_each.workspace, link, email, password)
    assert await setup.is_open(bench_on_each.workspace, link)


async def test_a_start_makes_a_link_only_while_the_owner_can_not_sign_in(
    bench_on_each: Bench,
) -> None:
    link = link_of((await bench_on_each.install(new_link=False)).setup_url)
    await setup.use_link(bench_on_each.workspace, link, "owner@example.com", PASSWORD)
    assert (await bench_on_each.install(new_link=False)).setup_url is None
    assert (await bench_on_each.install()).setup_url is not None


async def test_before_the_first_run_every_call_says_what_to_run(bench_on_each: Bench) -> None:
    with pytest.raises(NotFoundError, match="nexhina init"):
        await key.list_keys(bench_on_each.workspace, Nothing())
