"""What every command shares: help, exit codes, refusals on one line."""

import subprocess
import sys

import click
import pytest

from nexhina.cli.frame import Command, Group, print_table, run
from nexhina.cli.main import main, nexhina
from nexhina.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    StartError,
    UpstreamError,
)
from nexhina.providers.registry import PROVIDERS


def ended(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    @click.command(cls=Command)
    def fail() -> None:
        raise error

    code = run(fail, [])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return code, err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StartError("no"), 1),
        (StartError("no", exit_code=4), 4),
        (NotFoundError("no"), 3),
        (ConflictError("no"), 4),
        (InvalidRequestError("no"), 2),
        (UpstreamError("no"), 1),
        (ValueError("no"), 1),
        (PermissionError(13, "Permission denied", "/x"), 1),
        (RuntimeError("a bug\nof two lines"), 1),
    ],
)
def test_each_error_ends_in_its_exit_code_and_one_line(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(error, capsys)[0] == code


def test_an_interrupt_ends_in_130_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command(cls=Command)
    def fail() -> None:
        raise KeyboardInterrupt

    assert run(fail, []) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_message_of_several_lines_is_shown_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = ended(StartError("first\n  second"), capsys)
    assert err == "nexhina: First second\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("the folder is full", "The folder is full"),
        ("nexhina.toml is not TOML", "nexhina.toml is not TOML"),
        ("gpu.example:8000 is taken", "gpu.example:8000 is taken"),
        ("blob_url s3://x needs a library", "blob_url s3://x needs a library"),
    ],
)
def test_a_message_begins_with_a_capital_but_a_value_stays_as_it_is(
    written: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(StartError(written), capsys)[1] == f"nexhina: {shown}\n"


def test_a_full_disk_is_told_without_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = ended(OSError(28, "No space left on device"), capsys)
    assert err == "nexhina: No space left on device\n"


def test_an_operating_system_error_names_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = ended(PermissionError(13, "Permission denied", "/x"), capsys)
    assert err == "nexhina: Permission denied (/x)\n"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["kyes"], "did you mean keys?"),
        (["keys", "creat"], "did you mean create?"),
        (["keys", "zzz"], "choose one of create, list, revoke"),
        (["keys", "create", "--nam", "x"], "--name"),
        (["keys", "create"], "--name"),
        (["keys", "revoke"], "ID|NAME"),
        (["logs", "list", "--status", "abc"], "abc"),
        (["completion", "csh"], "bash"),
        (
            [
                "channels",
                "add",
                "--provider",
                "x",
                "--name",
                "y",
                "--models",
                "m",
                "--key",
                "a",
                "--key-file",
                "b",
            ],
            "keep one",
        ),
        (["keys", "list", "extra"], "extra"),
        (["channels", "set", "x"], "Nothing to change"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line_that_names_the_nearest(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert part in err


def test_a_bare_group_shows_its_help_and_counts_as_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["keys"]) == 2
    shown = capsys.readouterr()
    assert "revoke" in shown.out + shown.err


def commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            found += commands(child, (*path, name))
    return found


EVERY = commands(nexhina)


@pytest.mark.parametrize(
    ("path", "command"),
    EVERY,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_has_help_that_explains_it_and_all_its_options(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--data-dir" in shown
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts
    longest = max(len(line) for line in shown.splitlines())
    assert longest <= 100
    assert "..." not in shown.partition("Commands:")[2]  # no line about a subcommand is cut
    if not isinstance(command, click.Group):
        assert "Examples:\n  " in shown


def test_the_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for code in ("0", "1", "2", "3", "4", "130"):
        assert f"\n  {code} " in shown


def test_the_commands_of_the_issue_are_all_there() -> None:
    paths = {" ".join(path) for path, _ in EVERY}
    assert {
        "serve", "init", "keys create", "keys list", "keys revoke", "channels add", "channels list",
        "channels set", "channels enable", "channels disable", "channels test", "channels remove",
        "logs list", "logs show", "models", "sandbox", "backup", "restore", "doctor", "completion",
        "version",
    } <= paths  # fmt: skip


def test_the_help_of_channels_add_names_every_provider(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channels", "add", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in PROVIDERS)


def test_only_what_has_a_default_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channels", "add", "--help"]) == 0
    assert "Higher is tried first. [default: 0]" in capsys.readouterr().out
    assert main(["channels", "set", "--help"]) == 0
    assert "default" not in capsys.readouterr().out


def test_help_and_version_import_neither_the_database_nor_the_server() -> None:
    code = (
        "import sys\nfrom nexhina.cli.main import main\nmain(['--help'])\nmain(['version'])\n"
        "heavy = {'sqlalchemy', 'alembic', 'starlette', 'uvloop', 'cryptography', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_NEXHINA_COMPLETE" in capsys.readouterr().out


def test_a_table_lines_its_columns_up_and_shows_a_dash_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("A", "LONG"), [("xyz", None), ("", 0)])
    assert capsys.readouterr().out == "A    LONG\nxyz  -\n-    0\n"


def test_a_group_takes_the_data_folder_before_and_after_the_subcommand() -> None:
    seen: list[object] = []

    @click.group(cls=Group)
    def root() -> None: ...

    @root.command()
    @click.pass_context
    def show(ctx: click.Context) -> None:
        seen.append(ctx.meta.get("nexhina.data_dir"))

    assert run(root, ["--data-dir", "a", "show"]) == 0
    assert run(root, ["show", "--data-dir", "b"]) == 0
    assert run(root, ["--data-dir", "a", "show", "--data-dir", "c"]) == 0
    assert run(root, ["show"]) == 0
    assert seen == ["a", "b", "c", None]
