"""The permission table denies by default, and no credential exceeds its issuer."""

import pytest

from nexhina.contract.operation import Operation
from nexhina.domain.identity import PERMISSIONS, Principal, Tenant, Token
from nexhina.errors import PermissionDeniedError
from nexhina.identity.permission import (
    GRANTS,
    LOCAL,
    TOKEN_PERMISSIONS,
    Actor,
    actor_of,
    is_allowed,
    require_allowed,
    require_within,
)

NOBODY = Actor(via="none")
MEMBER = Actor(via="session", role="member")
OWNER = Actor(via="session", role="owner")
KEY = Actor(via="token")
OPEN_TO_ALL = {"v1:routes", "health:read", "setup:use", "media:read"}


def test_an_action_without_a_line_is_denied_to_everybody() -> None:
    for actor in (NOBODY, MEMBER, OWNER, KEY, LOCAL):
        assert not is_allowed("keys:steal", actor)
        assert not is_allowed("", actor)


def test_nobody_may_only_what_proves_itself() -> None:
    assert {action for action in GRANTS if is_allowed(action, NOBODY)} == OPEN_TO_ALL


def test_a_key_calls_every_operation_and_manages_nothing() -> None:
    allowed = {action for action in GRANTS if is_allowed(action, KEY)}
    assert allowed == OPEN_TO_ALL | {f"v1:{operation}" for operation in Operation}


def test_a_member_manages_nothing() -> None:
    assert {action for action in GRANTS if is_allowed(action, MEMBER)} == OPEN_TO_ALL


def test_the_owner_manages_but_only_the_machine_itself_backs_up() -> None:
    assert is_allowed("channels:add", OWNER)
    assert is_allowed("keys:create", OWNER)
    assert not is_allowed("backup:write", OWNER)
    assert is_allowed("backup:write", LOCAL)
    assert is_allowed("setup:renew", LOCAL)


def test_calling_a_model_needs_a_key() -> None:
    assert not is_allowed("v1:chat", OWNER)
    assert not is_allowed("v1:chat", LOCAL)


def test_a_role_written_into_a_token_gives_no_sessions_rights() -> None:
    assert not is_allowed("keys:create", Actor(via="token", role="owner"))
    assert is_allowed("metrics:read", Actor(via="token", permissions=("channel:see",)))
    assert not is_allowed("metrics:read", Actor(via="token", role="owner"))
    assert not is_allowed("metrics:read", KEY)


@pytest.mark.parametrize(("action", "permission"), list(TOKEN_PERMISSIONS.items()))
def test_what_a_request_may_ask_hangs_on_one_permission_each(action: str, permission: str) -> None:
    others = tuple(name for name in PERMISSIONS if name != permission)
    assert is_allowed(action, Actor(via="token", permissions=(permission,)))
    assert not is_allowed(action, Actor(via="token", role="owner", permissions=others))
    with pytest.raises(PermissionDeniedError, match=permission):
        require_allowed(action, KEY)


def test_require_allowed_passes_or_refuses_with_403() -> None:
    require_allowed("keys:list", OWNER)
    with pytest.raises(PermissionDeniedError) as caught:
        require_allowed("keys:list", KEY)
    assert caught.value.status == 403


def test_the_actor_of_a_key_has_its_permissions_and_models() -> None:
    token = Token(
        id=1, tenant_id=1, user_id=1, name="t", hint="", status="enabled", budget_nano=None,
        models=("a",), permissions=("channel:see",), created_at=0.0,
    )  # fmt: skip
    tenant = Tenant(id=1, slug="owner", name="Owner", postpaid=True, created_at=0.0)
    actor = actor_of(Principal(token=token, tenant=tenant, accounts=()))
    assert (actor.via, actor.permissions, actor.models) == ("token", ("channel:see",), ("a",))


ISSUER = Actor(via="token", permissions=("channel:see",), models=("a", "b"))


def test_the_machine_may_issue_every_permission_for_every_model() -> None:
    require_within(LOCAL, PERMISSIONS, None)


def test_a_credential_within_its_issuer_is_accepted() -> None:
    require_within(ISSUER, ["channel:see"], ["a"])
    require_within(ISSUER, [], ["b", "a"])


@pytest.mark.parametrize(
    ("permissions", "models", "named"),
    [
        (["channel:pin"], ["a"], "channel:pin"),
        (["channel:see", "any_tenant"], ["a"], "any_tenant"),
        ([], None, "every model"),
        ([], ["a", "c"], "c"),
    ],
)
def test_a_credential_that_exceeds_its_issuer_is_refused_and_the_excess_named(
    permissions: list[str], models: list[str] | None, named: str
) -> None:
    with pytest.raises(PermissionDeniedError, match=named):
        require_within(ISSUER, permissions, models)


def test_a_permission_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'root'.*channel:pin"):
        require_within(LOCAL, ["root"], None)
