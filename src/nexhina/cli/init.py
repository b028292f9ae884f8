"""`nexhina init`: an installation without starting it; a new set-up link or key for one that is."""

import click

from nexhina.cli.frame import Command, json_option, print_json, say
from nexhina.cli.installation import call, find_data_dir
from nexhina.services.shapes import Install, Installed


@click.command(
    cls=Command,
    examples=(
        "nexhina init\n"
        "nexhina init --json | jq -r .api_key\n"
        "nexhina init --new-key --data-dir /srv/nexhina\n"
    ),
)
@click.option("--new-key", is_flag=True, help="Make another owner's key, when the first was lost.")
@json_option
@click.pass_context
def init(ctx: click.Context, new_key: bool, as_json: bool) -> None:
    """Make the installation: the owner's tenant, user and key, and the sandbox channel.

    On an installation that exists it makes a new set-up link, good once and for an hour, and with
    --new-key another key; nothing else changes. The key is shown once.
    """
    installed: Installed = call(ctx, "install", Install(new_key=new_key), prepare=True)
    folder = find_data_dir(ctx)
    if not installed.created:
        say(f"There is an installation in {folder} already; it stays as it is.")
    if as_json:
        print_json(installed)
        return
    if installed.created:
        say(f"Made an installation in {folder}. Start it: nexhina serve --data-dir {folder}")
    print(f"Base URL     {installed.base_url}")
    if installed.api_key is not None:
        print(f"API key      {installed.api_key}")
        say("The key can't be shown again.")
    else:
        say("A key is stored only as a digest; make another with: nexhina init --new-key")
    print(f"Set-up link  {installed.setup_url}")
    say("The link works once, for an hour, while the server runs.")
