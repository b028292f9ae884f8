"""The one-time set-up link: the owner's e-mail and password, once, within an hour.

Whoever may run commands on the machine may make a link; a new one ends the older. The page itself
is `console`'s.
"""

import hashlib
import re
from typing import TYPE_CHECKING

from nexhina.domain.identity import User
from nexhina.errors import ConflictError, NotFoundError
from nexhina.identity.password import hash_password, require_strong
from nexhina.services.workspace import Workspace, require_owner
from nexhina.storage import setup_link as links
from nexhina.storage import user as users

if TYPE_CHECKING:
    from sqlalchemy import Connection

SETUP_PATH = "/setup"
LIFETIME_S = 3600.0
_EMAIL = re.compile(r"[^@\s<>\x00-\x1f\x7f]{1,64}@[^@\s<>\x00-\x1f\x7f]{1,189}")
_GONE = (
    "This set-up link was used, has expired or never was one. "
    "Run `nexhina init` on the server for a new one."
)


def setup_url(base_url: str, link: str) -> str:
    """The address of the page that takes this link."""
    return f"{base_url}{SETUP_PATH}?token={link}"


async def make_link(workspace: Workspace) -> str:
    """A new link's secret part, good for an hour; the user's older links end."""
    link = workspace.entropy(32).hex()
    expires_at = workspace.clock.now() + LIFETIME_S

    def save(connection: "Connection") -> None:
        owner = require_owner(connection)
        user = users.list_users(connection, owner.id)[0]
        links.save_link(connection, digest=_digest(link), user_id=user.id, expires_at=expires_at)

    await workspace.database.writing(save)
    return link


async def is_open(workspace: Workspace, link: str) -> bool:
    """Whether the link can still be used; asking does not use it."""

    def find(connection: "Connection") -> bool:
        return links.find_link(connection, _digest(link), workspace.clock.now()) is not None

    return await workspace.database.reading(find)


async def use_link(workspace: Workspace, link: str, email: str, password: str) -> User:
    """The owner with e-mail and password. The link ends only if both were good.

    ValueError: the e-mail or password will not do, with the cure; NotFoundError: the link is gone.
    """
    address = email.strip()
    if not _EMAIL.fullmatch(address):
        raise ValueError(
            f"{address[:100]!r} is not an e-mail address; write it like you@example.com"
        )
    require_strong(password)
    if not await is_open(workspace, link):  # before a hash is paid for
        raise NotFoundError(_GONE)

    def use(connection: "Connection") -> User:
        user_id = links.use_link(connection, _digest(link), workspace.clock.now())
        if user_id is None:
            raise NotFoundError(_GONE)
        return users.save_credentials(
            connection, user_id, email=address, password_hash=hash_password(password)
        )

    try:
        return await workspace.database.writing(use)
    except ConflictError as error:
        raise ValueError(error.message) from None


def _digest(link: str) -> bytes:
    return hashlib.sha256(link.encode()).digest()
