"""`nexhina version`."""

import platform

import click

from nexhina import __version__
from nexhina.cli.frame import Command, json_option, print_json


@click.command(cls=Command, examples="nexhina version --json\n")
@json_option
def version(as_json: bool) -> None:
    """Print the version of the program and of its Python."""
    if as_json:
        print_json({"version": __version__, "python": platform.python_version()})
    else:
        print(f"nexhina {__version__} (Python {platform.python_version()})")
