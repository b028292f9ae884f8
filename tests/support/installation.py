"""A fresh installation, made once per run and copied: `nexhina init` takes longer than most tests."""

import shutil
from pathlib import Path

import msgspec

from support.product import run_cli


class Installation(msgspec.Struct, frozen=True):
    """A data folder that no server has seen yet, and its owner's key."""

    data: Path
    key: str

    def copy(self, folder: Path) -> Path:
        """A data folder of its own inside `folder`."""
        return Path(shutil.copytree(self.data, folder / "data"))


def make_installation(data: Path) -> Installation:
    """Runs `nexhina init`."""
    return Installation(data, str(run_cli(data, "init")["api_key"]))
