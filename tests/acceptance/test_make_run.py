"""`make run` in a fresh clone, with an empty HOME and a PATH of basic tools: no compiler, no Node,
no Go, no database server. The picture comes from the cURL that it prints."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from support.needs import ROOT, refuse, require_program

BASIC = ("sh", "make", "curl", "env", "touch", "dirname", "rm", "mkdir", "cat", "uname")
INSTALL_SECONDS = 240.0


class Clone:
    """A copy of what git would give, and the little that its machine has."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.home, self.bin = folder / "clone", folder / "home", folder / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        for name in BASIC:
            (self.bin / name).symlink_to(require_program(name, f"install {name}"))
        (self.bin / "python3").symlink_to(Path(sys.executable).resolve())
        for name in list_committed():
            target = self.tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)

    def environment(self) -> dict[str, str]:
        """PATH, HOME, and where this machine has its package index."""
        index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        config = Path.home() / ".config" / "pip" / "pip.conf"
        if config.exists():
            index.setdefault("PIP_CONFIG_FILE", str(config))
        return {**index, "PATH": str(self.bin), "HOME": str(self.home)}

    def start(self) -> tuple["subprocess.Popen[bytes]", dict[str, str], str]:
        """Runs `make run`; returns the process, its ready file and what it has printed."""
        ready, log = self.home.parent / "ready.json", self.home.parent / "log"
        ready.unlink(missing_ok=True)
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["make", "run", f"ARGS=--port 0 --ready-file {ready}"],
                cwd=self.tree,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        deadline = time.monotonic() + INSTALL_SECONDS
        while not (ready.exists() and ready.read_bytes().strip().endswith(b"}")):
            if process.poll() is not None:
                explain(log.read_text())
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        return process, msgspec.json.decode(ready.read_bytes()), log.read_text()


def explain(printed: str) -> NoReturn:
    """Fails with what was printed; without a network the test can't be done here."""
    if re.search(r"NewConnectionError|name resolution|Network is unreachable", printed):
        refuse("A package index", "run the test with a network")
    pytest.fail(printed, pytrace=False)


def list_committed() -> list[str]:
    """What git has or would take; the tree without its ignored folders where there is no git."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    skipped = {".venv", ".work", "data", "dist", "build", "__pycache__", ".git"}
    return [
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*")
        if file.is_file() and not skipped & set(file.relative_to(ROOT).parts)
    ]


def stop(process: "subprocess.Popen[bytes]", pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    process.wait(60)


@pytest.fixture
def clone(tmp_path: Path) -> Generator[Clone]:
    made = Clone(tmp_path)
    yield made
    shutil.rmtree(made.tree, ignore_errors=True)


def test_one_command_installs_starts_and_prints_what_gives_a_picture(clone: Clone) -> None:
    process, ready, printed = clone.start()
    try:
        assert "http://" in printed
        assert ready["setup_url"] in printed
        begin = printed.index("curl --location")
        command = printed[begin : printed.index("}'", begin) + 2]
        done = subprocess.run(
            ["sh", "-c", command],
            env=clone.environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert msgspec.json.decode(done.stdout)["data"][0]["url"].startswith("http"), done
    finally:
        stop(process, int(ready["pid"]))

    start = time.monotonic()
    process, ready, printed = clone.start()
    seconds = time.monotonic() - start
    stop(process, int(ready["pid"]))
    assert "installing" not in printed
    assert "sk-" not in printed
    assert seconds < 15

    assert {file.name for file in clone.home.iterdir()} <= {".cache"}  # pip's own
    new = {file.name for file in clone.tree.iterdir()} - {file.name for file in ROOT.iterdir()}
    assert new <= {".venv", "data"}
