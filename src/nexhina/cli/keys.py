"""`nexhina keys`: API keys."""

from typing import Any

import click

from nexhina.cli.frame import Group, json_option, print_json, print_table, say
from nexhina.cli.installation import call
from nexhina.cli.when import show_time
from nexhina.services.shapes import CreatedKey, CreateKey, KeyView, NameKey, Nothing


@click.group(cls=Group)
def keys() -> None:
    """Make, list and revoke API keys.

    A key is shown once, when it is made; only a digest of it is stored. A budget is a limit of its
    own: a call that may cost more than what is left of it is refused with 402.
    """


@keys.command(
    examples=(
        "nexhina keys create --name app\n"
        "nexhina keys create --name intern --budget-usd 5 --models gpt-4o-mini,deepseek-v3\n"
        "export OPENAI_API_KEY=$(nexhina keys create --name laptop)\n"
    )
)
@click.option("--name", required=True, metavar="N", help="What you call it; logs show this name.")
@click.option("--tenant", metavar="T", help="Whose key: for now only the owner's tenant.")
@click.option(
    "--budget-usd", metavar="X", help="The most it may spend, like 12.50. Default: no limit."
)
@click.option("--models", metavar="A,B", help="The only models it may use. Default: all.")
@click.option(
    "--allow",
    metavar="P,…",
    default="",
    help="Permissions: channel:pin (choose a channel by X-Channel), channel:see (read channel "
    "names), any_tenant (act for other tenants).",
)
@json_option
@click.pass_context
def create(
    ctx: click.Context, models: str | None, allow: str, as_json: bool, **fields: Any
) -> None:
    """Make a key. The key is the only thing on stdout."""
    arguments = CreateKey(
        models=None if models is None else split_list(models),
        permissions=split_list(allow),
        **fields,
    )
    made: CreatedKey = call(ctx, "keys.create", arguments)
    for note in made.notes:
        say(f"Note: {note}")
    if as_json:
        print_json(made)
        return
    print(made.key)
    limit = f" with a budget of {made.budget_usd} USD" if made.budget_usd is not None else ""
    say(f"Made the key {made.name!r} (id {made.id}){limit}. It can't be shown again.")


@keys.command(
    "list",
    examples=(
        "nexhina keys list\n"
        "nexhina keys list --json | jq '.[] | select(.status == \"enabled\") | .name'\n"
    ),
)
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the keys, with what they spent and what running calls hold."""
    found: tuple[KeyView, ...] = call(ctx, "keys.list", Nothing())
    if as_json:
        print_json(found)
        return
    head = (
        "ID",
        "NAME",
        "KEY",
        "STATUS",
        "BUDGET USD",
        "SPENT USD",
        "HELD USD",
        "CALLS",
        "LAST USED",
    )
    rows = [
        (
            key.id,
            key.name,
            key.hint,
            key.status,
            key.budget_usd,
            key.spent_usd,
            key.held_usd,
            key.calls,
            show_time(key.last_used_at),
        )
        for key in found
    ]
    print_table(head, rows)


@keys.command(examples=("nexhina keys revoke intern\n"))
@click.argument("key", metavar="ID|NAME")
@json_option
@click.pass_context
def revoke(ctx: click.Context, key: str, as_json: bool) -> None:
    """Revoke a key: from then on it is refused with 401. It can't be brought back."""
    revoked: KeyView = call(ctx, "keys.revoke", NameKey(key=key))
    if as_json:
        print_json(revoked)
    else:
        say(f"Revoked the key {revoked.name!r} (id {revoked.id}).")


def split_list(text: str) -> tuple[str, ...]:
    """The parts between commas, without blanks."""
    return tuple(part for piece in text.split(",") if (part := piece.strip()))
