"""The reference pages name everything there is: settings, errors, routes, headers, commands.

When one of these fails, the page is wrong, not the test; the message shows what is missing.
"""

import click
import pytest

from nexhina import errors
from nexhina.cli.main import main as cli_main
from nexhina.contract import header
from nexhina.contract.route import ROUTES
from nexhina.providers.registry import PROVIDERS
from nexhina.settings import SETTINGS
from support.needs import ROOT

LANGUAGES = ("en", "zh")


def read_page(language: str, name: str) -> str:
    page = ROOT / "docs" / language / name
    assert page.exists(), f"docs/{language}/{name} is not written"
    return page.read_text()


def sections(text: str) -> dict[str, str]:
    """The text under each heading of the second or third level, by the heading without marks."""
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith(("## ", "### ")):
            title = line.lstrip("#").strip().strip("`")
            found[title] = ""
        elif title:
            found[title] += line + "\n"
    return found


def every_error() -> list[type[errors.NexhinaError]]:
    todo, found = [errors.NexhinaError], []
    while todo:
        kind = todo.pop()
        found += [] if kind is errors.NexhinaError else [kind]
        todo += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_a_row_with_its_default(language: str) -> None:
    rows = [line for line in read_page(language, "settings.md").splitlines() if line[:1] == "|"]
    named = {row.split("`")[1]: row for row in rows if row.count("`") >= 2}
    for setting in SETTINGS:
        row = named.get(setting.name)
        assert row, f"settings.md ({language}) has no row for `{setting.name}`"
        assert getattr(setting.about, language) in row, setting.name
        assert f"`{setting.show(setting.default)}`" in row, setting.name
    assert set(named) <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_code_has_a_section_with_its_status(language: str) -> None:
    found = sections(read_page(language, "errors.md"))
    for kind in every_error():
        text = found.get(kind.code)
        assert text is not None, f"errors.md ({language}) has no heading `{kind.code}`"
        assert str(kind.status) in text, kind.code
        cause, _, cure = text.strip().partition("\n\n")
        assert len(cause) > 10, f"{kind.code}: say the cause"
        assert len(cure) > 10, f"{kind.code}: say the cure"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_route_and_header_is_described(language: str) -> None:
    text = read_page(language, "api.md")
    for route in ROUTES:
        for method in route.methods:
            assert f"{method} {route.path}" in text, route.path
    for name in (*header.EXPOSED, header.X_TENANT_ID, header.X_CHANNEL, header.IDEMPOTENCY_KEY):
        assert name.decode() in text.lower(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_option_is_described(language: str) -> None:
    text = read_page(language, "cli.md")
    group = cli_main if isinstance(cli_main, click.Group) else find_group()
    for path, command in walk(group, ()):
        assert f"nexhina {' '.join(path)}" in text, path
        for parameter in command.params:
            for flag in parameter.opts:
                if flag.startswith("--") and flag != "--help":
                    assert f"`{flag}" in text, f"{' '.join(path)} {flag}"


def find_group() -> click.Group:
    """The command group of the program, whatever it is called."""
    import nexhina.cli.main as module

    [group] = [value for value in vars(module).values() if isinstance(value, click.Group)]
    return group


def walk(group: click.Group, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += walk(command, (*path, name))
        else:
            found.append(((*path, name), command))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_vendor_is_named(language: str) -> None:
    pages = (ROOT / "docs" / language).rglob("*.md")
    text = "\n".join(page.read_text() for page in pages)
    assert not [name for name in PROVIDERS if f"`{name}`" not in text]
