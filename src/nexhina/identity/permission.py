"""Who may do what: one table of actions, denied unless a line allows it.

An action is a public operation ("v1:chat"), a service call ("keys:create") or a page's act. A
grant names how the caller proved who they are and, for people, their role. What a token may do
beyond calling models is a permission of the token itself (`TOKEN_PERMISSIONS`). Tenant isolation
is not here: it is the tenant id in every query.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from nexhina.contract.operation import Operation
from nexhina.domain.identity import (
    ANY_TENANT,
    CHANNEL_PIN,
    CHANNEL_SEE,
    PERMISSIONS,
    Principal,
)
from nexhina.errors import PermissionDeniedError

Via = Literal["local", "session", "token", "none"]
"""The machine itself (CLI, control socket) · a signed-in person · an API key · nobody."""

OWNER = "owner"
MEMBER = "member"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever acts. `models` None: every model."""

    via: Via
    role: str = ""  # of a person: owner | member
    permissions: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None


LOCAL = Actor(via="local", role=OWNER, permissions=PERMISSIONS)
"""Who has the data folder has everything: the CLI, and the control socket inside the folder."""

_LOCAL = "local:owner"
_OWNER = "session:owner"
_API_KEY = "token:"
_NOBODY = "none:"

_OPERATOR = frozenset({_LOCAL, _OWNER})
_ANYBODY = frozenset({_LOCAL, _OWNER, "session:member", _API_KEY, _NOBODY})

GRANTS: dict[str, frozenset[str]] = {
    **{f"v1:{operation.value}": frozenset({_API_KEY}) for operation in Operation},
    "v1:routes": _ANYBODY,
    "health:read": _ANYBODY,
    "setup:use": _ANYBODY,  # the link itself is the proof
    "media:read": _ANYBODY,  # the signature in the link is the proof
    "keys:create": _OPERATOR,
    "keys:list": _OPERATOR,
    "keys:revoke": _OPERATOR,
    "channels:add": _OPERATOR,
    "channels:list": _OPERATOR,
    "channels:set": _OPERATOR,
    "channels:enable": _OPERATOR,
    "channels:disable": _OPERATOR,
    "channels:test": _OPERATOR,
    "channels:remove": _OPERATOR,
    "logs:list": _OPERATOR,
    "logs:show": _OPERATOR,
    "models:list": _OPERATOR,
    "setup:renew": frozenset({_LOCAL}),
    "backup:write": frozenset({_LOCAL}),
    "doctor:run": frozenset({_LOCAL}),
}
"""Action → grants, each "via:role". An action without a line is denied to everybody."""

TOKEN_PERMISSIONS: dict[str, str] = {
    "channel:choose": CHANNEL_PIN,  # the X-Channel header
    "channel:name": CHANNEL_SEE,  # the channel's own name in x-nexhina-channel
    "tenant:choose": ANY_TENANT,  # X-Tenant-Id naming another tenant
    "metrics:read": CHANNEL_SEE,  # the numbers tell the channels' vendors
}
"""What a request may ask beside its operation → the permission that its token must carry."""


def actor_of(principal: Principal, role: str = "") -> Actor:
    """The actor behind an API key; `role` of its user, where an action asks for it."""
    token = principal.token
    return Actor(via="token", role=role, permissions=token.permissions, models=token.models)


def is_allowed(action: str, actor: Actor) -> bool:
    """Whether the table or a permission of the token allows the action."""
    permission = TOKEN_PERMISSIONS.get(action)
    if permission is not None:
        return permission in actor.permissions
    grants = GRANTS.get(action, frozenset())
    return f"{actor.via}:{actor.role}" in grants or f"{actor.via}:" in grants


def require_allowed(action: str, actor: Actor) -> None:
    """Raises PermissionDeniedError, naming what is missing."""
    if is_allowed(action, actor):
        return
    permission = TOKEN_PERMISSIONS.get(action)
    if permission is not None:
        raise PermissionDeniedError(
            f"This API key lacks the permission {permission!r}; "
            f"create one with --allow {permission}."
        )
    raise PermissionDeniedError(f"{action!r} is not allowed for this caller.")


def require_within(issuer: Actor, permissions: Iterable[str], models: Iterable[str] | None) -> None:
    """Raises PermissionDeniedError when a new credential would exceed its issuer.

    Raises ValueError for a permission that does not exist. `models` None asks for every model.
    """
    asked = tuple(permissions)
    for name in asked:
        if name not in PERMISSIONS:
            raise ValueError(f"there is no permission {name!r}; known: {', '.join(PERMISSIONS)}")
    excess = [name for name in asked if name not in issuer.permissions]
    if excess:
        raise PermissionDeniedError(
            f"A key can't have permissions that its issuer lacks: {', '.join(excess)}."
        )
    if issuer.models is None:
        return
    if models is None:
        raise PermissionDeniedError(
            "A key can't be open to every model when its issuer is not; name the models."
        )
    excess = [name for name in models if name not in issuer.models]
    if excess:
        raise PermissionDeniedError(
            f"A key can't use models that its issuer can't: {', '.join(excess)}."
        )
