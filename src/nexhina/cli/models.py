"""`nexhina models`: what is on offer."""

import click

from nexhina.cli.frame import Command, json_option, print_json, print_table, say
from nexhina.cli.installation import call
from nexhina.services.price_text import write_unit
from nexhina.services.shapes import ModelView, Nothing

_USUAL = frozenset({"1M", "1"})  # tokens and characters by the million, pictures by the piece


@click.command(cls=Command, examples=("nexhina models\nnexhina models --json | jq -r '.[].name'\n"))
@json_option
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the models that an enabled channel offers: what they do, take, give and cost in USD.

    Token prices are per 1,000,000 tokens. A model without a price is served free and marked in the
    log, except to a key with a budget, which is refused.
    """
    found: tuple[ModelView, ...] = call(ctx, "models.list", Nothing())
    if as_json:
        print_json(found)
        return
    head = ("MODEL", "MAKER", "DOES", "IN > OUT", "CONTEXT", "CHANNELS", "PRICE USD")
    rows = [
        (
            model.name,
            model.maker,
            ",".join(model.operations),
            show_modalities(model),
            model.context,
            ",".join(model.channels),
            show_prices(model),
        )
        for model in found
    ]
    print_table(head, rows)
    if any(model.stand_in for model in found):
        say("Models whose only channel is the sandbox are answered by it, not by their makers.")


def show_modalities(model: ModelView) -> str:
    """What goes in and what comes out: "text,image > text"; "" when the catalog does not know it."""
    return f"{','.join(model.inputs)} > {','.join(model.outputs)}" if model.inputs else ""


def show_prices(model: ModelView) -> str:
    """The prices as one cell: "in 0.15, audio 0.006/minute"; a channel's own carries its name."""
    parts: list[str] = []
    for price in model.prices:
        kind = {"input": "in", "output": "out", "cached_input": "cached"}.get(
            price.kind, price.kind
        )
        variant = f" {price.variant}" if price.variant else ""
        where = f" ({price.channel})" if price.channel is not None else ""
        unit = write_unit(price.kind, price.per)
        ending = "" if unit in _USUAL else f"/{unit}"
        parts.append(f"{kind}{variant} {price.usd}{ending}{where}")
    return ", ".join(parts) or "none"
