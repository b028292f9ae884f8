"""How the server starts, and what it says when it can't: one line that names the cure."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from nexhina import __version__
from nexhina.cli.frame import CONFLICT, FAILURE, USAGE
from support.caller import chat
from support.installation import Installation, fresh_installation
from support.needs import refuse
from support.product import NEXHINA, Product, clean_environment, run_cli, spawn_product
from support.served import serve_installation


@pytest.fixture
def data(installation: Installation, tmp_path: Path) -> Path:
    return installation.copy(tmp_path)


def refused(data: Path, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and the only line of a `serve` that must not start."""
    done = subprocess.run(
        [*NEXHINA, "serve", "--port", "0", "--data-dir", str(data), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**clean_environment(), **(env or {})},
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("nexhina: ")
    assert "Traceback" not in done.stderr
    return done.returncode, lines[0]


# --- what keeps it from starting ------------------------------------------------------------------


def test_a_port_that_is_taken_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused(data, "--port", str(port))
    assert code == FAILURE
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    for data in (tmp_path / "data", tmp_path / "data" / "below"):
        code, said = refused(data)
        assert code == FAILURE
        assert str(data) in said
        assert "--data-dir" in said


def test_a_folder_that_is_not_writable_is_named(data: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    data.chmod(0o500)
    try:
        code, said = refused(data)
    finally:
        data.chmod(0o700)
    assert code == FAILURE
    assert str(data) in said
    assert "not writable" in said


def test_a_folder_that_another_server_holds_names_its_process(
    installation: Installation, tmp_path: Path
) -> None:
    with serve_installation(installation, tmp_path) as running:
        code, said = refused(running.data)
        assert code == CONFLICT
        assert f"process {running.pid}" in said
        assert chat(running, "sandbox-chat").status == 200


def test_a_missing_secret_key_is_not_made_anew(data: Path) -> None:
    (data / "secret.key").unlink()
    code, said = refused(data)
    assert code == FAILURE
    assert "secret.key is missing" in said
    assert "NEXHINA_SECRET_KEY" in said
    assert not (data / "secret.key").exists()


def test_the_secret_key_of_another_database_is_noticed(data: Path, tmp_path: Path) -> None:
    other = fresh_installation("second").copy_to(tmp_path / "other")
    shutil.copy(other.data / "secret.key", data / "secret.key")
    code, said = refused(data)
    assert code == FAILURE
    assert "another database" in said


def test_a_secret_key_that_is_none_is_noticed(data: Path) -> None:
    (data / "secret.key").write_text("0123456789\n")
    code, said = refused(data)
    assert code == USAGE
    assert "64 hexadecimal digits" in said
    assert "backup" in said
    assert "0123456789" not in said


def test_a_database_of_a_newer_version_is_left_alone(data: Path) -> None:
    database = sqlite3.connect(data / "nexhina.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    before = (data / "nexhina.db").read_bytes()
    code, said = refused(data)
    assert code == FAILURE
    assert "newer Nexhina" in said
    assert "9999" in said
    assert (data / "nexhina.db").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database" * 1000, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_damaged_database_says_how_to_restore(data: Path, content: bytes) -> None:
    (data / "nexhina.db").write_bytes(content)
    code, said = refused(data)
    assert code == FAILURE
    assert "nexhina restore" in said


def test_an_unknown_setting_names_the_nearest_wherever_it_stands(data: Path) -> None:
    code, said = refused(data, env={"NEXHINA_DRAIN": "3"})
    assert code == USAGE
    assert "NEXHINA_DRAIN_S" in said
    (data / "nexhina.toml").write_text("max_body = 3\n")
    code, said = refused(data)
    assert code == USAGE
    assert "nexhina.toml" in said
    assert "max_body_mib" in said


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("drain_s = 'soon'\n", "a number from 0 to 3600"),
        ("drain_s = -1\n", "a number from 0 to 3600"),
        ("port = 99999\n", "a whole number from 0 to 65535"),
        ("drain_s = \n", "is not TOML"),
    ],
)
def test_a_wrong_setting_says_what_it_may_be(data: Path, text: str, cure: str) -> None:
    (data / "nexhina.toml").write_text(text)
    arguments = [] if "port" not in text else ["--drain-s", "1"]
    done = subprocess.run(
        [*NEXHINA, "serve", "--data-dir", str(data), *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=30,
        check=False,
    )
    assert done.returncode == USAGE
    assert len(done.stderr.splitlines()) == 1
    assert cure in done.stderr


def test_a_ready_file_that_cant_be_written_is_named_and_nothing_keeps_running(data: Path) -> None:
    target = data / "none" / "ready.json"
    done = subprocess.run(
        [*NEXHINA, "serve", "--port", "0", "--data-dir", str(data), "--ready-file", str(target)],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=30,
        check=False,
    )
    assert done.returncode == FAILURE
    assert [str(target) in line for line in done.stderr.splitlines()] == [True]
    assert not (data / "control.sock").exists()


def test_a_first_start_that_fails_late_does_not_lose_the_key(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 120) / "data"  # too long for a socket's address
    code, said = refused(data)
    assert code == FAILURE
    assert "--data-dir" in said
    shorter = data.rename(tmp_path / "data")
    assert str(run_cli(shorter, "init")["api_key"]).startswith("sk-")


# --- how it starts --------------------------------------------------------------------------------


def start(data: Path, ready: Path, env: Mapping[str, str], *before: str) -> subprocess.Popen[bytes]:
    """A server in the making: nothing is waited for. What it says goes to `ready.json.log`."""
    command = ["serve", "--port", "0", "--data-dir", str(data), "--ready-file", str(ready)]
    with log_of(ready).open("wb") as log:
        return subprocess.Popen(
            [*before, *NEXHINA, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(env),
            cwd=ready.parent,
        )


def log_of(ready: Path) -> Path:
    return ready.with_name(f"{ready.name}.log")


def wait_for_file(file: Path, process: subprocess.Popen[bytes]) -> bytes:
    """What is in the file as soon as it is there: without a pause, so that no half file is missed."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return file.read_bytes()
        except FileNotFoundError:
            assert process.poll() is None, log_of(file).read_text()
            assert time.monotonic() < deadline


def test_the_ready_file_is_whole_at_once_and_true(data: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = start(data, ready, clean_environment())
    try:
        facts = msgspec.json.decode(wait_for_file(ready, process))
        assert set(facts) == {"base_url", "setup_url", "pid", "version"}
        assert facts["pid"] == process.pid
        assert facts["version"] == __version__
        assert facts["base_url"].startswith("http://127.0.0.1:")
        assert facts["base_url"].endswith("/v1")
        assert facts["setup_url"].startswith(facts["base_url"].removesuffix("/v1"))
        assert ready.stat().st_mode & 0o777 == 0o600
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "data",
            "ready.json",
            "ready.json.log",
        ]
        product = Product(data, process, ready, facts)
        assert product.call("GET", "/healthz").status == 200
        assert product.call("GET", "/readyz").status == 200
    finally:
        process.kill()
        process.wait()


def test_a_start_of_what_exists_prints_no_key_and_neither_does_init(data: Path) -> None:
    product = spawn_product(data)
    product.stop()
    assert "sk-" not in product.read_log()
    assert run_cli(data, "init")["api_key"] is None


@pytest.fixture
def bare_home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose home and scratch folders are empty, and stay so."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    yield {
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert list(home.iterdir()) == []
    assert list(scratch.iterdir()) == []


def test_nothing_is_written_outside_the_data_folder(
    tmp_path: Path, bare_home: dict[str, str]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    process = start(work / "data", work / "ready.json", bare_home)
    try:
        product = Product(
            work / "data",
            process,
            work / "ready.json",
            msgspec.json.decode(wait_for_file(work / "ready.json", process)),
        )
        body = {"model": "sandbox-image", "prompt": "a house", "size": "256x256"}
        key = make_key(product)
        assert product.call("POST", "/v1/images/generations", body, key=key).status == 200
        assert chat(product, "sandbox-chat", key=key).status == 200
        assert product.call("GET", "/setup").status < 500
    finally:
        process.terminate()
        process.wait(40)
    assert process.returncode == 0
    assert sorted(path.name for path in work.iterdir()) == ["data", "ready.json", "ready.json.log"]
    assert (work / "data").stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o077 for path in (work / "data").iterdir()}
    assert modes == dict.fromkeys(modes, 0)


def make_key(product: Product) -> str:
    return str(run_cli(product.data, "keys", "create", "--name", "test")["key"])


def test_the_start_needs_no_network(data: Path, tmp_path: Path, bare_home: dict[str, str]) -> None:
    unshare = shutil.which("unshare")
    lonely = [unshare or "unshare", "--net", "--map-root-user"]
    if unshare is None or subprocess.run([*lonely, "true"], check=False).returncode:
        refuse("a network namespace", "install util-linux and allow user namespaces")
    ready = tmp_path / "ready.json"
    process = start(data, ready, bare_home, *lonely)
    try:
        facts = msgspec.json.decode(wait_for_file(ready, process))
        assert facts["version"] == __version__
        # No loopback is up in there; the control socket is a file and still reaches it.
        assert [key["name"] for key in run_cli(data, "keys", "list")] == ["owner"]
    finally:
        process.terminate()
        process.wait(40)
    assert process.returncode == 0
    assert "Traceback" not in log_of(ready).read_text()
