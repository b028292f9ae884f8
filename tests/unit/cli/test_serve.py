"""What `serve` takes and what it tells."""

from pathlib import Path

import click
import msgspec
import pytest

from nexhina.cli.ready import write_ready
from nexhina.cli.serve import name_program, serve, welcome_text
from nexhina.errors import StartError
from nexhina.services.shapes import Installed
from nexhina.settings import SETTINGS
from support.seed import SEED

KEY = "sk-" + "a" * 43


def installed(**changes: object) -> Installed:
    facts = Installed(
        created=True,
        api_key=KEY,
        base_url="http://127.0.0.1:8000/v1",
        setup_url="http://127.0.0.1:8000/setup?token=abc",
        sandbox_models=("gpt-4o", "wanx-v2"),
    )
    return msgspec.structs.replace(facts, **changes)


def test_every_setting_but_secrets_has_a_flag() -> None:
    flags = {option.name for option in serve.params if isinstance(option, click.Option)}
    for setting in SETTINGS:
        assert (setting.name in flags) is not setting.about.secret


def test_the_first_run_shows_the_key_once_in_words_and_once_in_the_call() -> None:
    text = welcome_text(installed())
    assert text.count(KEY) == 2
    assert "http://127.0.0.1:8000/setup?token=abc" in text
    assert "sandbox, not their makers, answers for gpt-4o, wanx-v2 until you add" in text
    assert "nexhina channels add" in text


def test_a_program_outside_the_path_is_named_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nexhina"
    program.touch(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    assert name_program(str(program)) == str(program)
    monkeypatch.setenv("PATH", f"/nowhere:{tmp_path}")
    assert name_program(str(program)) == "nexhina"
    assert name_program("/x/nexhina/__main__.py") == "nexhina"
    assert name_program("/gone/nexhina") == "/gone/nexhina"
    text = welcome_text(installed(), ".venv/bin/nexhina")
    assert "  .venv/bin/nexhina channels add" in text
    assert "`.venv/bin/nexhina init --new-key`" in text


def test_the_seed_call_is_the_documentation_s_but_for_host_and_key() -> None:
    ours = SEED.replace("'/v1/", "'http://127.0.0.1:8000/v1/").replace("<token>", KEY)
    assert ours in welcome_text(installed())


def test_a_second_start_shows_no_key_and_no_call_that_needs_one() -> None:
    text = welcome_text(installed(created=False, api_key=None, setup_url=None, sandbox_models=()))
    assert "sk-" not in text
    assert "curl" not in text
    assert "sandbox" not in text
    assert "http://127.0.0.1:8000/v1" in text


def test_the_ready_file_is_whole_and_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text("old")
    write_ready(file, {"base_url": "http://127.0.0.1:8000/v1", "setup_url": None})
    facts = msgspec.json.decode(file.read_bytes())
    assert set(facts) == {"base_url", "setup_url", "pid", "version"}
    assert facts["base_url"] == "http://127.0.0.1:8000/v1"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_a_ready_file_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="ready file"):
        write_ready(tmp_path / "missing" / "ready.json", {})


def test_no_folder_of_the_path_keeps_the_key_from_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "nexhina").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "samefile", refuse)  # for root no folder is closed
    assert name_program("/closed/nexhina") == "/closed/nexhina"
