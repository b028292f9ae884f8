"""`make run` on machines where it can't work: one line that names what to install, no traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.needs import ROOT

TOO_OLD = """#!/bin/sh
case "$2" in
  *version_info\\ \\<*) exit 1 ;;
  *print*) echo 3.9 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$2" in
  *"import venv"*) exit 1 ;;
  *print*) echo 3.12 ;;
esac
"""
NOTHING_BEHIND = """#!/bin/sh
echo "shim: command not found" >&2
exit 127
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with only what the installation reads, and a PATH with nothing but basic tools."""
    for name in ("tools", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "make", "dirname", "touch"):
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path / "clone"


def make_run(clone: Path, **programs: str) -> tuple[int, str]:
    """Exit code and stderr of `make run`, with these scripts as interpreters."""
    for name, text in programs.items():
        file = clone.parent / "bin" / name.replace("_", ".")
        file.write_text(text)
        file.chmod(0o755)
    done = subprocess.run(
        ["make", "run"],
        cwd=clone,
        env={"PATH": str(clone.parent / "bin"), "HOME": str(clone.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not (clone / ".venv").exists()
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def only_line(stderr: str) -> str:
    """The one line that is ours; make adds its own."""
    [line] = [line for line in stderr.splitlines() if line.startswith("nexhina: ")]
    return line


def test_an_old_python_is_named_with_the_package_to_install(clone: Path) -> None:
    code, said = make_run(clone, python3=TOO_OLD)
    assert code != 0
    assert "3.11 or newer" in only_line(said)
    assert "python3 is Python 3.9" in only_line(said)
    assert "python3.11-venv" in only_line(said)


def test_a_python_without_venv_names_the_package(clone: Path) -> None:
    code, said = make_run(clone, python3=WITHOUT_VENV)
    assert code != 0
    assert "python3.12-venv" in only_line(said)


def test_no_python_at_all_says_so(clone: Path) -> None:
    code, said = make_run(clone)
    assert code != 0
    assert "was not found" in only_line(said)


def test_a_shim_with_nothing_behind_it_is_passed_over(clone: Path) -> None:
    code, said = make_run(clone, python3=NOTHING_BEHIND, python3_13=TOO_OLD)
    assert code != 0
    assert "python3.13 is Python 3.9" in only_line(said)


def test_the_shell_scripts_are_plain_sh() -> None:
    for script in sorted((ROOT / "tools").glob("*.sh")):
        subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_run_lock_is_part_of_the_dev_lock_and_names_no_address() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and line[0].isalnum()}

    assert pins("run.lock") < pins("dev.lock")
    for name in ("run.lock", "dev.lock"):
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") > text.count("==")


def test_the_environment_in_use_is_the_locks() -> None:
    """A test run with other versions than the lock's proves nothing about them."""
    from importlib.metadata import version

    lines = (ROOT / "requirements" / "run.lock").read_text().splitlines()
    pins = dict(line.split(" ")[0].split("==") for line in lines if line[:1].isalnum())
    for name in ("starlette", "sqlalchemy", "httptools", "msgspec", "cryptography"):
        assert version(name) == pins[name]
    assert Path(sys.executable).is_relative_to(ROOT) or os.environ.get("CI") != "true"
