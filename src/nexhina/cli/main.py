"""The command `nexhina`: the list of its subcommands, and `main`."""

import sys

import click

from nexhina import __version__
from nexhina.cli.frame import EXIT_CODES, TRACEBACK, LazyGroup, run

_COMMANDS = {
    "serve": ("nexhina.cli.serve", "Start the server"),
    "init": ("nexhina.cli.init", "Make an installation, or a new set-up link or key for one"),
    "keys": ("nexhina.cli.keys", "Make, list and revoke API keys"),
    "channels": ("nexhina.cli.channels", "Add, list, change, test and remove vendors' accounts"),
    "models": ("nexhina.cli.models", "List the models on offer, with their prices"),
    "logs": ("nexhina.cli.logs", "Read the log of calls; show how a charge came about"),
    "doctor": ("nexhina.cli.doctor", "Look for what is broken, and say what to do"),
    "backup": ("nexhina.cli.backup", "Copy the database and secret.key into one file"),
    "restore": ("nexhina.cli.backup", "Fill an empty data folder from such a file"),
    "sandbox": ("nexhina.cli.sandbox", "Run the offline vendor alone, to test applications"),
    "completion": ("nexhina.cli.completion", "Print the completion script of a shell"),
    "version": ("nexhina.cli.version", "Print the version"),
}


_START = """\
nexhina serve
    Start on http://127.0.0.1:8000; the first run prints a key.
nexhina channels add --provider openai --name openai --key - --models auto
    Put a vendor behind it (the key is read from stdin).
nexhina keys create --name app --budget-usd 5
    Make a key with a budget for an application.
nexhina logs list --follow
    Watch the calls.
"""


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    examples=_START,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.option(
    TRACEBACK, is_flag=True, expose_value=False, help="Show where an unforeseen error came from."
)
@click.version_option(__version__, prog_name="nexhina")
def nexhina() -> None:
    """One OpenAI-compatible key and base URL over every model vendor, on your own machine.

    A command finds its installation by --data-dir, else NEXHINA_DATA_DIR, else ./data. While a
    server runs there, the command asks the server, and the change works at once.
    """


def main(arguments: list[str] | None = None) -> int:
    """The exit code of `nexhina` with these arguments."""
    return run(nexhina, sys.argv[1:] if arguments is None else arguments)
