"""The models that this installation offers, with the prices in force."""

from typing import TYPE_CHECKING

from nexhina.billing.tariff import choose_tariff
from nexhina.domain.channel import Channel
from nexhina.domain.model import Model, Price
from nexhina.domain.money import format_usd
from nexhina.services.sandbox_channel import SANDBOX
from nexhina.services.shapes import ModelView, Nothing, PriceView
from nexhina.services.workspace import Workspace, require_owner
from nexhina.storage import channel as channels
from nexhina.storage import model as models
from nexhina.storage import price as prices

if TYPE_CHECKING:
    from sqlalchemy import Connection


async def list_models(workspace: Workspace, _arguments: Nothing) -> tuple[ModelView, ...]:
    """The models that an enabled channel offers, by name."""

    def load(
        connection: "Connection",
    ) -> tuple[list[Channel], dict[str, Model], list[Price]]:
        require_owner(connection)
        return (
            channels.list_channels(connection, workspace.vault),
            {model.name: model for model in models.list_models(connection)},
            prices.list_prices(connection),
        )

    found, catalog, priced = await workspace.database.reading(load)
    offered: dict[str, list[Channel]] = {}
    for channel in found:
        if channel.status == "enabled":
            for name in channel.models:
                offered.setdefault(name, []).append(channel)
    now = workspace.clock.now()
    by_model: dict[str, list[Price]] = {}
    for price in priced:
        by_model.setdefault(price.model, []).append(price)
    return tuple(
        _view(name, offered[name], catalog.get(name), by_model.get(name, []), now)
        for name in sorted(offered)
    )


def _view(
    name: str, offering: list[Channel], facts: Model | None, priced: list[Price], now: float
) -> ModelView:
    shown: list[PriceView] = []
    for channel in offering:
        for price in choose_tariff(priced, name, channel.id, now).prices:
            view = PriceView(
                kind=price.kind,
                variant=price.variant,
                usd=format_usd(price.nano),
                per=price.per,
                channel=None if price.channel_id is None else channel.name,
                source=price.source,
            )
            if view not in shown:
                shown.append(view)
    return ModelView(
        name=name,
        maker=facts.maker if facts is not None else "",
        operations=facts.operations if facts is not None else (),
        inputs=facts.inputs if facts is not None else (),
        outputs=facts.outputs if facts is not None else (),
        context=facts.context if facts is not None else None,
        output_limit=facts.output_limit if facts is not None else None,
        channels=tuple(channel.name for channel in offering),
        stand_in=not name.startswith(f"{SANDBOX}-")
        and all(channel.provider == SANDBOX for channel in offering),
        prices=tuple(shown),
    )
