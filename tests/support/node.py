"""The official OpenAI SDK for Node.js, installed inside the clone as tests/node/ locks it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from support.needs import ROOT, WORK, refuse, require_node

SOURCE = ROOT / "tests" / "node"
FOLDER = WORK / "node"
TESTS = ("sdk.test.mjs", "text.test.mjs", "images.test.mjs", "media.test.mjs")
FILES = ("package.json", "package-lock.json", *TESTS)
_NPM = {
    "NODE_USE_SYSTEM_CA": "1",  # a company's own authority counts here too
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_timeout": "30000",
}


def node_environment(node: str, more: dict[str, str]) -> dict[str, str]:
    """This process's environment with our Node first on the path."""
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, **more}


def install_sdk() -> tuple[str, Path]:
    """Node's path and the folder whose node_modules holds the SDK; made once per lock file."""
    node, npm = require_node()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as turn:  # two workers may come at once
        fcntl.flock(turn, fcntl.LOCK_EX)
        for name in FILES:
            shutil.copy(SOURCE / name, FOLDER / name)
        wanted = (SOURCE / "package-lock.json").read_text()
        stamp = FOLDER / "installed.json"
        if not stamp.exists() or stamp.read_text() != wanted:
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            done = subprocess.run(
                [node, npm, "ci", *quiet],
                cwd=FOLDER,
                env=node_environment(node, _NPM | {"npm_config_cache": str(WORK / "npm-cache")}),
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                refuse("The OpenAI SDK for Node.js", f"npm ci failed: {done.stderr[-500:]}")
            stamp.write_text(wanted)
    return node, FOLDER
