"""Channels: configured accounts at vendors. How a person writes one down is in `channel_text`."""

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from nexhina.domain.channel import Channel
from nexhina.domain.money import format_usd
from nexhina.domain.secret import Secret
from nexhina.errors import ConflictError, InvalidRequestError, NotFoundError
from nexhina.providers.endpoint import clean_base_url, require_keys
from nexhina.providers.registry import require_provider
from nexhina.providers.spec import Provider
from nexhina.sandbox import catalog as sandbox_catalog
from nexhina.services import channel_text as text
from nexhina.services.channel_price import carry_price, list_own, save_prices
from nexhina.services.price_text import read_prices, require_models
from nexhina.services.sandbox_channel import SANDBOX, drop_aliases
from nexhina.services.shapes import (
    AddChannel,
    ChannelPrice,
    ChannelView,
    NameChannel,
    Nothing,
    SetChannel,
)
from nexhina.services.vendor_list import fetch_models
from nexhina.services.workspace import Workspace, require_owner
from nexhina.settings import hide_password
from nexhina.storage import channel as channels

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LARGEST = 1_000_000  # of priority and weight
_MOST_NAMED = 10


async def add_channel(workspace: Workspace, arguments: AddChannel) -> ChannelView:
    """The new channel, with the sandbox aliases that it ended. Nothing is stored on a refusal."""
    provider = find_provider(arguments.provider)
    price = () if arguments.price is None else read_prices(arguments.price)
    draft = Channel(
        id=0,
        tenant_id=0,
        name=text.read_name(arguments.name, "channel"),
        provider=provider.name,
        public_name=text.read_name(arguments.public_name or provider.name, "channel"),
        base_url=read_address(provider, arguments.base_url),
        key=read_vendor_key(provider, arguments.key),
        models={},
        priority=_read_rank(arguments.priority, "priority", -_LARGEST),
        weight=_read_rank(arguments.weight, "weight", 0),
        proxy=_read_proxy(arguments.proxy),
        ca_file=_read_ca_file(arguments.ca_file),
    )
    await workspace.database.reading(_require_free_name, workspace, draft.name)
    models, notes = await _read_models(workspace, draft, arguments.models)
    require_models(price, models)

    def save(connection: "Connection") -> ChannelView:
        owner = require_owner(connection)
        now = workspace.clock.now()
        wanted = msgspec.structs.replace(draft, tenant_id=owner.id, models=models)
        saved = channels.save_channel(connection, workspace.vault, wanted, now)
        save_prices(connection, saved, tuple(models), price, now)
        removed = ()
        if not is_stand_in(provider):
            removed = drop_aliases(connection, workspace, owner.id)
        return _view(connection, saved, now, removed_aliases=removed, notes=notes)

    view = await workspace.database.writing(save)
    await workspace.refresh()
    return view


async def set_channel(workspace: Workspace, arguments: SetChannel) -> ChannelView:
    """The channel as it is now. A new price is in force from now on."""
    before = await workspace.database.reading(_find, workspace, arguments.channel)
    provider = find_provider(before.provider)
    price = () if arguments.price is None else read_prices(arguments.price)
    wanted = _changed(before, provider, arguments)
    partly: tuple[str, ...] = ()
    if arguments.models is not None:
        models, partly = await _read_models(workspace, wanted, arguments.models)
        # Named by hand, the list is no longer the program's to keep up to date.
        wanted = msgspec.structs.replace(wanted, models=models, automatic=False)
    require_models(price, wanted.models)

    def save(connection: "Connection") -> ChannelView:
        now = workspace.clock.now()
        saved = channels.save_channel(connection, workspace.vault, wanted, now)
        notes = carry_price(connection, before, saved, now)
        save_prices(connection, saved, tuple(saved.models), price, now)
        return _view(connection, saved, now, notes=partly + (() if price else notes))

    view = await workspace.database.writing(save)
    await workspace.refresh()
    return view


async def list_channels(workspace: Workspace, _arguments: Nothing) -> tuple[ChannelView, ...]:
    """The owner's channels, by id."""

    def load(connection: "Connection") -> tuple[ChannelView, ...]:
        owner = require_owner(connection)
        found = channels.list_channels(connection, workspace.vault, owner.id)
        return tuple(_view(connection, channel, workspace.clock.now()) for channel in found)

    return await workspace.database.reading(load)


async def enable_channel(workspace: Workspace, arguments: NameChannel) -> ChannelView:
    """The channel, serving again."""
    return await _set_status(workspace, arguments.channel, "enabled")


async def disable_channel(workspace: Workspace, arguments: NameChannel) -> ChannelView:
    """The channel, no longer serving."""
    return await _set_status(workspace, arguments.channel, "disabled")


async def remove_channel(workspace: Workspace, arguments: NameChannel) -> ChannelView:
    """The channel that is gone, with its key and prices."""

    def remove(connection: "Connection") -> ChannelView:
        channel = _find(connection, workspace, arguments.channel)
        view = _view(connection, channel, workspace.clock.now())
        channels.remove_channel(connection, channel.tenant_id, channel.id)
        return view

    removed = await workspace.database.writing(remove)
    await workspace.refresh()
    return removed


def find_provider(name: str) -> Provider:
    """The provider; raises InvalidRequestError that names the nearest."""
    try:
        return require_provider(name)
    except ValueError as error:
        raise InvalidRequestError(str(error)) from None


def read_address(provider: Provider, base_url: str | None) -> str | None:
    """The base URL to store, None where the provider's own will do; InvalidRequestError."""
    try:
        return clean_base_url(base_url, provider)
    except ValueError as error:
        raise InvalidRequestError(f"--base-url: {error}") from None


def read_vendor_key(provider: Provider, key: str) -> Secret:
    """The keys, one per line, empty where none is needed; InvalidRequestError never shows them."""
    try:
        return Secret("\n".join(require_keys(provider, key)))
    except ValueError as error:
        raise InvalidRequestError(
            f"{error} Give it with --key-file FILE, or --key - to read it from stdin."
        ) from None


def is_stand_in(provider: Provider) -> bool:
    """Whether channels of this provider only play a vendor."""
    return provider.scheme == SANDBOX


async def load_channel(workspace: Workspace, channel: str) -> Channel:
    """The owner's channel of an id or name; NotFoundError names the nearest."""
    return await workspace.database.reading(_find, workspace, channel)


def _changed(before: Channel, provider: Provider, arguments: SetChannel) -> Channel:
    changes: dict[str, object] = {}
    if arguments.name is not None:
        changes["name"] = text.read_name(arguments.name, "channel")
    if arguments.public_name is not None:
        changes["public_name"] = text.read_name(arguments.public_name or provider.name, "channel")
    if arguments.key is not None:
        changes["key"] = read_vendor_key(provider, arguments.key)
    if arguments.base_url is not None:
        changes["base_url"] = read_address(provider, arguments.base_url)
    if arguments.priority is not None:
        changes["priority"] = _read_rank(arguments.priority, "priority", -_LARGEST)
    if arguments.weight is not None:
        changes["weight"] = _read_rank(arguments.weight, "weight", 0)
    if arguments.proxy is not None:
        changes["proxy"] = _read_proxy(arguments.proxy)
    if arguments.ca_file is not None:
        changes["ca_file"] = _read_ca_file(arguments.ca_file)
    return msgspec.structs.replace(before, **changes)


async def _read_models(
    workspace: Workspace, channel: Channel, written: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Public names with the vendor's, and what its owner should know of them."""
    if written.strip() != text.AUTO:
        models = text.read_models(written)
        if channel.provider == SANDBOX:
            _require_sandbox_models(models)
        return models, ()
    if channel.provider == SANDBOX:
        return {name: name for name in sandbox_catalog.MODELS}, ()
    names, partly = await fetch_models(workspace, channel)
    notes: tuple[str, ...] = ()
    if partly:
        shown = ", ".join(partly[:_MOST_NAMED]) + (", …" if len(partly) > _MOST_NAMED else "")
        notes = (f"Left out, because not every key may use them: {shown}.",)
    return {name: name for name in names}, notes


def _require_sandbox_models(models: dict[str, str]) -> None:
    for upstream in models.values():
        name = upstream.partition(";")[0]
        if name not in sandbox_catalog.MODELS:
            raise InvalidRequestError(
                f"The sandbox has no model {name!r}; it has {', '.join(sandbox_catalog.MODELS)}. "
                f"Write public=sandbox model, like gpt-4o={sandbox_catalog.CHAT}."
            )


def _read_rank(value: int, noun: str, low: int) -> int:
    if not low <= value <= _LARGEST:
        raise InvalidRequestError(f"The {noun} {value} must lie between {low} and {_LARGEST}.")
    return value


def _read_proxy(proxy: str | None) -> str | None:
    return text.read_proxy(proxy) if proxy else None


def _read_ca_file(file: str | None) -> str | None:
    if file and not os.access(file, os.R_OK):
        raise InvalidRequestError(f"The CA file {file} can't be read; check its path and rights.")
    return file or None


def _require_free_name(connection: "Connection", workspace: Workspace, name: str) -> None:
    """Asked before the vendor is, so that a slip costs no wait; saving decides."""
    owner = require_owner(connection)
    if channels.find_channel(connection, workspace.vault, owner.id, name) is not None:
        raise ConflictError(
            f"There is a channel named {name!r} already; choose another name, or change it with "
            f"`nexhina channels set {name}`."
        )


def _find(connection: "Connection", workspace: Workspace, channel: str) -> Channel:
    owner = require_owner(connection)
    found = channels.find_channel(connection, workspace.vault, owner.id, channel)
    if found is None:
        every = channels.list_channels(connection, workspace.vault, owner.id)
        near = get_close_matches(channel, [each.name for each in every], n=1)
        cure = f"Did you mean {near[0]}?" if near else "`nexhina channels list` shows them."
        raise NotFoundError(f"There is no channel {channel!r}. {cure}")
    return found


async def _set_status(workspace: Workspace, channel: str, status: str) -> ChannelView:
    def change(connection: "Connection") -> ChannelView:
        found = _find(connection, workspace, channel)
        channels.set_channel_status(connection, found.tenant_id, found.id, status)
        changed = msgspec.structs.replace(found, status=status)
        return _view(connection, changed, workspace.clock.now())

    changed = await workspace.database.writing(change)
    await workspace.refresh()
    return changed


def _view(
    connection: "Connection",
    channel: Channel,
    now: float,
    *,
    removed_aliases: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> ChannelView:
    return ChannelView(
        id=channel.id,
        name=channel.name,
        provider=channel.provider,
        public_name=channel.public_name,
        base_url=channel.base_url,
        has_key=bool(channel.key),
        keys=len(channel.key.reveal().splitlines()),
        models=channel.models,
        priority=channel.priority,
        weight=channel.weight,
        status=channel.status,
        proxy=None if channel.proxy is None else hide_password(channel.proxy),
        ca_file=channel.ca_file,
        automatic=channel.automatic,
        created_at=channel.created_at,
        prices=tuple(
            ChannelPrice(
                kind=price.kind,
                variant=price.variant,
                usd=format_usd(price.nano),
                per=price.per,
                model=price.model,
            )
            for price in list_own(connection, channel, now)
        ),
        removed_aliases=removed_aliases,
        notes=notes,
    )
