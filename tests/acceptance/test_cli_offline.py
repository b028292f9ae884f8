"""The command line as a person meets it: real processes, no server."""

import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.storage.folder import DataFolder, hold_folder
from support.product import NEXHINA, clean_environment

JSON_KEY = "sk-vendor-0123456789abcdef"


def run(
    *arguments: str, env: Mapping[str, str] | None = None, text: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NEXHINA, *arguments],
        capture_output=True,
        text=True,
        input=text,
        env={**clean_environment(), **(env or {})},
        cwd=cwd,
        timeout=60,
        check=False,
    )


def documented(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """The one JSON document on stdout."""
    assert done.returncode == code, done.stderr
    return msgspec.json.decode(done.stdout)


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line on stderr."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("nexhina: ")
    return done.stderr


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation made by `nexhina init`."""
    folder = tmp_path_factory.mktemp("offline") / "data"
    facts = documented(run("init", "--data-dir", str(folder), "--json"))
    assert facts["api_key"].startswith("sk-")
    assert facts["created"] is True
    return folder


def test_a_second_init_says_so_and_shows_no_key(data: Path) -> None:
    done = run("init", "--data-dir", str(data), "--json")
    facts = documented(done)
    assert facts["api_key"] is None
    assert facts["created"] is False
    assert "already" in done.stderr
    assert "/setup?token=" in facts["setup_url"]


def test_a_new_key_is_made_on_request_and_is_the_only_secret_on_stdout(data: Path) -> None:
    facts = documented(run("init", "--new-key", "--data-dir", str(data), "--json"))
    assert facts["api_key"].startswith("sk-")


def test_the_folder_and_what_is_in_it_are_its_owner_s_alone(data: Path) -> None:
    assert data.stat().st_mode & 0o077 == 0
    for file in data.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_keys_are_made_listed_and_revoked(data: Path) -> None:
    there = ("--data-dir", str(data))
    made = documented(
        run("keys", "create", "--name", "app", "--budget-usd", "2.50", "--models", "gpt-4o",
            "--allow", "channel:pin,channel:see", "--json", *there)
    )  # fmt: skip
    assert made["key"].startswith("sk-")
    assert made["budget_usd"] == "2.5"
    listed = documented(run("keys", "list", "--json", *there))
    [app] = [key for key in listed if key["name"] == "app"]
    assert app["id"] == made["id"]
    assert (app["spent_usd"], app["held_usd"], app["status"]) == ("0", "0", "enabled")
    assert made["key"] not in msgspec.json.encode(listed).decode()
    assert documented(run("keys", "revoke", "app", "--json", *there))["status"] == "revoked"
    table = run("keys", "list", *there)
    assert table.returncode == 0
    assert "revoked" in table.stdout


def test_a_key_on_stdout_can_be_put_into_a_variable(data: Path) -> None:
    done = run("keys", "create", "--name", "shell", "--data-dir", str(data))
    assert done.returncode == 0
    assert done.stdout.startswith("sk-")
    assert done.stdout.count("\n") == 1
    assert "can't be shown again" in done.stderr


def test_the_data_folder_is_found_in_each_documented_way(data: Path) -> None:
    ways = [
        run("--data-dir", str(data), "keys", "list", "--json"),
        run("keys", "--data-dir", str(data), "list", "--json"),
        run("keys", "list", "--json", env={"NEXHINA_DATA_DIR": str(data)}),
        run("keys", "list", "--json", cwd=data.parent),
        run(
            "keys", "list", "--json", "--data-dir", str(data), env={"NEXHINA_DATA_DIR": "/nowhere"}
        ),
    ]
    assert len({done.stdout for done in ways}) == 1
    assert all(documented(done) for done in ways)


def test_channels_are_added_changed_and_removed_and_the_key_is_never_shown(
    data: Path, tmp_path: Path
) -> None:
    there = ("--data-dir", str(data))
    add = (
        "channels", "add", "--provider", "openai_compatible", "--name", "gpu",
        "--base-url", "http://127.0.0.1:9", "--models", "m,fast=m-1", "--price", "1/2", "--json",
    )  # fmt: skip
    outputs = [run(*add, "--key", "-", *there, text=JSON_KEY + "\n")]
    added = documented(outputs[0])
    assert added["base_url"] == "http://127.0.0.1:9/v1"
    assert added["models"] == {"m": "m", "fast": "m-1"}
    assert "gpt-4o" in added["removed_aliases"]
    assert "no longer answers for" in outputs[0].stderr
    key_file = tmp_path / "key"
    key_file.write_text(JSON_KEY)
    outputs.append(
        run(
            "channels",
            "set",
            "gpu",
            "--priority",
            "9",
            "--key-file",
            str(key_file),
            "--json",
            *there,
        )
    )
    assert documented(outputs[-1])["priority"] == 9
    outputs.append(run("channels", "list", "--json", *there))
    assert {channel["name"] for channel in documented(outputs[-1])} == {"sandbox", "gpu"}
    outputs.append(run("channels", "list", *there))
    outputs.append(run("channels", "test", "gpu", "--json", *there))
    tested = documented(outputs[-1], 1)
    assert tested["ok"] is False
    assert tested["cure"]
    outputs.append(run("doctor", "--json", *there))
    report = documented(outputs[-1], 1)
    assert [check["name"] for check in report["checks"] if check["outcome"] == "broken"] == [
        "channel gpu"
    ]
    outputs.append(run("models", "--json", *there))
    offered = {model["name"]: model for model in documented(outputs[-1])}
    assert {price["usd"] for price in offered["fast"]["prices"]} == {"1", "2"}
    assert "gpt-4o" not in offered
    outputs.append(run("channels", "remove", "gpu", "--json", *there))
    assert documented(outputs[-1])["name"] == "gpu"
    assert all(JSON_KEY not in done.stdout + done.stderr for done in outputs)


def test_doctor_is_content_with_a_fresh_installation(tmp_path: Path) -> None:
    there = ("--data-dir", str(tmp_path / "data"))
    assert run("init", *there).returncode == 0
    report = documented(run("doctor", "--json", *there))
    assert report["ok"] is True
    assert {"channel sandbox", "database", "rights of secret.key"} <= {
        check["name"] for check in report["checks"]
    }
    words = run("doctor", *there)
    assert words.returncode == 0
    assert "Nothing is broken." in words.stdout


def test_doctor_names_a_secret_that_others_can_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("init", "--data-dir", str(data)).returncode == 0
    (data / "secret.key").chmod(0o644)
    report = documented(run("doctor", "--json", "--data-dir", str(data)), 1)
    [broken] = [check for check in report["checks"] if check["outcome"] == "broken"]
    assert broken["name"] == "rights of secret.key"
    assert "chmod" in broken["cure"]


def test_the_log_of_a_quiet_installation_is_empty(data: Path) -> None:
    there = ("--data-dir", str(data))
    assert documented(run("logs", "list", "--json", *there)) == []
    refused(run("logs", "show", "nope", *there), 3)
    assert "nexhina serve" in refused(run("logs", "list", "--follow", *there), 1)


def test_a_backup_restores_into_an_empty_folder_with_its_keys(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar"
    written = documented(run("backup", str(file), "--json", "--data-dir", str(data)))
    assert written["size"] == file.stat().st_size
    refused(run("backup", str(file), "--data-dir", str(data)), 4)
    other = tmp_path / "other"
    assert documented(run("restore", str(file), "--json", "--data-dir", str(other)))
    before = documented(run("keys", "list", "--json", "--data-dir", str(data)))
    assert documented(run("keys", "list", "--json", "--data-dir", str(other))) == before
    refused(run("restore", str(file), "--data-dir", str(other)), 4)
    nothing, new = tmp_path / "nothing", tmp_path / "new"
    line = refused(run("restore", str(nothing), "--data-dir", str(new)), 1)
    assert f"{nothing} can't be read: No such file or directory" in line
    assert not new.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (("keys", "revoke", "onwer"), 3, "Did you mean owner?"),
        (("keys", "create", "--name", "owner"), 4, "owner"),
        (("keys", "create", "--name", "x", "--budget-usd", "ten"), 2, "'ten'"),
        (("keys", "create", "--name", "x", "--tenant", "acme"), 2, "'acme'"),
        (("keys", "create", "--name", "x", "--allow", "chanel:pin"), 2, "channel:pin"),
        (("channels", "remove", "nope"), 3, "'nope'"),
        (("channels", "add", "--provider", "opnai", "--name", "x", "--models", "m"), 2, "openai"),
        (("channels", "add", "--provider", "openai", "--name", "x", "--models", "m"), 2, "--key"),
        (("channels", "add", "--provider", "openai_compatible", "--name", "x", "--models", "m", "--base-url", "host"), 2, "'host'"),
        (("channels", "add", "--provider", "openai", "--name", "x", "--models", "m", "--key-file", "/nope"), 2, "/nope"),
        (("logs", "list", "--since", "soon"), 2, "'soon'"),
        (("logs", "list", "--limit", "0"), 2, "0"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_with_value_and_cure(
    data: Path, arguments: tuple[str, ...], code: int, part: str
) -> None:
    assert part in refused(run(*arguments, "--json", "--data-dir", str(data)), code)


@pytest.mark.parametrize(
    "command", [("keys", "list"), ("keys", "create", "--name", "x"), ("doctor",), ("models",)]
)
def test_without_an_installation_a_command_says_what_to_run_and_makes_nothing(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    for folder in (tmp_path / "none", tmp_path):
        line = refused(run(*command, "--data-dir", str(folder)), 3)
        assert "nexhina init" in line
        assert "nexhina serve" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("env", "toml", "part"),
    [
        ({"NEXHINA_PROT": "1"}, "", "NEXHINA_PORT"),
        ({"NEXHINA_PORT": "lots"}, "", "0 to 65535"),
        ({}, "drain = 3", "drain_s"),
        ({}, "port = '80", "not TOML"),
    ],
)
def test_a_wrong_setting_stops_a_command_with_its_name_and_place(
    data: Path, env: dict[str, str], toml: str, part: str
) -> None:
    file = data / "nexhina.toml"
    file.write_text(toml)
    try:
        assert part in refused(run("keys", "list", env=env, cwd=data.parent), 2)
    finally:
        file.unlink()


def test_a_folder_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refused(run("init", "--data-dir", str(tmp_path / "file")), 1)
    assert "--data-dir" in line


@pytest.mark.parametrize(
    ("flags", "code", "part"),
    [
        (("--port", "lots"), 2, "0 to 65535"),
        (("--tls-cert", "/nope.pem"), 2, "tls_key"),
        (("--tls-cert", "/nope.pem", "--tls-key", "/nope.pem"), 2, "can't be read"),
        (("--prot", "80"), 2, "--port"),
        (("--log-level", "loud"), 2, "debug, info, warning, error"),
    ],
)
def test_a_server_that_can_not_start_says_why_in_one_line_and_makes_no_key(
    tmp_path: Path, flags: tuple[str, ...], code: int, part: str
) -> None:
    assert part in refused(run("serve", *flags, "--data-dir", str(tmp_path / "data")), code)
    assert not (tmp_path / "data" / "nexhina.db").exists()


def test_a_taken_port_is_named_and_the_key_is_not_lost(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(run("serve", "--port", port, "--data-dir", str(data)), 1)
    assert documented(run("init", "--data-dir", str(data), "--json"))["api_key"]


def test_a_lost_secret_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("init", "--data-dir", str(data)).returncode == 0
    (data / "secret.key").unlink()
    assert "secret.key" in refused(run("keys", "list", "--data-dir", str(data)), 1)
    done = run("doctor", "--json", "--data-dir", str(data))
    report = msgspec.json.decode(done.stdout)
    assert (done.returncode, done.stderr, report["ok"]) == (1, "", False)
    assert [check["name"] for check in report["checks"]] == ["installation"]
    assert "secret.key is missing" in report["checks"][0]["detail"]
    (data / "secret.key").write_text("x")
    done = run("doctor", "--json", "--data-dir", str(data))
    assert (done.returncode, msgspec.json.decode(done.stdout)["ok"]) == (1, False)


def test_a_command_waits_for_a_process_that_is_about_to_let_go(data: Path) -> None:
    hold = hold_folder(DataFolder(data))
    process = subprocess.Popen(
        [*NEXHINA, "keys", "list", "--json", "--data-dir", str(data)],
        stdout=subprocess.PIPE,
        env=clean_environment(),
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
    finally:
        hold.release()
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert msgspec.json.decode(out)


def test_a_process_that_holds_the_folder_and_does_not_answer_is_named(data: Path) -> None:
    begun = time.monotonic()
    with hold_folder(DataFolder(data)):
        line = refused(run("keys", "list", "--data-dir", str(data)), 4)
    assert str(os.getpid()) in line
    assert time.monotonic() - begun < 30


def test_a_socket_of_a_dead_server_is_no_obstacle(data: Path) -> None:
    path = data / "control.sock"
    if len(str(path)) > 100:
        pytest.skip("the scratch folder lies too deep for a socket")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    try:
        assert documented(run("keys", "list", "--json", "--data-dir", str(data)))
    finally:
        path.unlink()


def test_version_and_help_are_quick_words(tmp_path: Path) -> None:
    facts = documented(run("version", "--json"))
    assert set(facts) == {"version", "python"}
    assert run("--version").stdout.strip().endswith(facts["version"])
    assert run("--help").returncode == 0
    assert run("serve", "--help", cwd=tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == []
