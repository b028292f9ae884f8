"""The command line beside a running server: the same calls, and the change works at once."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from support.product import NEXHINA, Product, clean_environment, run_cli, start_product

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server of this file's own: its channels and keys change."""
    with start_product(tmp_path_factory.mktemp("online") / "data") as product:
        yield product


def chat(product: Product, key: str) -> int:
    return product.call("POST", "/v1/chat/completions", CHAT, key=key).status


def test_a_key_works_once_made_and_is_refused_once_revoked(served: Product) -> None:
    made = served.run("keys", "create", "--name", "app", "--budget-usd", "1")
    assert chat(served, made["key"]) == 200
    served.run("keys", "revoke", "app")
    assert chat(served, made["key"]) == 401


def test_what_a_key_spent_is_listed_within_three_seconds(served: Product) -> None:
    made = served.run("keys", "create", "--name", "spender", "--budget-usd", "1")
    answer = served.call("POST", "/v1/chat/completions", CHAT, key=made["key"])
    assert answer.status == 200
    deadline = time.monotonic() + 3
    while True:
        [key] = [each for each in served.run("keys", "list") if each["id"] == made["id"]]
        if key["calls"]:
            break
        assert time.monotonic() < deadline
    [row] = served.run("logs", "list", "--key", "spender")
    assert key["spent_nano_usd"] == row["charge_nano_usd"] > 0
    assert key["held_usd"] == "0"
    detail = served.run("logs", "show", answer.headers["x-nexhina-id"])
    assert detail["id"] == row["id"]
    assert detail["agrees"]


def test_a_channel_serves_once_added_and_no_longer_once_disabled(served: Product) -> None:
    add = ("channels", "add", "--provider", "sandbox", "--name", "play", "--models")
    served.run(*add, "brand-new=sandbox-chat")
    body = CHAT | {"model": "brand-new"}
    answer = served.call("POST", "/v1/chat/completions", body)
    assert answer.status == 200
    assert answer.headers["x-nexhina-channel"] == "play"
    served.run("channels", "disable", "play")
    assert served.call("POST", "/v1/chat/completions", body).status == 503
    served.run("channels", "enable", "play")
    assert served.call("POST", "/v1/chat/completions", body).status == 200
    served.run("channels", "remove", "play")
    assert served.call("POST", "/v1/chat/completions", body).status == 404


def test_followed_calls_appear_as_they_end(served: Product) -> None:
    command = [
        "logs",
        "list",
        "--follow",
        "--since",
        "1s",
        "--json",
        "--data-dir",
        str(served.data),
    ]
    process = subprocess.Popen(
        [*NEXHINA, *command], stdout=subprocess.PIPE, env=clean_environment()
    )
    try:
        assert process.stdout is not None
        wanted = served.call("POST", "/v1/chat/completions", CHAT).headers["x-nexhina-id"]
        seen = ""
        while seen != wanted:
            line = process.stdout.readline()
            assert line, "the command ended"
            seen = msgspec.json.decode(line)["id"]
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def test_doctor_is_content_and_init_makes_a_link_to_the_running_server(served: Product) -> None:
    assert served.run("doctor")["ok"] is True
    facts = served.run("init")
    assert facts["created"] is False
    assert facts["api_key"] is None
    assert facts["base_url"] == served.base_url
    assert facts["setup_url"].startswith(f"{served.origin}/setup?token=")
    page = served.call("GET", facts["setup_url"].removeprefix(served.origin))
    assert page.status == 200


def test_a_backup_of_a_running_server_restores(served: Product, tmp_path: Path) -> None:
    served.run("backup", str(tmp_path / "copy.tar"))
    done = subprocess.run(
        [*NEXHINA, "restore", str(tmp_path / "copy.tar"), "--data-dir", str(tmp_path / "two")],
        capture_output=True,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_second_server_on_the_folder_is_a_conflict_in_one_line(served: Product) -> None:
    done = subprocess.run(
        [*NEXHINA, "serve", "--port", "0", "--data-dir", str(served.data)],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert f"process {served.pid}" in done.stderr


def test_after_a_kill_a_command_without_a_server_shows_what_was_spent(tmp_path: Path) -> None:
    with start_product(tmp_path / "data") as product:
        assert chat(product, product.key) == 200
        product.stop(signal.SIGKILL)
        [owner] = run_cli(product.data, "keys", "list")
        assert owner["calls"] == 1
        assert owner["spent_nano_usd"] > 0
        assert owner["held_usd"] == "0"


def test_following_ends_with_a_word_when_the_server_stops(tmp_path: Path) -> None:
    with start_product(tmp_path / "data") as product:
        process = subprocess.Popen(
            [
                *NEXHINA,
                "logs",
                "list",
                "-f",
                "--since",
                "1m",
                "--json",
                "--data-dir",
                str(product.data),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        )
        assert process.stdout is not None
        chat(product, product.key)
        assert process.stdout.readline()
        product.stop()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.decode().startswith("nexhina: The server went away")
