"""Tenants, users, tokens and set-up links on both databases."""

import pytest

from nexhina.errors import ConflictError
from nexhina.storage import account, meta, setup_link, tenant, token, user
from nexhina.storage.database import Database
from support.ledger_rows import make_people


def test_a_tenant_is_found_by_id_and_by_slug(database: Database) -> None:
    with database.write() as connection:
        saved = tenant.save_tenant(connection, slug="acme", name="Acme", postpaid=False, now=5.0)
    with database.read() as connection:
        assert tenant.load_tenant(connection, saved.id) == saved
        assert tenant.load_tenant(connection, "acme") == saved
        assert tenant.load_tenant(connection, "nobody") is None
        assert tenant.list_tenants(connection) == [saved]


def test_two_tenants_can_not_share_a_slug(database: Database) -> None:
    with database.write() as connection:
        tenant.save_tenant(connection, slug="acme", name="Acme", postpaid=False, now=5.0)
        with pytest.raises(ConflictError, match="acme"):
            tenant.save_tenant(connection, slug="acme", name="Other", postpaid=True, now=5.0)
    with database.read() as connection:
        assert len(tenant.list_tenants(connection)) == 1


def test_a_postpaid_wallet_has_no_floor_and_a_prepaid_one_has_zero(database: Database) -> None:
    with database.write() as connection:
        one = tenant.save_tenant(connection, slug="a", name="A", postpaid=True, now=5.0)
        two = tenant.save_tenant(
            connection, slug="b", name="B", postpaid=False, now=5.0, grant_nano=700
        )
        names = [f"wallet/{one.id}", f"wallet/{two.id}"]
        first, second = account.load_accounts(connection, names)
    assert (first.floor, first.balance) == (None, 0)
    assert (second.floor, second.balance) == (0, 700)


def test_a_user_is_found_by_email_in_any_case_and_an_email_is_used_once(database: Database) -> None:
    with database.write() as connection:
        owner, person, _ = make_people(connection)
        named = user.save_credentials(
            connection, person.id, email="Ann@Example.org", password_hash="hash"
        )
        assert named.email == "ann@example.org"
        assert user.find_user(connection, "ANN@example.org") == named
        assert user.load_user(connection, person.id) == named
        other = user.save_user(
            connection,
            tenant_id=owner.id,
            email="bob@example.org",
            password_hash=None,
            role="member",
            now=2.0,
        )
        with pytest.raises(ConflictError, match="another user"):
            user.save_credentials(connection, other.id, email="ann@example.org", password_hash="x")
        with pytest.raises(ConflictError):
            user.save_user(
                connection,
                tenant_id=owner.id,
                email="Bob@example.org",
                password_hash=None,
                role="member",
                now=2.0,
            )
        with pytest.raises(KeyError):
            user.save_credentials(connection, 999, email="c@example.org", password_hash="x")
        assert user.list_users(connection, owner.id) == [named, other]


def test_a_token_is_found_by_its_digest_until_it_is_revoked(database: Database) -> None:
    with database.write() as connection:
        owner, _, key = make_people(connection, budget_nano=5_000)
        row = connection.exec_driver_sql("SELECT digest FROM token").scalar_one()
        principal = token.find_principal(connection, [b"unknown", bytes(row)])
        assert principal is not None
        assert principal.token == key
        assert principal.tenant == owner
        assert principal.accounts == (f"wallet/{owner.id}", f"budget/{key.id}/0")
        assert token.revoke_token(connection, owner.id, key.id)
        assert not token.revoke_token(connection, owner.id, key.id)
        assert token.find_principal(connection, [bytes(row)]) is None


def test_a_token_without_budget_is_held_on_the_wallet_alone(database: Database) -> None:
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        row = connection.exec_driver_sql("SELECT digest FROM token").scalar_one()
        principal = token.find_principal(connection, [bytes(row)])
    assert principal is not None
    assert principal.accounts == (f"wallet/{owner.id}",)


def test_a_name_is_free_again_after_its_token_was_revoked(database: Database) -> None:
    with database.write() as connection:
        owner, person, first = make_people(connection)

        def save(digest: bytes) -> token.Token:
            return token.save_token(
                connection,
                tenant_id=owner.id,
                user_id=person.id,
                name="owner",
                hint="sk-…",
                stored_digest=digest,
                budget_nano=None,
                models=("gpt-4o", "gpt-4o-mini"),
                permissions=(),
                now=3.0,
                expires_at=9.0,
            )

        with pytest.raises(ConflictError, match="'owner'"):
            save(b"second")
        token.revoke_token(connection, owner.id, first.id)
        second = save(b"second")
        assert second.models == ("gpt-4o", "gpt-4o-mini")
        assert second.expires_at == 9.0
        assert token.find_token(connection, owner.id, "owner") == second
        assert token.find_token(connection, owner.id, str(first.id)) == token.load_token(
            connection, owner.id, first.id
        )
        assert [use.token.id for use in token.list_tokens(connection, owner.id)] == [
            first.id,
            second.id,
        ]


def test_a_tenant_never_sees_or_revokes_a_foreign_token(database: Database) -> None:
    with database.write() as connection:
        _, _, key = make_people(connection)
        other, _, _ = make_people(connection)
        assert token.load_token(connection, other.id, key.id) is None
        assert token.find_token(connection, other.id, str(key.id)) is None
        assert not token.revoke_token(connection, other.id, key.id)


def test_a_budget_can_not_be_given_without_its_account(database: Database) -> None:
    with database.write() as connection:
        _, _, key = make_people(connection, budget_nano=5_000)
        (state,) = account.load_accounts(connection, [f"budget/{key.id}/0"])
        assert (state.balance, state.floor) == (5_000, 0)
        entries = account.list_entries(connection, f"budget/{key.id}/0")
        assert [(entry.amount, entry.kind, entry.worker) for entry in entries] == [
            (5_000, "grant", "desk")
        ]


def test_a_set_up_link_works_once_and_not_after_its_time(database: Database) -> None:
    with database.write() as connection:
        _, person, _ = make_people(connection)
        setup_link.save_link(connection, digest=b"one", user_id=person.id, expires_at=100.0)
        assert setup_link.find_link(connection, b"one", 99.0) == person.id
        assert setup_link.find_link(connection, b"one", 100.0) is None
        assert setup_link.use_link(connection, b"one", 100.0) is None
        assert setup_link.use_link(connection, b"one", 99.0) == person.id
        assert setup_link.use_link(connection, b"one", 99.0) is None
        assert setup_link.find_link(connection, b"one", 99.0) is None
        with pytest.raises(KeyError):
            setup_link.save_link(connection, digest=b"x", user_id=999, expires_at=1.0)


def test_a_new_set_up_link_ends_the_one_before(database: Database) -> None:
    with database.write() as connection:
        _, person, _ = make_people(connection)
        setup_link.save_link(connection, digest=b"one", user_id=person.id, expires_at=100.0)
        setup_link.save_link(connection, digest=b"two", user_id=person.id, expires_at=100.0)
        assert setup_link.use_link(connection, b"one", 1.0) is None
        assert setup_link.use_link(connection, b"two", 1.0) == person.id


def test_values_and_sequences_last(database: Database) -> None:
    with database.write() as connection:
        assert meta.load_value(connection, "flag") is None
        meta.save_value(connection, "flag", "1")
        meta.save_value(connection, "flag", "2")
        first = meta.load_installation_id(connection)
        numbers = [meta.next_number(connection, "seq") for _ in range(3)]
    assert numbers == [1, 2, 3]
    with database.write() as connection:
        assert meta.load_value(connection, "flag") == "2"
        assert meta.load_installation_id(connection) == first
        before = meta.load_version(connection)
        assert meta.bump_version(connection) == before + 1 == meta.load_version(connection)


def test_what_fails_half_way_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        tenant.save_tenant(connection, slug="acme", name="Acme", postpaid=False, now=5.0)
        raise RuntimeError
    with database.read() as connection:
        assert tenant.list_tenants(connection) == []


async def test_work_runs_in_a_thread_and_commits(database: Database) -> None:
    await database.writing(meta.save_value, "flag", "7")
    assert await database.reading(meta.load_value, "flag") == "7"
