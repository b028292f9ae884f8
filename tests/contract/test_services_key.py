"""Keys through the service."""

import pytest

from nexhina.domain.identity import budget_account
from nexhina.domain.money import NANO
from nexhina.errors import ConflictError, InvalidRequestError, NotFoundError
from nexhina.identity.key import digest_key, stored_digest
from nexhina.services.key import create_key, list_keys, revoke_key
from nexhina.services.shapes import CreateKey, NameKey, Nothing
from nexhina.storage import token as tokens
from nexhina.storage.ledger import SqlLedger
from support.workspace import Bench, bench, stocked

__all__ = ["bench", "stocked"]


async def test_a_key_carries_what_was_asked_for_and_works_at_once(bench: Bench) -> None:
    await bench.install()
    before = bench.refreshed
    made = await create_key(
        bench.workspace,
        CreateKey(
            name="app",
            budget_usd="1.5",
            models=("gpt-4o", " gpt-4o-mini", "gpt-4o"),
            permissions=("channel:see",),
        ),
    )
    assert bench.refreshed == before + 1
    assert made.key.startswith("sk-")
    assert (made.budget_usd, made.budget_nano_usd, made.spent_usd) == ("1.5", 1_500_000_000, "0")
    assert made.models == ("gpt-4o", "gpt-4o-mini")
    assert made.permissions == ("channel:see",)
    assert made.notes == ()
    workspace = bench.workspace
    with workspace.database.read() as connection:
        digest = stored_digest(workspace.pepper, digest_key(made.key.encode()))
        principal = tokens.find_principal(connection, [digest])
    assert principal is not None
    assert principal.may_use("gpt-4o")
    assert not principal.may_use("o3")
    assert budget_account(made.id) in principal.accounts
    [account] = await SqlLedger(workspace.database).load_accounts([budget_account(made.id)])
    assert account.balance == 1_500_000_000


async def test_a_key_without_a_word_has_no_limits_and_no_permissions(bench: Bench) -> None:
    await bench.install()
    made = await create_key(bench.workspace, CreateKey(name="plain", tenant="owner"))
    assert (made.budget_usd, made.models, made.permissions) == (None, None, ())


async def test_a_list_never_shows_a_key_and_shows_what_is_held(bench: Bench) -> None:
    await bench.install()
    made = await create_key(bench.workspace, CreateKey(name="app", budget_usd="5"))

    class Holds:
        def held_by_token(self, token_id: int, /) -> int:
            return 250_000_000 if token_id == made.id else 0

    bench.workspace.holds = Holds()
    owner, app = await list_keys(bench.workspace, Nothing())
    assert made.key not in repr((owner, app))
    assert (owner.held_usd, app.held_usd, app.held_nano_usd) == ("0", "0.25", 250_000_000)
    assert app.hint.startswith(made.key[:5])


async def test_a_revoked_key_stands_for_nobody_and_its_name_is_free_again(bench: Bench) -> None:
    await bench.install()
    workspace = bench.workspace
    made = await create_key(workspace, CreateKey(name="app"))
    before = bench.refreshed
    revoked = await revoke_key(workspace, NameKey(key="app"))
    assert (revoked.id, revoked.status) == (made.id, "revoked")
    assert bench.refreshed == before + 1
    with workspace.database.read() as connection:
        digest = stored_digest(workspace.pepper, digest_key(made.key.encode()))
        assert tokens.find_principal(connection, [digest]) is None
    again = await revoke_key(workspace, NameKey(key=str(made.id)))
    assert again.status == "revoked"
    assert (await create_key(workspace, CreateKey(name="app"))).id != made.id


async def test_a_name_that_is_taken_is_a_conflict(bench: Bench) -> None:
    await bench.install()
    with pytest.raises(ConflictError, match="owner"):
        await create_key(bench.workspace, CreateKey(name="owner"))


async def test_an_unknown_key_is_not_found_and_the_nearest_is_named(bench: Bench) -> None:
    await bench.install()
    with pytest.raises(NotFoundError, match="Did you mean owner"):
        await revoke_key(bench.workspace, NameKey(key="onwer"))
    with pytest.raises(NotFoundError, match="keys list"):
        await revoke_key(bench.workspace, NameKey(key="999999999999999999999"))


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (CreateKey(name=""), "can't name a key"),
        (CreateKey(name="42"), "can't name a key"),
        (CreateKey(name="a", tenant="acme"), "'acme'"),
        (CreateKey(name="a", budget_usd="ten"), "'ten'"),
        (CreateKey(name="a", budget_usd="-1"), "between 0"),
        (CreateKey(name="a", budget_usd="0.0000000001"), "nine decimals"),
        (CreateKey(name="a", budget_usd="1e30"), "between 0"),
        (CreateKey(name="a", budget_usd="NaN"), "NaN"),
        (CreateKey(name="a", models=()), "no model"),
        (CreateKey(name="a", models=(" ",)), "no model"),
        (CreateKey(name="a", permissions=("channel:pim",)), "did you mean channel:pin?"),
        (CreateKey(name="a", permissions=("root",)), "channel:pin, channel:see, any_tenant"),
    ],
)
async def test_a_field_that_can_not_be_is_refused_and_nothing_is_made(
    bench: Bench, arguments: CreateKey, part: str
) -> None:
    await bench.install()
    with pytest.raises(InvalidRequestError) as caught:
        await create_key(bench.workspace, arguments)
    assert part in caught.value.message
    assert len(await list_keys(bench.workspace, Nothing())) == 1


async def test_a_model_that_nobody_offers_is_noted_not_refused(bench: Bench) -> None:
    await bench.install()
    made = await create_key(bench.workspace, CreateKey(name="a", models=("gtp-4o", "zzz")))
    assert made.notes == (
        "No channel offers the model 'gtp-4o' now; did you mean gpt-4o?",
        "No channel offers the model 'zzz' now.",
    )


async def test_a_budget_of_the_largest_sum_is_stored_exactly(bench: Bench) -> None:
    await bench.install()
    made = await create_key(bench.workspace, CreateKey(name="a", budget_usd="1000000000"))
    assert made.budget_nano_usd == 1_000_000_000 * NANO
