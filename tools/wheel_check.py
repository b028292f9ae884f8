"""Builds the wheel, installs it into a fresh environment and lets it serve one chat.

What is tested is what users get: files that the wheel forgot, or an entry point that is wrong,
show here and nowhere else. Nothing is fetched but what requirements/run.lock names.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30.0


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints; raises CalledProcessError with its words on stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode()


def build_wheel(folder: Path) -> Path:
    """The wheel, made with the backend that is installed here."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel and what the run lock names; returns its `nexhina`."""
    venv.create(folder, with_pip=True)
    pip = (
        folder / "bin" / "python",
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
    )
    run(
        *pip, "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements" / "run.lock"
    )
    run(*pip, "--no-deps", wheel)
    return folder / "bin" / "nexhina"


def chat(base_url: str, key: str) -> dict[str, object]:
    """One chat with the sandbox."""
    body = {"model": "sandbox-chat", "messages": [{"role": "user", "content": "Hello"}]}
    request = urllib.request.Request(
        f"{base_url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def smoke(nexhina: Path, folder: Path) -> None:
    """Starts the installed program away from the source and asks it something."""
    data, ready = folder / "data", folder / "ready.json"
    print(run(nexhina, "--version", cwd=folder).strip())
    key = json.loads(run(nexhina, "init", "--data-dir", data, "--json", cwd=folder))["api_key"]
    command = [nexhina, "serve", "--port", "0", "--data-dir", data, "--ready-file", ready]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready.exists() or not ready.read_text().strip().endswith("}"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the installed program did not start")
                time.sleep(0.05)
            answer = chat(json.loads(ready.read_text())["base_url"], key)
            if not answer.get("choices"):
                raise RuntimeError(f"the installed program answered {answer}")
        finally:
            process.terminate()
        if process.wait(40) != 0:
            raise RuntimeError(f"the installed program ended with {process.returncode}")
    print("the wheel serves a chat and stops with 0")


def main() -> int:
    """0 when the wheel works."""
    (ROOT / ".work").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="wheel-", dir=ROOT / ".work"))
    try:
        smoke(install(build_wheel(folder), folder / "venv"), folder)
    except (subprocess.CalledProcessError, OSError, RuntimeError, KeyError, ValueError) as error:
        print(f"wheel: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
