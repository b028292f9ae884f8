"""The channel that a new installation makes for itself, and when its borrowed names go away.

While no real channel has ever existed, the site's model names are answered by the sandbox, so that
the documentation's examples run at once. The first channel of any other provider ends that for
ever; the sandbox-… names stay.
"""

from typing import TYPE_CHECKING

import msgspec

from nexhina.billing.tariff import PRICE_LISTS
from nexhina.domain.channel import Channel
from nexhina.domain.secret import Secret
from nexhina.sandbox import catalog
from nexhina.services.workspace import Workspace
from nexhina.storage import channel as channels
from nexhina.storage import meta
from nexhina.storage import price as prices

if TYPE_CHECKING:
    from sqlalchemy import Connection

SANDBOX = "sandbox"
_REAL_CHANNEL_EXISTED = "real_channel_existed"

SITE_MODELS: dict[str, tuple[str, ...]] = {
    catalog.CHAT: (
        "deepseek-v3",
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "claude-sonnet-4-20250514",
        "claude-opus-4-20250514",
        "gemini-2.5-pro",
    ),
    catalog.REASONING: ("o3", "o4-mini"),
    catalog.EMBEDDING: (
        "text-embedding-v3",
        "text-embedding-3-large",
        "text-embedding-3-small",
        "text-embedding-ada-002",
    ),
    catalog.IMAGE: (
        "wanx-v2",
        "cogview-4",
        "cogview-3-plus",
        "gpt-image-1",
        "dall-e-3",
        "dall-e-2",
    ),
    catalog.MODERATION: ("content-moderation-latest", "omni-moderation-latest"),
    catalog.RERANK: ("rerank-v3.5",),
    catalog.SPEECH: ("tts-1", "tts-1-hd", "gpt-4o-mini-tts"),
    catalog.HEARING: ("whisper-1",),
    catalog.VIDEO: ("veo-2", "sora"),
}
"""The model names that the documentation site uses, by the sandbox model that answers them."""


def automatic_models(*, aliases: bool) -> dict[str, str]:
    """Public name → sandbox model: the sandbox's own names and, with `aliases`, the site's."""
    models = {name: name for name in catalog.MODELS}
    if aliases:
        models |= {name: target for target, names in SITE_MODELS.items() for name in names}
    return models


def save_automatic_channel(connection: "Connection", workspace: Workspace, tenant_id: int) -> None:
    """Makes the channel of a new installation."""
    channel = Channel(
        id=0,
        tenant_id=tenant_id,
        name=SANDBOX,
        provider=SANDBOX,
        public_name=SANDBOX,
        base_url=None,
        key=Secret(""),
        models=automatic_models(aliases=True),
        automatic=True,
    )
    saved = channels.save_channel(connection, workspace.vault, channel, workspace.clock.now())
    _price_aliases(connection, saved)


def refresh_automatic_channel(
    connection: "Connection", workspace: Workspace, tenant_id: int
) -> None:
    """Gives the channel the names that this version of the program knows; keeps one removed away."""
    channel = find_automatic_channel(connection, workspace, tenant_id)
    if channel is None:
        return
    models = automatic_models(aliases=not has_real_channel_existed(connection))
    if models != channel.models:
        changed = msgspec.structs.replace(channel, models=models)
        saved = channels.save_channel(connection, workspace.vault, changed, workspace.clock.now())
        _price_aliases(connection, saved)


def _price_aliases(connection: "Connection", channel: Channel) -> None:
    """Gives every borrowed name the sandbox's own small price: what is played is not the maker's."""
    priced = {price.model for price in prices.list_prices(connection, channel_id=channel.id)}
    for name, target in channel.models.items():
        if name == target or name in priced:
            continue
        own = [p for p in prices.list_prices(connection, model=target) if p.channel_id is None]
        covered = {PRICE_LISTS[price.kind] for price in own}
        makers = {
            price.kind: price
            for price in prices.list_prices(connection, model=name)
            if price.channel_id is None and PRICE_LISTS[price.kind] not in covered
        }
        free = [msgspec.structs.replace(each, nano=0, variant="") for each in makers.values()]
        for price in (*own, *free):
            copy = msgspec.structs.replace(price, id=0, model=name, channel_id=channel.id)
            prices.save_price(connection, copy)


def find_automatic_channel(
    connection: "Connection", workspace: Workspace, tenant_id: int
) -> Channel | None:
    """The channel that the installation made, unless it was removed or taken over by hand."""
    found = channels.list_channels(connection, workspace.vault, tenant_id)
    return next((channel for channel in found if channel.automatic), None)


def has_real_channel_existed(connection: "Connection") -> bool:
    """Whether a channel of another provider than the sandbox was ever added."""
    return meta.load_value(connection, _REAL_CHANNEL_EXISTED) == "1"


def drop_aliases(connection: "Connection", workspace: Workspace, tenant_id: int) -> tuple[str, ...]:
    """The names taken from the sandbox, because a real channel was added; () from the second on."""
    if has_real_channel_existed(connection):
        return ()
    meta.save_value(connection, _REAL_CHANNEL_EXISTED, "1")
    channel = find_automatic_channel(connection, workspace, tenant_id)
    if channel is None:
        return ()
    kept = {name: target for name, target in channel.models.items() if name.startswith("sandbox-")}
    changed = msgspec.structs.replace(channel, models=kept)
    channels.save_channel(connection, workspace.vault, changed, workspace.clock.now())
    return tuple(name for name in channel.models if name not in kept)


def stand_in_names(channels_: list[Channel]) -> tuple[str, ...]:
    """The names that the automatic channel answers in place of their makers."""
    return tuple(
        name
        for channel in channels_
        if channel.automatic and channel.status == "enabled"
        for name in channel.models
        if not name.startswith("sandbox-")
    )
