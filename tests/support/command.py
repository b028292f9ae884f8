"""The command line as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

# tests/clients runs in environments that the product is not installed in, and names the one that is.
NEXHINA = [os.environ.get("PRODUCT_PYTHON", sys.executable), "-m", "nexhina"]


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of Nexhina and proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("NEXHINA_") and not name.lower().endswith("_proxy")
    }


def run_cli(data: Path, *arguments: str, check: bool = True) -> Any:
    """The JSON document that `nexhina … --data-dir DATA --json` prints."""
    done = subprocess.run(
        [*NEXHINA, *arguments, "--data-dir", str(data), "--json"],
        capture_output=True,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(
            f"nexhina {' '.join(arguments)}: exit {done.returncode}\n{done.stderr.decode()}"
        )
    return msgspec.json.decode(done.stdout) if done.stdout.strip() else None
