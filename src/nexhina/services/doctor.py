"""Looks at everything that an installation stands on, and says of what is broken how to mend it."""

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from nexhina import __version__
from nexhina.domain.channel import Channel
from nexhina.services.media import try_media
from nexhina.services.probe import probe
from nexhina.services.shapes import Check, Nothing, Report, SettingView
from nexhina.services.workspace import Workspace, require_owner
from nexhina.settings import SETTINGS
from nexhina.storage import channel as channels
from nexhina.storage import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LEAST_FREE = 256 * 1024 * 1024
_AT_ONCE = 8


async def examine(workspace: Workspace, _arguments: Nothing) -> Report:
    """The report; no check changes anything but for the small calls to enabled channels."""
    checks = await asyncio.to_thread(_look_at_files, workspace)
    found = await _look_at_database(workspace, checks)
    checks += _look_at_settings(workspace)
    checks.append(await _look_at_media(workspace))
    checks += await _look_at_channels(workspace, found)
    return Report(
        ok=all(check.outcome != "broken" for check in checks),
        version=__version__,
        data_dir=str(workspace.folder.path),
        checks=tuple(checks),
        settings=tuple(
            SettingView(
                name=setting.name,
                value=setting.show(getattr(workspace.settings, setting.name)),
                source=workspace.sources.get(setting.name, "default"),
            )
            for setting in SETTINGS
        ),
    )


def check_rights(path: Path, what: str) -> Check:
    """Whether a file that holds secrets is its owner's alone."""
    name = f"rights of {path.name}"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Check(name=name, outcome="broken", detail=f"{path}: {error.strerror}.")
    if mode & 0o077:
        return Check(
            name=name,
            outcome="broken",
            detail=f"other users of this machine can get at {what} (mode {mode:04o}).",
            cure=f"chmod go-rwx '{path}'",
        )
    return Check(name=name, outcome="ok", detail=f"only its owner can read {what}.")


def _look_at_files(workspace: Workspace) -> list[Check]:
    folder = workspace.folder
    checks: list[Check] = []
    if folder.secret_key.exists():
        checks.append(check_rights(folder.secret_key, "the key that opens all others"))
    if folder.settings.exists() and _holds_secret(workspace):
        checks.append(check_rights(folder.settings, "the secrets in nexhina.toml"))
    if folder.database.exists():
        checks.append(check_rights(folder.database, "the database"))
    if not os.access(folder.path, os.W_OK | os.X_OK):
        checks.append(
            Check(
                name="data folder",
                outcome="broken",
                detail=f"{folder.path} is not writable by this user.",
                cure="Give the folder to the user that runs the server (chown).",
            )
        )
    free = shutil.disk_usage(folder.path).free
    checks.append(
        Check(
            name="disk",
            outcome="ok" if free >= _LEAST_FREE else "broken",
            detail=f"{free // (1024 * 1024):,} MiB are free under {folder.path}.",
            cure="" if free >= _LEAST_FREE else "Make room: without it calls can't be booked.",
        )
    )
    return checks


def _holds_secret(workspace: Workspace) -> bool:
    return any(
        setting.about.secret
        and workspace.sources.get(setting.name) == workspace.folder.settings.name
        for setting in SETTINGS
    )


async def _look_at_database(workspace: Workspace, checks: list[Check]) -> list[Channel]:
    """The channels, if they can be read; what was seen is added to `checks`."""

    def load(connection: "Connection") -> tuple[str, int, list[Channel]]:
        owner = require_owner(connection)
        return (
            meta.load_installation_id(connection),
            meta.load_version(connection),
            channels.list_channels(connection, workspace.vault, owner.id),
        )

    try:
        installation, version, found = await workspace.database.writing(load)
    except ValueError as error:  # a sealed key that this secret does not open
        checks.append(
            Check(
                name="secret.key",
                outcome="broken",
                detail=f"{error}.",
                cure="Put the secret.key of this database back, or give the channel its key again.",
            )
        )
        return []
    where = (
        str(workspace.folder.database) if workspace.database.is_sqlite else workspace.database.url
    )
    detail = f"{where} answers and can be written (installation {installation}, version {version})."
    checks.append(Check(name="database", outcome="ok", detail=detail))
    return found


def _look_at_settings(workspace: Workspace) -> list[Check]:
    settings = workspace.settings
    checks: list[Check] = []
    for name in ("tls_cert", "tls_key"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            detail = f"{name} names {file}, which can't be read."
            cure = "Correct the path, or let the server's user read the file."
            checks.append(Check(name=name, outcome="broken", detail=detail, cure=cure))
    open_host = settings.host not in ("127.0.0.1", "::1", "localhost")
    secured = settings.tls_cert is not None or bool(settings.trusted_proxies)
    if open_host and not secured:
        checks.append(
            Check(
                name="host",
                outcome="warning",
                detail=f"It listens on {settings.host} without HTTPS: keys travel in the clear.",
                cure="Set tls_cert and tls_key, or put a proxy with HTTPS before it and name it in "
                "trusted_proxies.",
            )
        )
    return checks


async def _look_at_media(workspace: Workspace) -> Check:
    """Writes a small file where media lie, reads it and removes it."""

    def load_owner(connection: "Connection") -> int:
        return require_owner(connection).id

    try:
        owner_id = await workspace.database.reading(load_owner)
        where = await try_media(workspace, owner_id)
    except Exception as error:  # noqa: BLE001  (an edge: a library's errors, told to the operator)
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        return Check(
            name="media",
            outcome="broken",
            detail=f"generated files can't be kept: {reason}",
            cure="Correct blob_url, the rights of the folder, or the store's credentials in the "
            "environment.",
        )
    return Check(name="media", outcome="ok", detail=f"files can be kept in {where}.")


async def _look_at_channels(workspace: Workspace, found: list[Channel]) -> list[Check]:
    enabled = [channel for channel in found if channel.status == "enabled"]
    if not enabled:
        return [
            Check(
                name="channels",
                outcome="broken",
                detail="No channel is enabled, so no model can be served.",
                cure="Add one: nexhina channels add --provider openai --name openai --key - --models auto",
            )
        ]
    turns = asyncio.Semaphore(_AT_ONCE)

    async def look(channel: Channel) -> Check:
        name = f"channel {channel.name}"
        if channel.status != "enabled":
            return Check(name=name, outcome="ok", detail="it is disabled and was not called.")
        async with turns:
            outcome = await probe(workspace, channel)
        partly = any(key.ok for key in outcome.keys)  # the others still serve
        return Check(
            name=name,
            outcome="ok" if outcome.ok else "warning" if partly else "broken",
            detail=f"{outcome.detail} ({outcome.ms} ms)",
            cure=outcome.cure,
        )

    return list(await asyncio.gather(*(look(channel) for channel in found)))
