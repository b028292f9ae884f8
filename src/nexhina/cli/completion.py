"""`nexhina completion`: the script that makes a shell complete commands and options."""

import click

from nexhina.cli.frame import Command

COMPLETE_VARIABLE = "_NEXHINA_COMPLETE"


@click.command(
    cls=Command,
    examples=(
        "nexhina completion bash > ~/.local/share/bash-completion/completions/nexhina\n"
        "nexhina completion zsh > ~/.zfunc/_nexhina\n"
        "nexhina completion fish > ~/.config/fish/completions/nexhina.fish\n"
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from nexhina.cli.main import nexhina

    shell_class = get_completion_class(shell)
    if shell_class is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    print(shell_class(nexhina, {}, "nexhina", COMPLETE_VARIABLE).source())
