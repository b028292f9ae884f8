"""The first run: owner's tenant, user, key and sandbox channel, all in one transaction.

The key leaves here once and is stored nowhere in plain; who lost it makes a new one
(`nexhina init --new-key`). The schema, the catalog and secret.key are made by `storage` before.
"""

from typing import TYPE_CHECKING

from nexhina.domain.identity import CHANNEL_PIN, CHANNEL_SEE
from nexhina.errors import ConflictError
from nexhina.identity.key import new_key
from nexhina.services.key import save_key
from nexhina.services.sandbox_channel import (
    refresh_automatic_channel,
    save_automatic_channel,
    stand_in_names,
)
from nexhina.services.setup import make_link, setup_url
from nexhina.services.shapes import Install, Installed
from nexhina.services.workspace import OWNER, Workspace
from nexhina.storage import channel as channels
from nexhina.storage import tenant as tenants
from nexhina.storage import token as tokens
from nexhina.storage import user as users

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OWNER_PERMISSIONS = (CHANNEL_PIN, CHANNEL_SEE)


async def install(workspace: Workspace, arguments: Install) -> Installed:
    """The installation, made if there was none. A key leaves on the first run or with `new_key`."""
    try:
        created, key = await workspace.database.writing(_install, workspace, arguments)
    except ConflictError:  # another replica was first
        created, key = await workspace.database.writing(_install, workspace, arguments)
    link: str | None = None
    if arguments.new_link or not await is_set_up(workspace):
        link = await make_link(workspace)

    def load_names(connection: "Connection") -> tuple[str, ...]:
        return stand_in_names(channels.list_channels(connection, workspace.vault))

    names = await workspace.database.reading(load_names)
    await workspace.refresh()
    return Installed(
        created=created,
        api_key=key,
        base_url=f"{workspace.base_url}/v1",
        setup_url=None if link is None else setup_url(workspace.base_url, link),
        sandbox_models=names,
    )


async def is_set_up(workspace: Workspace) -> bool:
    """Whether the owner has used a set-up link: they can sign in."""

    def load(connection: "Connection") -> bool:
        owner = tenants.load_tenant(connection, OWNER)
        if owner is None:
            return False
        return any(user.password_hash for user in users.list_users(connection, owner.id))

    return await workspace.database.reading(load)


def _install(
    connection: "Connection", workspace: Workspace, wanted: Install
) -> tuple[bool, str | None]:
    owner = tenants.load_tenant(connection, OWNER)
    now = workspace.clock.now()
    if owner is not None:
        refresh_automatic_channel(connection, workspace, owner.id)
        if not wanted.new_key:
            return False, None
        user_id = users.list_users(connection, owner.id)[0].id
        return False, _save_owner_key(connection, workspace, owner.id, user_id)
    owner = tenants.save_tenant(connection, slug=OWNER, name="Owner", postpaid=True, now=now)
    user = users.save_user(
        connection, tenant_id=owner.id, email=None, password_hash=None, role="owner", now=now
    )
    key = _save_owner_key(connection, workspace, owner.id, user.id)
    if workspace.settings.sandbox:
        save_automatic_channel(connection, workspace, owner.id)
    return True, key


def _save_owner_key(
    connection: "Connection", workspace: Workspace, tenant_id: int, user_id: int
) -> str:
    """A key named "owner", or "owner-2" and so on when that one is taken."""
    taken = {use.token.name for use in tokens.list_tokens(connection, tenant_id)}
    number = 1
    while (name := OWNER if number == 1 else f"{OWNER}-{number}") in taken:
        number += 1
    key = new_key(workspace.entropy(32))
    save_key(
        connection,
        workspace,
        key,
        tenant_id=tenant_id,
        user_id=user_id,
        name=name,
        budget_nano=None,
        models=None,
        permissions=_OWNER_PERMISSIONS,
    )
    return key
