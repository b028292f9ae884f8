"""What a service function works with: the installation's database, secrets, clock and vendors.

The server fills in its directory and holds; a command without a server leaves the null twins. The
sealing key and the pepper are derived here, so that both read what the other wrote.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nexhina.domain.identity import Tenant
from nexhina.errors import NotFoundError
from nexhina.identity.sealing import derive_key
from nexhina.ports import Clock, Upstream
from nexhina.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nexhina.storage.database import Database
    from nexhina.storage.folder import DataFolder
    from nexhina.storage.vault import Vault

OWNER = "owner"
"""Slug of the tenant that an installation begins with, and name of its first token."""

CHANNEL_KEY_ID = "1"


def pepper(master: bytes) -> bytes:
    """The key under which digests of API keys are stored."""
    return derive_key(master, "token")


def channel_keys(master: bytes) -> dict[str, bytes]:
    """The keys, by key id, that seal vendor keys; new ones are sealed with CHANNEL_KEY_ID."""
    return {CHANNEL_KEY_ID: derive_key(master, "channel")}


class OpenHolds(Protocol):
    """The running server's money in memory, as far as services ask for it."""

    def held_by_token(self, token_id: int, /) -> int:
        """nano-USD of the open holds of calls made with this token."""
        ...


class NoHolds:
    """No server runs: no hold is open."""

    def held_by_token(self, token_id: int, /) -> int:  # noqa: ARG002  (the null twin)
        """Always 0."""
        return 0


async def _no_refresh() -> None:
    """No server runs: nobody has the configuration in memory."""


@dataclass(kw_only=True)
class Workspace:
    """One installation, opened. `refresh` makes the running server see a change, before it returns."""

    database: "Database"
    folder: "DataFolder"
    vault: "Vault"
    master: bytes = field(repr=False)
    clock: Clock
    entropy: Callable[[int], bytes]
    upstream: Callable[[], AbstractAsyncContextManager[Upstream]]
    settings: Settings
    sources: dict[str, str]
    base_url: str  # where callers reach the server, without /v1
    refresh: Callable[[], Awaitable[object]] = _no_refresh
    holds: OpenHolds = field(default_factory=NoHolds)

    @property
    def pepper(self) -> bytes:
        """The key under which digests of API keys are stored."""
        return pepper(self.master)


def choose_base_url(settings: Settings, port: int | None = None) -> str:
    """Where callers reach a server with these settings, without /v1; `port`: the one it got."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    scheme = "https" if settings.tls_cert is not None else "http"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{settings.port if port is None else port}"


def require_owner(connection: "Connection") -> Tenant:
    """The owner's tenant; raises NotFoundError before the first run."""
    from nexhina.storage import tenant

    owner = tenant.load_tenant(connection, OWNER)
    if owner is None:
        raise NotFoundError(
            "There is no installation in this data folder yet. Run `nexhina init`, or start "
            "`nexhina serve`; or name another folder with --data-dir."
        )
    return owner
