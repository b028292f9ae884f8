"""The frame of every command: exit codes, the shared options, lazy groups, one-line refusals.

A subcommand lives in the module of its noun and is imported when it is called, so that `--help`
and `serve` start without the rest. What a command does is a call of `services`, see `installation`.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar

import click
import msgspec

from nexhina.errors import (
    EXIT_CONFLICT,
    EXIT_NOT_FOUND,
    EXIT_USAGE,
    NexhinaError,
    StartError,
    explain_os_error,
)

OK, FAILURE, INTERRUPTED = 0, 1, 130
USAGE, NOT_FOUND, CONFLICT = EXIT_USAGE, EXIT_NOT_FOUND, EXIT_CONFLICT
EXIT_CODES = """\
0    done
1    failed: the message says why and what to do
2    wrong usage: an option, a value or a setting that can't be
3    not found: no such key, channel, log row, or no installation there
4    conflict: it exists already, or another process holds the data folder
130  interrupted (Ctrl-C)
"""

EXIT_BY_CODE = {"not_found": NOT_FOUND, "conflict": CONFLICT, "invalid_request_error": USAGE}
"""Exit codes by the code of a service's error; others are FAILURE."""

TRACEBACK = "--traceback"

Function = TypeVar("Function", bound=Callable[..., Any])


def _remember_data_dir(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta["nexhina.data_dir"] = value


def _data_dir_option() -> click.Option:
    return click.Option(
        ["--data-dir"],
        metavar="DIR",
        expose_value=False,
        callback=_remember_data_dir,
        help="The installation's folder. Without it: NEXHINA_DATA_DIR, else ./data.",
    )


def _write_lines(formatter: click.HelpFormatter, title: str, text: str) -> None:
    """Writes a section whose lines stay as they are."""
    if text:
        with formatter.section(title):
            for line in text.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(click.Command):
    """A command that takes --data-dir, and whose help ends with examples, line by line."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        kwargs["params"] = [*(kwargs.get("params") or []), _data_dir_option()]
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The last part of the help."""
        super().format_epilog(ctx, formatter)
        _write_lines(formatter, "Examples", self.examples)


class Group(click.Group):
    """A group whose unknown subcommands are answered with the nearest name."""

    command_class = Command

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        kwargs["params"] = [*(kwargs.get("params") or []), _data_dir_option()]
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The last part of the help."""
        del ctx
        _write_lines(formatter, "Examples", self.examples)
        _write_lines(formatter, "Exit codes", self.epilog or "")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the arguments name."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        known = self.list_commands(ctx)
        near = get_close_matches(name, known, n=1)
        cure = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(known)}."
        raise click.UsageError(f"There is no command {name!r}; {cure}", ctx)


class LazyGroup(Group):
    """A group that knows its commands by name and one line, and imports one when it is called.

    `lazy`: name → (module, one line of help); the module has the command under its name.
    """

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        del ctx
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is no such name."""
        del ctx
        entry = self._lazy.get(cmd_name)
        return None if entry is None else getattr(import_module(entry[0]), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their one line, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])


def json_option(function: Function) -> Function:
    """The command with `--json`, passed as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document; messages go to stderr."
    )(function)


def print_json(value: object) -> None:
    """Prints one JSON document, indented, on stdout."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints columns that line up; empty cells show as a dash."""
    cells = [[str(cell) if cell not in (None, "") else "-" for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    for row in [list(head), *cells]:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def say(text: str) -> None:
    """Prints a message for the person on stderr."""
    print(text, file=sys.stderr)


def refuse(message: str, hint: str = "") -> None:
    """Prints a refusal: one line on stderr."""
    line = " ".join(message.split())
    if line.partition(" ")[0].isalpha():  # a word, not a value: those stay as they were written
        line = line[:1].upper() + line[1:]
    print(f"nexhina: {line}{' ' + hint if hint else ''}", file=sys.stderr)


def exit_code_of(error: Exception) -> int:
    """The documented exit code for what a service refused."""
    if isinstance(error, StartError):
        return error.exit_code
    return EXIT_BY_CODE.get(error.code, FAILURE) if isinstance(error, NexhinaError) else FAILURE


def run(command: click.Command, arguments: Sequence[str]) -> int:
    """The exit code of the command line; every refusal was printed as one line."""
    try:
        result = command.main(args=list(arguments), prog_name="nexhina", standalone_mode=False)
        sys.stdout.flush()
        code = result if isinstance(result, int) else OK
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "nexhina"
        refuse(error.format_message(), f"See `{path} --help`.")
        code = USAGE
    except click.ClickException as error:
        refuse(error.format_message())
        code = FAILURE
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:  # `nexhina logs list | head`: what is left to flush goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    except (NexhinaError, StartError, ValueError) as error:
        refuse(str(error))
        code = exit_code_of(error)
    except OSError as error:
        refuse(explain_os_error(error), f"({error.filename})" if error.filename else "")
        code = FAILURE
    except Exception as error:  # noqa: BLE001  (the edge: a person wants a line, who mends it the rest)
        if TRACEBACK in arguments:
            traceback.print_exc()
        first = str(error).partition("\n")[0]
        refuse(
            f"Unforeseen error, {type(error).__name__}: {first}",
            f"`nexhina {TRACEBACK} …` shows more.",
        )
        code = FAILURE
    return code
