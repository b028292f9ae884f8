"""Fresh installations, made once and copied: `nexhina init` takes longer than most tests."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from support.command import run_cli
from support.needs import WORK


class Installation(msgspec.Struct, frozen=True):
    """A data folder that no server has seen yet, and its owner's key."""

    data: Path
    key: str

    def copy(self, folder: Path) -> Path:
        """A data folder of its own inside `folder`."""
        return self.copy_to(folder / "data").data

    def copy_to(self, data: Path) -> "Installation":
        """The same at another place, which is not there yet."""
        return Installation(Path(shutil.copytree(self.data, data)), self.key)


def make_installation(data: Path) -> Installation:
    """Runs `nexhina init`."""
    return Installation(data, str(run_cli(data, "init")["api_key"]))


@cache
def fresh_installation(owner: str = "first") -> Installation:
    """What this owner's copies are made of. Of two owners each has a key that the other refuses."""
    WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="installation-", dir=WORK))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_installation(folder / owner)
