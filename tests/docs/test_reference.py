"""The reference pages name everything there is, and nothing that is not: held against the code.

When one of these fails, the page is wrong, not the test; the message shows what is missing.
"""

import ast
import re
from collections.abc import Iterator

import click
import pytest

from nexhina import errors
from nexhina.cli.frame import EXIT_CODES
from nexhina.cli.main import nexhina
from nexhina.contract import header
from nexhina.contract.route import ROUTES
from nexhina.domain.identity import PERMISSIONS
from nexhina.identity.password import LONGEST, SHORTEST
from nexhina.providers.registry import PROVIDERS
from nexhina.providers.spec import ErrorMap
from nexhina.services import shapes
from nexhina.settings import ENV_PREFIX, NOT_SETTINGS, SETTINGS, Setting
from support.needs import ROOT
from support.page import LANGUAGES, index_rows, list_pages, load_page, read_code, read_rows

SOURCE = ROOT / "src" / "nexhina"

# --- settings -----------------------------------------------------------------------------------


def bounds_in(setting: Setting, cell: str) -> bool:
    about = setting.about
    if about.choices:
        return tuple(read_code(cell)) == about.choices
    if setting.kind == "switch":
        return read_code(cell) == ["on", "off"]
    if about.low is None or about.high is None:
        return bool(cell)
    shown = [float(word) for word in cell.split() if word[0].isdigit()]
    return shown == [about.low, about.high]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_a_row_with_all_that_is_known_of_it(language: str) -> None:
    rows = index_rows(load_page(language, "settings.md").text)
    for setting in SETTINGS:
        default, unit = f"`{setting.show(setting.default)}`", setting.about.unit or "–"
        text = getattr(setting.about, language)
        wanted = f"| `{setting.name}` | `{setting.env}` | {text} | {default} | … | {unit} |"
        row = rows.get(setting.name)
        assert row is not None, f"settings.md ({language}) lacks the row\n{wanted}"
        said = [row[1], row[2], row[3], row[5]]
        assert said == [f"`{setting.env}`", text, default, unit], f"should be\n{wanted}"
        assert bounds_in(setting, row[4]), f"{setting.name}: {setting.about}"
    assert set(rows) == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_variables_that_are_no_settings_are_named(language: str) -> None:
    named = set(read_code(load_page(language, "settings.md").text))
    assert not {ENV_PREFIX + name for name in NOT_SETTINGS} - named


@pytest.mark.parametrize("language", LANGUAGES)
def test_limits_that_are_settings_are_shown_with_their_defaults(language: str) -> None:
    known = {setting.name: setting for setting in SETTINGS}
    shown = [row for row in read_rows(load_page(language, "api.md").text) if len(row) == 3]
    names = [name for row in shown for name in read_code(row[2]) if name in known]
    assert len(names) > 4
    for row in shown:
        for name in read_code(row[2]):
            if name in known:
                assert f"{known[name].default:g}" in row[1], row


def shown_defaults(text: str) -> Iterator[tuple[str, str]]:
    """(setting, number) of every "`name` (30 s)" and "15 s (`name`)" in a text."""
    yield from re.findall(r"`(\w+)`\s*[(（](\d[\d.]*)", text)
    for value, name in re.findall(r"(\d[\d.]*)[^\d(（)）|.。;；]{0,14}[(（]`(\w+)`[)）]", text):
        yield name, value


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_default_in_the_running_text_is_the_default(language: str) -> None:
    known = {setting.name: setting.default for setting in SETTINGS}
    seen = 0
    for page in list_pages(language):
        for name, value in shown_defaults(page.prose):
            if name in known:
                seen += 1
                assert float(value) == known[name], f"{page.name}: {name} is {known[name]}"
    assert seen >= 5


# --- errors -------------------------------------------------------------------------------------


def list_error_kinds() -> list[type[errors.NexhinaError]]:
    todo, found = [errors.NexhinaError], []
    while todo:
        kind = todo.pop()
        found += [] if kind is errors.NexhinaError else [kind]
        todo += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


def list_special_codes() -> Iterator[str]:
    """Codes that are given where an error is raised or a row is written, not by a class."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("code", "error_code"):
                values: list[ast.expr] = [node.value]
            elif isinstance(node, ast.Assign) and "error_code" in ast.unparse(node.targets[0]):
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            else:
                continue
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_code_has_a_section_with_status_cause_and_cure(language: str) -> None:
    page = load_page(language, "errors.md")
    cause_word, cure_word = {"en": ("Cause: ", "Cure: "), "zh": ("原因：", "解决办法：")}[language]
    statuses = {kind.code: kind.status for kind in list_error_kinds()}
    special = set(list_special_codes())
    assert {"client_left", "abandoned", "model_not_allowed"} <= special
    for code in {*statuses, *special}:
        text = page.section(code).strip()
        assert text, f"errors.md ({language}) has no heading `{code}`"
        cause, _, cure = text.partition("\n\n")
        assert cause_word in cause and len(cause) > 15, f"{code}: say the cause"
        assert cure.startswith(cure_word), f"{code}: say the cure"
        if code in statuses:
            assert str(statuses[code]) in cause, f"{code}: {statuses[code]}"
    shown = {heading for level, heading in page.headings() if level == 3}
    assert shown == {*statuses, *special}


# --- routes and headers -------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_route_has_a_row(language: str) -> None:
    rows = index_rows(load_page(language, "api.md").text)
    for route in ROUTES:
        for method in route.methods:
            assert f"{method} {route.path}" in rows, route.path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_of_the_contract_has_a_row(language: str) -> None:
    rows = {name.lower() for name in index_rows(load_page(language, "authentication.md").text)}
    contract = {value.decode() for value in vars(header).values() if isinstance(value, bytes)}
    assert contract >= {"x-request-id", "x-nexhina-cost", "idempotency-key"}
    assert not contract - rows


# --- the command line ---------------------------------------------------------------------------

SHARED = {"--data-dir", "--json", "--help", "-h"}


def list_commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from list_commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def heading_of(path: str, command: click.Command) -> str:
    """The heading that a command must have, with its arguments."""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    shown = [
        "|".join(each.type.choices) if isinstance(each.type, click.Choice) else each.metavar
        for each in arguments
    ]
    return " ".join(("nexhina", path, *(text or "?" for text in shown)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_a_section_with_exactly_its_options(language: str) -> None:
    page = load_page(language, "cli.md")
    required = {"en": "Required.", "zh": "必填。"}[language]
    commands = dict(list_commands(nexhina))
    for path, command in commands.items():
        text = page.section(heading_of(path, command))
        assert text, f"cli.md ({language}) has no heading `{heading_of(path, command)}`"
        rows = {code.split()[0]: row for row in read_rows(text) for code in read_code(row[0])}
        listed = {
            word for code in read_code(text) if code.startswith("-") for word in code.split()[:1]
        }
        flags: set[str] = set()
        for option in command.params:
            if not isinstance(option, click.Option) or "--data-dir" in option.opts:
                continue
            flags.update(option.opts)
            assert set(option.opts) <= listed, f"{path}: {option.opts}"
            row = rows.get(option.opts[0])
            if row is None:
                continue
            assert (required in row[1]) == option.required, row
            if option.metavar and option.metavar != "K|-" and option.metavar != "F|-":
                assert f"{option.opts[0]} {option.metavar}" in row[0], row
            if option.show_default:
                assert str(option.default) in row[1], row
        extra = {word for word in listed if word in rows} - flags
        assert not extra, f"{path} has no {extra}"
        has_json = any("--json" in option.opts for option in command.params)
        assert ("`--json`" in text) == has_json, path
    shown = {heading for _, heading in page.headings() if heading.startswith("nexhina ")}
    assert shown == {heading_of(path, command) for path, command in commands.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_shared_options_and_exit_codes_are_listed(language: str) -> None:
    page = load_page(language, "cli.md")
    assert set(read_code(page.prose)) >= {"--help", "-h", "--json", "--data-dir DIR"}
    codes = [line.split()[0] for line in EXIT_CODES.splitlines()]
    assert [row[0] for row in read_rows(page.text) if row[0].isdigit()] == codes
    if language == "en":
        text = " ".join(page.text.split())
        for line in EXIT_CODES.splitlines():
            assert line.split(maxsplit=1)[1] in text


JSON_OF: dict[str, type] = {
    "nexhina init": shapes.Installed,
    "nexhina keys list": shapes.KeyView,
    "nexhina channels list": shapes.ChannelView,
    "nexhina channels test ID|NAME": shapes.Probe,
    "nexhina models": shapes.ModelView,
    "nexhina logs list": shapes.LogView,
    "nexhina doctor": shapes.Report,
    "nexhina backup FILE": shapes.BackupView,
}
ADDED: dict[str, tuple[type, type]] = {
    "nexhina keys create": (shapes.CreatedKey, shapes.KeyView),
    "nexhina logs show ID": (shapes.LogDetail, shapes.LogView),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fields_of_json_output_are_listed(language: str) -> None:
    page = load_page(language, "cli.md")
    wanted = {heading: set(kind.__struct_fields__) for heading, kind in JSON_OF.items()}
    for heading, (kind, base) in ADDED.items():
        wanted[heading] = set(kind.__struct_fields__) - set(base.__struct_fields__)
    for heading, fields in wanted.items():
        line = page.section(heading).rpartition("`--json`")[2]
        assert not fields - set(read_code(line)), heading


# --- vendors, keys, passwords -------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_vendor_has_a_row_with_its_address_and_operations(language: str) -> None:
    page = load_page(language, "channels.md")
    rows = index_rows(page.section({"en": "Providers", "zh": "提供方"}[language]))
    assert set(rows) == set(PROVIDERS)
    for provider in PROVIDERS.values():
        _, address, key, speaks = rows[provider.name]
        assert provider.base_url is None or provider.base_url in address
        assert (key in ("required", "必填")) == provider.key_required
        built = sorted(op.value for op in provider.operations() if op.value != "models")
        assert speaks == ", ".join(built)


PAGE_OF = {
    "image_edits": "images",
    "image_variations": "images",
    "speech": "audio",
    "transcriptions": "audio",
    "translations": "audio",
}
"""Operations that share a page with another."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_quirk_has_a_row_on_its_operations_page(language: str) -> None:
    for provider in PROVIDERS.values():
        for quirks in provider.quirks:
            for operation in quirks.operations:
                page = load_page(language, f"{PAGE_OF.get(operation, operation)}.md")
                rows = [row for row in read_rows(page.text) if f"`{provider.name}`" in row[0]]
                found = [row for row in rows if set(quirks.models) == set(read_code(row[1]))]
                assert found, f"{page.name}: {provider.name} {quirks.models}"
                names = {*quirks.drop, *quirks.ours, *quirks.refuse, *quirks.rename, *quirks.clamp}
                assert names <= set(read_code(found[0][2])), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_with_a_meaning_is_explained(language: str) -> None:
    heading = {"en": "When a channel fails", "zh": "渠道失败时"}[language]
    text = load_page(language, "channels.md").section(heading)
    kinds = ErrorMap()
    for status in kinds.busy | kinds.overloaded | kinds.caller | kinds.ours:
        assert str(status) in text, status


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_permission_has_a_row(language: str) -> None:
    assert set(index_rows(load_page(language, "keys.md").text)) == set(PERMISSIONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_length_of_passwords_is_told(language: str) -> None:
    text = load_page(language, "security.md").section({"en": "Passwords", "zh": "密码"}[language])
    assert str(SHORTEST) in text
    assert str(LONGEST) in text
