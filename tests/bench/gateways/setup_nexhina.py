"""Gives the running installation a priced channel to the mock vendor; prints {"key": …}."""

import json
import subprocess
import sys
from pathlib import Path

NEXHINA = Path(sys.executable).parent / "nexhina"


def run(data: str, *arguments: str) -> dict[str, object]:
    """The JSON document that a command prints."""
    command = [str(NEXHINA), *arguments, "--data-dir", data, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main(data: str, mock: str) -> None:
    """Adds the channel, then a key of its own for the load."""
    run(
        data,
        *("channels", "add", "--provider", "openai_compatible", "--name", "mock"),
        *("--base-url", mock, "--key", "sk-upstream"),
        *("--models", "gpt-4o-mini,text-embedding-3-small", "--price", "0.15/0.60"),
    )
    print(json.dumps({"key": run(data, "keys", "create", "--name", "bench")["key"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
