"""The very first lines that run: on any Python, with anything missing."""

import ast
import builtins
import sys
from pathlib import Path

import pytest

import nexhina
from nexhina import __main__ as entry

ROOT = Path(nexhina.__file__).parent


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_old_pythons_can_read_what_runs_before_the_check(name: str) -> None:
    ast.parse((ROOT / name).read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert entry.main() == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "needs Python 3.11" in err
    assert sys.executable in err


def test_a_missing_package_is_named_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without_click(name: str, *rest: object, **more: object) -> object:
        if name == "nexhina.cli.main":
            raise ModuleNotFoundError("No module named 'click'", name="click")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_click)
    assert entry.main() == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "click" in err
    assert "pip install" in err


def test_a_part_of_its_own_that_is_missing_is_a_bug_and_shown_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without_itself(name: str, *rest: object, **more: object) -> object:
        if name == "nexhina.cli.main":
            raise ModuleNotFoundError("No module named 'nexhina.cli'", name="nexhina.cli")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_itself)
    with pytest.raises(ModuleNotFoundError):
        entry.main()
